import type { ScopeName } from '../jaccount/scopes';
import { sanitizeReturnTo } from '../login/return-to';
import { authorizationParameters, wireNameOf } from './foreign-options';

/** What `passport.authenticate()` takes for a login with jAccount, beside Passport's own options. */
export interface JaccountAuthenticateOptions {
  /** What to ask for in this login, in place of the strategy's scope. */
  scope?: ScopeName | ScopeName[] | undefined;
  /** The local path the user wanted: it comes back as `req.authInfo.returnTo`. */
  returnTo?: string | undefined;
  /** Anything that JSON can hold: it comes back as `req.authInfo.appState`. */
  appState?: unknown;
  /**
   * Further parameters of the authorization request, such as `{ prompt: 'login' }`. Those that make the login safe cannot
   * be set.
   */
  authorizationParams?: Record<string, string> | undefined;
  /** One of the callback URLs that the constructor got. @default the one for the host of the request */
  callbackURL?: string | undefined;
}

// Passport's own types know neither what authenticate() takes for us, nor what a strategy leaves on the request.
declare module 'passport' {
  interface AuthenticateOptions extends Omit<JaccountAuthenticateOptions, 'scope'> {}
}

declare global {
  namespace Express {
    interface AuthInfo {
      /** The local path that was given to `passport.authenticate()` when the login began. */
      returnTo?: string;
      /** The value that was given to `passport.authenticate()` when the login began. */
      appState?: unknown;
    }
  }
}

/** They come mixed with Passport's and with those of the application's own hooks. */
export type AuthenticateOptions = JaccountAuthenticateOptions & Record<string, unknown>;

const reserved = [
  ...['response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
];

/**
 * Refuses what would be misunderstood. Passport's own options pass through here too, and those of other strategies in a
 * chain.
 *
 * @throws TypeError
 */
export function assertOurs(options: AuthenticateOptions): void {
  const { state, appState, authorizationParams = {} } = options;
  if (state !== undefined && state !== true)
    refuse('state is always on and made afresh; pass what must come back as appState');
  if (typeof authorizationParams !== 'object' || authorizationParams === null)
    refuse('authorizationParams must be an object');
  const taken = Object.keys(authorizationParams).find((name) => reserved.includes(name));
  if (taken !== undefined) refuse(`authorizationParams cannot set "${taken}"`);
  if (appState !== undefined && JSON.stringify(appState) === undefined)
    refuse('appState must be a value that JSON can hold');
}

/**
 * Refuses parameters of the authorization request beside `authorizationParams`, where they would be dropped without a word.
 *
 * @throws TypeError
 */
export function assertNoneMisplaced(options: AuthenticateOptions): void {
  const misplaced = authorizationParameters.find((name) => options[name] !== undefined);
  if (misplaced === undefined) return;
  refuse(
    `"${misplaced}" is a parameter of the authorization request: ` +
      `write authorizationParams: { ${wireNameOf(misplaced)}: … }`,
  );
}

function refuse(problem: string): never {
  throw new TypeError(`passport.authenticate: ${problem}`);
}

/**
 * The callback URL of one login. `configured` is what the constructor got, `chosen` the one of them for this request.
 * egg-passport names the path of the callback at each login: the same callback again is no contradiction.
 *
 * @throws TypeError for a callback that the constructor does not know.
 */
export function namedCallbackURL(
  named: unknown,
  configured: string | readonly string[],
  chosen: string,
): string {
  if (named === undefined || named === chosen) return chosen;
  if (typeof named === 'string' && named.startsWith('/') && isPathOf(named, chosen)) return chosen;
  const other = [configured].flat().find((url) => url === named);
  return (
    other ?? refuse('callbackURL must be one that the constructor got; several hosts are an array there')
  );
}

function isPathOf(path: string, callbackURL: string): boolean {
  const url = new URL(callbackURL);
  return path === url.pathname || path === url.pathname + url.search;
}

/**
 * The local path to come back to; the root in place of one in `ownPaths`, where logins begin or end, for that would
 * lead round in circles.
 */
export function returnPathOf(returnTo: unknown, ownPaths: unknown[]): string {
  const path = sanitizeReturnTo(returnTo);
  return ownPaths.map(pathnameOf).includes(pathnameOf(path)) ? '/' : path;
}

function pathnameOf(url: unknown): string | undefined {
  const base = 'http://local.invalid';
  return typeof url === 'string' && URL.canParse(url, base) ? new URL(url, base).pathname : undefined;
}
