import type { Request } from 'express';
import { StateError } from '../errors';
import { sameText, sha256 } from '../protocol/text';

/** What the strategy remembers between sending a browser to jAccount and its return: one pending login. */
export interface Transaction {
  /** SHA-256 of the `state`, base64url. The state itself is in the browser's URL only. */
  handle: string;
  /** Digest of strategy name, issuer and client id: with the redirect URI, only who began a login may end it. */
  binding: string;
  redirectURI: string;
  /** Digest of the user who was signed in when the login began, if anybody was. */
  user?: string;
  scope: string[];
  nonce?: string;
  codeVerifier?: string;
  returnTo?: string;
  appState?: unknown;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/**
 * Where pending logins wait. {@link SessionTransactions} is the default; bring your own to keep them elsewhere.
 *
 * An entry belongs to the browser that `req` came from, and to nobody else: that is what protects a login from
 * being finished in another browser.
 */
export interface TransactionStore {
  /** Keeps a transaction. It resolves once it is safe, for the browser is sent away then; reject if it is not. */
  put(req: Request, transaction: Transaction): Promise<void>;
  /**
   * Gives a transaction back and forgets it, without touching others. It resolves with nothing if there is none, or
   * rejects with a {@link StateError} if it knows why.
   */
  take(req: Request, handle: string): Promise<Transaction | null | undefined>;
}

/** Milliseconds. */
export const transactionLifetime = 10 * 60 * 1000;

/** 128 bits of who begins a login: it is compared with what we wrote ourselves, and a cookie may have to hold eight. */
export function bindingOf({
  name,
  issuer,
  clientID,
}: {
  name: string;
  issuer: string;
  clientID: string;
}): string {
  return sha256(JSON.stringify([name, issuer, clientID]))
    .toString('base64url')
    .slice(0, 22);
}

export function handleOf(state: string): string {
  return sha256(state).toString('base64url');
}

/** Whether a value that a store gave back has the shape of a transaction of this version. */
export function isTransaction(value: unknown): value is Transaction {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Record<string, unknown>;
  const { scope, createdAt } = entry;
  return (
    required.every((name) => typeof entry[name] === 'string') &&
    optional.every((name) => entry[name] === undefined || typeof entry[name] === 'string') &&
    Array.isArray(scope) &&
    scope.every((name) => typeof name === 'string') &&
    typeof createdAt === 'number'
  );
}

const required = ['handle', 'binding', 'redirectURI'] as const;
const optional = ['user', 'nonce', 'codeVerifier', 'returnTo'] as const;

/** Narrows what a store gave back to a transaction that this request may finish, or says why it may not. */
export function assertUsable(
  transaction: unknown,
  expected: { handle: string; binding: string; redirectURI: string; user: string | undefined },
): asserts transaction is Transaction {
  if (!isTransaction(transaction) || !sameText(transaction.handle, expected.handle))
    throw new StateError('unknown');
  if (isExpired(transaction))
    throw new StateError('expired', isAhead(transaction) ? { hint: clocksDiffer } : {});
  const ours = transaction.binding === expected.binding && transaction.redirectURI === expected.redirectURI;
  if (!ours) throw new StateError('foreign');
  if (transaction.user !== undefined && transaction.user !== expected.user) throw new StateError('user');
}

export function isExpired({ createdAt }: Pick<Transaction, 'createdAt'>): boolean {
  return !(Date.now() - createdAt < transactionLifetime) || isAhead({ createdAt });
}

// A login from the future is one whose age is not known; a clock may have been set back a little.
function isAhead({ createdAt }: Pick<Transaction, 'createdAt'>): boolean {
  return createdAt - Date.now() >= 60_000;
}

const clocksDiffer = 'the login began in the future: do the clocks of all machines agree?';

/**
 * A digest of who is signed in, or undefined for nobody. Passport's serialized user is the best witness: the user
 * object itself may be loaded afresh, and differ, each time.
 */
export function signedInUser(req: Request): string | undefined {
  if (!req.user) return undefined;
  const { id } = req.user as { id?: unknown };
  // Express and Koa keep { user }, Fastify the user itself.
  const stored = (req as { session?: { passport?: { user?: unknown } } }).session?.passport;
  const key = stored?.user ?? stored ?? id;
  return key === undefined ? undefined : sha256(JSON.stringify(key) ?? '').toString('base64url');
}
