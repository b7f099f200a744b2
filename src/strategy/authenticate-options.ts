import { sanitizeReturnTo } from '../login/return-to';

/** What `passport.authenticate()` takes for a login with jAccount, beside Passport's own options. */
export interface JaccountAuthenticateOptions {
  /** What to ask for in this login, in place of the strategy's scope. */
  scope?: string | readonly string[];
  /** The local path the user wanted: it comes back as `req.authInfo.returnTo`. */
  returnTo?: string;
  /** Anything that JSON can hold: it comes back as `req.authInfo.appState`. */
  appState?: unknown;
  /** Further parameters of the authorization request. Those that make the login safe cannot be set. */
  authorizationParams?: Record<string, string>;
}

/** They come mixed with Passport's and with those of the application's own hooks. */
export type AuthenticateOptions = JaccountAuthenticateOptions & Record<string, unknown>;

const reserved = [
  ...['response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
];

// Passport's own options pass through here too, so only what would be misunderstood is refused.
/** @throws TypeError */
export function assertOurs({
  state,
  callbackURL,
  appState,
  authorizationParams = {},
}: AuthenticateOptions): void {
  if (state !== undefined) {
    throw new TypeError(
      'passport.authenticate: state is always on and made afresh; pass what must come back as appState',
    );
  }
  if (callbackURL !== undefined) {
    throw new TypeError('passport.authenticate: callbackURL is an option of the constructor only');
  }
  const taken = Object.keys(authorizationParams).find((name) => reserved.includes(name));
  if (taken !== undefined)
    throw new TypeError(`passport.authenticate: authorizationParams cannot set "${taken}"`);
  if (appState !== undefined && JSON.stringify(appState) === undefined) {
    throw new TypeError('passport.authenticate: appState must be a value that JSON can hold');
  }
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
