// A jAccount and an application that signs people in with it, in one process: `npm start`.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { JaccountStrategy } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';
import { errorPage, scopeChoices, securityPolicy, signedInPage, signedOutPage } from './demo-pages.mjs';

try {
  const emulator = await startEmulator();
  const server = await listen(process.env.PORT);
  const url = `http://localhost:${server.address().port}`;
  server.on('request', createApplication(emulator, url));
  stopOnSignal(server, emulator);
  console.log(`Demo app: ${url}`);
  console.log(`jAccount emulator: ${emulator.url}`);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

function createApplication(emulator, url) {
  const options = { ...emulator.client, ...emulator.endpoints, callbackURL: `${url}/callback` };
  const strategy = new JaccountStrategy(options, async ({ profile }) => profile);
  passport.use(strategy);
  passport.serializeUser((profile, done) => done(null, recordOf(profile)));
  passport.deserializeUser((user, done) => done(null, user));

  const app = express().disable('x-powered-by');
  app.use((_req, res, next) => {
    res.set({
      'Content-Security-Policy': securityPolicy(emulator.url),
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    next();
  });
  app.use(
    session({
      name: 'passport-jaccount-demo',
      // Of this run only. A real application has one of its own, and `secure: true` behind https.
      secret: randomBytes(32).toString('hex'),
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
    passport.session(),
  );

  app.get('/', (req, res) => {
    const { session, user } = req;
    const failures = session.failures ?? [];
    delete session.failures;
    if (!user) return res.send(signedOutPage({ failures, emulatorURL: emulator.url }));
    session.csrf ??= randomBytes(16).toString('base64url');
    const { scope, csrf } = session;
    res.send(signedInPage({ user, scope, csrf, failures, emulatorURL: emulator.url }));
  });

  app.get('/login', (req, res, next) => {
    const { scope = 'openid' } = req.query;
    if (!scopeChoices.includes(scope)) throw problem(400, 'DEMO_SCOPE', 'the demo does not know this scope');
    passport.authenticate('jaccount', { scope, returnTo: '/', appState: scope })(req, res, next);
  });

  // A callback of one's own, because the page shows more of a failure than `failureMessage` would keep: both languages, and
  // the detail.
  app.get('/callback', (req, res, next) => {
    passport.authenticate('jaccount', (error, user, info) => {
      if (error) return next(error);
      if (!user) {
        const { code, reason, error: word, message, detail } = info;
        req.session.failures = [
          ...(req.session.failures ?? []),
          { code, reason, error: word, message, detail },
        ];
        return res.redirect('/');
      }
      req.logIn(user, (failure) => {
        if (failure) return next(failure);
        req.session.scope = info.appState;
        res.redirect(303, info.returnTo);
      });
    })(req, res, next);
  });

  app.post('/logout', express.urlencoded({ extended: false }), (req, res, next) => {
    if (!req.user) return res.redirect(303, '/');
    if (req.body?.csrf !== req.session.csrf)
      throw problem(403, 'DEMO_CSRF', 'the form is not of this session');
    // Our own session first, then jAccount's: without that, the next click would sign the same user in again.
    req.logout((error) => (error ? next(error) : res.redirect(303, strategy.logoutURL(`${url}/`))));
  });

  app.use((_req, _res, next) => next(problem(404, 'DEMO_NOT_FOUND', 'there is no such page')));

  app.use((error, _req, res, next) => {
    if (res.headersSent) return next(error);
    const { status = 500 } = error;
    if (status >= 500) console.error(error);
    res.status(status).send(errorPage({ error, emulatorURL: emulator.url }));
  });
  return app;
}

// What the pages show. Tokens, claims and the raw profile stay out of the session.
function recordOf({ organization, emails = [], claims, _json, ...profile }) {
  const roads = { idToken: claims !== undefined, profileAPI: _json !== claims };
  const { username, displayName, userType, code, contactEmail } = profile;
  return {
    ...{ username, displayName, userType, code, contactEmail, roads },
    ...{ organization: organization?.name, mailbox: emails[0]?.value },
  };
}

function problem(status, code, message) {
  return Object.assign(new Error(message), { status, code });
}

async function listen(port) {
  try {
    // A number: Node takes other text for the path of a Unix socket.
    return await listenOn(Number(port || 3000));
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    if (port) throw new Error(`Port ${port} is taken: set PORT to a free one.`);
    return listenOn(0);
  }
}

async function listenOn(port) {
  const server = http.createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function stopOnSignal(server, emulator) {
  const stop = () => {
    server.close();
    server.closeAllConnections();
    emulator.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
}
