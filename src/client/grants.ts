import type { ScopeName } from '../jaccount/scopes';
import { GivenOptions } from '../options';
import type { GrantParameters } from '../protocol/token-endpoint';

/** An authorization code, as the callback brought it. */
export interface CodeGrant {
  code: string;
  /** The same, octet by octet, as in the authorization request. */
  redirectURI: string;
  /** Of PKCE: the text whose SHA-256 digest was the `codeChallenge`. */
  codeVerifier?: string;
  /**
   * The nonce of the authorization request. The ID Token must then be there and hold it; without, an ID Token that was
   * made for another login passes.
   */
  nonce?: string;
}

/** A refresh token. A {@link TokenSet} is one too. */
export interface RefreshGrant {
  refreshToken: string;
}

/** The application itself, without a user. */
export interface ClientCredentialsGrant {
  /** Which scopes take this grant, `scopes` tells. */
  scope: ScopeName | readonly ScopeName[];
}

export type TokenGrant = CodeGrant | RefreshGrant | ClientCredentialsGrant;

/**
 * The parameters of a token request, for a grant that its members tell.
 *
 * @throws TypeError for a grant that is none, or malformed.
 */
export function parametersOf(grant: unknown, insecureHosts: readonly string[]): GrantParameters {
  const given = new GivenOptions('JaccountClient', grant);
  if (given.has('code')) return codeParameters(grant, insecureHosts);
  if (given.has('refreshToken')) return refreshParameters(grant);
  if (given.has('scope')) return clientCredentialsParameters(grant);
  throw new TypeError('JaccountClient: a grant is a code, a refreshToken, or a scope');
}

/** @see [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3) */
export function codeParameters(grant: unknown, insecureHosts: readonly string[]): GrantParameters {
  const given = new GivenOptions('JaccountClient', grant, '', insecureHosts);
  given.assertKnown(['code', 'redirectURI', 'codeVerifier', 'nonce']);
  if (given.has('nonce')) given.text('nonce');
  return {
    grant_type: 'authorization_code',
    code: given.text('code'),
    redirect_uri: given.url('redirectURI'),
    ...(given.has('codeVerifier') && { code_verifier: codeVerifierIn(given) }),
  };
}

/** @see [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6) */
export function refreshParameters(grant: unknown): GrantParameters & { refresh_token: string } {
  const given = new GivenOptions('JaccountClient', grant);
  return { grant_type: 'refresh_token', refresh_token: given.text('refreshToken') };
}

/** @see [RFC 6749, section 4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2) */
export function clientCredentialsParameters(grant: unknown): GrantParameters {
  const given = new GivenOptions('JaccountClient', grant);
  given.assertKnown(['scope']);
  return { grant_type: 'client_credentials', scope: given.scope().join(' ') };
}

// RFC 7636, section 4.1.
function codeVerifierIn(given: GivenOptions): string {
  const verifier = given.text('codeVerifier');
  if (/^[\w.~-]{43,128}$/.test(verifier)) return verifier;
  return given.refuse('codeVerifier', 'must be 43 to 128 letters, digits, "-", ".", "_" and "~"');
}
