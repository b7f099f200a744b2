import type { webcrypto } from 'node:crypto';
import { KeySetError } from '../errors';
import { malformed, parseJsonObject, sendRequest, type Transport } from '../protocol/http';
import { loadModule } from '../protocol/load-module';
import { once } from '../protocol/once';
import { type PublicJwk, usableKeys } from './jwk';
import { type KeyHint, type KeySource, keysIn } from './key-source';

/** Seconds. */
export interface KeyTimes {
  /** The least time between two fetches, whatever came of the first. */
  cooldown: number;
  /** The age at which keys are fetched anew, while those there are serve on. */
  refresh: number;
  /** The age at which keys serve no longer, though no others could be had. */
  maxAge: number;
}

export interface RemoteSet {
  url: string;
  algorithms: readonly string[];
  times: KeyTimes;
  transport: Transport;
}

const maxOctets = 256 * 1024;
const maxKeys = 100;

/** Keys that an issuer publishes. They are fetched when a token first needs them, never by a timer. */
export class RemoteKeys {
  // By the monotonic clock, in seconds: the wall clock may be put back.
  private attemptedAt = Number.NEGATIVE_INFINITY;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private failure: unknown;
  private readonly set: () => Promise<JoseSet>;

  constructor(private readonly remote: RemoteSet) {
    this.set = once(() => this.createSet());
  }

  readonly keysFor: KeySource = async (hint) => {
    const set = await this.set();
    await this.freshen(set);
    const { fetchedAt } = this;
    try {
      return await keysIn(() => set(hint));
    } catch (error) {
      // Another request may have brought new keys after this one looked among the old.
      if (fetchedAt === this.fetchedAt) throw error;
      return keysIn(() => set(hint));
    }
  };

  private async createSet(): Promise<JoseSet> {
    const { createRemoteJWKSet, customFetch } = await joseRemote();
    const { url, times } = this.remote;
    // jose fetches anew for a key it does not know; when keys are too old, is decided here.
    return createRemoteJWKSet(new URL(url), {
      [customFetch]: () => this.fetchOnce(),
      cooldownDuration: times.cooldown * 1000,
      cacheMaxAge: Number.POSITIVE_INFINITY,
    });
  }

  private async freshen(set: JoseSet): Promise<void> {
    const { times, url } = this.remote;
    const age = seconds() - this.fetchedAt;
    if (age < times.refresh) return;
    const fetched = set.reload();
    // Those who wait for nothing still see the new keys as soon as they are there.
    if (age < times.maxAge) return void fetched.catch(() => undefined);
    await fetched.catch((error) => {
      throw new KeySetError(url, error);
    });
  }

  private async fetchOnce(): Promise<Response> {
    if (seconds() - this.attemptedAt < this.remote.times.cooldown)
      throw this.failure ?? new Error('too soon');
    this.attemptedAt = seconds();
    try {
      const keys = await this.fetchKeys();
      this.fetchedAt = seconds();
      return Response.json({ keys });
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  private async fetchKeys(): Promise<PublicJwk[]> {
    const { url, algorithms, transport } = this.remote;
    const headers = { Accept: 'application/json, application/jwk-set+json' };
    const response = await sendRequest({ method: 'GET', url, headers }, transport, maxOctets, 'the key set');
    if (response.status !== 200) throw malformed(response, 'unexpected status');
    const document = parseJsonObject(response);
    if (Array.isArray(document.keys) && document.keys.length > maxKeys)
      throw malformed(response, `there are more than ${maxKeys} keys`);
    const keys = usableKeys(document, algorithms) ?? [];
    if (keys.length === 0) throw malformed(response, 'there is no usable key');
    return keys;
  }
}

type JoseSet = ((hint: KeyHint) => Promise<webcrypto.CryptoKey>) & { reload(): Promise<void> };

const joseRemote = once(() =>
  loadModule<typeof import('jose/jwks/remote', { with: { 'resolution-mode': 'import' }})>(
    () => require('jose/jwks/remote'),
    () => import('jose/jwks/remote'),
  ),
);

function seconds(): number {
  return performance.now() / 1000;
}
