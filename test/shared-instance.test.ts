import { expect } from 'chai';
import { JaccountStrategy, SessionTransactions } from 'passport-jaccount';
import { startApplication } from './support/application';
import { startProvider } from './support/provider';
import { UserAgent } from './support/user-agent';

const users = Array.from({ length: 200 }, (_, number) => `user-${String(number).padStart(3, '0')}`);

describe('one strategy instance, handed to passport.authenticate() itself [HT-04]', () => {
  for (const { scope, store = 'the default', ...transactions } of [
    { scope: 'openid' },
    { scope: 'openid basic' },
    { scope: 'basic' },
    { scope: 'openid', store: 'SessionTransactions', transactions: new SessionTransactions() },
  ]) {
    it(`gives each of 200 overlapping logins its own user (${scope}, with ${store})`, async function () {
      this.timeout(60_000);
      // The provider answers out of order, so that each login's second half overlaps with others'.
      const provider = await startProvider({
        user: (query) => query.get('login_hint') ?? '',
        delay: ({ user }) => (Number(user.slice(-3)) * 37) % 150,
      });
      const application = await startApplication({
        byInstance: true,
        strategy: (callbackURL) =>
          new JaccountStrategy(
            { ...provider.client, ...provider.endpoints, callbackURL, scope, ...transactions },
            async ({ profile }) => profile,
          ),
        login: (req) => ({ authorizationParams: { login_hint: req.query.user }, appState: req.query.user }),
      });

      const ends = await Promise.all(
        users.map(async (user) => {
          const agent = new UserAgent();
          const end = await agent.follow(await agent.get(`${application.url}/login?user=${user}`));
          const me = await agent.get(`${application.url}/me`);
          return {
            user,
            signedIn: end.json().user?.id,
            appState: end.json().info?.appState,
            session: me.json().user?.id,
          };
        }),
      );
      await application.stop();
      await provider.stop();

      const expected = users.map((user) => ({ user, signedIn: user, appState: user, session: user }));
      expect(
        ends.filter((end, index) => JSON.stringify(end) !== JSON.stringify(expected[index])),
      ).to.deep.equal([]);
    });
  }
});
