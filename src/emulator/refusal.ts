import type { OutgoingHttpHeaders } from 'node:http';

/** An answer that a handler throws instead of writing, so that no branch can forget to stop. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
    readonly headers: OutgoingHttpHeaders = {},
    /** The OAuth error, where it is one. */
    readonly code?: string,
  ) {
    super(`refused with ${status}`);
  }
}

/** @see RFC 6749, section 5.2; the authorization endpoint answers a bad call in the same form. */
export function oauthRefusal(error: string, description: string, status = 400): Refusal {
  const headers = status === 401 ? { 'WWW-Authenticate': 'Basic realm="jAccount emulator"' } : {};
  return new Refusal(status, { error, error_description: description }, headers, error);
}

/** The envelope of the REST API with an errno that is not 0. */
export function apiRefusal(errno: number, error: string, status = 403): Refusal {
  return new Refusal(status, { errno, error, total: 0 });
}
