import { randomBytes } from 'node:crypto';

/** What an authorization request says. */
export interface AuthorizationParameters {
  redirectURI: string;
  scope: readonly string[];
  state: string;
  nonce?: string;
  /** Of PKCE, by S256. */
  codeChallenge?: string;
}

/**
 * The address that begins a login at jAccount.
 *
 * @see [RFC 6749, section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)
 * @see [RFC 7636, section 4.3](https://www.rfc-editor.org/rfc/rfc7636#section-4.3)
 */
export function buildAuthorizationURL(
  { authorizationURL, clientID }: { authorizationURL: string; clientID: string },
  { redirectURI, scope, state, nonce, codeChallenge }: AuthorizationParameters,
): string {
  const url = new URL(authorizationURL);
  const parameters = {
    response_type: 'code',
    client_id: clientID,
    redirect_uri: redirectURI,
    scope: scope.join(' '),
    state,
    ...(nonce !== undefined && { nonce }),
    ...(codeChallenge !== undefined && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** A fresh unguessable value, 256 bits in 43 URL-safe characters: a state or a nonce. @see RFC 6749, section 10.10 */
export function randomValue(): string {
  return randomBytes(32).toString('base64url');
}
