import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { optional, required } from '../http/form';
import { oauthRefusal } from '../http/refusal';
import { type EmulatedClient, namesIn } from '../state/clients';
import { secondsNow } from '../state/clock';
import type { Emulation } from '../state/emulation';

export type ApiTokenAlgorithm = 'RS256' | 'ES256';

interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

/**
 * The keys that sign access tokens for APIs of one's own. jAccount has none, its access tokens are opaque; other
 * authorization servers publish theirs so, and `JaccountBearerStrategy` reads them.
 */
export class ApiKeys {
  // Made when first wanted: an RSA key takes a tenth of a second and more.
  private made: Record<ApiTokenAlgorithm, SigningKey> | undefined;

  private get keys(): Record<ApiTokenAlgorithm, SigningKey> {
    this.made ??= { RS256: newKey('RS256'), ES256: newKey('ES256') };
    return this.made;
  }

  /** @see RFC 7517, section 5 */
  jwks(): { keys: object[] } {
    const keys = Object.entries(this.keys).map(([alg, { kid, privateKey }]) => ({
      ...createPublicKey(privateKey).export({ format: 'jwk' }),
      kid,
      use: 'sig',
      alg,
    }));
    return { keys };
  }

  /** New keys from now on; tokens of the old ones are good for nothing. */
  rotate(): void {
    this.made = undefined;
  }

  /** @see RFC 9068, section 2.1, and RFC 7515, section 7.1 */
  sign(claims: object, algorithm: ApiTokenAlgorithm): string {
    const { kid, privateKey } = this.keys[algorithm];
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const input = `${encode({ alg: algorithm, typ: 'at+jwt', kid })}.${encode(claims)}`;
    // RFC 7518, section 3.4: r and s side by side, not DER. RSA does not look at it.
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }
}

function newKey(algorithm: ApiTokenAlgorithm): SigningKey {
  const { privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid: randomUUID(), privateKey };
}

const lifetime = 3600;

/** An access token for an API of one's own; what `claims` leaves out is filled in. */
export function signApiToken(
  { url, keys }: Emulation,
  claims: Readonly<Record<string, unknown>>,
  algorithm: ApiTokenAlgorithm = 'RS256',
): string {
  if (!isApiTokenAlgorithm(algorithm)) throw new TypeError('signApiToken: algorithm is RS256 or ES256');
  const time = secondsNow();
  const defaults = { iss: `${url}/`, iat: time, exp: time + lifetime, jti: randomUUID() };
  const all = Object.entries({ ...defaults, ...claims }).filter(([, value]) => value !== undefined);
  return keys.sign(Object.fromEntries(all), algorithm);
}

/** The answer to client credentials that name an `audience`. @see RFC 6749, section 4.4.3 */
export function apiTokenFor(emulation: Emulation, client: EmulatedClient, form: URLSearchParams): object {
  const { clientID, audiences } = client;
  const audience = required(form, 'audience');
  const asked = namesIn(optional(form, 'scope') ?? '');
  if (audiences && !Object.hasOwn(audiences, audience)) {
    throw oauthRefusal('invalid_target', 'audience is not one of this client');
  }
  if (audiences && !asked.every((name) => audiences[audience]?.includes(name))) {
    throw oauthRefusal('invalid_scope', 'Unknown scope, or not approved for this client');
  }
  const scope = asked.join(' ');
  const subject = { sub: `${clientID}@clients`, client_id: clientID };
  return {
    access_token: signApiToken(emulation, { ...subject, aud: audience, scope }, algorithmIn(form)),
    token_type: 'Bearer',
    expires_in: lifetime,
    scope,
  };
}

// Not of any standard: for those who want to see both kinds verified.
function algorithmIn(form: URLSearchParams): ApiTokenAlgorithm {
  const algorithm = optional(form, 'alg') ?? 'RS256';
  if (isApiTokenAlgorithm(algorithm)) return algorithm;
  throw oauthRefusal('invalid_request', 'alg is RS256 or ES256');
}

function isApiTokenAlgorithm(name: string): name is ApiTokenAlgorithm {
  return name === 'RS256' || name === 'ES256';
}

/** `GET /.well-known/jwks.json` */
export function jwks({ keys }: Emulation): object {
  return keys.jwks();
}
