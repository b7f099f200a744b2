// What the runners of the shared test vectors call, in the words of this package.
import { importJWK } from 'jose';
import { BearerError, sanitizeReturnTo as sanitize, verifyIdToken } from 'passport-jaccount';
import jwk from '../../dist/bearer/jwk.js';
import bearerOptions from '../../dist/bearer/options.js';
import bearer from '../../dist/bearer/verify-jwt.js';
import jws from '../../dist/protocol/jws.js';
import tokenEndpoint from '../../dist/protocol/token-endpoint.js';

export const capabilities = ['now', 'clockTolerance'];

// Where the runners have no nonce, none was sent.
export const verify = (token, { nonce = null, ...expected }) => verifyIdToken(token, { ...expected, nonce });

export const sanitizeReturnTo = (value) => sanitize(value, null);

export const parseTokenResponse = (body) =>
  tokenEndpoint.parseTokenResponse({ status: 200, contentType: 'application/json', body: Buffer.from(body) });

// Where the runner has no bearer token's rules, it has its keys: those that a set may hold go through the same sieve.
const sieved = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256'];
const refuse = (fault) => new BearerError(fault);

export async function verifyJws(token, key, { algorithms = ['RS256', 'ES256'] }) {
  const isSieved = key.kty === 'RSA' || key.crv === 'P-256';
  const [usable] = isSieved ? jwk.usableKeys({ keys: [key] }, sieved) : [key];
  if (usable === undefined) throw refuse('key');
  const imported = await importJWK(usable, algorithms[0]);
  return (
    await jws.verifySignature(jws.assertForm(token, refuse), {
      key: await asCryptoKey(imported, algorithms[0]),
      algorithms,
      refuse,
    })
  ).payload;
}

// jose gives the octets of a secret as they are.
async function asCryptoKey(key, algorithm) {
  if (!(key instanceof Uint8Array)) return key;
  const hash = `SHA-${algorithm.slice(2)}`;
  return crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['verify']);
}

export async function verifyBearer(token, { jwks, issuer, audience, algorithms }) {
  const { issuers } = bearerOptions.parseBearerOptions({ issuers: [{ issuer, audience, algorithms, jwks }] });
  return bearer.verifyJwt(token, issuers);
}
