import { hkdfSync, webcrypto } from 'node:crypto';
import type { Request } from 'express';
import { StateError } from '../errors';
import { parseJson } from '../protocol/json';
import { once } from '../protocol/once';
import { sameText } from '../protocol/text';
import {
  isExpired,
  isTransaction,
  type Transaction,
  type TransactionStore,
  transactionLifetime,
} from './transaction';

/** What a response must be able to do: Node's own, or a Fastify reply. */
export type CookieResponse =
  | { appendHeader(name: string, value: string): unknown; setHeader(name: string, value: string): unknown }
  | { header(name: string, value: string): unknown };

export interface CookieTransactionsOptions {
  /**
   * At least 32 characters from a random source, the same on every machine. Of several, the first seals and all
   * open. To renew it, put the new one in front, and take the old one out ten minutes later; with several machines,
   * first let every one of them know the new one, behind the old.
   */
  secret: string | readonly string[];
  /** The response to a request. Express, Koa and Nest on Express need none. @default `req.res` */
  responseOf?: (req: Request) => CookieResponse;
}

const maxKept = 8;
// More than these a browser got from somewhere else; an answer that cleared them all would be too long itself.
const maxCleared = 32;
// Of a cookie with its name.
const maxOctets = 1024;
const typ = 'jaccount-txn';

const noCookie =
  'the browser sent no cookie of a pending login: the login was finished before, is older than ten minutes, ' +
  'or began on another host name';
const notOpened =
  'the cookie of this login was damaged, or sealed with another secret: all machines must share the secrets, ' +
  'and an old one is kept for ten minutes';

/**
 * Keeps each pending login in an encrypted cookie of its own, for applications without sessions or with many
 * machines: nothing is stored on the server.
 *
 * A cookie cannot know that it was used before. Whoever holds both the cookie and the callback's URL could send
 * them again, but jAccount takes a code once only. Where that is not enough, use {@link SessionTransactions}.
 *
 * @throws TypeError for a secret that is missing, short, or given twice.
 *
 * @example
 * ```ts
 * import { CookieTransactions } from 'passport-jaccount';
 *
 * const transactions = new CookieTransactions({ secret: process.env.COOKIE_SECRET as string });
 * ```
 *
 * @see [RFC 7516](https://www.rfc-editor.org/rfc/rfc7516) (`dir`, `A256GCM`)
 */
export class CookieTransactions implements TransactionStore {
  private readonly keys: () => Promise<webcrypto.CryptoKey[]>;
  private readonly responseOf: (req: Request) => CookieResponse;

  constructor(options: CookieTransactionsOptions) {
    const {
      secret,
      responseOf = nodeResponse,
      ...unknown
    }: Partial<CookieTransactionsOptions> = { ...options };
    const [name] = Object.keys(unknown);
    if (name !== undefined)
      throw new TypeError(`CookieTransactions: the option ${JSON.stringify(name)} is unknown`);
    const secrets = secretsIn(secret);
    if (typeof responseOf !== 'function')
      throw new TypeError('CookieTransactions: responseOf must be a function');
    this.keys = once(() => Promise.all(secrets.map(deriveKey)));
    this.responseOf = (req) => assertResponse(responseOf(req));
  }

  async put(req: Request, transaction: Transaction): Promise<void> {
    const response = this.responseOf(req);
    const name = nameOf(transaction);
    const sealed = await this.seal(transaction);
    if (`${name}=${sealed}; `.length > maxOctets) {
      throw new TypeError('CookieTransactions: returnTo and appState are too large for a cookie');
    }
    for (const old of await this.surplus(req)) clearCookie(response, old);
    setCookie(response, name, sealed, transactionLifetime / 1000);
  }

  async take(req: Request, handle: string): Promise<Transaction> {
    const cookies = ourCookies(req);
    const candidates = cookies.filter(({ name }) => isFor(name, handle));
    for (const { name, value } of candidates) {
      const transaction = await this.open(value);
      // The name has no say: a cookie that was renamed, or set by a neighbour on plain http, is not what it seems.
      if (!transaction || nameOf(transaction) !== name || !sameText(transaction.handle, handle)) continue;
      clearCookie(this.responseOf(req), name);
      return transaction;
    }
    if (cookies.length === 0) throw new StateError('no-transaction', { hint: noCookie });
    throw new StateError('unknown', candidates.length === 0 ? {} : { hint: notOpened });
  }

  // Logins that were given up leave their cookies behind, and a browser sends them all.
  private async surplus(req: Request): Promise<string[]> {
    const cookies = ourCookies(req);
    if (cookies.length < maxKept) return [];
    const aged = await Promise.all(
      cookies.map(async ({ name, value }) => ({ name, createdAt: (await this.open(value))?.createdAt ?? 0 })),
    );
    // Browsers send the older cookie first: so it stands where two were made in one millisecond.
    const newest = aged
      .reverse()
      .sort((one, other) => other.createdAt - one.createdAt)
      .slice(0, maxKept - 1);
    const kept = new Set(newest.filter((entry) => !isExpired(entry)).map(({ name }) => name));
    const surplus = aged.map(({ name }) => name).filter((name) => !kept.has(name));
    return surplus.slice(0, maxCleared);
  }

  private async seal(transaction: Transaction): Promise<string> {
    const [key] = await this.keys();
    const { CompactEncrypt } = await encryption();
    const plaintext = Buffer.from(JSON.stringify(transaction));
    return new CompactEncrypt(plaintext)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ })
      .encrypt(key as webcrypto.CryptoKey);
  }

  private async open(sealed: string): Promise<Transaction | undefined> {
    if (sealed.length > 2 * maxOctets || !/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/.test(sealed)) return undefined;
    for (const key of await this.keys()) {
      const transaction = await openWith(key, sealed);
      if (transaction) return transaction;
    }
    return undefined;
  }
}

const encryption = once(() => import('jose/jwe/compact/encrypt'));
const decryption = once(() => import('jose/jwe/compact/decrypt'));

async function openWith(key: webcrypto.CryptoKey, sealed: string): Promise<Transaction | undefined> {
  const { compactDecrypt } = await decryption();
  try {
    const { protectedHeader, plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      // Nothing of ours is compressed, and nothing of others' is inflated to find that out.
      maxDecompressedLength: 0,
    });
    // RFC 8725, section 3.12: what was sealed for another purpose, or compressed, is not ours.
    if (protectedHeader.typ !== typ || protectedHeader.zip !== undefined) return undefined;
    const value = parseJson(plaintext);
    return isTransaction(value) ? value : undefined;
  } catch {
    // Sealed with another key, damaged, or never ours: to the login it is all the same.
    return undefined;
  }
}

// The purpose is part of the key: what this one seals, no other use of the same secret opens. RFC 5869.
async function deriveKey(secret: string): Promise<webcrypto.CryptoKey> {
  const octets = hkdfSync('sha256', secret, '', 'passport-jaccount transaction cookie', 32);
  return webcrypto.subtle.importKey('raw', octets, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

function secretsIn(secret: unknown): string[] {
  const secrets: unknown[] = Array.isArray(secret) ? [...secret] : [secret];
  if (!secrets.every((one) => typeof one === 'string' && one.trim().length >= 32) || secrets.length === 0) {
    throw new TypeError('CookieTransactions: secret must be at least 32 characters, or several such');
  }
  if (new Set(secrets).size < secrets.length)
    throw new TypeError('CookieTransactions: a secret is given twice');
  return secrets as string[];
}

const prefix = 'jaccount-';
const hostPrefix = '__Host-';

// A cookie for each login, so that tabs do not overwrite each other. http is for loopback only, where browsers take
// no Secure cookie.
function nameOf({ handle, redirectURI }: Transaction): string {
  return (redirectURI.startsWith('https:') ? hostPrefix : '') + prefix + handle.slice(0, 16);
}

function isFor(name: string, handle: string): boolean {
  return name.endsWith(prefix + handle.slice(0, 16));
}

interface Cookie {
  name: string;
  value: string;
}

const ourName = /^(?:__Host-)?jaccount-[\w-]{16}$/;

// From the header itself: what a cookie parser made of it may be an object.
function ourCookies(req: Request): Cookie[] {
  const pairs = (req.headers?.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs
    .map((pair) => ({ name: pair.split('=', 1)[0] ?? '', value: pair.slice(pair.indexOf('=') + 1) }))
    .filter(({ name }) => ourName.test(name));
}

function setCookie(response: CookieResponse, name: string, value: string, maxAge: number): void {
  const secure = name.startsWith(hostPrefix) ? '; Secure' : '';
  // Lax: the browser comes back from another site, by a link. Strict would leave the cookie behind.
  const cookie = `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  if ('appendHeader' in response) {
    response.appendHeader('Set-Cookie', cookie);
    response.setHeader('Cache-Control', 'no-store');
  } else {
    response.header('Set-Cookie', cookie);
    response.header('Cache-Control', 'no-store');
  }
}

function clearCookie(response: CookieResponse, name: string): void {
  setCookie(response, name, '', 0);
}

// Express keeps the response at the request, Koa at its context.
function nodeResponse(req: Request): CookieResponse {
  const { res, ctx } = req as { res?: CookieResponse; ctx?: { res?: CookieResponse } };
  return (ctx?.res ?? res) as CookieResponse;
}

function assertResponse(response: unknown): CookieResponse {
  const { appendHeader, header } = (response ?? {}) as Record<string, unknown>;
  if (typeof appendHeader === 'function' || typeof header === 'function') return response as CookieResponse;
  throw new TypeError('CookieTransactions cannot reach the response here: give it the option responseOf');
}
