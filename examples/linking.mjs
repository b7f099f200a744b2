// One user with several accounts: adding a jAccount to a user, merging two users who are one person, and rights that follow
// what jAccount says. Sign in as `wang` with the password `correct horse`, or as `gulan` and `gu.lan`, who are one person.
import { randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import {
  affiliationOf,
  JaccountError,
  JaccountStrategy,
  messageFor,
  requireUserGroup,
  signOut,
} from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';
import LocalStrategy from 'passport-local';

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;
const emulator = clientID ? undefined : await startEmulator({ accounts: accountsToTry() });
const jaccount = emulator ? { ...emulator.client, ...emulator.endpoints } : { clientID, clientSecret };
const url = `http://localhost:${PORT}`;

// Two tables of a database. The key of an account is unique:
//   CREATE TABLE accounts (provider text, subject text, user_id …, person_id text, …, UNIQUE (provider, subject))
// No user is found by e-mail: wang typed these addresses at sign-up, and both belong to linmuqing.
const emails = ['linmuqing@mail.example', 'linmuqing@sjtu.edu.cn'];
const users = new Map([['1', { id: '1', name: '王', emails }]]);
const hashOf = (password) => scryptSync(password, 'a salt for each user', 32);
const keyOf = ({ provider, id }) => `${provider} ${id}`;
const wang = { key: 'local wang', userId: '1', hash: hashOf('correct horse') };
const accounts = new Map([[wang.key, wang]]);

passport.serializeUser(({ id }, done) => done(null, id));
// A user who was merged into another is not found any more, so the sessions of that user end here.
passport.deserializeUser((id, done) => done(null, userWith(id) ?? false));

passport.use(
  new LocalStrategy((name, password, done) => {
    const account = accounts.get(keyOf({ provider: 'local', id: name }));
    const right = account && timingSafeEqual(account.hash, hashOf(password));
    done(null, right ? userWith(account.userId) : false, { message: 'wrong name or password' });
  }),
);
// `essential` brings personId and the identities. The pages are in English.
const options = { ...jaccount, scope: 'openid essential', language: 'en' };
const login = new JaccountStrategy(
  { ...options, callbackURL: `${url}/callback/jaccount` },
  async ({ profile }) => {
    const { userId: id = randomUUID() } = accounts.get(keyOf(profile)) ?? {};
    users.set(id, { ...users.get(id), id, name: profile.displayName });
    saveAccount(profile, id);
    return userWith(id);
  },
);
passport.use(login);
// A second strategy, with a name and a callback of its own. Its account is added to the user who is signed in.
const link = { name: 'jaccount-link', callbackURL: `${url}/callback/jaccount-link` };
passport.use(new JaccountStrategy({ ...options, ...link }, async ({ profile }) => profile));

const app = express();
const cookie = { sameSite: 'lax' };
app.use(
  session({ secret: 'a long random text', resave: false, saveUninitialized: false, cookie }),
  passport.session(),
  express.urlencoded({ extended: false }),
);
app.use((req, res, next) => {
  // The addresses of the callbacks hold codes.
  res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  // Every form holds a token that only pages of this session know.
  req.session.csrf ??= randomUUID();
  const foreign = req.method === 'POST' && req.body?.csrf !== req.session.csrf;
  next(foreign ? problem(403, 'the form is not of this session') : undefined);
});

app.get('/', ({ user, session }, res) => {
  const { csrf, messages = [] } = session;
  delete session.messages;
  res.send(page(messages, user ? signedIn(user, csrf) : signedOut(csrf)));
});

const failure = { failureRedirect: '/', failureMessage: true };
const home = (_req, res) => res.redirect(303, '/');
app.post('/login/local', passport.authenticate('local', failure), home);
app.get('/login/jaccount', passport.authenticate('jaccount'));
app.get('/callback/jaccount', passport.authenticate('jaccount', failure), home);
app.all('/logout', signOut(login, { returnTo: `${url}/` }));

// The guard reads `req.user.identities` at each request: from its end date on, an identity gives no rights.
const staffRoom = (_req, res) => res.send(page([], '<h1>Staff room</h1>'));
app.get('/staff', assertSignedIn, requireUserGroup('staff'), staffRoom);

app.post('/link/jaccount', assertSignedIn, passport.authorize('jaccount-link'));
// The options are a copy, because authorize() writes into them.
const linked = [assertSignedIn, passport.authorize('jaccount-link', { ...failure }), addAccount, home];
app.get('/callback/jaccount-link', linked);
app.post('/merge', assertSignedIn, mergeUsers, home);

app.use((error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const { status = 500, message } = error;
  if (status >= 500) console.error(error);
  const ours = status < 500 && !(error instanceof JaccountError);
  res.status(status).send(page([ours ? message : messageFor(error, 'en')], '<a href="/">Back</a>'));
});
app.listen(PORT).once('listening', () => console.log(url));

function addAccount({ account: profile, user }, _res, next) {
  const owner = accounts.get(keyOf(profile))?.userId;
  if (owner === user.id) throw problem(409, 'you have this jAccount: to add another, sign out of jAccount');
  if (owner) throw problem(409, 'this jAccount belongs to another user');
  // A user is one person here. Otherwise a borrowed jAccount would open the way to its owner's other users.
  const known = user.accounts.filter(({ key }) => !key.startsWith('local '));
  if (!profile.personId || known.some(({ personId }) => personId !== profile.personId))
    throw problem(409, 'this jAccount does not belong to the same person');
  saveAccount(profile, user.id);
  next();
}

function mergeUsers({ user }, _res, next) {
  const others = othersOfPerson(user);
  if (others.size === 0) throw problem(409, 'no other user is the same person');
  // In a database: one transaction, with a record of who merged which users, and when.
  for (const account of accountsOf(others)) account.userId = user.id;
  for (const id of others) users.delete(id);
  next();
}

/** The ids of other users with an account of the same person. A team's account has no personId and joins no users. */
function othersOfPerson({ id, accounts: own }) {
  const personIds = new Set(own.flatMap(({ personId }) => personId || []));
  const same = [...accounts.values()].filter(({ personId }) => personIds.has(personId));
  return new Set(same.map(({ userId }) => userId).filter((userId) => userId !== id));
}

function accountsOf(userIds) {
  return [...accounts.values()].filter(({ userId }) => userIds.has(userId));
}

/** Replaces what jAccount said of an account before. The key stays. */
function saveAccount(profile, userId) {
  const key = keyOf(profile);
  const { personId, userType, code, identities } = profile;
  accounts.set(key, { key, userId, personId, userType, code, identities });
}

/**
 * A user with all accounts. Rights come from identities alone, because `userType` has no end date: a person who has left
 * can refuse `essential` on jAccount's page, and then only `userType` arrives.
 */
function userWith(id) {
  const own = accountsOf(new Set([id]));
  const identities = own.flatMap((account) => account.identities ?? []);
  return users.has(id) ? { ...users.get(id), accounts: own, identities } : undefined;
}

function assertSignedIn(req, _res, next) {
  next(req.user ? undefined : problem(401, 'sign in first'));
}

function problem(status, message) {
  return Object.assign(new Error(message), { status });
}

/** For the emulator: one person with an account as a student and one as staff, and a member of staff who has left. */
function accountsToTry() {
  const account = (number, account, name, userType, code, status = '正常', expireDate = '2099-08-31') => {
    const identities = [{ userType, code, isDefault: true, status, expireDate }];
    return { id: `E1000000-0000-4000-8000-00000000000${number}`, account, name, userType, code, identities };
  };
  return [
    account(1, 'gulan', '顾岚', 'student', '523030910888'),
    account(1, 'gu.lan', '顾岚', 'faculty', '11907'),
    account(2, 'yuanli', '袁离', 'faculty', '10333', '离职', '2024-06-30'),
  ];
}

function page(messages, body) {
  const notices = messages.map((message) => `<p role="alert">${escaped(message)}</p>`).join('');
  return `<!doctype html><meta charset="utf-8"><title>Linking accounts</title>${notices}${body}`;
}

function signedOut(csrf) {
  const fields = '<input name="username"> <input name="password" type="password">';
  return `<a href="/login/jaccount">Sign in with jAccount</a>${form('/login/local', csrf, 'Sign in', fields)}`;
}

function signedIn(user, csrf) {
  const groups = Object.entries(affiliationOf(user)).flatMap(([group, belongs]) => (belongs ? group : []));
  const others = othersOfPerson(user);
  return `<h1>${escaped(user.name)}</h1> <p>User ${user.id}: ${groups.join(', ') || 'no identity in force'}</p>
    ${list(user.accounts)} <p><a href="/staff">Staff room</a></p>
    ${form('/link/jaccount', csrf, 'Add a jAccount')}
    ${others.size > 0 ? form('/merge', csrf, 'Merge: these are mine too', list(accountsOf(others))) : ''}
    ${form('/logout', csrf, 'Sign out')}`;
}

function list(rows) {
  const texts = rows.map(({ key, userType = '', code = '' }) => escaped(`${key} ${userType} ${code}`.trim()));
  return `<ul>${texts.map((text) => `<li>${text}</li>`).join('')}</ul>`;
}

function form(action, csrf, label, fields = '') {
  return `<form method="post" action="${action}"><input type="hidden" name="csrf" value="${csrf}">
    ${fields} <button>${label}</button></form>`;
}

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
