// The application under load, in a process of its own, so that its memory is the library's and not the clients'.
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { JaccountStrategy, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import { serve } from '../test/support/serve';

export interface Setting {
  endpoints: object;
  clients: { name: string; clientID: string; clientSecret: string }[];
  /** Whether the application has sessions. */
  sessions: boolean;
  /** Pending logins in the session rather than where they are by default. */
  inSession: boolean;
}

export interface Report {
  heapUsed: number;
  handles: number;
  unhandled: number;
}

let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);
process.on('uncaughtException', () => unhandled++);

process.on('message', (message: { start: Setting } | 'report') => {
  if (message === 'report') return void report();
  void start(message.start).then((url) => process.send?.({ url }));
});

async function start({ endpoints, clients, sessions, inSession }: Setting): Promise<string> {
  const app = express();
  const passport = new Passport();
  const { url } = await serve(app);
  const transactions = inSession ? new SessionTransactions() : undefined;
  for (const { name, ...client } of clients) {
    const options = { ...client, ...endpoints, name, callbackURL: `${url}/callback/${name}`, transactions };
    passport.use(new JaccountStrategy(options as JaccountStrategyOptions, async ({ profile }) => profile));
  }
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user as Express.User));
  // Without a session a login that is given up must leave nothing behind on the server.
  if (sessions) {
    app.use(
      session({ secret: 'of the load run', resave: false, saveUninitialized: false }) as RequestHandler,
    );
    app.use(passport.session());
  }
  const authenticate =
    (options: object): RequestHandler =>
    (req, res, next) =>
      passport.authenticate(req.params.name as string, { session: sessions, ...options })(req, res, next);
  app.get('/login/:name', (req, res, next) => {
    const { user, scope, returnTo } = req.query;
    authenticate({ scope, returnTo, appState: user, authorizationParams: { login_hint: user } })(
      req,
      res,
      next,
    );
  });
  app.get('/callback/:name', authenticate({ failWithError: true }), (req, res) => {
    res.json({ user: req.user, info: req.authInfo });
  });
  app.get('/me', (req, res) => void res.json({ user: req.user ?? null }));
  app.use(((error, _req, res, _next) => {
    const { status = 500, code = error.name, fault } = error;
    res.status(status).json({ status, code, fault });
  }) as ErrorRequestHandler);
  return url;
}

function report(): void {
  for (let times = 0; times < 3; times++) global.gc?.();
  const { heapUsed } = process.memoryUsage();
  process.send?.({ heapUsed, handles: process.getActiveResourcesInfo().length, unhandled } satisfies Report);
}
