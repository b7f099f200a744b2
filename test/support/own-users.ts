import type http from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifyPassport from '@fastify/passport';
import fastifySession from '@fastify/session';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import expressSession from 'express-session';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { Passport } from 'passport';
import type { JaccountStrategy } from 'passport-jaccount';
import type { Application } from './application';
import { serve } from './serve';

/** How an application knows its users: by a way of its own, and by jAccount. */
export interface Users {
  /** The user object of an account, loaded anew for each request. */
  load(account: string, request: number): unknown;
  /** Whether Passport keeps the user in the session; otherwise a handler of the application's own sets it. */
  inSession?: boolean;
  /** Passport's option of that name. */
  userProperty?: string;
  /** What else was left in the session under `passport`. */
  passport?: object;
}

type Strategies = (callbackURL: string) => JaccountStrategy;

/**
 * An application where `/as/:account` signs somebody in without jAccount, and `/as/nobody` signs out. `/login`, `/callback`
 * and `/me` are as in frameworks.ts, but a login with jAccount signs nobody in: it stands for linking an account.
 */
export const applications: { name: string; start(make: Strategies, users: Users): Promise<Application> }[] = [
  { name: 'Express 5', start: (make, users) => start(make, (strategy) => onExpress(strategy, users)) },
  { name: 'Fastify 5', start: (make, users) => start(make, (strategy) => onFastify(strategy, users)) },
];

async function start(
  make: Strategies,
  build: (strategy: JaccountStrategy) => Promise<http.RequestListener>,
): Promise<Application> {
  let listener: http.RequestListener = () => undefined;
  const { url, stop } = await serve((request, response) => listener(request, response));
  const callbackURL = `${url}/callback`;
  listener = await build(make(callbackURL));
  return { url, callbackURL, stop };
}

const secret = 'a secret of the tests, longer than 32 characters';

function accountIn(cookie = ''): string | undefined {
  return /(?:^|; )account=(\w+)/.exec(cookie)?.[1];
}

function accountCookie(account: string): string {
  return `account=${account}; Path=/; Max-Age=${account === 'nobody' ? 0 : 600}`;
}

interface Outcome {
  error?: any;
  user?: unknown;
  info?: unknown;
  status?: number | undefined;
}

function answerTo({ error, user, info, status }: Outcome): { status: number; json: object } {
  if (error)
    return { status: error.status ?? 500, json: { exit: 'error', name: error.name, message: error.message } };
  if (!user) return { status: status ?? 401, json: { exit: 'fail', challenge: info } };
  return { status: 200, json: { exit: 'success', user } };
}

async function onExpress(strategy: JaccountStrategy, users: Users): Promise<http.RequestListener> {
  const { load, inSession = false, userProperty = 'user', passport: left } = users;
  let requests = 0;
  const passport = new Passport();
  passport.use(strategy);
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((account: string, done) => done(null, load(account, requests++) as Express.User));

  const app = express();
  app.set('env', 'test');
  app.use(expressSession({ secret, resave: false, saveUninitialized: false }) as RequestHandler);
  app.use(passport.initialize({ userProperty } as object) as RequestHandler);
  if (inSession) app.use(passport.session());
  app.use((req, _res, next) => {
    const account = accountIn(req.headers.cookie);
    if (account !== undefined) Object.assign(req, { [userProperty]: load(account, requests++) });
    if (left) Object.assign(req.session, { passport: left });
    next();
  });
  app.get('/as/:account', (req, res, next) => {
    const { account } = req.params;
    const done = (error?: unknown) => (error ? next(error) : res.json({ account }));
    if (!inSession) return void res.append('Set-Cookie', accountCookie(account)).json({ account });
    if (account === 'nobody') req.logout(done);
    else req.logIn(account as never, done);
  });
  app.get('/login', passport.authenticate('jaccount', { session: false }) as RequestHandler);
  app.get('/callback', (req, res, next) => {
    const ended = (error: unknown, user?: unknown, info?: unknown, status?: number) => {
      const answer = answerTo({ error, user, info, status });
      res.status(answer.status).json(answer.json);
    };
    (passport.authenticate('jaccount', { session: false }, ended as never) as RequestHandler)(req, res, next);
  });
  app.use(((error, _req, res, _next) => {
    const answer = answerTo({ error });
    res.status(answer.status).json(answer.json);
  }) as ErrorRequestHandler);
  return app;
}

async function onFastify(strategy: JaccountStrategy, users: Users): Promise<http.RequestListener> {
  const { load, inSession = false, userProperty = 'user', passport: left } = users;
  let requests = 0;
  const authenticator = new fastifyPassport.Authenticator({ userProperty });
  authenticator.use(strategy);
  authenticator.registerUserSerializer(async (user) => user);
  authenticator.registerUserDeserializer(async (account) => load(String(account), requests++));

  const app = fastify();
  app.decorateRequest('reply', null as never);
  app.addHook('onRequest', async (request, reply) => void Object.assign(request, { reply }));
  await app.register(fastifyCookie);
  await app.register(fastifySession, { secret, saveUninitialized: false, cookie: { secure: false } });
  await app.register(authenticator.initialize());
  if (inSession) await app.register(authenticator.secureSession());
  app.addHook('preValidation', async (request) => {
    const account = accountIn(request.headers.cookie);
    if (account !== undefined) Object.assign(request, { [userProperty]: load(account, requests++) });
    if (left) (request.session as { set(key: string, value: object): void }).set('passport', left);
  });

  const answer = (reply: FastifyReply, outcome: Outcome) => {
    const { status, json } = answerTo(outcome);
    return reply.status(status).send(json);
  };
  app.setErrorHandler((error, _request, reply) => answer(reply, { error }));
  const authenticate = async (request: FastifyRequest, reply: FastifyReply) => {
    await authenticator
      .authenticate('jaccount', { session: false }, async (_request, _reply, error, user, info, status) => {
        answer(reply, { error, user, info, status });
      })
      .call(app as never, request, reply);
    return reply;
  };
  app.get('/login', authenticate);
  app.get('/callback', authenticate);
  app.get('/as/:account', async (request, reply) => {
    const { account } = request.params as { account: string };
    if (!inSession) return reply.header('Set-Cookie', accountCookie(account)).send({ account });
    if (account === 'nobody') await request.logOut();
    else await request.logIn(account as never);
    return { account };
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}
