import { buildAuthorizationURL, codeChallengeOf } from '../protocol/authorization-request';
import { randomValue } from '../protocol/random';
import type { LoginSettings } from './settings';
import { digestOf, type Transaction } from './transaction';

/** What one login asks for, and what is known of the browser that begins it. */
export interface LoginRequest {
  /** Digest of who begins the login: strategy, issuer and client. */
  binding: string;
  redirectURI: string;
  scope: readonly string[];
  /** A local path, sanitised. */
  returnTo?: string | undefined;
  appState?: unknown;
  /** Digest of the user who is signed in. */
  user?: string | undefined;
  /** The handles of the logins that have signed somebody in with this browser lately. */
  after?: readonly string[];
  /** Further parameters of the authorization request. */
  extra?: Readonly<Record<string, unknown>>;
}

/**
 * Begins a login: the address to which the browser is sent, and what to remember until it comes back. State, nonce and code
 * verifier are fresh each time.
 *
 * @see [RFC 6749, section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)
 * @see [OpenID Connect Core 1.0, section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)
 */
export function begin(
  settings: LoginSettings,
  { binding, redirectURI, scope, returnTo, appState, user, after = [], extra }: LoginRequest,
): { url: string; transaction: Transaction } {
  const state = randomValue();
  const nonce = scope.includes('openid') ? randomValue() : undefined;
  const codeVerifier = settings.pkce ? randomValue() : undefined;
  const codeChallenge = codeVerifier === undefined ? undefined : codeChallengeOf(codeVerifier);
  const url = buildAuthorizationURL(settings, {
    ...{ redirectURI, scope, state, nonce, codeChallenge },
    ...(extra && { extra }),
  });
  const transaction: Transaction = {
    handle: digestOf(state),
    binding,
    redirectURI,
    scope: [...scope],
    createdAt: Date.now(),
    ...(user !== undefined && { user }),
    ...(after.length > 0 && { after: [...after] }),
    ...(nonce !== undefined && { nonce }),
    ...(codeVerifier !== undefined && { codeVerifier }),
    ...(returnTo !== undefined && { returnTo }),
    ...(appState !== undefined && { appState }),
  };
  return { url, transaction };
}
