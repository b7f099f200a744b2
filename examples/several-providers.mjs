// One application and three ways in: a password, jAccount, and an OpenID provider (one of its own, on this machine).
// Whoever is signed in can add a jAccount. Sign in as `wang` with the password `correct horse`.
import { randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import express from 'express';
import session from 'express-session';
import Provider from 'oidc-provider';
import { allowInsecureRequests, buildEndSessionUrl, discovery } from 'openid-client';
import { Strategy as OpenIDStrategy } from 'openid-client/passport';
import passport from 'passport';
import { JaccountError, JaccountStrategy, messageFor } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';
import LocalStrategy from 'passport-local';

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;
const emulator = clientID ? undefined : await startEmulator();
const jaccount = emulator ? { ...emulator.client, ...emulator.endpoints } : { clientID, clientSecret };
const url = `http://localhost:${PORT}`;
const openID = await startOpenIDProvider();

// A user has one id here, and any number of identities elsewhere. A real application has a database.
const hashOf = (password) => scryptSync(password, 'a salt for each user', 32);
const users = new Map([
  ['wang', { id: 'wang', name: '王', hash: hashOf('correct horse'), identities: new Set() }],
]);

passport.serializeUser(({ id }, done) => done(null, id));
passport.deserializeUser((id, done) => done(null, users.get(id) ?? false));

passport.use(
  new LocalStrategy((name, password, done) => {
    const user = users.get(name);
    const right = user?.hash && timingSafeEqual(user.hash, hashOf(password));
    done(null, right ? user : false, { message: 'there is no such user, or the password is another' });
  }),
);
passport.use(
  'openid',
  new OpenIDStrategy(
    { config: openID, scope: 'openid', callbackURL: `${url}/callback/openid` },
    (tokens, done) => {
      const { iss, sub } = tokens.claims();
      done(null, findOrCreate(`${iss}#${sub}`, sub));
    },
  ),
);
const jaccountLogin = new JaccountStrategy(
  // The pages are in English.
  { ...jaccount, callbackURL: `${url}/callback/jaccount`, language: 'en' },
  async ({ profile }) => findOrCreate(identityOf(profile), profile.displayName),
);
passport.use(jaccountLogin);
// By another name, with a callback of its own: what it brings home is added to a user, and signs nobody in.
passport.use(
  new JaccountStrategy(
    { ...jaccount, name: 'jaccount-link', callbackURL: `${url}/callback/jaccount-link`, language: 'en' },
    async ({ profile }) => ({ identity: identityOf(profile) }),
  ),
);

const app = express();
app.use((_req, res, next) => {
  // The addresses of the callbacks hold codes.
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
  passport.session(),
  express.urlencoded({ extended: false }),
);
// Every form carries what only a page of this session knows.
app.use((req, _res, next) => {
  req.session.csrf ??= randomUUID();
  const foreign = req.method === 'POST' && req.body?.csrf !== req.session.csrf;
  next(foreign ? problem(403, 'the form is not of this session') : undefined);
});

app.get('/', (req, res) => {
  const { csrf, messages = [] } = req.session;
  delete req.session.messages;
  res.send(page(messages, req.user ? signedIn(req.user, csrf) : signedOut(csrf)));
});

const failure = { failureRedirect: '/', failureMessage: true };
app.post('/login/local', passport.authenticate('local', failure), signedInWith('local'));
app.get('/login/openid', passport.authenticate('openid'));
app.get('/callback/openid', passport.authenticate('openid', failure), signedInWith('openid'));
app.get('/login/jaccount', passport.authenticate('jaccount'));
app.get('/callback/jaccount', passport.authenticate('jaccount', failure), signedInWith('jaccount'));

app.post('/link/jaccount', assertSignedIn, passport.authorize('jaccount-link'));
app.get(
  '/callback/jaccount-link',
  assertSignedIn,
  // A copy: authorize() writes into its options that nobody is to be signed in.
  passport.authorize('jaccount-link', { ...failure }),
  (req, res) => {
    const { identity } = req.account;
    const owner = ownerOf(identity);
    if (owner && owner !== req.user) throw problem(409, 'this jAccount belongs to another user');
    req.user.identities.add(identity);
    // The user has a session at jAccount now, and signs out of it too.
    req.session.provider = 'jaccount';
    res.redirect(303, '/');
  },
);

const farewells = {
  jaccount: () => jaccountLogin.logoutURL(`${url}/`),
  openid: () => buildEndSessionUrl(openID, { post_logout_redirect_uri: `${url}/` }).href,
};
app.post('/logout', (req, res, next) => {
  const { provider } = req.session;
  req.logout((error) => (error ? next(error) : res.redirect(303, farewells[provider]?.() ?? '/')));
});

app.use((error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const { status = 500, message } = error;
  if (status >= 500) console.error(error);
  const ours = status < 500 && !(error instanceof JaccountError);
  res.status(status).send(page([ours ? message : messageFor(error, 'en')], '<a href="/">Back</a>'));
});
app.listen(PORT).once('listening', () => console.log(url));

function identityOf({ provider, id }) {
  return `${provider}#${id}`;
}

function ownerOf(identity) {
  return [...users.values()].find(({ identities }) => identities.has(identity));
}

function findOrCreate(identity, name) {
  const known = ownerOf(identity);
  if (known) return known;
  const user = { id: randomUUID(), name, identities: new Set([identity]) };
  users.set(user.id, user);
  return user;
}

function signedInWith(provider) {
  return (req, res) => {
    req.session.provider = provider;
    res.redirect(303, '/');
  };
}

function assertSignedIn(req, _res, next) {
  next(req.user ? undefined : problem(401, 'sign in first'));
}

function problem(status, message) {
  return Object.assign(new Error(message), { status });
}

async function startOpenIDProvider() {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = {
    client_id: 'several-providers',
    client_secret: randomUUID(),
    redirect_uris: [`${url}/callback/openid`],
    post_logout_redirect_uris: [`${url}/`],
  };
  server.on('request', new Provider(issuer, { clients: [client] }).callback());
  const { client_id, client_secret } = client;
  // Plain http is for loopback only.
  return discovery(new URL(issuer), client_id, client_secret, undefined, {
    execute: [allowInsecureRequests],
  });
}

function page(messages, body) {
  const notices = messages.map((message) => `<p role="alert">${escaped(message)}</p>`).join('');
  return `<!doctype html><meta charset="utf-8"><title>Several providers</title>${notices}${body}`;
}

function signedOut(csrf) {
  return `
    <p><a href="/login/jaccount">Sign in with jAccount</a></p>
    <p><a href="/login/openid">Sign in with the OpenID provider</a></p>
    ${form('/login/local', csrf, 'Sign in', '<input name="username"> <input name="password" type="password">')}`;
}

function signedIn({ name, identities }, csrf) {
  const items = [...identities].map((identity) => `<li>${escaped(identity)}</li>`).join('');
  return `
    <h1>${escaped(name)}</h1>
    <ul>${items}</ul>
    ${form('/link/jaccount', csrf, 'Add a jAccount')}
    ${form('/logout', csrf, 'Sign out')}`;
}

function form(action, csrf, label, fields = '') {
  return `<form method="post" action="${action}"><input type="hidden" name="csrf" value="${csrf}">
    ${fields} <button>${label}</button></form>`;
}

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
