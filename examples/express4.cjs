// Express 4, CommonJS, and a callback of one's own: it decides on every answer, in place of Passport's redirects.
// "express4" is what this repository calls express@4.
const express = require('express4');
const session = require('express-session');
const passport = require('passport');
const { JaccountStrategy, messageFor, requireUserType, signOut } = require('passport-jaccount');
const { startEmulator } = require('passport-jaccount/emulator');

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;
const url = `http://localhost:${PORT}`;
const callbackURL = `${url}/callback`;

async function main() {
  const emulator = clientID ? undefined : await startEmulator();
  const jaccount = emulator ? { ...emulator.client, ...emulator.endpoints } : { clientID, clientSecret };
  const strategy = new JaccountStrategy({ ...jaccount, callbackURL }, async ({ profile }) => {
    return { account: profile.id, name: profile.displayName, userType: profile.userType };
  });
  passport.use(strategy);
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));

  const app = express();
  app.use((_req, res, next) => {
    // The address of the callback holds a code.
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    next();
  });
  app.use(
    session({
      secret: 'a long random text',
      resave: false,
      saveUninitialized: false,
      cookie: { sameSite: 'lax' },
    }),
  );
  app.use(passport.session());

  app.get('/', (req, res) => res.json(req.user ?? { signIn: '/login' }));
  app.get('/login', passport.authenticate('jaccount'));
  app.get('/callback', (req, res, next) => {
    passport.authenticate('jaccount', (error, user, info, status = 401) => {
      if (error) return next(error);
      if (!user) return res.status(status).json({ problem: info.message, signIn: '/login' });
      // With a callback of one's own, Passport leaves this to it.
      req.logIn(user, (failure) => (failure ? next(failure) : res.redirect(303, '/')));
    })(req, res, next);
  });
  app.get('/students', requireUserType('student'), (req, res) => res.json({ hello: req.user.name }));
  app.all('/logout', signOut(strategy, { returnTo: `${url}/` }));

  app.use((error, _req, res, next) => {
    if (res.headersSent) return next(error);
    const { status = 500 } = error;
    if (status >= 500) console.error(error);
    res.status(status).json({ problem: messageFor(error, 'zh'), signIn: '/login' });
  });
  app.listen(PORT, () => console.log(url));
}

void main();
