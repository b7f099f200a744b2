import { expect } from 'chai';
import { JaccountStrategy } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import OAuth2Strategy from 'passport-oauth2';
import { AuthTokenRefresh } from 'passport-oauth2-refresh';
import { startApplication } from '../support/application';
import { UserAgent } from '../support/user-agent';

const options = {
  clientID: 'japp000001',
  clientSecret: 'a client secret of more than 32 octets',
  callbackURL: 'https://app.example/callback',
};

describe('passport-oauth2', () => {
  // What login-attempt.ts replaces on a child. Where a new version renames one, this says so, and not a login.
  const members = [
    '_stateStore',
    '_oauth2',
    '_verify',
    '_passReqToCallback',
    '_skipUserProfile',
    '_callbackURL',
  ];
  for (const member of [...members, '_pkceMethod', '_scope']) {
    it(`has the member ${member}`, () => {
      const base = new OAuth2Strategy(
        {
          ...options,
          authorizationURL: 'https://a.example/',
          tokenURL: 'https://t.example/',
          pkce: true,
          state: true,
        },
        () => undefined,
      );

      expect(base).to.have.property(member);
    });
  }

  it('is what a JaccountStrategy is an instance of', () => {
    expect(new JaccountStrategy(options, () => false)).to.be.instanceOf(OAuth2Strategy);
  });
});

describe('passport-oauth2-refresh', () => {
  let emulator: Emulator;

  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());

  async function tokensOf(account: string) {
    let strategy: JaccountStrategy | undefined;
    const application = await startApplication({
      strategy: (callbackURL) => {
        strategy = new JaccountStrategy(
          { ...emulator.client, ...emulator.endpoints, callbackURL },
          async ({ tokens }) => ({ tokens }),
        );
        return strategy;
      },
    });
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${application.url}/login`));
    const end = await agent.follow(await agent.choose(loginPage, account));
    await application.stop();
    return { strategy: strategy as JaccountStrategy, tokens: end.json().user.tokens };
  }

  it('renews the tokens of a user', async () => {
    const { strategy, tokens } = await tokensOf('zhaoyichen');
    const refresh = new AuthTokenRefresh();
    refresh.use(strategy);

    const renewed = await new Promise<any>((resolve, reject) =>
      refresh.requestNewAccessToken(
        'jaccount',
        tokens.refresh_token,
        (error: unknown, accessToken: string) => (error ? reject(error) : resolve(accessToken)),
      ),
    );
    const profile = await new Promise<any>((resolve, reject) =>
      strategy.userProfile(renewed, (error, user) => (error ? reject(error) : resolve(user))),
    );

    expect(renewed)
      .to.match(/^[0-9a-f]{32}$/)
      .and.not.to.equal(tokens.access_token);
    expect(profile.id).to.equal('zhaoyichen');
  });

  it('hears of a refusal with its code', async () => {
    const { strategy } = await tokensOf('zhaoyichen');
    const refresh = new AuthTokenRefresh();
    refresh.use(strategy);

    const error = await new Promise<any>((resolve) =>
      refresh.requestNewAccessToken('jaccount', 'of nobody', (refusal: unknown) => resolve(refusal)),
    );

    expect(error).to.include({ code: 'ERR_JACCOUNT_TOKEN', error: 'invalid_grant' });
  });
});
