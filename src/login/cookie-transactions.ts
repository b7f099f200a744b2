import { StateError } from '../errors';
import { type CookieResponse, type Request, responseOf, sessionOf, setsCookies } from '../frameworks';
import { sameDigest } from '../protocol/text';
import {
  type Cookie,
  clearCookie,
  hostPrefix,
  isFor,
  nameOf,
  octetsOf,
  ourCookies,
  setCookie,
  sizeOf,
} from './cookies';
import { isSealedAs, Sealer } from './sealed';
import { SessionTransactions } from './session-transactions';
import {
  type EndedLogin,
  freshOf,
  isEndedLogin,
  isExpired,
  isTransaction,
  type Transaction,
  type TransactionStore,
  worthRemembering,
} from './transaction';

export interface CookieTransactionsOptions {
  /**
   * At least 32 characters from a random source, the same on every machine. Of several, the first seals and all open. To
   * renew it, put the new one in front, and take the old one out ten minutes later; with several machines, first let every
   * one of them know the new one, behind the old.
   *
   * @default derived from the strategy's `clientSecret`
   */
  secret?: string | readonly string[];
  /** The response to a request. Express, Koa and Nest on Express need none. @default `req.res` */
  responseOf?(req: Request): CookieResponse;
  /**
   * For several machines: true for the first of them that asks for a handle, for so many milliseconds. Without it each
   * machine sends a code to jAccount that reaches it, so two machines may send one code.
   */
  claim?(handle: string, milliseconds: number): boolean | Promise<boolean>;
}

// What nginx and others take in a line of 8 KiB must hold the application's own cookies too.
const maxOctetsTogether = 4096;
// Of one cookie with its name.
const maxOctets = 1024;
// More than these a browser got from somewhere else; an answer that cleared them all would be too long itself.
const maxCleared = 32;
const maxReturnTo = 64;

const pendingType = 'jaccount-txn';
// Another kind for each of the two prefixes: what a stranger may set under plain http is not taken for the other.
const endedType = (name: string) =>
  name.startsWith(hostPrefix) ? `${hostPrefix}jaccount-end` : 'jaccount-end';
const purpose = 'passport-jaccount transaction cookie';

const noCookie =
  'the browser sent no cookie of a pending login: the login was finished before, is older than ten minutes, ' +
  'or began on another host name';
const notOpened =
  'the cookie of this login was damaged, or sealed with another secret: all machines must share the secrets, ' +
  'and an old one is kept for ten minutes';
const noResponse =
  'CookieTransactions cannot reach the response here, and there is no session: ' +
  'give it the option responseOf, or put a session middleware before passport.authenticate()';

/**
 * Keeps each pending login in an encrypted cookie of its own. It is the default store: nothing is kept on the server, no
 * session is written before somebody has signed in, and any machine can finish what another one began.
 *
 * Where a request does not lead to its response (Fastify, Polka, plain connect) and `responseOf` is not given, the logins
 * wait in the session instead, as with {@link SessionTransactions}.
 *
 * @throws TypeError for an option that is unknown, or a secret that is short or given twice.
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
  readonly claim: TransactionStore['claim'];
  private readonly responseOption: CookieTransactionsOptions['responseOf'];
  private readonly sessions: SessionTransactions;
  private readonly sealer: Sealer | undefined;

  constructor(options: CookieTransactionsOptions = {}) {
    const { secret, responseOf, claim, ...unknown }: CookieTransactionsOptions = { ...options };
    const [name] = Object.keys(unknown);
    if (name !== undefined)
      throw new TypeError(`CookieTransactions: the option ${JSON.stringify(name)} is unknown`);
    if (responseOf !== undefined && typeof responseOf !== 'function')
      throw new TypeError('CookieTransactions: responseOf must be a function');
    if (claim !== undefined && typeof claim !== 'function')
      throw new TypeError('CookieTransactions: claim must be a function');
    this.sealer = secret === undefined ? undefined : new Sealer(secretsIn(secret), purpose);
    this.responseOption = responseOf;
    this.claim = claim;
    this.sessions = new SessionTransactions();
  }

  /**
   * The same store with a key derived from `clientSecret`; itself if it was made with a secret. The strategy calls it.
   */
  sealedFor(clientSecret: string): CookieTransactions {
    if (this.sealer) return this;
    return Object.create(this, { sealer: { value: new Sealer([clientSecret], purpose) } });
  }

  async put(req: object, transaction: Transaction): Promise<void> {
    const response = this.response(req);
    if (!response) return this.sessions.put(req, transaction);
    const name = nameOf(transaction);
    const sealed = this.seal(pendingType, transaction);
    const size = sizeOf({ name, value: sealed });
    if (size > maxOctets)
      throw new TypeError('CookieTransactions: returnTo and appState are too large for a cookie');
    for (const old of this.surplus(req, maxOctetsTogether - size)) clearCookie(response, old);
    setCookie(response, name, sealed);
  }

  async take(req: object, handle: string): Promise<Transaction> {
    if (!this.response(req)) return this.sessions.take(req, handle);
    const cookies = ourCookies(req);
    const candidates = cookies.filter(({ name }) => isFor(name, handle));
    for (const { name, value } of candidates) {
      const transaction = this.open(pendingType, value);
      // The name proves nothing: a cookie may have been renamed, or set by another site under plain http.
      if (
        isTransaction(transaction) &&
        nameOf(transaction) === name &&
        sameDigest(transaction.handle, handle)
      )
        return transaction;
    }
    if (cookies.length === 0) throw new StateError('no-transaction', { hint: noCookie });
    throw new StateError('unknown', candidates.length === 0 ? {} : { hint: notOpened });
  }

  end(req: object, transaction: Transaction, account?: string): void {
    const response = this.response(req);
    if (!response) return this.sessions.end(req, transaction, account);
    const name = nameOf(transaction);
    if (account === undefined) return clearCookie(response, name);
    const { handle, returnTo = '' } = transaction;
    const ended: EndedLogin = { handle, account, endedAt: Date.now() };
    const others = this.endedCookies(req).filter((cookie) => cookie.name !== name);
    const kept = new Set(worthRemembering([ended, ...others.map((cookie) => cookie.ended)]));
    for (const cookie of others) if (!kept.has(cookie.ended)) clearCookie(response, cookie.name);
    const remembered = { ...ended, ...(returnTo !== '' && returnTo.length <= maxReturnTo && { returnTo }) };
    setCookie(response, name, this.seal(endedType(name), remembered));
  }

  ended(req: object): EndedLogin[] {
    if (!this.response(req)) return this.sessions.ended(req);
    // All of them: answers of two tabs may have left more than two.
    return freshOf(this.endedCookies(req).map(({ ended }) => ended));
  }

  // Undefined where the session has to serve instead.
  private response(req: object): CookieResponse | undefined {
    const response = this.responseOption ? this.responseOption(req as Request) : responseOf(req);
    if (setsCookies(response)) return response;
    if (!this.responseOption && sessionOf(req)) return undefined;
    throw new TypeError(noResponse);
  }

  // Logins that were given up leave their cookies behind, and a browser sends them all: the oldest make room. The logins
  // that ended keep their place, because they protect those that are pending.
  private surplus(req: object, room: number): string[] {
    const ended = new Set(this.endedCookies(req).map(({ name }) => name));
    const cookies = ourCookies(req);
    const pending = cookies.filter(({ name }) => !ended.has(name));
    let left = room - octetsOf(cookies.filter(({ name }) => ended.has(name)));
    if (octetsOf(pending) <= left) return [];
    const surplus: string[] = [];
    for (const cookie of this.newestFirst(pending)) {
      left -= sizeOf(cookie);
      if (left < 0 || cookie.createdAt === 0) surplus.push(cookie.name);
    }
    return surplus.slice(0, maxCleared);
  }

  // What cannot be opened, or is too old, comes last. Browsers send the older of two cookies first.
  private newestFirst(cookies: readonly Cookie[]): (Cookie & { createdAt: number })[] {
    return cookies
      .map((cookie) => {
        const transaction = this.open(pendingType, cookie.value);
        const usable = isTransaction(transaction) && !isExpired(transaction);
        return { ...cookie, createdAt: usable ? transaction.createdAt : 0 };
      })
      .reverse()
      .sort((one, other) => other.createdAt - one.createdAt);
  }

  private endedCookies(req: object): (Cookie & { ended: EndedLogin })[] {
    return ourCookies(req).flatMap((cookie) => {
      const typ = endedType(cookie.name);
      if (!isSealedAs(typ, cookie.value)) return [];
      const ended = this.open(typ, cookie.value);
      return isEndedLogin(ended) && isFor(cookie.name, ended.handle) ? [{ ...cookie, ended }] : [];
    });
  }

  private seal(typ: string, value: Transaction | EndedLogin): string {
    if (this.sealer) return this.sealer.seal(typ, value);
    throw new TypeError('CookieTransactions requires a secret where no strategy gives it one');
  }

  private open(typ: string, sealed: string): unknown {
    return sealed.length > 2 * maxOctets ? undefined : this.sealer?.open(typ, sealed);
  }
}

function secretsIn(secret: unknown): [string, ...string[]] {
  const secrets: unknown[] = Array.isArray(secret) ? [...secret] : [secret];
  if (!secrets.every((one) => typeof one === 'string' && one.trim().length >= 32) || secrets.length === 0) {
    throw new TypeError('CookieTransactions: secret must be at least 32 characters, or several such');
  }
  if (new Set(secrets).size < secrets.length)
    throw new TypeError('CookieTransactions: a secret is given twice');
  return secrets as [string, ...string[]];
}
