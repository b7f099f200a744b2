const { JaccountStrategy } = require('passport-jaccount');
const { startEmulator } = require('passport-jaccount/emulator');

module.exports = class AppBoot {
  constructor(app) {
    this.app = app;
  }

  async didLoad() {
    const { passport, config } = this.app;
    const emulator = config.jaccount.clientID ? undefined : await startEmulator();
    const options = { ...config.jaccount, ...emulator?.client, ...emulator?.endpoints };

    // #region login
    this.app.jaccount = new JaccountStrategy(options, ({ req, profile }, done) => {
      const { id: account, displayName: name, userType } = profile;
      passport.doVerify(req, { account, name, userType }, done);
    });
    passport.use(this.app.jaccount);

    // Finds or creates the user of the application; false refuses the login.
    passport.verify(async (_ctx, user) => user);
    // #endregion
  }
};
