import { createHash, createHmac, generateKeyPairSync, sign as signWithKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ExpectedIdToken } from 'passport-jaccount';

/** What a verifier is asked to expect. */
export type Expected = ExpectedIdToken & { clientSecret: string; nonce: string | null };

interface Options {
  issuer?: string;
  clientID?: string;
  clientSecret?: string;
  nonce?: string | null;
  clockTolerance?: number;
  now?: number;
}

/** A row of `fixtures/id-token-cases.json`: how a token is made, and what must become of it. */
export interface IdTokenCase {
  id: string;
  /** `must`: a specification demands it; `policy`: our choice; `info`: recorded only. */
  level: 'must' | 'policy' | 'info';
  expect: 'accept' | 'reject';
  description: string;
  why: string;
  header?: unknown;
  payload?: unknown;
  sign?: { alg: string; key: string };
  token?: string;
  /** The token itself, which may be no string at all. */
  rawToken?: unknown;
  encoding?: BufferEncoding | 'utf8bom';
  fill?: { claim: string; bytes?: number; depth?: number };
  opts?: Options;
  expectClaims?: Record<string, unknown>;
}

export const idTokenCases: readonly IdTokenCase[] = JSON.parse(
  readFileSync(`${__dirname}/../fixtures/id-token-cases.json`, 'utf8'),
);

/** The token of a case, what to expect of it, and the claims it must yield. */
export interface BuiltCase {
  token: string;
  expected: Expected;
  claims: Record<string, unknown>;
}

// `salt` makes other people of everyone, so that nothing can be tuned to the values of one run.
export function buildCase(row: IdTokenCase, salt = ''): BuiltCase {
  const names = namesOf(row.opts ?? {}, salt);
  const time = Math.floor(Date.now() / 1000);
  const { issuer, clientID, clientSecret, nonce, subject: _, ...rest } = names;
  return {
    token: tokenOf(row, names, time) as string,
    expected: { issuer, clientID, clientSecret, nonce, ...rest },
    claims: filledIn(row.expectClaims ?? {}, names, time) as Record<string, unknown>,
  };
}

type Names = Expected & { subject: string };

const production = 'https://jaccount.sjtu.edu.cn/oauth2/';

function namesOf(options: Options, salt: string): Names {
  const salted = (what: string, length: number) =>
    createHash('sha512').update(`${salt}:${what}`).digest('hex').slice(0, length);
  return {
    issuer: production,
    clientID: salt ? `rp${salted('client', 18)}` : 'jaccountRp5vKq2t',
    clientSecret: salt ? `S${salted('secret', 60)}` : '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5',
    nonce: salt ? `N${salted('nonce', 40)}z` : 'n-0S6_WzA2MjXyZ0n9Qk7vR3',
    subject: salt ? `u${salted('subject', 10)}` : 'test-user',
    ...options,
  };
}

const placeholderNonce = 'n-placeholder0S6_WzA2Mj';

// Longer names first: $CID begins $CIDUPPER.
function placeholders({ issuer, clientID, nonce, subject }: Names): [name: string, value: string][] {
  const sent = nonce ?? placeholderNonce;
  return [
    ['$ISSNOSLASH', production.replace(/\/$/, '')],
    ['$ISSHTTP', production.replace('https:', 'http:')],
    ['$ISSUPPER', production.replace('jaccount.', 'JACCOUNT.')],
    ['$ISS', issuer],
    ['$CIDPREFIX', clientID.slice(0, -1)],
    ['$CIDUPPER', clientID.toUpperCase()],
    ['$CID', clientID],
    ['$NONCEPREFIX', sent.slice(0, -1)],
    ['$NONCEUPPER', sent.toUpperCase()],
    ['$NONCE', sent],
    ['$SUB', subject],
  ];
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

function filledIn(value: unknown, names: Names, time: number): unknown {
  if (typeof value === 'string') return filledInText(value, names, time);
  if (Array.isArray(value)) return value.map((element) => filledIn(element, names, time));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, filledIn(member, names, time)]),
  );
}

function filledInText(text: string, names: Names, time: number): unknown {
  const [isTime, offset = 0] = /^\$NOW([+-]\d+(?:\.\d+)?)?$/.exec(text) ?? [];
  if (isTime) return time + Number(offset);
  if (text === '$RSA_JWK') return rsa.publicKey.export({ format: 'jwk' });
  return placeholders(names).reduce((filled, [name, value]) => filled.replaceAll(name, value), text);
}

// JSON that is spelt out in the table, and perhaps no JSON at all.
function filledInJson(json: string, names: Names, time: number): string {
  const timed = json.replace(/\$NOW([+-]\d+(?:\.\d+)?)?/g, (_, offset = 0) => String(time + Number(offset)));
  return placeholders(names).reduce(
    (filled, [name, value]) => filled.replaceAll(name, JSON.stringify(value).slice(1, -1)),
    timed,
  );
}

function tokenOf(row: IdTokenCase, names: Names, time: number): unknown {
  if ('rawToken' in row) return row.rawToken;
  const header = typeof row.header === 'string' ? filledInJson(row.header, names, time) : undefined;
  const headerText = header ?? JSON.stringify(filledIn(row.header, names, time));
  const template = row.token ?? '{h}.{p}.{s}';
  for (let attempt = 0; attempt < 2000; attempt++) {
    const parts = partsOf(row, names, headerText, payloadOf(row, names, time, attempt));
    // Of use only with a signature in which the two alphabets differ.
    if (template.includes('s|std') && !/[-_]/.test(parts.s())) continue;
    return template.replace(/\{([hps](?:\|[a-z0-9:]+)?)\}/g, (_, part) => partNamed(parts, part));
  }
  throw new Error(`no suitable token for ${row.id}`);
}

function payloadOf({ payload, fill }: IdTokenCase, names: Names, time: number, attempt: number): string {
  if (typeof payload === 'string') return filledInJson(payload, names, time);
  const claims = { ...(filledIn(payload, names, time) as object), ...(attempt > 0 && { _n: attempt }) };
  const json = JSON.stringify(claims);
  const { claim, bytes, depth } = fill ?? {};
  if (bytes) return json.replace(/}$/, `,"${claim}":"${'x'.repeat(bytes)}"}`);
  if (depth) return json.replace(/}$/, `,"${claim}":${'['.repeat(depth)}${']'.repeat(depth)}}`);
  return json;
}

type Parts = Record<string, () => string> & { s: () => string };

const base64url = (value: string | Uint8Array) => Buffer.from(value as Uint8Array).toString('base64url');
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// The parts that a template may name: header, payload, signature, and each damaged in a way of its own.
function partsOf(row: IdTokenCase, names: Names, headerText: string, payloadText: string): Parts {
  const { encoding = 'utf8', sign = { alg: 'none', key: 'secret' } } = row;
  const octets =
    encoding === 'utf8bom' ? Buffer.from(`\ufeff${payloadText}`) : Buffer.from(payloadText, encoding);
  const [h, p] = [base64url(headerText), base64url(octets)];
  const mac = signatureOf(`${h}.${p}`, sign, names);
  const s = base64url(mac);
  const flipped = Buffer.from(mac);
  flipped[5] = (flipped[5] ?? 0) ^ 1;
  return {
    h: () => h,
    p: () => p,
    s: () => s,
    's|flip': () => base64url(flipped),
    's|trunc16': () => base64url(mac.subarray(0, 16)),
    's|hex': () => base64url(mac.toString('hex')),
    's|std': () => s.replace(/-/g, '+').replace(/_/g, '/'),
    's|qmark': () => `${s.slice(0, 7)}?${s.slice(7)}`,
    's|noncanon': () => s.slice(0, -1) + alphabet[alphabet.indexOf(s.at(-1) as string) ^ 1],
    'p|setsub': () => base64url(JSON.stringify({ ...JSON.parse(payloadText), sub: 'admin' })),
    'h|droptyp': () => base64url('{"alg":"HS256"}'),
    'h|none': () => base64url('{"alg":"none"}'),
  };
}

function partNamed(parts: Parts, name: string): string {
  const part = parts[name];
  if (!part) throw new Error(`unknown part ${name}`);
  return part();
}

function signatureOf(input: string, { alg, key }: { alg: string; key: string }, names: Names): Buffer {
  if (alg === 'none') return Buffer.alloc(0);
  if (alg === 'RS256') return signWithKey('sha256', Buffer.from(input), rsa.privateKey);
  if (!/^HS(?:256|384|512)$/.test(alg)) throw new Error(`unknown algorithm ${alg}`);
  return createHmac(`sha${alg.slice(2)}`, keyNamed(key, names))
    .update(input)
    .digest();
}

function keyNamed(name: string, { clientID, clientSecret }: Names): Buffer {
  const keys: Record<string, string> = {
    secret: clientSecret,
    'secret-nl': `${clientSecret}\n`,
    other: 'another-secret-0123456789abcdef0123456789ab',
    empty: '',
    clientid: clientID,
  };
  const key = keys[name];
  if (key === undefined) throw new Error(`unknown key ${name}`);
  return Buffer.from(key, 'utf8');
}
