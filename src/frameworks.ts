import { isPromise } from 'node:util/types';
import type { Request } from 'express';

/**
 * What Express, Koa, Fastify and Nest call request, response, session and user. Every other file asks here, and
 * `exchange.ts` how they call a handler.
 *
 * - Express, Nest on Express: `req` is Node's request, `req.res` the response, `req.session` the session.
 * - Koa: koa-passport passes a request of its own, with the context as `req.ctx`. A handler gets the context itself.
 * - Fastify, Nest on Fastify: `req.raw` is Node's request. The request does not lead to the reply.
 */
export type { Request };

/** What a response must be able to do to set a cookie: Node's own, or a Fastify reply. */
export type CookieResponse =
  | { appendHeader(name: string, value: string): unknown; setHeader(name: string, value: string): unknown }
  | { header(name: string, value: string): unknown };

/** Node's response, or as much of it as a middleware of the application left. */
export interface ResponseHead {
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string): unknown;
  headersSent: boolean;
}

/** The response to a request, if the request leads to it. */
export function responseOf(req: object): unknown {
  const { res, ctx } = req as { res?: unknown; ctx?: { res?: unknown } };
  return ctx?.res ?? res;
}

/** The response, while its headers can still be read and set. */
export function responseHeadOf(req: object): ResponseHead | undefined {
  const response = responseOf(req) as ResponseHead | undefined;
  return typeof response?.getHeader === 'function' && !response.headersSent ? response : undefined;
}

export function setsCookies(response: unknown): response is CookieResponse {
  const { appendHeader, header } = (response ?? {}) as Record<string, unknown>;
  return typeof appendHeader === 'function' || typeof header === 'function';
}

/**
 * The object that stands for a request as long as it lasts: koa-passport makes a new request for each strategy, and
 * Koa's handlers have the context.
 */
export function requestBehind(req: object): object {
  if (isKoaContext(req)) return req.req;
  const { ctx } = req as { ctx?: { req?: object } };
  return ctx?.req ?? req;
}

/** What every context of Koa has. Express's request has some of it, and never all. */
export interface KoaContext {
  req: object;
  res: object;
  request: object;
  response: object;
  app: object;
}

export function isKoaContext(value: unknown): value is KoaContext {
  return (
    isObject(value) && ['req', 'res', 'request', 'response', 'app'].every((name) => isObject(value[name]))
  );
}

/** Whether a value can have members: a function can, too. Koa's and Express's applications are such. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Names and values of the headers as they were sent, in turn. Node drops the second of two equal headers elsewhere. */
export function rawHeadersOf(req: object): readonly string[] {
  type Raw = { rawHeaders?: string[] };
  const { rawHeaders, raw, ctx } = req as Raw & { raw?: Raw; ctx?: { req?: Raw } };
  return rawHeaders ?? raw?.rawHeaders ?? ctx?.req?.rawHeaders ?? [];
}

/**
 * The hosts that a request names, with their ports: what the framework goes by, which behind a proxy that it trusts is the
 * forwarded host. The frameworks tell the host name without its port, so the port comes from the header.
 */
export function hostsOf(req: object): string[] {
  type Head = { headers?: Record<string, unknown>; hostname?: unknown };
  const { ctx } = req as { ctx?: { request?: Head } };
  const { headers = {}, hostname } = (ctx?.request ?? req) as Head;
  const forwarded = String(headers['x-forwarded-host'] ?? '').split(',');
  const sent = [headers.host ?? headers[':authority']];
  if (typeof hostname !== 'string') return textsIn(sent);
  return textsIn([forwarded[0]?.trim(), ...sent]).filter((host) => host.replace(/:\d*$/, '') === hostname);
}

function textsIn(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}

/** Closes the connection without an answer. */
export function hangUp(req: object): void {
  const { socket } = req as { socket?: { destroy(): void } };
  socket?.destroy();
}

/** The user who is signed in, under the name that the application chose for it; undefined when no user is signed in. */
export function userOf(req: object): unknown {
  // egg-passport keeps the user on Node's request, koa-passport in ctx.state.
  const holders = isKoaContext(req) ? [stateOf(req), req.req] : [req];
  const property = userPropertyOf(req);
  return holders.map((holder) => (holder as Record<string, unknown>)[property]).find(Boolean);
}

function userPropertyOf(req: object): string {
  type Named = { _userProperty?: string; passport?: { userProperty?: string } };
  type State = { _passport?: { instance?: { _userProperty?: string } } };
  if (isKoaContext(req)) return (stateOf(req) as State)._passport?.instance?._userProperty ?? 'user';
  const { _userProperty, passport } = req as Named;
  return _userProperty ?? passport?.userProperty ?? 'user';
}

/** What Passport keeps of a login or a token beside the user: `info` of the verify callback. */
export function authInfoOf(req: object): unknown {
  type Informed = { authInfo?: unknown };
  const own = (req as Informed).authInfo;
  if (!isKoaContext(req)) return own;
  return (stateOf(req) as Informed).authInfo ?? (req.req as Informed).authInfo ?? own;
}

// koa-passport keeps in ctx.state what it would set on a request of Express.
function stateOf(ctx: object): object {
  const { state } = ctx as { state?: unknown };
  return isObject(state) ? state : {};
}

/**
 * What tells the user who is signed in from other users, the same at each request: what Passport serialized, else the
 * user's id, else the user itself. Undefined when no user is signed in.
 */
export function identityOf(req: object): unknown {
  const user = userOf(req);
  return user === undefined ? undefined : (serializedUserOf(req) ?? idOf(user) ?? user);
}

// Express and Koa keep { user }; Fastify, whose sessions have get() and set(), the user itself.
function serializedUserOf(req: object): unknown {
  const session = sessionOf(req);
  if (!session) return undefined;
  const kept = valueIn(session, 'passport');
  const { user } = (kept ?? {}) as { user?: unknown };
  return user ?? (hasAccessors(session) && !isEmpty(kept) ? kept : undefined);
}

// After a sign-out the session may keep an empty object, which names no user. If it counted as one, all users whom the
// application knows by other means would have the same identity.
function isEmpty(kept: unknown): boolean {
  return typeof kept === 'object' && kept !== null && Object.keys(kept).length === 0;
}

/** Takes out of a session who is signed in by Passport. */
export function forgetUser(session: Session): void {
  if (valueIn(session, 'passport') !== undefined) setValueIn(session, 'passport', undefined);
}

const idNames = ['id', '_id', 'uuid', 'sub', 'account', 'username'];

function idOf(user: unknown): unknown {
  if (typeof user !== 'object' || user === null) return user;
  return idNames.map((name) => (user as Record<string, unknown>)[name]).find((id) => id != null && id !== '');
}

/** A session of any middleware: a plain object, or one with `get()` and `set()`. */
export interface Session {
  [key: string]: unknown;
  get?: (key: string) => unknown;
  set?: (key: string, value: unknown) => void;
  save?: (done: (error?: unknown) => void) => unknown;
  regenerate?: (...parameters: unknown[]) => unknown;
}

export function sessionOf(req: object): Session | undefined {
  const { session } = req as { session?: unknown };
  return typeof session === 'object' && session !== null ? (session as Session) : undefined;
}

/** The id under which a store keeps the session; undefined for a session that lives in a cookie. */
export function sessionIdOf({ id, sessionId, externalKey }: Session): string | undefined {
  return [id, sessionId, externalKey].find((key) => typeof key === 'string') as string | undefined;
}

// A session that tracks its changes sees them only through its own methods.
export function valueIn(session: Session, key: string): unknown {
  return hasAccessors(session) ? session.get(key) : session[key];
}

export function setValueIn(session: Session, key: string, value: unknown): void {
  if (hasAccessors(session)) session.set(key, value);
  else session[key] = value;
}

function hasAccessors(session: Session): session is Session & Required<Pick<Session, 'get' | 'set'>> {
  return typeof session.get === 'function' && typeof session.set === 'function';
}

/** Saves a session; a cookie has nothing to save. */
export async function saveSession(session: Session): Promise<void> {
  if (typeof session.save === 'function') await settled((done) => session.save?.(done));
}

/** Waits for what a session does. Some stores take a callback, some return a promise, some do both. */
export function settled(act: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const returned = act((error) => (error ? reject(error) : resolve()));
    if (isPromise(returned)) returned.then(() => resolve(), reject);
  });
}

type Stored = Record<string, unknown> | null | undefined;
type StoreGet = (id: string, done: (error: unknown, stored?: Stored) => void) => unknown;

/**
 * Reads the session from its store, as other requests have left it since this one loaded it. Undefined where the session
 * has no store.
 */
export function storedSession(req: object): Promise<Stored> | undefined {
  const session = sessionOf(req);
  const id = session && sessionIdOf(session);
  const { sessionStore, ctx } = req as {
    sessionStore?: { get?: StoreGet };
    ctx?: { sessionOptions?: { store?: { get?: (id: string) => Stored | Promise<Stored> } } };
  };
  if (id === undefined) return undefined;
  const koaStore = ctx?.sessionOptions?.store;
  if (typeof koaStore?.get === 'function') return Promise.resolve(koaStore.get(id));
  if (typeof sessionStore?.get !== 'function') return undefined;
  return new Promise((resolve, reject) => {
    const returned = sessionStore.get?.(id, (error, stored) => (error ? reject(error) : resolve(stored)));
    if (isPromise(returned)) returned.catch(reject);
  });
}

/**
 * Does something before and after the session is given a new id, once. Passport does that when it signs a user in, and
 * only `after` can write to the new session.
 */
export function aroundRegeneration<T>(
  session: Session,
  before: () => T | Promise<T>,
  after: (kept: T) => void,
): void {
  const { regenerate } = session;
  if (typeof regenerate !== 'function') return;
  const value = (...parameters: unknown[]) => {
    const run = (kept: T) => regenerateThen(regenerate.bind(session), parameters, () => after(kept));
    const kept = before();
    return isPromise(kept) ? (kept as Promise<T>).then(run) : run(kept as T);
  };
  Object.defineProperty(session, 'regenerate', { value, configurable: true, writable: true });
}

// Express and Koa end their parameters with a callback; Fastify returns a promise, or is done when it returns.
function regenerateThen(
  regenerate: (...parameters: unknown[]) => unknown,
  parameters: unknown[],
  then: () => void,
): unknown {
  const done = parameters.at(-1);
  if (typeof done === 'function') {
    let isCalled = false;
    const next = (error?: unknown) => {
      isCalled = true;
      if (!error) then();
      done(error);
    };
    try {
      return regenerate(...parameters.slice(0, -1), next);
    } catch (error) {
      // A caller with a callback ignores the promise that this may run in: a store that throws would leave it waiting.
      if (isCalled) throw error;
      return done(error);
    }
  }
  const returned = regenerate(...parameters);
  if (isPromise(returned)) return returned.then(then);
  then();
  return returned;
}

/** Why a session cookie may have been lost on the way, as far as express-session and @fastify/session tell. */
export function lossOf(req: object): string | undefined {
  const { cookie } = sessionOf(req) ?? {};
  const { sameSite, secure } = (cookie ?? {}) as { sameSite?: unknown; secure?: unknown };
  if (sameSite === 'strict' || sameSite === true) {
    return 'the session cookie is SameSite=Strict, so the browser left it behind on the way back from jAccount: use "lax"';
  }
  if (secure === true && (req as { secure?: boolean }).secure === false) {
    return 'the session cookie is Secure, but the request came over http: behind a proxy, set "trust proxy"';
  }
  return undefined;
}
