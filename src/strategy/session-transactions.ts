import type { Request } from 'express';
import { type LoginContext, StateError } from '../errors';
import { sameText } from '../protocol/text';
import {
  isExpired,
  isTransaction,
  type Transaction,
  type TransactionStore,
  transactionLifetime,
} from './transaction';

/** A login that was finished. It is remembered so that a reload can be told from a forgery. */
interface Spent {
  handle: string;
  returnTo?: string;
  createdAt: number;
}

/** Everything that is kept, under one key of the session and always written whole. */
interface Ledger {
  pending: Transaction[];
  spent: Spent[];
}

// express-session, cookie-session, koa-session: a plain object. @fastify/session and secure-session: get and set.
interface Session {
  [key: string]: unknown;
  get?: (key: string) => unknown;
  set?: (key: string, value: unknown) => void;
  save?: (done: (error?: unknown) => void) => unknown;
  regenerate?: (...parameters: unknown[]) => unknown;
}

const capacity = 8;
// Of JSON: in base64 two thirds of the 4096 octets that a browser takes for a cookie. The rest is the application's.
const maxOctetsInCookie = 2048;
const maxTaken = 10_000;

/**
 * Keeps pending logins in the session that the application has anyway: up to eight in one browser, each for ten
 * minutes, so that several tabs can sign in at once.
 *
 * They outlive the regeneration of the session by which Passport answers a login; nothing else of the session does.
 */
export class SessionTransactions implements TransactionStore {
  private readonly key: string;
  // Two requests may have loaded the same session before either saved it: of those, one may go on.
  private readonly taken = new Map<string, number>();

  constructor(options: { key?: string } = {}) {
    const { key = 'passport-jaccount', ...unknown } = options;
    const [name] = Object.keys(unknown);
    if (name !== undefined)
      throw new TypeError(`SessionTransactions: the option ${JSON.stringify(name)} is unknown`);
    if (typeof key !== 'string' || key === '')
      throw new TypeError('SessionTransactions: key must be a non-empty string');
    this.key = key;
  }

  async put(req: Request, transaction: Transaction): Promise<void> {
    const session = sessionOf(req);
    if (!session) {
      throw new TypeError(
        'JaccountStrategy found no session: put the session middleware before passport.authenticate(), ' +
          'or use the option transactions: new CookieTransactions(…)',
      );
    }
    const { pending, spent } = this.read(session);
    const fresh = pending.filter((entry) => !isExpired(entry)).slice(1 - capacity);
    this.write(session, {
      pending: [...fresh, transaction],
      spent: spent.filter((entry) => !isExpired(entry)),
    });
    await save(session);
  }

  async take(req: Request, handle: string): Promise<Transaction> {
    const session = sessionOf(req);
    if (!session) throw new StateError('no-session');
    const { pending, spent } = this.read(session);
    const transaction = pending.find((entry) => sameText(entry.handle, handle));
    if (!transaction) throw this.whyMissing(req, session, spent, handle);
    this.write(session, {
      pending: pending.filter((entry) => entry !== transaction),
      spent: [...spent, spentOf(transaction)].slice(-capacity),
    });
    if (!this.isFirst(handle)) throw new StateError('used', { transaction: contextOf(transaction) });
    this.surviveRegeneration(req, session);
    // Before the code is exchanged: whoever reloads while that lasts must not exchange it again.
    await save(session);
    return transaction;
  }

  private whyMissing(req: Request, session: Session, spent: Spent[], handle: string): StateError {
    const before = spent.find((entry) => !isExpired(entry) && sameText(entry.handle, handle));
    if (before) return new StateError('used', { transaction: contextOf(before) });
    if (valueIn(session, this.key) !== undefined) return new StateError('unknown');
    const hint = lossOf(req, session);
    return new StateError('no-transaction', hint === undefined ? {} : { hint });
  }

  private isFirst(handle: string): boolean {
    for (const [old, since] of this.taken) {
      if (this.taken.size < maxTaken && Date.now() - since < transactionLifetime) break;
      this.taken.delete(old);
    }
    if (this.taken.has(handle)) return false;
    this.taken.set(handle, Date.now());
    return true;
  }

  // Passport gives a user who signs in a new session, which would end every other pending login. Only our own key
  // goes over: what else was planted before the login must not survive it.
  private surviveRegeneration(req: Request, session: Session): void {
    const { regenerate } = session;
    if (typeof regenerate !== 'function') return;
    const value = (...parameters: unknown[]) => {
      const ledger = this.read(session);
      const carryOver = () => {
        const next = sessionOf(req);
        if (next) this.write(next, ledger);
      };
      return afterwards(regenerate.bind(session), parameters, carryOver);
    };
    Object.defineProperty(session, 'regenerate', { value, configurable: true, writable: true });
  }

  private read(session: Session): Ledger {
    const { pending, spent } = (valueIn(session, this.key) ?? {}) as Partial<Record<keyof Ledger, unknown>>;
    return {
      pending: Array.isArray(pending) ? pending.filter(isTransaction) : [],
      spent: Array.isArray(spent) ? spent.filter(isSpent) : [],
    };
  }

  private write(session: Session, ledger: Ledger): void {
    setValueIn(session, this.key, isInCookie(session) ? fitting(ledger) : ledger);
  }
}

function sessionOf(req: Request): Session | undefined {
  const { session } = req as { session?: unknown };
  return typeof session === 'object' && session !== null ? (session as Session) : undefined;
}

function isInCookie({ id, sessionId, externalKey }: Session): boolean {
  return [id, sessionId, externalKey].every((key) => typeof key !== 'string');
}

// A cookie that is too long is dropped without a word, and every login in it is lost: rather the oldest alone, and
// before it the memory of those that are over.
function fitting({ pending, spent }: Ledger): Ledger {
  const fits = Buffer.byteLength(JSON.stringify({ pending, spent })) <= maxOctetsInCookie;
  if (fits || pending.length + spent.length <= 1) return { pending, spent };
  return fitting(
    spent.length > 0 ? { pending, spent: spent.slice(1) } : { pending: pending.slice(1), spent },
  );
}

// A session that tracks its changes sees them only through its own methods.
function valueIn(session: Session, key: string): unknown {
  return hasAccessors(session) ? session.get(key) : session[key];
}

function setValueIn(session: Session, key: string, value: unknown): void {
  if (hasAccessors(session)) session.set(key, value);
  else session[key] = value;
}

function hasAccessors(session: Session): session is Session & Required<Pick<Session, 'get' | 'set'>> {
  return typeof session.get === 'function' && typeof session.set === 'function';
}

// Some stores take a callback, some return a promise, some do both; cookie sessions have nothing to save.
function save(session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof session.save !== 'function') return resolve();
    const returned = session.save((error) => (error ? reject(error) : resolve()));
    if (returned instanceof Promise) returned.then(() => resolve(), reject);
  });
}

// Express and Koa end their parameters with a callback; Fastify returns a promise, or is done when it returns.
function afterwards(
  run: (...parameters: unknown[]) => unknown,
  parameters: unknown[],
  then: () => void,
): unknown {
  const done = parameters.at(-1);
  if (typeof done === 'function') {
    const next = (error?: unknown) => {
      if (!error) then();
      done(error);
    };
    return run(...parameters.slice(0, -1), next);
  }
  const returned = run(...parameters);
  if (returned instanceof Promise) return returned.then(then);
  then();
  return returned;
}

function spentOf({ handle, returnTo, createdAt }: Transaction): Spent {
  return { handle, createdAt, ...(returnTo !== undefined && { returnTo }) };
}

function isSpent(value: unknown): value is Spent {
  if (typeof value !== 'object' || value === null) return false;
  const { handle, returnTo, createdAt } = value as Record<string, unknown>;
  const local = returnTo === undefined || typeof returnTo === 'string';
  return typeof handle === 'string' && typeof createdAt === 'number' && local;
}

function contextOf({ returnTo }: Pick<Spent, 'returnTo'>): LoginContext {
  return returnTo === undefined ? {} : { returnTo };
}

// What express-session and @fastify/session tell of their cookie.
function lossOf(req: Request, session: Session): string | undefined {
  const { sameSite, secure } = (session.cookie ?? {}) as { sameSite?: unknown; secure?: unknown };
  if (sameSite === 'strict' || sameSite === true) {
    return 'the session cookie is SameSite=Strict, so the browser left it behind on the way back from jAccount: use "lax"';
  }
  if (secure === true && req.secure === false) {
    return 'the session cookie is Secure, but the request came over http: behind a proxy, set "trust proxy"';
  }
  return undefined;
}
