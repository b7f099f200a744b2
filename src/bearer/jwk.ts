/** A public key, without anything but what verifying needs. */
export interface PublicJwk {
  kty: string;
  kid?: string;
  alg?: string;
  n?: string;
  e?: string;
  crv?: string;
  x?: string;
  y?: string;
}

type Json = Record<string, unknown>;

// A private or symmetric key in a set of public ones says that its issuer lost control of it. @see RFC 7518, section 6
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

export function isSecretKey(jwk: Json): boolean {
  return jwk.kty === 'oct' || secretMembers.some((name) => name in jwk);
}

/**
 * The keys of a set that verify signatures under one of `algorithms`; what else is in it is passed over. Undefined where
 * `document` is no set of keys.
 *
 * @see RFC 7517, sections 4 and 5
 */
export function usableKeys(document: unknown, algorithms: readonly string[]): PublicJwk[] | undefined {
  const { keys } = (document ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) return undefined;
  return keys.filter((key): key is Json => isUsable(key, algorithms)).map(bareKey);
}

function isUsable(jwk: unknown, algorithms: readonly string[]): boolean {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return false;
  const { kid, use, key_ops, alg } = jwk as Json;
  if (isSecretKey(jwk as Json)) return false;
  if (kid !== undefined && typeof kid !== 'string') return false;
  if (use !== undefined && use !== 'sig') return false;
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes('verify'))) return false;
  return algorithms.some((name) => (alg === undefined || alg === name) && isKeyFor(name, jwk as Json));
}

function isKeyFor(algorithm: string, { kty, crv, n, e, x, y }: Json): boolean {
  if (algorithm === 'ES256')
    return kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string';
  return kty === 'RSA' && isModulus(n) && isExponent(e);
}

// RFC 7518, section 3.3, asks for 2048 bits. Far longer ones are a way to keep this machine busy.
function isModulus(value: unknown): boolean {
  const bits = bitsOf(value);
  return bits >= 2048 && bits <= 8192;
}

// With 1 every number is its own signature. Node takes no exponent of more than 64 bits.
function isExponent(value: unknown): boolean {
  const bits = bitsOf(value);
  return bits >= 2 && bits <= 64;
}

function bitsOf(value: unknown): number {
  if (typeof value !== 'string') return 0;
  const hex = Buffer.from(value, 'base64url').toString('hex').replace(/^0+/, '');
  return hex === '' ? 0 : 4 * hex.length - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 28;
}

function bareKey(jwk: Json): PublicJwk {
  const members = ['kty', 'kid', 'alg', 'n', 'e', 'crv', 'x', 'y'];
  return Object.fromEntries(
    members.filter((name) => Object.hasOwn(jwk, name)).map((name) => [name, jwk[name]]),
  ) as unknown as PublicJwk;
}
