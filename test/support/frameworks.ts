import type http from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifyPassport from '@fastify/passport';
import fastifySecureSession from '@fastify/secure-session';
import fastifySession from '@fastify/session';
import cookieSession from 'cookie-session';
import express5, {
  type ErrorRequestHandler,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import expressSession, { MemoryStore, type SessionOptions } from 'express-session';
import express4 from 'express4';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import Koa, { type Context, type Middleware } from 'koa';
import { KoaPassport } from 'koa-passport';
import { createSession } from 'koa-session';
import { Passport } from 'passport';
import type { JaccountStrategy } from 'passport-jaccount';
import type { Application } from './application';
import { serve } from './serve';

/** A way to build an application with Passport. */
export interface Framework {
  name: string;
  /** Whether who signed in is known at the next request. */
  remembers: boolean;
  /** Whether its sessions are in a store, and not in the browser's cookie. */
  stored: boolean;
  start(setting: Setting): Promise<Application>;
}

export interface Setting {
  /** Makes the strategies, once the address of the callback is known. */
  strategies(callbackURL: string): JaccountStrategy[];
  /** Handlers before everything else, in Express only. */
  before?: RequestHandler[];
  /** The sessions of several applications, as of several machines with one store; each its own where it is left out. */
  sessions?: SharedSessions;
}

/** A place for sessions that several applications share. */
export class SharedSessions {
  /** What Koa and Fastify keep. */
  readonly kept = new Map<string, string>();
  /** What Express keeps. */
  readonly memory = new MemoryStore();

  /** All sessions as they were saved. */
  contents(): any[] {
    const { sessions } = this.memory as unknown as { sessions: Record<string, string> };
    return [...this.kept.values(), ...Object.values(sessions)].map((text) => JSON.parse(text));
  }
}

type Express = typeof express5;
type Build = (
  strategies: JaccountStrategy[],
  before: RequestHandler[],
  shared: SharedSessions,
) => http.RequestListener | Promise<http.RequestListener>;

const secret = 'a secret of the tests, longer than 32 characters';

/**
 * The same small application everywhere: `/login` begins a login with the options in its query, `/callback` ends it,
 * `/me` says who is signed in. Of several strategies the parameter `strategy` of `/login`, and the path
 * `/callback/:name`, name one other than the first. What becomes of a login is told in JSON, as in application.ts.
 */
export const frameworks: readonly Framework[] = [
  framework('Express 4 with express-session', onExpress(express4, expressSessions), { stored: true }),
  framework('Express 5 with express-session', onExpress(express5, expressSessions), { stored: true }),
  framework(
    'Express 5 with cookie-session',
    onExpress(express5, () => [...cookieSessions(), regenerableSession]),
  ),
  framework('Express 5 with cookie-session (session: false)', onExpress(express5, cookieSessions, false), {
    remembers: false,
  }),
  framework(
    'Koa 3 with koa-session in a store',
    onKoa(({ kept }) => ({ store: koaStore(kept) })),
    { stored: true },
  ),
  framework(
    'Koa 3 with koa-session in a cookie',
    onKoa(() => ({})),
  ),
  framework('Fastify 5 with @fastify/session', onFastify('session'), { stored: true }),
  framework('Fastify 5 with @fastify/secure-session', onFastify('secure-session')),
];

/** The frameworks without any session: `passport.authenticate(name, { session: false })`. */
export const sessionlessFrameworks: readonly [Framework, Framework, Framework] = [
  framework(
    'Express 5',
    onExpress(express5, () => [], false),
    { remembers: false },
  ),
  framework('Koa 3', onKoa(undefined), { remembers: false }),
  framework('Fastify 5', onFastify('none'), { remembers: false }),
];

/** Express 5 with express-session set up as told. */
export function expressWith(options: Partial<SessionOptions>): Framework {
  return framework(
    'Express 5',
    onExpress(express5, (shared) => expressSessions(shared, options)),
    { stored: true },
  );
}

/** The reply to a request of Fastify's, as the hook below keeps it: what CookieTransactions calls `responseOf`. */
export function replyOf(req: unknown): FastifyReply {
  return (req as { reply: FastifyReply }).reply;
}

function framework(name: string, build: Build, { remembers = true, stored = false } = {}): Framework {
  const start = async ({ strategies, before = [], sessions = new SharedSessions() }: Setting) => {
    let listener: http.RequestListener = () => undefined;
    const { url, stop } = await serve((request, response) => listener(request, response));
    const callbackURL = `${url}/callback`;
    listener = await build(strategies(callbackURL), before, sessions);
    return { url, callbackURL, stop };
  };
  return { name, remembers, stored, start };
}

interface Outcome {
  error?: any;
  user?: unknown;
  info?: unknown;
  status?: number | undefined;
}

function answerTo({ error, user, info, status }: Outcome): { status: number; json: object } {
  if (error) {
    const { name, code, status: answer = 500, fault, reason, transaction, message } = error;
    return {
      status: answer,
      json: { exit: 'error', name, code, status: error.status, fault, reason, transaction, message },
    };
  }
  if (!user) return { status: status ?? 401, json: { exit: 'fail', status, challenge: info } };
  return { status: 200, json: { exit: 'success', user, info } };
}

function loginOptions(
  { strategy, ...options }: Record<string, unknown>,
  first: string,
): { which: string; options: object } {
  return { which: typeof strategy === 'string' ? strategy : first, options };
}

function onExpress(
  express: Express,
  sessions: (shared: SharedSessions) => RequestHandler[],
  remembers = true,
): Build {
  return (strategies, before, shared) => {
    const first = strategies[0]!.name;
    const passport = new Passport();
    for (const strategy of strategies) passport.use(strategy);
    passport.serializeUser((user, done) => done(null, user));
    passport.deserializeUser((user, done) => done(null, user as Express.User));

    const app = express();
    // Otherwise Express prints what fails after an answer was sent.
    app.set('env', 'test');
    for (const handler of [...before, ...sessions(shared)]) app.use(handler);
    if (remembers) app.use(passport.session());
    app.get('/login', (req, res, next) => {
      const { which, options } = loginOptions(req.query, first);
      passport.authenticate(which, { ...options, session: remembers })(req, res, next);
    });
    const callback: RequestHandler = (req, res, next) => {
      const which = (req.params.name as string | undefined) ?? first;
      const answer = (outcome: Outcome) => {
        const { status, json } = answerTo(outcome);
        res.status(status).json(json);
      };
      const ended = (error: unknown, user?: Express.User | false, info?: unknown, status?: number) => {
        if (error) return next(error);
        if (!user || !remembers) return answer({ user, info, status });
        req.logIn(user, (failure) => (failure ? next(failure) : answer({ user, info })));
      };
      (passport.authenticate(which, { session: remembers }, ended as never) as RequestHandler)(
        req,
        res,
        next,
      );
    };
    app.get('/callback', callback);
    app.get('/callback/:name', callback);
    app.get('/me', (req, res) => void res.json({ user: req.user ?? null }));
    app.use(((error, _req, res, next) => {
      if (res.headersSent) return next(error);
      const { status, json } = answerTo({ error });
      res.status(status).json(json);
    }) as ErrorRequestHandler);
    return app;
  };
}

function expressSessions(
  { memory: store }: SharedSessions,
  options: Partial<SessionOptions> = {},
): RequestHandler[] {
  const settings = { secret, resave: false, saveUninitialized: false, store, ...options };
  return [expressSession(settings) as RequestHandler];
}

function cookieSessions(): RequestHandler[] {
  return [cookieSession({ secret })];
}

// Passport demands two methods of a session that a cookie has no use for. What was there before the login goes, but
// for the pending logins.
function regenerableSession(req: Request, _res: Response, next: NextFunction): void {
  const { session } = req as { session?: any };
  const method = (value: (done: (error?: unknown) => void) => void) => ({ value, configurable: true });
  Object.defineProperties(session, {
    regenerate: method((done) => {
      for (const key of Object.keys(session)) if (key !== 'passport-jaccount') delete session[key];
      done();
    }),
    save: method((done) => done()),
  });
  next();
}

function onKoa(sessionsOf: ((shared: SharedSessions) => { store?: object }) | undefined): Build {
  return (strategies, _before, shared) => {
    const sessions = sessionsOf?.(shared);
    const first = strategies[0]!.name;
    const passport = new KoaPassport();
    for (const strategy of strategies) passport.use(strategy);
    passport.serializeUser((user, done) => done(null, user));
    passport.deserializeUser((user, done) => done(null, user));

    const app = new Koa();
    app.keys = [secret];
    const answer = (ctx: Context, outcome: Outcome) => {
      const { status, json } = answerTo(outcome);
      Object.assign(ctx, { status, body: json });
    };
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        answer(ctx, { error });
      }
    });
    if (sessions) app.use(createSession(sessions as never, app as never) as unknown as Middleware);
    app.use(passport.initialize());
    if (sessions) app.use(passport.session());
    app.use((ctx, next) => {
      const [, route, name = first] = ctx.path.split('/');
      const ended = async (error: unknown, user?: unknown, info?: unknown, status?: number) => {
        if (error) throw error;
        if (user && sessions) await ctx.login(user);
        answer(ctx, { user, info, status });
      };
      if (route === 'login') {
        const { which, options } = loginOptions(ctx.query, first);
        return passport.authenticate(which, { ...options, session: Boolean(sessions) }, ended)(ctx, next);
      }
      if (route === 'callback') return passport.authenticate(name, {}, ended)(ctx, next);
      ctx.body = { user: ctx.state.user ?? null };
    });
    return app.callback();
  };
}

function koaStore(kept: Map<string, string>): object {
  return {
    get: async (key: string) => JSON.parse(kept.get(key) ?? 'null'),
    set: async (key: string, value: object) => void kept.set(key, JSON.stringify(value)),
    destroy: async (key: string) => void kept.delete(key),
  };
}

function onFastify(sessions: 'session' | 'secure-session' | 'none'): Build {
  return async (strategies, _before, shared) => {
    const first = strategies[0]!.name;
    const authenticator = new fastifyPassport.Authenticator();
    for (const strategy of strategies) authenticator.use(strategy);
    authenticator.registerUserSerializer(async (user) => user);
    authenticator.registerUserDeserializer(async (user) => user);

    const app = fastify();
    // Fastify keeps no way from a request to its reply.
    app.decorateRequest('reply', null as never);
    app.addHook('onRequest', async (request, reply) => void Object.assign(request, { reply }));
    await registerSessions(app as never, sessions, shared);
    await app.register(authenticator.initialize());
    if (sessions !== 'none') await app.register(authenticator.secureSession());

    const answer = (reply: FastifyReply, outcome: Outcome) => {
      const { status, json } = answerTo(outcome);
      return reply.status(status).send(json);
    };
    app.setErrorHandler((error, _request, reply) => answer(reply, { error }));
    const authenticate = (which: string, options: object, request: FastifyRequest, reply: FastifyReply) =>
      authenticator
        .authenticate(which, options, async (_request, _reply, error, user, info, status) => {
          if (error) throw error;
          if (user && sessions !== 'none') await request.logIn(user as never);
          answer(reply, { user, info, status });
        })
        .call(app as never, request, reply);
    app.get('/login', async (request, reply) => {
      const { which, options } = loginOptions(request.query as Record<string, unknown>, first);
      await authenticate(which, options, request, reply);
      return reply;
    });
    const callback = async (request: FastifyRequest, reply: FastifyReply) => {
      const { name = first } = request.params as { name?: string };
      await authenticate(name, {}, request, reply);
      return reply;
    };
    app.get('/callback', callback);
    app.get('/callback/:name', callback);
    app.get('/me', async (request) => ({ user: request.user ?? null }));
    await app.ready();
    return (request, response) => app.routing(request, response);
  };
}

async function registerSessions(
  app: ReturnType<typeof fastify>,
  sessions: 'session' | 'secure-session' | 'none',
  { kept }: SharedSessions,
): Promise<void> {
  if (sessions === 'none') {
    // @fastify/passport brings @fastify/flash, which does not load where nothing of this name is there.
    app.decorateRequest('session', null as never);
    return;
  }
  await app.register(fastifyCookie);
  if (sessions === 'session') {
    await app.register(fastifySession, {
      secret,
      store: fastifyStore(kept),
      saveUninitialized: false,
      cookie: { secure: false },
    });
  } else {
    await app.register(fastifySecureSession, { key: Buffer.alloc(32, 'k'), cookie: { path: '/' } });
  }
}

// Answers later, as every store on another machine does.
function fastifyStore(kept: Map<string, string>): any {
  return {
    set: (id: string, value: object, done: (error?: unknown) => void) => {
      kept.set(id, JSON.stringify(value));
      setImmediate(done);
    },
    get: (id: string, done: (error: unknown, value?: unknown) => void) =>
      setImmediate(done, null, JSON.parse(kept.get(id) ?? 'null')),
    destroy: (id: string, done: (error?: unknown) => void) => {
      kept.delete(id);
      setImmediate(done);
    },
  };
}
