import { channel } from 'node:diagnostics_channel';
import { type IdTokenFault, JaccountError, type JaccountErrorCode, type StateFailure } from './errors';

/** What both ends of a login tell of it. Nothing in a message says who signs in. */
interface Timing {
  /** The strategy's name. */
  strategy: string;
  /** What was asked for, with spaces between the names. */
  scope: string;
  /** Milliseconds from the arrival of this request to its answer: jAccount's and the verify callback's included. */
  duration: number;
  /** Milliseconds since the login began, the user's own time at jAccount included. Absent where that is not known. */
  sinceStart?: number;
}

/**
 * What the channel `passport-jaccount:login` carries: once for each login that succeeded, when its user is handed to
 * Passport.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import type { JaccountLoginMessage } from 'passport-jaccount';
 *
 * subscribe('passport-jaccount:login', (message) => {
 *   const { road, duration } = message as JaccountLoginMessage;
 *   console.log(JSON.stringify({ event: 'login', road, duration }));
 * });
 * ```
 *
 * @see [Node.js: diagnostics_channel](https://nodejs.org/api/diagnostics_channel.html)
 */
export interface JaccountLoginMessage extends Timing {
  /** Where the profile came from; `none` with `skipUserProfile` and no ID Token. */
  road: 'id-token' | 'profile' | 'both' | 'none';
}

/**
 * What the channel `passport-jaccount:refused` carries: once for each login that ended without a user, at its start or
 * at its callback. A reload that is sent on to where the login led has no message: that login was told already.
 */
export interface JaccountRefusedMessage extends Timing {
  /** Passport's exit: `fail` for what the user or the browser did, `error` for all else. */
  exit: 'fail' | 'error';
  /**
   * The error's code. Without one it is the application's doing: `fail` where the verify callback said `false`, `error`
   * where that callback or the store of pending logins threw, or `passport.authenticate()` got a wrong option.
   */
  code?: JaccountErrorCode;
  /** What the application should answer; absent where the error is its own. */
  status?: number;
  /** Of `ERR_JACCOUNT_STATE`. */
  reason?: StateFailure;
  /** Of `ERR_JACCOUNT_ID_TOKEN`. */
  fault?: IdTokenFault;
  /** Of `ERR_JACCOUNT_API`. */
  errno?: number;
  /** jAccount's word for it, of `ERR_JACCOUNT_TOKEN` and `ERR_JACCOUNT_AUTHORIZATION`. */
  error?: string;
}

/**
 * What the channel `passport-jaccount:request` carries: once for each request to jAccount, when its answer is there or
 * will not come. Whether the answer was of use is for `passport-jaccount:refused` to say.
 */
export interface JaccountRequestMessage {
  /** `token`, or what stands after `/me/` or `/enterprise/user/` in the path; else `other`. */
  endpoint: string;
  method: string;
  /** Origin and path of the endpoint, without query. The origin alone of `other`: its path may name a person. */
  url: string;
  /** Milliseconds. */
  duration: number;
  /** The HTTP status, if an answer came. */
  status?: number;
  /** The octets of its body, if it was read to the end. */
  octets?: number;
  /** The code of the error, if the request failed. */
  code?: JaccountErrorCode;
  /** Node's code of what caused it, such as `ECONNREFUSED`. */
  cause?: string;
}

const logins = channel('passport-jaccount:login');
const refusals = channel('passport-jaccount:refused');
const requests = channel('passport-jaccount:request');

export function publishLogin(message: () => JaccountLoginMessage): void {
  if (logins.hasSubscribers) logins.publish(message());
}

export function publishRefusal(message: () => JaccountRefusedMessage): void {
  if (refusals.hasSubscribers) refusals.publish(message());
}

/** Sends a request, and tells the channel how it went. */
export async function observeRequest<Response extends { status: number; body: Buffer }>(
  { method, url }: { method: string; url: string },
  send: () => Promise<Response>,
): Promise<Response> {
  if (!requests.hasSubscribers) return send();
  const began = performance.now();
  const publish = (outcome: Partial<JaccountRequestMessage>) => {
    const duration = performance.now() - began;
    requests.publish({ ...endpointOf(new URL(url)), method, duration, ...outcome });
  };
  try {
    const response = await send();
    publish({ status: response.status, octets: response.body.length });
    return response;
  } catch (error) {
    publish(failureOf(error));
    throw error;
  }
}

// Elsewhere in the REST API a path may hold an account or a number.
const impersonal = /^.*?\/(?:token$|(?:me|enterprise\/user)\/[a-z]+(?![^/]))/;

/** The name and address of an endpoint, without what may name a person. */
export function endpointOf({ origin, pathname }: URL): Pick<JaccountRequestMessage, 'endpoint' | 'url'> {
  const [path] = impersonal.exec(pathname) ?? [];
  if (path === undefined) return { endpoint: 'other', url: origin };
  return { endpoint: path.slice(path.lastIndexOf('/') + 1), url: origin + path };
}

function failureOf(error: unknown): Partial<JaccountRequestMessage> {
  if (!(error instanceof JaccountError)) return {};
  const { code, cause, providerStatus: status } = error as JaccountError & { providerStatus?: number };
  const { code: causeCode } = (cause ?? {}) as { code?: unknown };
  return {
    code,
    // Of an answer that broke off before its headers, 0.
    ...(status && { status }),
    ...(typeof causeCode === 'string' && { cause: causeCode }),
  };
}
