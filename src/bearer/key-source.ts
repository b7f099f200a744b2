import type { webcrypto } from 'node:crypto';
import { BearerError } from '../errors';
import { loadModule } from '../protocol/load-module';
import { once } from '../protocol/once';
import type { PublicJwk } from './jwk';

/** The part of a token's header that a key is looked up by. */
export type KeyHint = { alg: string; kid?: string };

/**
 * The keys that a token may have been signed with; more than one where it names none, or several bear the name.
 *
 * @throws {@link BearerError} `key` where there is none.
 */
export type KeySource = (hint: KeyHint) => Promise<readonly webcrypto.CryptoKey[]>;

/** One key for every token. */
export function keySourceOf(importKey: () => Promise<webcrypto.CryptoKey>): KeySource {
  const keys = once(async () => [await importKey()]);
  return keys;
}

/** Keys that were given as a set. */
export function createLocalKeys(keys: readonly PublicJwk[]): KeySource {
  const set = once(async () => (await joseLocal()).createLocalJWKSet({ keys: [...keys] }));
  return async (hint) => {
    const resolve = await set();
    return keysIn(() => resolve(hint));
  };
}

const joseLocal = once(() =>
  loadModule<typeof import('jose/jwks/local', { with: { 'resolution-mode': 'import' }})>(
    () => require('jose/jwks/local'),
    () => import('jose/jwks/local'),
  ),
);

const maxCandidates = 8;

/** What jose's sets resolve with, or hide in the error that says there are several. */
export async function keysIn(resolve: () => Promise<webcrypto.CryptoKey>): Promise<webcrypto.CryptoKey[]> {
  try {
    return [await resolve()];
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS')
      throw new BearerError('key', { cause: error });
    return firstOf(error as AsyncIterable<webcrypto.CryptoKey>);
  }
}

async function firstOf(candidates: AsyncIterable<webcrypto.CryptoKey>): Promise<webcrypto.CryptoKey[]> {
  const keys: webcrypto.CryptoKey[] = [];
  for await (const key of candidates) if (keys.push(key) === maxCandidates) break;
  return keys;
}
