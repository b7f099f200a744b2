import { BearerError } from '../errors';
import { isNumericDate, type JsonObject } from '../protocol/jws';

/** The claims of a token that passed every check. @see RFC 7519, section 4.1, and RFC 9068, section 2.2 */
export interface BearerClaims {
  iss: string;
  /** In an array only the audience of this API is checked. */
  aud: string | readonly unknown[];
  /** Seconds since the epoch. */
  exp: number;
  /** Whom the token speaks for: a user, or a client of its own. */
  sub?: string;
  [claim: string]: unknown;
}

export interface ExpectedClaims {
  issuer: string;
  audience: readonly string[];
  /** Seconds. */
  clockTolerance: number;
}

/** @throws {@link BearerError} naming the first check that failed. */
export function assertClaims(
  claims: JsonObject,
  { issuer, audience, clockTolerance }: ExpectedClaims,
): BearerClaims {
  if (claims.iss !== issuer) throw new BearerError('issuer');
  if (!isMeantFor(claims, audience)) throw new BearerError('audience');
  assertTimes(claims, clockTolerance);
  assertKind(claims);
  const { sub } = claims;
  if (sub !== undefined && (typeof sub !== 'string' || sub === '')) throw new BearerError('claims');
  return claims as BearerClaims;
}

/** Whether one of a token's audiences is ours: it may be meant for several. @see RFC 7519, section 4.1.3 */
export function isMeantFor({ aud }: JsonObject, audience: readonly string[]): boolean {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.some((one) => typeof one === 'string' && audience.includes(one));
}

function assertTimes({ exp, nbf, iat }: JsonObject, tolerance: number): void {
  const now = Date.now() / 1000;
  if (!isNumericDate(exp) || exp <= now - tolerance) throw new BearerError('expired');
  if (nbf !== undefined && (!isNumericDate(nbf) || nbf > now + tolerance)) throw new BearerError('expired');
  if (iat !== undefined && (!isNumericDate(iat) || iat > now + tolerance)) throw new BearerError('claims');
}

// What an ID Token or a logout token has and an access token has not, where the header does not tell: RFC 8725,
// section 3.12.
function assertKind(claims: JsonObject): void {
  if ('at_hash' in claims || 'c_hash' in claims || 'events' in claims) throw new BearerError('type');
}

/**
 * The words of a scope claim. An array counts only in a claim that was chosen, such as `scp`.
 *
 * @see RFC 6749, section 3.3
 */
export function scopeOf(claims: JsonObject, scopeClaim?: string): readonly string[] {
  const name = scopeClaim ?? 'scope';
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string') return Object.freeze(value.split(' ').filter((word) => word !== ''));
  const words: unknown[] = scopeClaim !== undefined && Array.isArray(value) ? value : [];
  return Object.freeze(words.filter((word) => typeof word === 'string'));
}

/**
 * The client, if a token speaks for one and for no user: its subject is the client itself.
 *
 * @see RFC 9068, section 2.2, and RFC 9700, section 4.15
 */
export function clientOf({ sub, client_id, azp, gty }: JsonObject): string | undefined {
  if (typeof sub !== 'string') return undefined;
  const client = sub.replace(/@clients$/, '');
  const own = client !== sub || gty === 'client-credentials' || sub === client_id || sub === azp;
  return own ? client : undefined;
}
