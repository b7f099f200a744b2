import { TokenResponseError } from '../errors';
import { GivenOptions } from '../options';
import type { JaccountClient } from './client';
import { assertAccessToken } from './request';
import type { TokenSet } from './token-set';

/** Where a {@link TokenSource} has its tokens from, and takes them to. All of it is about one user. */
export interface TokenSourceOptions {
  /** The tokens to begin with. Left out, `load` is asked. */
  tokens?: TokenSet;
  /**
   * Fetches the user's tokens from your storage. It is asked again before a refresh: another process may have renewed
   * them since.
   */
  load?: () => Promise<TokenSet | undefined>;
  /**
   * Takes new tokens to your storage. Nobody gets a new token before it is done; should it fail, the callers who wait
   * hear of it, the tokens stay here, and the next call saves them again.
   */
  save?: (tokens: TokenSet) => void | Promise<void>;
  /** Seconds before its end at which an access token counts as expired. @default 30 */
  leeway?: number;
}

interface State {
  current?: TokenSet | undefined;
  /** What `save` has not taken yet. */
  unsaved?: TokenSet | undefined;
  /** The one update that runs. */
  update?: Promise<TokenSet> | undefined;
}

// Beside the objects and not in them: tokens are not for printing.
const states = new WeakMap<TokenSource, State>();

/**
 * Keeps the tokens of one user, and renews them when they have expired: once, however many callers wait. Make one for
 * each user, keep it as long as you work for that user, and hand it over in place of an access token.
 *
 * A refresh that fails changes nothing: whoever waits gets the error, and the next call tries again.
 * {@link TokenResponseError} with `invalid_grant` means that the user has to sign in again.
 *
 * @throws TypeError for options that are missing, malformed or unknown.
 *
 * @example
 * ```ts
 * import { type JaccountClient, type TokenSet, TokenSource } from 'passport-jaccount';
 *
 * const stored = new Map<string, TokenSet>();
 *
 * const tokensOf = (client: JaccountClient, account: string) =>
 *   new TokenSource(client, {
 *     load: async () => stored.get(account),
 *     save: async (tokens) => void stored.set(account, tokens),
 *   });
 * ```
 *
 * @see [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)
 */
export class TokenSource {
  private readonly load: TokenSourceOptions['load'];
  private readonly save: TokenSourceOptions['save'];
  private readonly leeway: number;

  constructor(
    private readonly client: Pick<JaccountClient, 'refresh'>,
    options: TokenSourceOptions,
  ) {
    if (typeof client?.refresh !== 'function') throw new TypeError('TokenSource requires a JaccountClient');
    const given = new GivenOptions('TokenSource', options);
    given.assertKnown(['tokens', 'load', 'save', 'leeway']);
    const { tokens, load, save } = options;
    if (tokens === undefined && load === undefined)
      given.refuse('tokens', 'is required where load is not given');
    if (tokens !== undefined) assertTokenSet(tokens);
    this.load = callbackIn(given, 'load', load);
    this.save = callbackIn(given, 'save', save);
    this.leeway = given.number('leeway', { default: 30, least: 0, most: 600 });
    states.set(this, { current: tokens });
  }

  /** An access token that has not expired, as far as is known. */
  async accessToken(): Promise<string> {
    return (await this.tokens()).accessToken;
  }

  /** The user's tokens, renewed if need be. Without a refresh token they stay as they are. */
  async tokens(): Promise<TokenSet> {
    const state = stateOf(this);
    const { current, unsaved, update } = state;
    if (current && !unsaved && !update && this.isUsable(current)) return current;
    return this.update(state, (tokens) => this.isUsable(tokens));
  }

  /**
   * Renews `used`, with which jAccount refused a call although it seemed good. Whoever comes late gets what was fetched
   * meanwhile.
   */
  async renew(used: TokenSet): Promise<TokenSet> {
    const state = stateOf(this);
    const { current, unsaved } = state;
    if (current && !unsaved && current !== used) return current;
    return this.update(state, (tokens) => tokens.accessToken !== used.accessToken);
  }

  private isUsable({ expiresAt = Number.POSITIVE_INFINITY }: TokenSet): boolean {
    return expiresAt - this.leeway > Date.now() / 1000;
  }

  private update(state: State, isGood: (tokens: TokenSet) => boolean): Promise<TokenSet> {
    state.update ??= this.upToDate(state, isGood).finally(() => {
      state.update = undefined;
    });
    return state.update;
  }

  private async upToDate(state: State, isGood: (tokens: TokenSet) => boolean): Promise<TokenSet> {
    const known = state.unsaved ? await this.keep(state, state.unsaved) : await this.latest(state);
    if (isGood(known) || known.refreshToken === undefined) return known;
    const renewed = await this.client.refresh(known).catch((error) => this.renewedElsewhere(known, error));
    return this.keep(state, renewed);
  }

  // Kept here before it is taken away: the old refresh token may be worth nothing any more.
  private async keep(state: State, tokens: TokenSet): Promise<TokenSet> {
    state.current = tokens;
    state.unsaved = tokens;
    await this.save?.(tokens);
    state.unsaved = undefined;
    return tokens;
  }

  private async latest(state: State): Promise<TokenSet> {
    const { current } = state;
    const stored = await this.stored();
    const latest = stored && (!current || isLater(stored, current)) ? stored : current;
    if (!latest) throw new Error('TokenSource: load found no tokens: the user has to sign in');
    state.current = latest;
    return latest;
  }

  private async stored(): Promise<TokenSet | undefined> {
    const stored = await this.load?.();
    if (stored !== undefined) assertTokenSet(stored);
    return stored;
  }

  // Of two processes that refresh at once, one may find the refresh token spent by the other.
  private async renewedElsewhere(known: TokenSet, error: unknown): Promise<TokenSet> {
    if (!(error instanceof TokenResponseError && error.error === 'invalid_grant')) throw error;
    const stored = await this.stored();
    if (stored === undefined || stored.refreshToken === known.refreshToken) throw error;
    return stored;
  }
}

function stateOf(source: TokenSource): State {
  return states.get(source) as State;
}

function callbackIn<T>(given: GivenOptions, name: string, callback: T): T {
  if (callback === undefined || typeof callback === 'function') return callback;
  return given.refuse(name, 'must be a function');
}

function isLater(one: TokenSet, other: TokenSet): boolean {
  return (one.expiresAt ?? Number.POSITIVE_INFINITY) >= (other.expiresAt ?? 0);
}

// What is larger counts milliseconds.
const maxSeconds = 1e11;

function assertTokenSet(tokens: unknown): asserts tokens is TokenSet {
  const { accessToken, refreshToken, expiresAt } = { ...(tokens as Partial<TokenSet> | null) };
  assertAccessToken(accessToken);
  if (refreshToken !== undefined && (typeof refreshToken !== 'string' || refreshToken === ''))
    throw new TypeError('TokenSource: tokens.refreshToken must be a non-empty string');
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && expiresAt < maxSeconds))
    throw new TypeError('TokenSource: tokens.expiresAt must be a number of seconds since the epoch');
}
