import type { JaccountLoginMessage } from '../diagnostics';
import { StateError } from '../errors';
import { hostsOf } from '../frameworks';
import type { JaccountProfile } from '../profile/profile';
import { sameDigest } from '../protocol/text';
import type { AuthorizationResponse } from './authorization-response';
import { begin, type LoginRequest } from './begin';
import { callbackURLAt } from './callback-url';
import { type ExchangedLogin, Finisher } from './finish';
import { type Callback, OncePerCallback } from './once-per-callback';
import type { LoginSettings } from './settings';
import { signedInUser } from './signed-in-user';
import {
  assertSameAccount,
  assertUsable,
  bindingOf,
  digestOf,
  type EndedLogin,
  type Expected,
  isTransaction,
  type Transaction,
  transactionLifetime,
} from './transaction';

/** What a callback belongs to: a login to finish, or one that this browser finished a moment ago. */
export type Taken<T> =
  | { callback: Callback<Outcome<T>>; ended: readonly EndedLogin[]; reloaded?: never }
  | { reloaded: EndedLogin };

/** What a door does with a login, once for each callback. */
export interface Completion<T> {
  /** Further parameters of the token request. */
  extra?: Readonly<Record<string, unknown>>;
  profileOf(login: ExchangedLogin): Promise<JaccountProfile | undefined>;
  /** `isSignedIn` is false where the application refused the user. */
  complete(login: ExchangedLogin, profile?: JaccountProfile): Promise<{ value: T; isSignedIn: boolean }>;
}

/** What came of a login. */
export interface Outcome<T> {
  value: T;
  /** Digest; undefined where the application refused the user. */
  account: string | undefined;
}

// How long after a login the same callback is taken for a reload. Milliseconds.
const reloadTime = 2 * 60 * 1000;

/**
 * The login itself, for every door: it begins logins, finds them again when the browser comes back, and finishes each once.
 * One object serves all requests; what belongs to one login is passed along.
 */
export class Login<T> {
  private readonly binding: string;
  private readonly finisher: Finisher;
  private readonly callbacks = new OncePerCallback<Outcome<T>>();

  constructor(private readonly settings: LoginSettings) {
    this.binding = bindingOf(settings);
    this.finisher = new Finisher(settings);
  }

  /** Begins a login and gives the address to send the browser to. */
  async begin(req: object, request: Omit<LoginRequest, 'binding' | 'user' | 'after'>): Promise<string> {
    const signedIn = this.endedOf(req).filter(({ account }) => account !== undefined);
    const after = signedIn.map(({ handle }) => handle);
    const { binding } = this;
    const { url, transaction } = begin(this.settings, {
      ...request,
      binding,
      user: signedInUser(req),
      after,
    });
    await this.settings.transactions.put(req, transaction);
    return url;
  }

  /**
   * Finds the login that a callback belongs to, and spends it. A callback that is being answered already is found too:
   * {@link Login.finish} shares its outcome.
   *
   * @throws {@link StateError} where this browser began no such login, or this request may not finish it.
   */
  async take(req: object, { state }: AuthorizationResponse, linking: boolean): Promise<Taken<T>> {
    const redirectURI = this.callbackURLFor(req);
    const handle = digestOf(state);
    const expected = { handle, binding: this.binding, redirectURI, user: signedInUser(req), linking };
    const ended = this.endedOf(req);
    const before = ended.find((login) => sameDigest(login.handle, handle));
    const callback = await this.callbacks.find(handle, async (answering) => {
      if (!before) return this.takePending(req, expected, answering);
      return answering && usable(answering, expected);
    });
    if (callback) return { callback, ended };
    if (before && isReload(before)) return { reloaded: before };
    throw new StateError('used');
  }

  /** The callback URL for a request, by its host if there are several. */
  callbackURLFor(req: object): string {
    const { callbackURL } = this.settings;
    return typeof callbackURL === 'string' ? callbackURL : callbackURLAt(hostsOf(req), callbackURL);
  }

  private async takePending(req: object, expected: Expected, answering?: Transaction): Promise<Transaction> {
    const transaction = await this.foundPending(req, expected.handle, answering);
    try {
      return usable(transaction, expected);
    } catch (error) {
      if (isTransaction(transaction)) await this.forget(req, transaction);
      throw error;
    }
  }

  private async foundPending(req: object, handle: string, answering?: Transaction): Promise<unknown> {
    try {
      return await this.settings.transactions.take(req, handle);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      // Another request of this browser took it while this one was on its way.
      if (error.reason === 'used' && answering) return answering;
      // The store has forgotten it, this process has not.
      throw this.callbacks.isSpent(handle) ? new StateError('used') : error;
    }
  }

  /** Finishes a login, once for each callback: the code is sent once, and `complete` runs once. */
  async finish(
    req: object,
    { callback, ended }: { callback: Callback<Outcome<T>>; ended: readonly EndedLogin[] },
    response: AuthorizationResponse,
    completion: Completion<T>,
  ): Promise<T> {
    const { transaction } = callback;
    try {
      const { value, account } = await callback.answer(() =>
        this.answer(transaction, ended, response, completion),
      );
      await this.settings.transactions.end?.(req, transaction, account);
      return value;
    } catch (error) {
      if (!wasUsed(error)) await this.forget(req, transaction);
      throw error;
    }
  }

  private async answer(
    transaction: Transaction,
    ended: readonly EndedLogin[],
    response: AuthorizationResponse,
    { extra, profileOf, complete }: Completion<T>,
  ): Promise<Outcome<T>> {
    await this.assertFirst(transaction, response);
    const login = await this.finisher.exchange(transaction, response, extra);
    const profile = await profileOf(login);
    const account = digestOf(profile?.id ?? '');
    assertSameAccount(transaction, ended, account);
    const { value, isSignedIn } = await complete(login, profile);
    return { value, account: isSignedIn ? account : undefined };
  }

  // With several machines, another one may have sent the code.
  private async assertFirst({ handle }: Transaction, { code }: AuthorizationResponse): Promise<void> {
    const { transactions } = this.settings;
    if (code === undefined || !transactions.claim) return;
    if (!(await transactions.claim(handle, transactionLifetime))) throw new StateError('used');
  }

  /** The profile of a login, or of the user that an access token belongs to where there is no login. */
  profileOf(accessToken: string, login?: ExchangedLogin): Promise<JaccountProfile | undefined> {
    return this.finisher.profileOf(accessToken, login);
  }

  /** Where the profile of a login came from. */
  roadOf(login: ExchangedLogin): Promise<JaccountLoginMessage['road']> {
    return this.finisher.roadOf(login);
  }

  /** Exchanges any grant at the token endpoint. */
  get exchangeGrant(): Finisher['exchangeGrant'] {
    return this.finisher.exchangeGrant;
  }

  private endedOf(req: object): readonly EndedLogin[] {
    return this.settings.transactions.ended?.(req) ?? [];
  }

  // The login has failed. What the store makes of that must not hide why.
  private async forget(req: object, transaction: Transaction): Promise<void> {
    try {
      await this.settings.transactions.end?.(req, transaction);
    } catch {
      // An answer that is on its way already, or a session that is gone.
    }
  }
}

function isReload({ account, endedAt }: EndedLogin): boolean {
  return account !== undefined && Date.now() - endedAt < reloadTime;
}

// Another request finishes this login, perhaps on another machine, and what it leaves in the browser must stay.
function wasUsed(error: unknown): boolean {
  return error instanceof StateError && error.reason === 'used';
}

function usable(transaction: unknown, expected: Expected): Transaction {
  assertUsable(transaction, expected);
  return transaction;
}
