import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { JaccountStrategy, messageFor, requireUserType, signOut } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

// With a client that jAccount approved, set these two. Without, a jAccount runs on this machine.
const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;
const emulator = clientID ? undefined : await startEmulator();
const jaccount = emulator ? { ...emulator.client, ...emulator.endpoints } : { clientID, clientSecret };

const callbackURL = `http://localhost:${PORT}/callback`;
const strategy = new JaccountStrategy({ ...jaccount, callbackURL }, async ({ profile }) => {
  return { account: profile.id, name: profile.displayName, userType: profile.userType };
});
passport.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: 'a long random text', resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/', (req, res) => res.json(req.user ?? { signIn: '/login', problems: req.session.messages }));
app.get('/login', passport.authenticate('jaccount'));
app.get(
  '/callback',
  passport.authenticate('jaccount', { successRedirect: '/', failureRedirect: '/', failureMessage: true }),
);
app.get('/students', requireUserType('student'), (req, res) => res.json({ hello: req.user.name }));
app.all('/logout', signOut(strategy, { returnTo: `http://localhost:${PORT}/` }));
app.use((error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const { status = 500 } = error;
  if (status >= 500) console.error(error);
  res.status(status).json({ signIn: '/login', problems: [messageFor(error, 'zh')] });
});
app.listen(PORT).once('listening', () => console.log(`http://localhost:${PORT}`));
