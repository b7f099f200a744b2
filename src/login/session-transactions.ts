import { StateError } from '../errors';
import {
  aroundRegeneration,
  forgetUser,
  lossOf,
  type Session,
  saveSession,
  sessionIdOf,
  sessionOf,
  setValueIn,
  storedSession,
  valueIn,
} from '../frameworks';
import { sameDigest } from '../protocol/text';
import { RenewedSessions } from './renewed-sessions';
import {
  type EndedLogin,
  isEndedLogin,
  isExpired,
  isTransaction,
  type Transaction,
  type TransactionStore,
  worthRemembering,
} from './transaction';

export interface SessionTransactionsOptions {
  /** The name in the session. @default 'passport-jaccount' */
  key?: string;
  /**
   * For several machines: true for the first of them that asks for a handle, for so many milliseconds. Without it each
   * machine sends a code to jAccount that reaches it, so two machines may send one code.
   */
  claim?(handle: string, milliseconds: number): boolean | Promise<boolean>;
}

/** Everything that is kept, under one key of the session and always written whole. */
interface Ledger {
  pending: Transaction[];
  ended: EndedLogin[];
}

const capacity = 8;
// Of JSON: in base64 two thirds of the 4096 octets that a browser takes for a cookie. The rest is the application's.
const maxOctetsInCookie = 2048;
// A session is loaded at each later request, so little may stay in it.
const maxReturnTo = 64;

/**
 * Keeps pending logins in the session that the application has anyway: up to eight in one browser, each for ten minutes,
 * so that several tabs can sign in at once.
 *
 * They outlive the regeneration of the session by which Passport answers a login; nothing else of the session does.
 */
export class SessionTransactions implements TransactionStore {
  readonly claim: TransactionStore['claim'];
  private readonly key: string;
  private readonly renewed = new RenewedSessions();
  // The requests that change a session, by its id: one after the other.
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(options: SessionTransactionsOptions = {}) {
    const { key = 'passport-jaccount', claim, ...unknown } = options;
    const [name] = Object.keys(unknown);
    if (name !== undefined)
      throw new TypeError(`SessionTransactions: the option ${JSON.stringify(name)} is unknown`);
    if (typeof key !== 'string' || key === '')
      throw new TypeError('SessionTransactions: key must be a non-empty string');
    if (claim !== undefined && typeof claim !== 'function')
      throw new TypeError('SessionTransactions: claim must be a function');
    this.key = key;
    this.claim = claim;
  }

  async put(req: object, transaction: Transaction): Promise<void> {
    const session = sessionOf(req);
    if (!session) {
      throw new TypeError(
        'JaccountStrategy found no session: put the session middleware before passport.authenticate(), ' +
          'or use the option transactions: new CookieTransactions(…)',
      );
    }
    const id = sessionIdOf(session);
    await this.change(req, session, ({ pending, ended }) => {
      const fresh = pending.filter((entry) => !isExpired(entry)).slice(1 - capacity);
      const isNewSession = id === undefined || !this.renewed.isOld(id);
      return { ledger: { pending: [...fresh, transaction], ended }, value: undefined, isNewSession };
    });
    if (id !== undefined) this.renewed.add(id, transaction);
  }

  /** The transaction is saved as taken before this resolves: a reload that comes while the code is sent must find it so. */
  async take(req: object, handle: string): Promise<Transaction> {
    const session = sessionOf(req);
    if (!session) throw new StateError('no-session');
    return this.change(req, session, ({ pending, ended }) => {
      if (ended.some((login) => sameDigest(login.handle, handle))) throw new StateError('used');
      const value =
        pending.find((entry) => sameDigest(entry.handle, handle)) ?? this.takeLate(session, handle);
      if (!value) throw this.whyMissing(req, session);
      const others = pending.filter((entry) => entry.handle !== handle);
      const ledger = { pending: others, ended: [endedLogin(value), ...ended] };
      return { ledger, value, isNewSession: false };
    });
  }

  end(req: object, transaction: Transaction, account?: string): void {
    const session = sessionOf(req);
    // Of a login that failed, take() has left what a reload needs.
    if (!session || account === undefined) return;
    const { pending, ended } = this.read(session);
    const isOther = ({ handle }: { handle: string }) => handle !== transaction.handle;
    this.write(session, {
      pending: pending.filter(isOther),
      ended: [endedLogin(transaction, account), ...ended.filter(isOther)],
    });
    this.surviveRegeneration(req, session, transaction.handle);
  }

  ended(req: object): EndedLogin[] {
    const session = sessionOf(req);
    return session ? this.read(session).ended : [];
  }

  private takeLate(session: Session, handle: string): Transaction | undefined {
    const id = sessionIdOf(session);
    return id === undefined ? undefined : this.renewed.take(id, handle);
  }

  private whyMissing(req: object, session: Session): StateError {
    if (valueIn(session, this.key) !== undefined) return new StateError('unknown');
    const hint = lossOf(req);
    return new StateError('no-transaction', hint === undefined ? {} : { hint });
  }

  // A session is loaded and saved whole, so of two requests that run at once one overwrites what the other has written.
  // Read it again where it has a store, and let the requests of this process take turns.
  private change<T>(
    req: object,
    session: Session,
    change: (ledger: Ledger) => { ledger: Ledger; value: T; isNewSession: boolean },
  ): Promise<T> {
    return this.inTurn(sessionIdOf(session), async () => {
      const reading = storedSession(req);
      const stored = await reading;
      const isGone = reading !== undefined && !stored;
      const { ledger, value, isNewSession } = change(
        stored ? ledgerIn(stored[this.key]) : this.read(session),
      );
      // A session that was renewed is not saved again: it would hide what other requests find in their copies of it.
      if (isGone && !isNewSession) return value;
      // A session that was ended since this request loaded it would sign its user in again.
      if (isGone) forgetUser(session);
      this.write(session, ledger);
      await saveSession(session);
      return value;
    });
  }

  private async inTurn<T>(id: string | undefined, work: () => Promise<T>): Promise<T> {
    if (id === undefined) return work();
    const before = this.turns.get(id) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(id) === turn) this.turns.delete(id);
    }
  }

  // Passport gives a user who signs in a new session, which would end every other pending login. Only our own key is
  // copied to it, because an attacker may have written the other values before the login. The old session is read
  // again, because other tabs may have begun logins since this request loaded it.
  private surviveRegeneration(req: object, session: Session, handle: string): void {
    const oldId = sessionIdOf(session);
    const before = () => {
      if (oldId !== undefined) this.renewed.begin(oldId);
      const own = this.read(session);
      const stored = storedSession(req);
      if (stored === undefined) return own;
      return stored.then(
        (kept) => this.merged(own, kept),
        () => own,
      );
    };
    const after = ({ pending, ended }: Ledger) => {
      const next = sessionOf(req);
      if (!next) return;
      const newId = sessionIdOf(next);
      if (oldId !== undefined && newId !== undefined) this.renewed.finish(oldId, newId);
      this.write(next, { pending: pending.filter((entry) => entry.handle !== handle), ended });
    };
    aroundRegeneration(session, before, after);
  }

  private merged(own: Ledger, stored: Record<string, unknown> | null | undefined): Ledger {
    if (!stored) return own;
    const { pending, ended } = ledgerIn(stored[this.key]);
    const known = new Set(own.ended.map((entry) => entry.handle));
    return { pending, ended: [...own.ended, ...ended.filter((entry) => !known.has(entry.handle))] };
  }

  private read(session: Session): Ledger {
    return ledgerIn(valueIn(session, this.key));
  }

  private write(session: Session, { pending, ended }: Ledger): void {
    const ledger = { pending, ended: worthRemembering(ended) };
    setValueIn(session, this.key, sessionIdOf(session) === undefined ? fitting(ledger) : ledger);
  }
}

function ledgerIn(value: unknown): Ledger {
  const { pending, ended } = (value ?? {}) as Partial<Record<keyof Ledger, unknown>>;
  return {
    pending: Array.isArray(pending) ? pending.filter(isTransaction) : [],
    ended: Array.isArray(ended) ? worthRemembering(ended.filter(isEndedLogin)) : [],
  };
}

// A browser drops a cookie that is too long without a word, and every login in it is lost. Better drop the oldest alone,
// and before it the memory of those that are over.
function fitting({ pending, ended }: Ledger): Ledger {
  const fits = Buffer.byteLength(JSON.stringify({ pending, ended })) <= maxOctetsInCookie;
  if (fits || pending.length + ended.length <= 1) return { pending, ended };
  return fitting(
    ended.length > 0 ? { pending, ended: ended.slice(0, -1) } : { pending: pending.slice(1), ended },
  );
}

function endedLogin({ handle, returnTo }: Transaction, account?: string): EndedLogin {
  return {
    handle,
    endedAt: Date.now(),
    ...(account !== undefined && { account }),
    ...(returnTo !== undefined && returnTo.length <= maxReturnTo && { returnTo }),
  };
}
