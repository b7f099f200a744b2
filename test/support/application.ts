import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session, { type SessionOptions } from 'express-session';
import { Passport, type Strategy } from 'passport';
import { serve } from './serve';

export interface Application {
  url: string;
  callbackURL: string;
  stop(): Promise<void>;
}

interface Setting {
  /** Makes the strategy, once the address of the callback is known. */
  strategy(callbackURL: string): Strategy;
  /** Options of passport.authenticate() for a login; from the query of /login where they are not given. */
  login?: (req: express.Request) => object;
  /** Hands the instance to passport instead of its name. */
  byInstance?: boolean;
  /** Options of express-session; false for an application that keeps no sessions. */
  session?: Partial<SessionOptions> | false;
  /** Express's setting of that name. */
  trustProxy?: boolean | number;
  before?: RequestHandler[];
  /** Express 4 or 5: they parse a query differently. */
  express?: typeof express;
}

/**
 * An Express application as people write it, which tells in JSON how each login ended: `success`, `fail` with its
 * challenge, or `error`.
 */
export async function startApplication(setting: Setting): Promise<Application> {
  const app = (setting.express ?? express)();
  const { url, stop } = await serve(app);
  const callbackURL = `${url}/callback`;
  const strategy = setting.strategy(callbackURL);
  const passport = new Passport();
  passport.use(strategy);
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user as Express.User));
  const which = (setting.byInstance ? strategy : strategy.name) as string;

  app.set('trust proxy', setting.trustProxy ?? false);
  for (const middleware of setting.before ?? []) app.use(middleware);
  if (setting.session !== false) app.use(sessions(setting.session), passport.session());
  app.get('/login', (req, res, next) =>
    passport.authenticate(which, (setting.login?.(req) ?? req.query) as object)(req, res, next),
  );
  app.all('/callback', (req, res, next) =>
    passport.authenticate(which, ((error, user, info, status) => {
      if (error) return next(error);
      if (!user) return res.status((status as number) ?? 401).json({ exit: 'fail', status, challenge: info });
      const options = { session: setting.session !== false };
      req.logIn(user, options, (failure) =>
        failure ? next(failure) : res.json({ exit: 'success', user, info }),
      );
    }) as express.Handler & ((...args: any[]) => void))(req, res, next),
  );
  app.get('/me', (req, res) => void res.json({ user: req.user ?? null }));
  app.use(((error, _req, res, _next) => {
    const { name, code, status, fault, reason, transaction, message } = error;
    res
      .status(status ?? 500)
      .json({ exit: 'error', name, code, status, fault, reason, transaction, message });
  }) as ErrorRequestHandler);
  return { url, callbackURL, stop };
}

function sessions(options?: Partial<SessionOptions>): RequestHandler {
  return session({
    secret: 'a secret of the tests',
    resave: false,
    saveUninitialized: false,
    ...options,
  }) as RequestHandler;
}
