import type { OutgoingHttpHeaders } from 'node:http';
import { errnoNames } from '../../jaccount/api-errnos';

/** An answer that a handler throws instead of writing, so that no branch can forget to stop. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
    readonly headers: OutgoingHttpHeaders = {},
    /** The OAuth error, where it is one. */
    readonly code?: string,
  ) {
    super(`refused with ${status} ${JSON.stringify(body)}`);
  }
}

/** @see RFC 6749, section 5.2; the authorization endpoint answers a bad call in the same form. */
export function oauthRefusal(error: string, description: string, status = 400): Refusal {
  const headers = status === 401 ? { 'WWW-Authenticate': 'Basic realm="jAccount emulator"' } : {};
  return new Refusal(status, { error, error_description: description }, headers, error);
}

/** @see RFC 9110, section 15.5.6 */
export function methodRefusal(allowed: readonly string[]): Refusal {
  const body = { error: 'invalid_request', error_description: `Method not set to ${allowed.join(' or ')}.` };
  return new Refusal(405, body, { Allow: allowed.join(', ') });
}

/** The REST API's envelope with an errno that is not 0. */
export class ApiRefusal extends Refusal {}

// Where jAccount was seen to say a sentence instead of the name.
const sentences: Record<number, string | undefined> = { 10002: 'Authentication Failed.' };

/** Without a status, the switch `apiErrorStatus` decides it. */
export function apiRefusal(errno: number, status?: number, headers: OutgoingHttpHeaders = {}): Refusal {
  const body = { errno, error: sentences[errno] ?? errnoNames.get(errno) ?? 'UNKNOWN_ERROR', total: 0 };
  return status === undefined ? new ApiRefusal(403, body) : new Refusal(status, body, headers);
}
