// What an operator reads: each login, each refusal and each request to jAccount as one line of JSON on stdout. No line
// says who signed in. docs/deployment.md feeds the same messages to OpenTelemetry.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { JaccountStrategy } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

const requestIds = new AsyncLocalStorage();

function log(level, event, details) {
  const time = new Date().toISOString();
  // Durations come with fractions of a millisecond, which a log does not need.
  const rounded = (_name, value) => (typeof value === 'number' ? Math.round(value) : value);
  console.log(JSON.stringify({ time, level, event, requestId: requestIds.getStore(), ...details }, rounded));
}

// A subscriber must not throw: Node would end the process.
subscribe('passport-jaccount:login', (message) => log('info', 'login', message));
subscribe('passport-jaccount:refused', (message) => {
  log(message.exit === 'error' ? 'error' : 'warn', 'refused', message);
});
subscribe('passport-jaccount:request', (message) => log(message.code ? 'error' : 'info', 'request', message));

const { PORT = 3000 } = process.env;
const url = `http://localhost:${PORT}`;
const emulator = await startEmulator();
const options = { ...emulator.client, ...emulator.endpoints, callbackURL: `${url}/callback` };
passport.use(new JaccountStrategy(options, async ({ profile }) => ({ account: profile.id })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use((_req, _res, next) => requestIds.run(randomUUID(), next));
app.use(session({ secret: 'a long random text', resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get('/', (req, res) => res.json(req.user ?? { signIn: '/login' }));
app.get('/login', passport.authenticate('jaccount'));
app.get('/callback', passport.authenticate('jaccount', { successRedirect: '/', failureRedirect: '/' }));
app.listen(PORT).once('listening', () => log('info', 'listening', { url }));
