import { BearerError } from '../errors';
import { assertForm, type JsonObject, parseUnverified } from '../protocol/jws';
import { isMeantFor } from './claims';
import type { Issuer, VerifiedToken } from './issuer';

/**
 * Verifies a token with the keys and rules of the one issuer that it claims to be from.
 *
 * @throws {@link BearerError}, whose `fault` names the check that failed; `KeySetError` where there are no keys to check
 * with.
 * @see RFC 8725, section 3
 */
export async function verifyJwt(token: string, issuers: readonly Issuer[]): Promise<VerifiedToken> {
  // An opaque token names no audience: any other application that its user signed in to could have sent it. Asking
  // jAccount about it would tell whose it is, not for whom it was issued.
  if (!token.includes('.')) throw new BearerError('opaque');
  const { header, claims } = parseUnverified(assertForm(token, refuse), refuse);
  assertHeader(header);
  const verified = await issuerFor(header, claims, issuers).verify(token, header);
  // To take a token that is bound to a key from whoever brings it would undo the binding: RFC 9449, section 7.1.
  if ('cnf' in verified.claims) throw new BearerError('bound');
  return verified;
}

const refuse = (fault: 'malformed' | 'algorithm' | 'signature') => new BearerError(fault);

const maxKidLength = 256;

// No header but these two has a say: "jwk", "jku", "x5u" and "x5c" are never looked at.
function assertHeader({ alg, kid, crit }: JsonObject): void {
  if (typeof alg !== 'string') throw new BearerError('algorithm');
  if (crit !== undefined) throw new BearerError('malformed');
  if (kid === undefined) return;
  if (typeof kid !== 'string' || kid === '' || kid.length > maxKidLength) throw new BearerError('key');
}

// What a token says of itself is good enough to choose by whom it will be judged.
function issuerFor({ alg }: JsonObject, claims: JsonObject, issuers: readonly Issuer[]): Issuer {
  const named = issuers.filter(({ issuer }) => issuer === claims.iss);
  if (named.length === 0) throw new BearerError('issuer');
  const issuer = named.find(({ audience }) => isMeantFor(claims, audience));
  if (issuer === undefined) throw new BearerError('audience');
  if (!issuer.algorithms.includes(alg as string)) throw new BearerError('algorithm');
  return issuer;
}
