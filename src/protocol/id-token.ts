import { webcrypto } from 'node:crypto';
import { IdTokenError } from '../errors';
import type { IdTokenClaims } from '../jaccount/wire';
import { assertForm, isNumericDate, type JsonObject, type JwsFault, verifyJws } from './jws';
import { once } from './once';
import { sameText, sha256 } from './text';

/** What an ID Token must say to be meant for us. */
export interface ExpectedIdToken {
  issuer: string;
  clientID: string;
  /**
   * The nonce of the login. A string must be there and equal; `null` says that none was sent, so none may be
   * there; left out, the claim is not looked at.
   */
  nonce?: string | null;
  /** Weakens the check: an *absent* nonce passes for the one sent. A different one never does. @default false */
  allowMissingNonce?: boolean;
  /** The access token that came along: an `at_hash`, if there is one, must belong to it. */
  accessToken?: string;
  /** Seconds that the clocks may differ, 0 to 300. @default 60 */
  clockTolerance?: number;
  /** Seconds since the epoch. @default the time now */
  now?: number;
}

/**
 * Verifies an ID Token that jAccount issued: form, algorithm (HS256), signature, and every claim that OpenID
 * Connect demands. It resolves with the claims and makes no request.
 *
 * The login does this by itself; call it where an ID Token arrives in another way.
 *
 * @throws {@link IdTokenError}, whose `fault` names the check that failed; `TypeError` for bad expectations.
 *
 * @example
 * ```ts
 * import { jaccountEndpoints, verifyIdToken } from 'passport-jaccount';
 *
 * async function accountOf(idToken: string) {
 *   const { sub } = await verifyIdToken(idToken, {
 *     issuer: jaccountEndpoints.issuer,
 *     clientID: process.env.JACCOUNT_CLIENT_ID as string,
 *     clientSecret: process.env.JACCOUNT_CLIENT_SECRET as string,
 *   });
 *   return sub;
 * }
 * ```
 *
 * @see [OpenID Connect Core 1.0, section 3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)
 */
export async function verifyIdToken(
  token: string,
  expected: ExpectedIdToken & { clientSecret: string },
): Promise<IdTokenClaims> {
  for (const name of ['issuer', 'clientID', 'clientSecret'] as const) {
    if (typeof expected[name] !== 'string' || expected[name] === '') {
      throw new TypeError(`verifyIdToken requires a non-empty ${name}`);
    }
  }
  return createIdTokenVerifier(expected.clientSecret)(token, expected);
}

export type IdTokenVerifier = (token: unknown, expected: ExpectedIdToken) => Promise<IdTokenClaims>;

/** A {@link verifyIdToken} for one client, which imports the key once: that is half of the cost of a check. */
export function createIdTokenVerifier(clientSecret: string): IdTokenVerifier {
  const key = once(() => importKey(clientSecret));
  return async (token, expected) => verify(await key(), token, expected);
}

// OpenID Connect Core 1.0, section 10.1: the octets of the UTF-8 representation of the client secret.
export async function importKey(clientSecret: string): Promise<webcrypto.CryptoKey> {
  const octets = Buffer.from(clientSecret, 'utf8');
  return webcrypto.subtle.importKey('raw', octets, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

async function verify(
  key: webcrypto.CryptoKey,
  token: unknown,
  expected: ExpectedIdToken,
): Promise<IdTokenClaims> {
  const { header, claims } = await verifyJws(assertForm(token, refuse), { key, algorithms, refuse });
  assertType(header);
  assertIssuer(claims, expected);
  assertAudience(claims, expected);
  assertTimes(claims, expected);
  assertNonce(claims, expected);
  assertSubject(claims);
  assertAccessTokenHash(claims, expected);
  return claims as IdTokenClaims;
}

const algorithms = ['HS256'];

function refuse(fault: JwsFault): IdTokenError {
  return new IdTokenError(fault);
}

// RFC 7519, section 5.1: a media type, in any case and with or without its prefix.
function assertType({ typ }: JsonObject): void {
  if (typ === undefined) return;
  if (typeof typ !== 'string' || !/^(?:application\/)?jwt$/i.test(typ)) throw new IdTokenError('malformed');
}

// Section 3.1.3.7, (2). The trailing slash counts.
function assertIssuer({ iss }: JsonObject, { issuer }: ExpectedIdToken): void {
  if (iss !== issuer) throw new IdTokenError('issuer');
}

// (3) to (5). With a MAC more than one audience has no meaning (8), so it is refused.
function assertAudience({ aud, azp }: JsonObject, { clientID }: ExpectedIdToken): void {
  const audience = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  if (audience !== clientID) throw new IdTokenError('audience');
  if (azp !== undefined && azp !== clientID) throw new IdTokenError('audience');
}

const maxAge = 24 * 60 * 60;

// (9) and (10); "nbf": RFC 7519, section 4.1.5.
function assertTimes({ exp, iat, nbf }: JsonObject, { clockTolerance, now }: ExpectedIdToken): void {
  const tolerance = toleranceOf(clockTolerance);
  const time = timeOf(now);
  if (!isNumericDate(exp) || exp <= time - tolerance) throw new IdTokenError('expired');
  if (nbf !== undefined && (!isNumericDate(nbf) || nbf > time + tolerance)) throw new IdTokenError('expired');
  if (!isNumericDate(iat) || iat > time + tolerance || iat < time - maxAge)
    throw new IdTokenError('issued-at');
}

function toleranceOf(clockTolerance: unknown = 60): number {
  if (isNumericDate(clockTolerance) && clockTolerance >= 0 && clockTolerance <= 300) return clockTolerance;
  throw new TypeError('clockTolerance must be a number of seconds from 0 to 300');
}

function timeOf(now: unknown = Math.floor(Date.now() / 1000)): number {
  if (isNumericDate(now)) return now;
  throw new TypeError('now must be a number of seconds since the epoch');
}

// (11). An absent nonce is a different nonce.
function assertNonce({ nonce }: JsonObject, expected: ExpectedIdToken): void {
  if (expected.nonce === undefined) return;
  if (nonce === undefined && expected.allowMissingNonce) return;
  const sent = expected.nonce ?? undefined;
  const equal =
    typeof sent === 'string' && typeof nonce === 'string' ? sameText(sent, nonce) : sent === nonce;
  if (!equal) throw new IdTokenError('nonce');
}

// Section 2: at most 255 characters.
function assertSubject({ sub }: JsonObject): void {
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) throw new IdTokenError('subject');
}

// Section 3.1.3.8: the left half of the hash that the signature algorithm uses.
function assertAccessTokenHash({ at_hash }: JsonObject, { accessToken }: ExpectedIdToken): void {
  if (at_hash === undefined || accessToken === undefined) return;
  const half = sha256(accessToken).subarray(0, 16).toString('base64url');
  if (at_hash !== half) throw new IdTokenError('at-hash');
}
