import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import {
  type ContextVerifyFunction,
  type JaccountAuthenticateOptions,
  type JaccountProfile,
  JaccountStrategy,
  type JaccountStrategyOptions,
  SessionTransactions,
} from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import OAuth2Strategy from 'passport-oauth2';
import { AuthTokenRefresh } from 'passport-oauth2-refresh';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent, type Visit } from '../support/user-agent';

const options = {
  clientID: 'japp000001',
  clientSecret: 'a client secret of more than 32 octets',
  callbackURL: 'https://app.example/callback',
};

describe('passport-oauth2', () => {
  // What strategy.ts, passport-oauth2-refresh and subclasses find there. If a new version renames one, this says so.
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

  it('has a token request and a client secret to replace', () => {
    const { _oauth2 } = new OAuth2Strategy(
      { ...options, authorizationURL: 'https://a.example/', tokenURL: 'https://t.example/' },
      () => undefined,
    ) as any;

    expect(_oauth2.getOAuthAccessToken).to.be.a('function');
    expect(_oauth2._clientSecret).to.equal(options.clientSecret);
  });

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

describe('a subclass of JaccountStrategy', () => {
  type Done = (error?: unknown, profile?: JaccountProfile) => void;

  let provider: Provider;
  let application: Application;

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(async () => {
    await application.stop();
    await provider.stop();
  });

  async function start(
    Subclass: new (options: JaccountStrategyOptions, verify: ContextVerifyFunction) => JaccountStrategy,
    more: Partial<JaccountStrategyOptions> = {},
    byInstance = false,
  ): Promise<void> {
    application = await startApplication({
      byInstance,
      strategy: (callbackURL) =>
        new Subclass(
          { ...provider.client, ...provider.endpoints, callbackURL, ...more },
          async ({ profile }) => profile,
        ),
    });
  }

  async function signIn(agent = new UserAgent()): Promise<Visit> {
    return agent.follow(await agent.get(`${application.url}/login`));
  }

  const requestsOfProfile = () => provider.requests.filter((request) => request.includes('/v1/')).length;
  const another = 'another secret of 32 octets or more';

  // With two arguments, as passport-oauth2 calls and documents it.
  class Decorating extends JaccountStrategy {
    override userProfile(accessToken: string, done: Done): void {
      super.userProfile(accessToken, (error, profile) => {
        if (error || !profile) return done(error);
        done(null, { ...profile, displayName: `${profile.displayName}!` });
      });
    }
  }

  class Waiting extends JaccountStrategy {
    override userProfile(accessToken: string, done: Done): void {
      setTimeout(() => super.userProfile(accessToken, done), 20);
    }
  }

  // It asks nobody, and passes nothing on.
  class Inventing extends JaccountStrategy {
    override userProfile(_accessToken: string, done: Done): void {
      done(null, { provider: 'jaccount', id: 'of the subclass' } as JaccountProfile);
    }
  }

  for (const byInstance of [false, true]) {
    describe(`given to passport.authenticate() by ${byInstance ? 'instance' : 'name'}`, () => {
      for (const { scope, asked } of [
        { scope: 'openid', asked: 0 },
        { scope: 'openid basic', asked: 1 },
        { scope: 'basic', asked: 1 },
      ]) {
        it(`gets the profile from super.userProfile(accessToken, done) (${scope})`, async () => {
          await start(Decorating, { scope }, byInstance);

          const { user, exit } = (await signIn()).json();

          expect(exit).to.equal('success');
          expect(user).to.include({ id: 'zhangsan', displayName: '张三!' });
          expect(user.claims.sub).to.equal('zhangsan');
          expect(requestsOfProfile()).to.equal(asked);
        });

        it(`is refused a forged ID Token by super.userProfile(accessToken, done) (${scope})`, async () => {
          provider.script = { secret: another };
          await start(Decorating, { scope }, byInstance);
          const agent = new UserAgent();

          const end = await signIn(agent);

          expect(end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_ID_TOKEN', fault: 'signature' });
          expect((await agent.get(`${application.url}/me`)).json()).to.deep.equal({ user: null });
          expect(requestsOfProfile()).to.equal(0);
        });
      }

      it('may call super.userProfile(accessToken, done) later', async () => {
        await start(Waiting, {}, byInstance);

        const { user } = (await signIn()).json();

        expect(user.claims.sub).to.equal('zhangsan');
        expect(requestsOfProfile()).to.equal(0);
      });

      it('may make a profile of its own', async () => {
        await start(Inventing, {}, byInstance);

        expect((await signIn()).json().user).to.deep.equal({ provider: 'jaccount', id: 'of the subclass' });
      });

      const forgeries = [
        { token: 'signed with another secret', script: { secret: another }, fault: 'signature' },
        {
          token: 'with the nonce of another login',
          script: { claims: () => ({ nonce: 'n-2' }) },
          fault: 'nonce',
        },
        { token: 'for another client', script: { claims: () => ({ aud: 'library' }) }, fault: 'audience' },
        { token: 'that is left out', script: { idToken: () => undefined }, fault: 'missing' },
      ];
      for (const { token, script, fault } of forgeries) {
        it(`that makes a profile of its own is refused an ID Token ${token} all the same`, async () => {
          provider.script = script;
          await start(Inventing, {}, byInstance);
          const agent = new UserAgent();

          const end = await signIn(agent);

          expect(end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_ID_TOKEN', fault });
          expect((await agent.get(`${application.url}/me`)).json()).to.deep.equal({ user: null });
        });
      }
    });
  }

  it('gives each of many logins at once the profile of its own user', async () => {
    provider.script = {
      user: (query) => query.get('login_hint') as string,
      delay: ({ user }) => (Number(user.slice(5)) * 37) % 60,
    };
    application = await startApplication({
      strategy: (callbackURL) =>
        new Waiting(
          { ...provider.client, ...provider.endpoints, callbackURL },
          async ({ profile }) => profile,
        ),
      login: (req) => ({ authorizationParams: { login_hint: req.query.user } }),
    });
    const users = Array.from({ length: 40 }, (_, number) => `user-${number}`);

    const ends = await Promise.all(
      users.map(async (user) => {
        const agent = new UserAgent();
        return agent.follow(await agent.get(`${application.url}/login?user=${user}`));
      }),
    );

    expect(ends.map((end) => end.json().user?.id)).to.deep.equal(users);
  });

  // Some providers give a user the same token as long as it lives.
  it('gives two logins at once with one access token the verified profile of the ID Token', async () => {
    provider.script = {
      tokens: () => ({ access_token: 'the-same-for-all' }),
      delay: ({ code }) => (code.endsWith('0') ? 50 : 60),
    };
    await start(Waiting);

    const ends = await Promise.all([signIn(), signIn()]);

    expect(ends.map((end) => end.json().user?.id)).to.deep.equal(['zhangsan', 'zhangsan']);
    expect(requestsOfProfile()).to.equal(0);
  });

  it('signs nobody in as somebody else when a provider gives two users one access token', async () => {
    let users = 0;
    provider.script = {
      user: () => `user-${users++}`,
      tokens: () => ({ access_token: 'the-same-for-all' }),
      delay: ({ user }) => (user === 'user-0' ? 50 : 60),
    };
    await start(Waiting);
    const agents = [new UserAgent(), new UserAgent()];
    const callbacks: string[] = [];
    for (const agent of agents) {
      const away = await agent.get(`${application.url}/login`);
      callbacks.push((await agent.follow(away, application.url)).location as string);
    }

    const ends = await Promise.all(agents.map((agent, index) => agent.get(callbacks[index] as string)));

    for (const [index, end] of ends.entries()) {
      const { exit, code, user } = end.json();
      if (exit === 'success') expect(user.id).to.equal(`user-${index}`);
      else expect(code).to.equal('ERR_JACCOUNT_ACCOUNT_MISMATCH');
    }
    expect(requestsOfProfile()).to.equal(0);
  });

  describe('with parameters of its own', () => {
    const theirs = {
      ...{ response_type: 'token', client_id: 'theirs', redirect_uri: 'https://evil.example/', scope: 'all' },
      ...{ state: 'theirs', nonce: 'theirs', code_challenge: 'theirs', code_challenge_method: 'plain' },
      ...{ grant_type: 'password', code: 'theirs', code_verifier: 'theirs' },
    };

    class Asking extends JaccountStrategy {
      readonly asked: unknown[] = [];

      override authorizationParams(given: JaccountAuthenticateOptions): object {
        this.asked.push(given);
        return { ...super.authorizationParams(given), ...theirs, ui_locales: 'zh-CN', empty: undefined };
      }
      override tokenParams(given: JaccountAuthenticateOptions): object {
        this.asked.push(given);
        return { ...theirs, resource: 'https://api.example/' };
      }
    }

    for (const byInstance of [false, true]) {
      const given = byInstance ? 'instance' : 'name';

      it(`sends those of authorizationParams(), and none in the place of ours, given by ${given}`, async () => {
        await start(Asking, {}, byInstance);

        const { location } = await new UserAgent().get(`${application.url}/login`);

        const sent = new URL(location as string).searchParams;
        expect(sent.get('ui_locales')).to.equal('zh-CN');
        expect(sent.has('empty')).to.equal(false);
        expect(Object.fromEntries(sent)).to.include({
          ...{ response_type: 'code', client_id: provider.client.clientID, scope: 'openid' },
          ...{ redirect_uri: application.callbackURL, code_challenge_method: 'S256' },
        });
        for (const name of ['state', 'nonce', 'code_challenge']) {
          expect(sent.getAll(name)).to.have.length(1);
          expect(sent.get(name)).to.match(/^[\w-]{43}$/);
        }
      });

      it(`sends those of tokenParams(), and none in the place of ours, given by ${given}`, async () => {
        await start(Asking, {}, byInstance);

        const { exit } = (await signIn()).json();

        const [{ form } = { form: new URLSearchParams() }] = provider.tokenRequests;
        expect(exit).to.equal('success');
        expect(provider.tokenRequests).to.have.length(1);
        expect(form.get('resource')).to.equal('https://api.example/');
        expect(Object.fromEntries(form)).to.include({
          ...{ grant_type: 'authorization_code', redirect_uri: application.callbackURL },
        });
        expect(form.get('code')).to.match(/^code\d{28}$/);
        expect(form.get('code_verifier')).to.match(/^[\w-]{43}$/);
        for (const name of ['grant_type', 'code', 'redirect_uri', 'code_verifier'])
          expect(form.getAll(name)).to.have.length(1);
      });
    }

    it('is asked for them with the options of passport.authenticate()', async () => {
      let strategy: Asking | undefined;
      application = await startApplication({
        login: () => ({ prompt: 'login' }),
        strategy: (callbackURL) => {
          strategy = new Asking(
            { ...provider.client, ...provider.endpoints, callbackURL },
            async ({ profile }) => profile,
          );
          return strategy;
        },
      });

      await signIn();

      expect(strategy?.asked).to.have.length(2);
      expect(strategy?.asked[0]).to.include({ prompt: 'login' });
    });

    it('ends a login with the error that such a method throws', async () => {
      class Throwing extends JaccountStrategy {
        override tokenParams(): object {
          throw new Error('of the subclass');
        }
      }
      await start(Throwing);

      const end = await signIn();

      expect(end.status).to.equal(500);
      expect(end.json()).to.include({ exit: 'error', message: 'of the subclass' });
      expect(provider.tokenRequests).to.deep.equal([]);
    });
  });
});

describe('two instances of JaccountStrategy with the same settings', () => {
  const stores: [string, () => Partial<JaccountStrategyOptions>][] = [
    ['the default', () => ({})],
    ['SessionTransactions', () => ({ transactions: new SessionTransactions() })],
  ];
  let provider: Provider;
  let one: Application;
  let other: Application;

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => Promise.all([one.stop(), other.stop(), provider.stop()]));

  for (const [name, transactions] of stores) {
    for (const byInstance of [false, true]) {
      const given = byInstance ? 'instance' : 'name';

      it(`finish what the other began, with ${name}, given by ${given}`, async () => {
        const store = new MemoryStore();
        const start = (callbackURL?: string) =>
          startApplication({
            byInstance,
            session: { store },
            strategy: (own) =>
              new JaccountStrategy(
                {
                  ...{ ...provider.client, ...provider.endpoints, callbackURL: callbackURL ?? own },
                  ...transactions(),
                },
                async ({ profile }) => profile,
              ),
          });
        one = await start();
        other = await start(one.callbackURL);
        const agent = new UserAgent();

        for (const [begun, ended] of [
          [one, other],
          [other, one],
        ] as const) {
          const away = await agent.get(`${begun.url}/login?returnTo=/wanted`);
          const { location } = await agent.follow(away, one.callbackURL);
          const end = await agent.get((location as string).replace(one.url, ended.url));

          expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/wanted' } });
          expect((await agent.get(`${ended.url}/me`)).json().user.id).to.equal('zhangsan');
        }
        expect(provider.tokenRequests).to.have.length(2);
      });
    }
  }
});
