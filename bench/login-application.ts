// One application that signs in, in a process of its own: what it costs is the CPU time of this process.
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { JaccountStrategy } from 'passport-jaccount';
import OAuth2Strategy from 'passport-oauth2';
import { serve } from '../test/support/serve';

export interface Setting {
  strategy: 'passport-oauth2' | 'openid' | 'basic';
  endpoints: {
    issuer: string;
    authorizationURL: string;
    tokenURL: string;
    logoutURL: string;
    apiURL: string;
  };
  client: { clientID: string; clientSecret: string };
}

process.on('message', (message: Setting | 'cpu') => {
  if (message === 'cpu') return void process.send?.({ cpu: cpuMicroseconds() });
  void start(message).then((url) => process.send?.({ url }));
});

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function start({ strategy, endpoints, client }: Setting): Promise<string> {
  const app = express();
  const passport = new Passport();
  const { url } = await serve(app);
  const options = { ...client, callbackURL: `${url}/callback` };
  passport.use(
    'login',
    strategy === 'passport-oauth2'
      ? new OAuth2Strategy(
          { ...options, ...endpoints, state: true, pkce: true },
          (
            _accessToken: string,
            _refreshToken: string,
            _profile: object,
            done: OAuth2Strategy.VerifyCallback,
          ) => done(null, { account: 'zhangsan' }),
        )
      : new JaccountStrategy({ ...options, ...endpoints, scope: strategy }, async ({ profile }) => ({
          account: profile.id,
        })),
  );
  passport.serializeUser((user, done) => done(null, user));
  app.use(session({ secret: 'of the bench', resave: false, saveUninitialized: false }) as RequestHandler);
  app.get('/login', passport.authenticate('login'));
  app.get('/callback', passport.authenticate('login'), (_req, res) => void res.end('in'));
  return url;
}
