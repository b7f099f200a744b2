import { IdTokenError } from '../errors';
import type { IdTokenClaims, TokenResponse } from '../jaccount/wire';

/**
 * What the token endpoint gave, checked. It is a plain object that JSON keeps, so that it can be stored; whoever reads
 * it can act as the user for a while, so store it where browsers cannot.
 */
export interface TokenSet {
  accessToken: string;
  /** Seconds since the epoch. Absent where jAccount did not say how long the access token lasts. */
  expiresAt?: number;
  /** Renews the rest. jAccount does not say how long it lasts. */
  refreshToken?: string;
  /** The latest that came. */
  idToken?: string;
  /** What `idToken` said, verified when it came. */
  claims?: IdTokenClaims;
}

/** The token set that a token response makes; `sentAt` is when it was asked for, in seconds since the epoch. */
export function tokenSetFrom(
  response: TokenResponse,
  sentAt: number,
  claims: IdTokenClaims | undefined,
): TokenSet {
  const { access_token, expires_in, refresh_token, id_token } = response;
  return {
    accessToken: access_token,
    ...(expires_in !== undefined && { expiresAt: sentAt + expires_in }),
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(id_token !== undefined && { idToken: id_token }),
    ...(claims !== undefined && { claims }),
  };
}

/** The token set after a refresh: what did not come anew stays, but for the lifetime of an access token that is gone. */
export function renewedTokenSet(
  { expiresAt: _, ...previous }: Partial<TokenSet>,
  renewed: TokenSet,
): TokenSet {
  return { ...previous, ...renewed };
}

/**
 * Refuses the ID Token of a refresh that speaks of another login than the original's.
 *
 * @see [OpenID Connect Core 1.0, section 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)
 */
export function assertSameLogin(original: IdTokenClaims | undefined, renewed: IdTokenClaims): void {
  if (original === undefined) return;
  if (renewed.iss !== original.iss) throw new IdTokenError('issuer');
  if (renewed.sub !== original.sub) throw new IdTokenError('subject');
  if (audienceOf(renewed) !== audienceOf(original)) throw new IdTokenError('audience');
  if (renewed.nonce !== undefined && renewed.nonce !== original.nonce) throw new IdTokenError('nonce');
}

function audienceOf({ aud }: IdTokenClaims): string | undefined {
  return Array.isArray(aud) ? aud[0] : aud;
}
