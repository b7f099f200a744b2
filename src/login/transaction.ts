import { hash } from 'node:crypto';
import { StateError } from '../errors';
import { sameDigest } from '../protocol/text';

/** A pending login: what is remembered between sending a browser to jAccount and its return. */
export interface Transaction {
  /** Digest of the `state`. The state itself is in the browser's URL only. */
  handle: string;
  /** Digest of strategy name, issuer and client id: with the redirect URI, only the strategy that began a login ends it. */
  binding: string;
  redirectURI: string;
  /** Digest of the user who was signed in when the login began. Absent if no user was signed in. */
  user?: string;
  /** The handles of the logins that had signed somebody in with this browser when this one began. */
  after?: string[];
  scope: string[];
  nonce?: string;
  codeVerifier?: string;
  returnTo?: string;
  appState?: unknown;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** What is remembered of a login that has ended, for ten minutes. */
export interface EndedLogin {
  handle: string;
  /** Digest of the account that signed in. Absent while the login is still being finished, and where it failed. */
  account?: string;
  returnTo?: string;
  /** Milliseconds since the epoch. */
  endedAt: number;
}

/**
 * Where pending logins wait: {@link CookieTransactions}, {@link SessionTransactions}, or a store of your own.
 *
 * An entry belongs to the browser that `req` came from. Give it back to that browser only: otherwise anybody could finish
 * the login of somebody else.
 */
export interface TransactionStore {
  /** Keeps a transaction. Resolve when it is safe, because the browser is sent away then; reject if it is not. */
  put(req: object, transaction: Transaction): Promise<void>;
  /**
   * Gives a transaction back and forgets it, without touching others. Resolve with nothing if there is none, or reject
   * with a {@link StateError} that says why. Its reason `used` is for the browser that the login belongs to alone: while
   * another request finishes the login, the request that gets it shares the outcome.
   */
  take(req: object, handle: string): Promise<Transaction | null | undefined>;
  /**
   * Remembers for ten minutes that a login of this browser has ended, and as which account (a digest; absent where the
   * login failed). It is called before the answer. Without it a reload of the callback ends in 403, and a login that a
   * stranger planted in the browser is not told from its own.
   */
  end?(req: object, transaction: Transaction, account?: string): void | Promise<void>;
  /** What {@link TransactionStore.end} remembers of this browser, the newest first. */
  ended?(req: object): EndedLogin[];
  /**
   * Says whether this machine is the first to ask for a handle: true for one machine only, for so many milliseconds. With
   * it, a callback that reaches two machines at once sends its code to jAccount once.
   */
  claim?: ((handle: string, milliseconds: number) => boolean | Promise<boolean>) | undefined;
}

/** How long a login may take, and how long its end is remembered. Milliseconds. */
export const transactionLifetime = 10 * 60 * 1000;

/** 132 bits of a SHA-256 digest, base64url: short, because all pending logins share 4 KiB of cookies. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

export function bindingOf({
  name,
  issuer,
  clientID,
}: {
  name: string;
  issuer: string;
  clientID: string;
}): string {
  return digestOf(JSON.stringify([name, issuer, clientID]));
}

const isText = (value: unknown) => typeof value === 'string';
const isOptionalText = (value: unknown) => value === undefined || isText(value);
const isNumber = (value: unknown) => typeof value === 'number';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

type Checks<T> = { readonly [Member in keyof Required<T>]: (value: unknown) => boolean };

// A new member without a check does not compile: what comes back from a cookie or a store was in other hands.
const transactionChecks: Checks<Transaction> = {
  handle: isText,
  binding: isText,
  redirectURI: isText,
  user: isOptionalText,
  after: (value) => value === undefined || isTexts(value),
  scope: isTexts,
  nonce: isOptionalText,
  codeVerifier: isOptionalText,
  returnTo: isOptionalText,
  appState: () => true,
  createdAt: isNumber,
};

const endedChecks: Checks<EndedLogin> = {
  handle: isText,
  account: isOptionalText,
  returnTo: isOptionalText,
  endedAt: isNumber,
};

function passes<T>(value: unknown, checks: Checks<T>): value is T {
  if (typeof value !== 'object' || value === null) return false;
  for (const name in checks) {
    if (!checks[name]((value as Record<string, unknown>)[name])) return false;
  }
  return true;
}

/** Whether a value that a store gave back has the shape of a transaction of this version. */
export function isTransaction(value: unknown): value is Transaction {
  return passes(value, transactionChecks);
}

export function isEndedLogin(value: unknown): value is EndedLogin {
  return passes(value, endedChecks);
}

/** What the request that ends a login says of itself. */
export interface Expected {
  handle: string;
  binding: string;
  redirectURI: string;
  /** Digest of the user who is signed in now. */
  user: string | undefined;
  /** Whether the login connects an account to that user, as `passport.authorize()` does. */
  linking: boolean;
}

/** Narrows what a store gave back to a transaction that this request may finish, or says why it may not. */
export function assertUsable(transaction: unknown, expected: Expected): asserts transaction is Transaction {
  if (!isTransaction(transaction) || !sameDigest(transaction.handle, expected.handle))
    throw new StateError('unknown');
  if (isExpired(transaction))
    throw new StateError('expired', isAhead(transaction.createdAt) ? { hint: clocksDiffer } : {});
  const ours = transaction.binding === expected.binding && transaction.redirectURI === expected.redirectURI;
  if (!ours) throw new StateError('foreign');
  const bound = transaction.user !== undefined || expected.linking;
  if (bound && transaction.user !== expected.user) throw new StateError('user');
}

const clocksDiffer = 'the login began in the future: do the clocks of all machines agree?';

const somebodyElse =
  'somebody else has signed in with this browser since the login began: begin again to change the account';

/**
 * Refuses a login that began without a signed-in user, if this browser has signed in as another account since. A
 * stranger may have begun it elsewhere and planted it here, to have their account linked to the user's.
 */
export function assertSameAccount(
  { user, after = [] }: Transaction,
  ended: readonly EndedLogin[],
  account: string,
): void {
  const since = ended.filter(({ handle }) => !after.includes(handle));
  const other = since.some((login) => login.account !== undefined && login.account !== account);
  if (user === undefined && other) throw new StateError('user', { hint: somebodyElse });
}

/** The ended logins of the last ten minutes, the newest first. */
export function freshOf(ended: readonly EndedLogin[]): EndedLogin[] {
  return ended.filter(({ endedAt }) => isFresh(endedAt)).sort((one, other) => other.endedAt - one.endedAt);
}

/**
 * The two ended logins that are worth remembering, the newest first: the last that signed in, and the last of the others,
 * of another account if there is one. Two accounts in one browser must both be known, because either may be signed in.
 */
export function worthRemembering(ended: readonly EndedLogin[]): EndedLogin[] {
  const fresh = freshOf(ended);
  const last = fresh.find(({ account }) => account !== undefined);
  if (last === undefined) return fresh.slice(0, 2);
  const others = fresh.filter((entry) => entry !== last);
  const other = others.find(({ account }) => account !== last.account) ?? others[0];
  return fresh.filter((entry) => entry === last || entry === other);
}

export function isExpired({ createdAt }: Pick<Transaction, 'createdAt'>): boolean {
  return !isFresh(createdAt);
}

function isFresh(moment: number): boolean {
  return Date.now() - moment < transactionLifetime && !isAhead(moment);
}

// A login from the future is one whose age is not known; a clock may have been set back a little.
function isAhead(moment: number): boolean {
  return moment - Date.now() >= 60_000;
}
