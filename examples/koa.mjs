// Koa 3 with koa-passport and koa-session.
import Router from '@koa/router';
import Koa from 'koa';
import passport from 'koa-passport';
import { createSession } from 'koa-session';
import { JaccountStrategy, messageFor, requireUserType, signOut } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;
const emulator = clientID ? undefined : await startEmulator();
const jaccount = emulator ? { ...emulator.client, ...emulator.endpoints } : { clientID, clientSecret };

const url = `http://localhost:${PORT}`;
const callbackURL = `${url}/callback`;
// #region login
const strategy = new JaccountStrategy({ ...jaccount, callbackURL }, async ({ profile }) => {
  return { account: profile.id, name: profile.displayName, userType: profile.userType };
});
passport.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const router = new Router();
router.get('/', (ctx) => {
  ctx.body = ctx.state.user ?? { signIn: '/login' };
});
router.get('/login', passport.authenticate('jaccount'));
router.get('/callback', (ctx, next) =>
  passport.authenticate('jaccount', async (error, user, info, status = 401) => {
    if (error) throw error;
    if (!user) return Object.assign(ctx, { status, body: { problem: info.message, signIn: '/login' } });
    await ctx.login(user);
    ctx.redirect('/');
  })(ctx, next),
);
router.get('/students', requireUserType('student'), (ctx) => {
  ctx.body = { hello: ctx.state.user.name };
});
router.all('/logout', signOut(strategy, { returnTo: `${url}/` }));

const app = new Koa();
app.keys = ['a long random text'];
app.use(async (ctx, next) => {
  // The address of the callback holds a code.
  ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  try {
    await next();
  } catch (error) {
    const { status = 500 } = error;
    if (status >= 500) console.error(error);
    Object.assign(ctx, { status, body: { problem: messageFor(error, 'zh'), signIn: '/login' } });
  }
});
app.use(createSession({ sameSite: 'lax' }, app));
app.use(passport.initialize());
app.use(passport.session());
app.use(router.routes());
// #endregion
app.listen(PORT, () => console.log(url));
