module.exports = (app) => {
  const { router, passport, config } = app;

  router.get('/', async (ctx) => {
    ctx.body = ctx.user ?? { signIn: '/passport/jaccount' };
  });

  // With failureMessage, Passport writes the reason of a failed login into the session: app/middleware/problem.js reads it.
  passport.mount('jaccount', { failureMessage: true });

  router.get('/students', async (ctx) => {
    if (!ctx.isAuthenticated()) {
      // egg-passport sends the browser back to this page after the login.
      ctx.session.returnTo = ctx.path;
      return ctx.redirect('/passport/jaccount');
    }
    if (ctx.user.userType !== 'student') ctx.throw(403, 'students only');
    ctx.body = { hello: ctx.user.name };
  });

  // A form must send the token of egg's cookie csrfToken as _csrf.
  router.post('/logout', async (ctx) => {
    ctx.logout();
    ctx.status = 303;
    ctx.redirect(app.jaccount.logoutURL(`${config.url}/`));
  });
};
