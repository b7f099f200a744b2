// #region login
const { requireUserType, signOut } = require('passport-jaccount');

async function signedIn(ctx, next) {
  if (ctx.isAuthenticated()) return next();
  // egg-passport sends the browser back to this page after the login.
  ctx.session.returnTo = ctx.path;
  ctx.redirect('/passport/jaccount');
}

module.exports = (app) => {
  const { router, passport, config } = app;

  router.get('/', async (ctx) => {
    ctx.body = ctx.user ?? { signIn: '/passport/jaccount' };
  });

  // With failureMessage, Passport writes the reason of a failed login into the session: app/middleware/problem.js reads it.
  passport.mount('jaccount', { failureMessage: true });

  router.get('/students', signedIn, requireUserType('student'), async (ctx) => {
    ctx.body = { hello: ctx.user.name };
  });

  // A form must send the token of egg's cookie csrfToken as _csrf.
  router.all('/logout', (ctx, next) => signOut(app.jaccount, { returnTo: `${config.url}/` })(ctx, next));
};
// #endregion
