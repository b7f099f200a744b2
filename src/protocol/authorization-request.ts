import { hash } from 'node:crypto';

/** What an authorization request says. */
export interface AuthorizationParameters {
  redirectURI: string;
  scope: readonly string[];
  state: string;
  nonce?: string | undefined;
  /** Of PKCE, by S256. */
  codeChallenge?: string | undefined;
  /** Further parameters. They cannot take the place of those above. */
  extra?: Readonly<Record<string, unknown>>;
}

/**
 * The address that begins a login at jAccount.
 *
 * @see [RFC 6749, section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)
 * @see [RFC 7636, section 4.3](https://www.rfc-editor.org/rfc/rfc7636#section-4.3)
 */
export function buildAuthorizationURL(
  { authorizationURL, clientID }: { authorizationURL: string; clientID: string },
  { redirectURI, scope, state, nonce, codeChallenge, extra = {} }: AuthorizationParameters,
): string {
  const parameters = {
    ...extra,
    response_type: 'code',
    client_id: clientID,
    redirect_uri: redirectURI,
    scope: scope.join(' '),
    state,
    ...(nonce !== undefined && { nonce }),
    ...(codeChallenge !== undefined && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
  };
  const own = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&');
  // Spaces as "%20": some servers take a "+" in a query for a plus sign.
  if (!authorizationURL.includes('?')) return `${authorizationURL}?${own}`;
  const url = new URL(authorizationURL);
  for (const name of Object.keys(parameters)) url.searchParams.delete(name);
  return `${url.href}${url.search === '' ? '?' : '&'}${own}`;
}

/** The code challenge of a code verifier, by S256. @see RFC 7636, section 4.2 */
export function codeChallengeOf(codeVerifier: string): string {
  return hash('sha256', codeVerifier, 'base64url');
}
