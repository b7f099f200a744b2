import type { webcrypto } from 'node:crypto';
import { parseJson } from './json';
import { loadModule } from './load-module';
import { once } from './once';

/** Which step of RFC 7515, section 5.2, a token failed. */
export type JwsFault = 'malformed' | 'algorithm' | 'signature';

/** How a token is judged; `refuse` makes the error of whoever asks. */
export interface JwsExpectation {
  key: webcrypto.CryptoKey;
  algorithms: readonly string[];
  refuse: (fault: JwsFault) => Error;
}

export type JsonObject = Record<string, unknown>;

/** Loads jose, which the first check would otherwise wait for. */
export async function loadJose(): Promise<void> {
  await jose();
}

// Not exported: jose's types are ESM, and must stay out of the declarations that CommonJS projects read.
const jose = once(() =>
  loadModule<typeof import('jose/jws/compact/verify', { with: { 'resolution-mode': 'import' }})>(
    () => require('jose/jws/compact/verify'),
    () => import('jose/jws/compact/verify'),
  ),
);

const maxLength = 16 * 1024;
// Header, payload and signature. What is signed is the text, so that of the first two must be the only one for its
// octets: the bits that are left over are zero. @see RFC 4648, section 3.5
const segment = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const compactForm = new RegExp(`^(?!\\.)${segment}\\.${segment}\\.[\\w-]*$`);

type Refuse = JwsExpectation['refuse'];

/** The token, if it has the form of a signed one: jose alone takes white space and other alphabets. */
export function assertForm(token: unknown, refuse: Refuse): string {
  if (typeof token !== 'string' || token.length > maxLength || !compactForm.test(token))
    throw refuse('malformed');
  if (token.endsWith('.')) throw refuse('signature');
  return token;
}

/** What a token of the right form says of itself. It proves nothing: it may choose a key, no more. */
export function parseUnverified(token: string, refuse: Refuse): { header: JsonObject; claims: JsonObject } {
  const [header = '', claims = ''] = token.split('.');
  return { header: parseSegment(header, refuse), claims: parseSegment(claims, refuse) };
}

function parseSegment(segment: string, refuse: Refuse): JsonObject {
  return parseJsonObject(Buffer.from(segment, 'base64url'), refuse);
}

/** The header and the claims of a token whose signature was verified. */
export async function verifyJws(
  token: string,
  { key, algorithms, refuse }: JwsExpectation,
): Promise<{ header: JsonObject; claims: JsonObject }> {
  const { header, payload } = await verifySignature(token, { key, algorithms, refuse });
  return { header, claims: parseJsonObject(payload, refuse) };
}

/** The same before the payload is read. */
export async function verifySignature(
  token: string,
  { key, algorithms, refuse }: JwsExpectation,
): Promise<{ header: JsonObject; payload: Uint8Array }> {
  const { compactVerify } = await jose();
  const { protectedHeader, payload } = await compactVerify(token, key, { algorithms: [...algorithms] }).catch(
    (error: { code?: string }) => {
      throw refuse(joseFaults[error.code ?? ''] ?? 'malformed');
    },
  );
  // Nothing that is accepted here needs an extension: RFC 7515, section 4.1.11, and RFC 7797, section 7.
  if (protectedHeader.crit !== undefined) throw refuse('malformed');
  return { header: protectedHeader as JsonObject, payload };
}

const joseFaults: Record<string, JwsFault | undefined> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
};

function parseJsonObject(octets: Uint8Array, refuse: Refuse): JsonObject {
  const value = jsonIn(octets, refuse);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('malformed');
  return value as JsonObject;
}

function jsonIn(octets: Uint8Array, refuse: Refuse): unknown {
  try {
    return parseJson(octets);
  } catch {
    throw refuse('malformed');
  }
}

export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
