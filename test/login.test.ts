import { promisify } from 'node:util';
import { expect } from 'chai';
import { MemoryStore, type SessionOptions } from 'express-session';
import { JaccountStrategy, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { CookieJar } from 'tough-cookie';
import { type Application, startApplication } from './support/application';
import { type Clock, takeClock } from './support/clock';
import { type Provider, type Script, startProvider } from './support/provider';
import { UserAgent } from './support/user-agent';

/** Where pending logins wait: where they do by default, and in the session. */
const stores: [string, () => Partial<JaccountStrategyOptions>][] = [
  ['the default', () => ({})],
  ['SessionTransactions', () => ({ transactions: new SessionTransactions() })],
];

describe('a login with jAccount', () => {
  let emulator: Emulator;
  const applications: Application[] = [];

  before(async () => {
    emulator = await startEmulator();
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    emulator.reset();
  });
  after(() => emulator.stop());

  async function application(
    options: Partial<JaccountStrategyOptions> = {},
    setting: { session?: Partial<SessionOptions> } = {},
  ): Promise<Application> {
    const started = await startApplication({
      ...setting,
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...emulator.client, ...emulator.endpoints, callbackURL, ...options },
          async ({ profile }) => profile,
        ),
    });
    applications.push(started);
    return started;
  }

  async function signIn(
    { url }: Application,
    account: string,
    query = '',
  ): Promise<{ agent: UserAgent; json: any }> {
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${url}/login${query}`));
    const end = await agent.follow(await agent.choose(loginPage, account));
    return { agent, json: end.json() };
  }

  const requestsTo = (prefix: string) =>
    emulator.requests.filter(({ path }) => path.startsWith(prefix)).length;

  describe('with the scope openid', () => {
    it('signs in the user whom the ID Token names', async () => {
      const { json } = await signIn(await application(), 'zhaoyichen');

      expect(json.exit).to.equal('success');
      expect(json.user).to.include({ id: 'zhaoyichen', displayName: '赵一辰', userType: 'student' });
      expect(json.user.claims.sub).to.equal('zhaoyichen');
    });

    it('sends one request to jAccount', async () => {
      await signIn(await application(), 'zhaoyichen');

      expect(requestsTo('/oauth2/token')).to.equal(1);
      expect(requestsTo('/v1/')).to.equal(0);
    });

    it('signs in a team account, which has no number', async () => {
      const { json } = await signIn(await application(), 'robot.club');

      expect(json.user).to.include({ id: 'robot.club', userType: 'team' });
      expect(json.user).not.to.have.property('code');
    });
  });

  describe('with a profile scope', () => {
    it('signs in the user whom the profile API names', async () => {
      const { json } = await signIn(await application({ scope: 'essential' }), 'zhaoyichen');

      expect(json.user).to.include({ id: 'zhaoyichen', code: '523030910417' });
      expect(json.user.identities).to.have.length(3);
      expect(json.user).not.to.have.property('claims');
    });

    it('gives the same id as the ID Token does', async () => {
      const [one, other] = [await application(), await application({ scope: ['basic'] })];

      const ids = [await signIn(one, 'emma-wales'), await signIn(other, 'emma-wales')].map(
        ({ json }) => json.user.id,
      );

      expect(ids).to.deep.equal(['emma-wales', 'emma-wales']);
    });
  });

  describe('with openid beside a profile scope', () => {
    it('brings claims and entity together', async () => {
      const { json } = await signIn(await application({ scope: 'openid profile' }), 'linmuqing');

      expect(json.user.claims.sub).to.equal('linmuqing');
      expect(json.user.mobile).to.equal('19900000001');
    });

    it('saves the profile request with skipUserProfile, not the check of the ID Token', async () => {
      const { json } = await signIn(
        await application({ scope: 'openid basic', skipUserProfile: true }),
        'linmuqing',
      );

      expect(json.user.claims.sub).to.equal('linmuqing');
      expect(requestsTo('/v1/')).to.equal(0);
    });
  });

  it('asks for the scope of the login in place of the strategy’s', async () => {
    const { json } = await signIn(await application(), 'zhaoyichen', '?scope=essential');

    expect(json.user.identities).to.have.length(3);
  });

  it('comes back with returnTo and appState', async () => {
    const { json } = await signIn(
      await application(),
      'zhaoyichen',
      '?returnTo=/courses?term=1&appState=blue',
    );

    expect(json.info).to.deep.equal({ returnTo: '/courses?term=1', appState: 'blue' });
  });

  it('is silent while the session at jAccount lives', async () => {
    const started = await application();
    const { agent } = await signIn(started, 'zhaoyichen');

    const end = await agent.follow(await agent.get(`${started.url}/login`));

    expect(end.json().user.id).to.equal('zhaoyichen');
  });

  it('writes no session when it begins', async () => {
    const store = new MemoryStore();
    const started = await application({}, { session: { store } });
    const agent = new UserAgent();

    const { headers } = await agent.get(`${started.url}/login`);

    expect(headers.getSetCookie().join()).to.match(/^jaccount-[^,]+$/);
    expect(await promisify(store.all.bind(store))()).to.deep.equal({});
  });

  for (const [name, options] of stores) {
    it(`gives the browser a session of another id, with ${name} [SE-01]`, async () => {
      const store = new MemoryStore();
      // By default only the application itself gives a browser a session before the login.
      const started = await application(options(), { session: { store, saveUninitialized: true } });
      const agent = new UserAgent();
      const sessionId = async () =>
        (await agent.jar.getCookies(started.url)).find(({ key }) => key === 'connect.sid')?.value;
      await agent.get(`${started.url}/me`);
      const loginPage = await agent.follow(await agent.get(`${started.url}/login`));
      const before = await sessionId();
      const cookies = await agent.jar.getCookieString(started.url);

      await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));

      const old = await new UserAgent().get(`${started.url}/me`, { headers: { cookie: cookies } });
      expect(before).to.be.a('string');
      expect(await sessionId())
        .to.be.a('string')
        .that.is.not.equal(before);
      expect(old.json()).to.deep.equal({ user: null });
      expect((await agent.get(`${started.url}/me`)).json().user.id).to.equal('zhaoyichen');
    });

    it(`puts no token into the session, with ${name} [SE-03]`, async () => {
      const store = new MemoryStore();
      const started = await application(options(), { session: { store } });
      await signIn(started, 'zhaoyichen');

      const sessions = await promisify(store.all.bind(store))();

      expect(Object.keys(sessions ?? {})).to.have.length(1);
      expect(JSON.stringify(sessions)).to.include('zhaoyichen');
      expect(JSON.stringify(sessions)).not.to.match(/access_token|refresh_token|id_token|eyJ/);
    });
  }

  describe('sends the browser to jAccount', () => {
    async function authorizationRequest(
      options: Partial<JaccountStrategyOptions> = {},
    ): Promise<URLSearchParams> {
      const { url } = await application(options);
      const { location } = await new UserAgent().get(`${url}/login`);
      return new URL(location as string).searchParams;
    }

    it('with state, nonce, and an S256 challenge [CB-03, CB-04]', async () => {
      const query = await authorizationRequest();

      expect(query.get('response_type')).to.equal('code');
      expect(query.get('state')).to.match(/^[\w-]{43}$/);
      expect(query.get('nonce')).to.match(/^[\w-]{43}$/);
      expect(query.get('code_challenge')).to.match(/^[\w-]{43}$/);
      expect(query.get('code_challenge_method')).to.equal('S256');
    });

    it('with values that no other login has [CB-02]', async () => {
      const { url } = await application();
      const visits = await Promise.all(
        Array.from({ length: 100 }, () => new UserAgent().get(`${url}/login`)),
      );
      const queries = visits.map(({ location }) => new URL(location as string).searchParams);

      for (const name of ['state', 'nonce', 'code_challenge']) {
        expect(new Set(queries.map((query) => query.get(name)))).to.have.property('size', 100);
      }
    });

    it('without a challenge where PKCE is turned off', async () => {
      const query = await authorizationRequest({ pkce: false });

      expect(query.has('code_challenge')).to.equal(false);
      expect(query.get('state')).to.match(/^[\w-]{43}$/);
    });

    it('without a nonce where no ID Token is asked', async () => {
      expect((await authorizationRequest({ scope: 'basic' })).has('nonce')).to.equal(false);
    });
  });

  describe('tells why it failed', () => {
    it('when the client secret is wrong', async () => {
      const { json } = await signIn(await application({ clientSecret: 'x'.repeat(48) }), 'zhaoyichen');

      expect(json).to.include({ exit: 'error', code: 'ERR_JACCOUNT_TOKEN', status: 500 });
    });

    it('when the code is a minute old', async () => {
      const { url } = await application();
      const agent = new UserAgent();
      const loginPage = await agent.follow(await agent.get(`${url}/login`));
      const callback = await agent.follow(await agent.choose(loginPage, 'zhaoyichen'), url);
      emulator.advance(60);

      const end = await agent.follow(callback);

      expect(end.status).to.equal(401);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_TOKEN' });
    });

    it('when the ID Token is signed for a clock that runs elsewhere', async () => {
      const inAnHour = Math.floor(Date.now() / 1000) + 3600;
      emulator.fault('token', { idToken: { iat: inAnHour, exp: inAnHour + 1800 } });

      const { json } = await signIn(await application(), 'zhaoyichen');

      expect(json).to.include({ exit: 'error', fault: 'issued-at' });
    });
  });
});

describe('a provider that misbehaves', () => {
  let provider: Provider;
  let application: Application;
  const defaults = { clientAuthMethod: 'client_secret_basic' as const };

  async function signIn(script: Script, options: Partial<JaccountStrategyOptions> = {}) {
    provider = await startProvider(script);
    application = await startApplication({
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL, ...defaults, ...options },
          async ({ profile }) => profile,
        ),
    });
    const agent = new UserAgent();
    const end = await agent.follow(await agent.get(`${application.url}/login?returnTo=/wanted`));
    return { agent, end, json: end.json(), me: (await agent.get(`${application.url}/me`)).json() };
  }

  afterEach(async () => {
    await application.stop();
    await provider.stop();
  });

  it('signs in where it behaves', async () => {
    const { json, me } = await signIn({});

    expect(json.exit).to.equal('success');
    expect(me.user.id).to.equal('zhangsan');
  });

  it('sends the secret in the header only [TK-02]', async () => {
    await signIn({});
    const [{ authorization, form } = { form: new URLSearchParams() }] = provider.tokenRequests as any;

    expect(authorization).to.match(/^Basic /);
    expect(form.has('client_secret')).to.equal(false);
    expect(form.get('code_verifier')).to.match(/^[\w-]{43}$/);
  });

  it('sends the secret in the body only, where that is asked [TK-02]', async () => {
    await signIn({}, { clientAuthMethod: 'client_secret_post' });
    const [request] = provider.tokenRequests;

    expect(request?.authorization).to.equal(undefined);
    expect(request?.form.get('client_secret')).to.equal(provider.client.clientSecret);
  });

  const forgeries: { token: string; script: Script; fault: string }[] = [
    {
      token: 'signed with another secret [IT-06]',
      script: { secret: 'another secret of 32 octets or more' },
      fault: 'signature',
    },
    {
      token: 'of another issuer',
      script: { claims: () => ({ iss: 'https://evil.example/' }) },
      fault: 'issuer',
    },
    {
      token: 'for another client [IT-04]',
      script: { claims: () => ({ aud: 'library' }) },
      fault: 'audience',
    },
    { token: 'that has expired', script: { claims: () => ({ exp: 1, iat: 0 }) }, fault: 'expired' },
    {
      token: 'with the nonce of another login [IT-01, TR-17]',
      script: { claims: () => ({ nonce: 'n-2' }) },
      fault: 'nonce',
    },
    { token: 'without nonce', script: { claims: () => ({ nonce: undefined }) }, fault: 'nonce' },
    { token: 'of nobody', script: { claims: () => ({ sub: '' }) }, fault: 'subject' },
    {
      token: 'for another access token [IT-03]',
      script: { claims: () => ({ at_hash: 'x' }) },
      fault: 'at-hash',
    },
    { token: 'that is none', script: { idToken: () => 'a.b' }, fault: 'malformed' },
    { token: 'that is left out [TR-09]', script: { idToken: () => undefined }, fault: 'missing' },
  ];
  for (const { token, script, fault } of forgeries) {
    it(`cannot sign anybody in with an ID Token ${token}`, async () => {
      const { json, me } = await signIn(script);

      expect(json).to.include({ exit: 'error', code: 'ERR_JACCOUNT_ID_TOKEN', fault, status: 502 });
      expect(me.user).to.equal(null);
    });

    it(`is asked nothing more after an ID Token ${token}`, async () => {
      await signIn(script, { scope: 'openid basic' });

      expect(provider.requests.filter((request) => request.includes('/v1/'))).to.deep.equal([]);
    });
  }

  it('cannot have one ID Token accepted in two logins [IT-02]', async () => {
    const tokens: unknown[] = [];
    await signIn({
      idToken: (right) => {
        tokens.push(right);
        return tokens[0];
      },
    });
    const other = new UserAgent();

    const end = await other.follow(await other.get(`${application.url}/login`));

    expect(end.json().fault).to.equal('nonce');
  });

  for (const skew of [-59, 59]) {
    it(`may have a clock that is ${skew} seconds off [IT-05]`, async () => {
      const iat = Math.floor(Date.now() / 1000) + skew;
      const { json } = await signIn({ claims: () => ({ iat, exp: iat + 100 }) });

      expect(json.exit).to.equal('success');
    });
  }

  for (const skew of [-400, 400]) {
    it(`cannot have a clock that is ${skew} seconds off, and the message names the clock [IT-05]`, async () => {
      const iat = Math.floor(Date.now() / 1000) + skew;
      const { json } = await signIn({ claims: () => ({ iat, exp: iat + 100 }) });

      expect(json.code).to.equal('ERR_JACCOUNT_ID_TOKEN');
      expect(json.message).to.include('clock');
    });
  }

  for (const hours of [-1, 1]) {
    it(`cannot lock a browser out with a clock that jumps by ${hours} h and back [FI-21]`, async () => {
      const iat = Math.floor(Date.now() / 1000) + hours * 3600;
      const { agent, json } = await signIn({ claims: () => ({ iat, exp: iat + 1800 }) });
      provider.script = {};

      const next = await agent.follow(await agent.get(`${application.url}/login`));

      expect(json).to.include({ exit: 'error', code: 'ERR_JACCOUNT_ID_TOKEN' });
      expect(next.json().exit).to.equal('success');
    });
  }

  for (const sub of ['\u212Aevin', 'kevın', 'ｋevin']) {
    it(`cannot pass ${sub} off as kevin [IT-07]`, async () => {
      const { json } = await signIn({ claims: () => ({ sub }) });

      expect(json.user.id).to.equal(sub);
    });
  }

  it('cannot turn the check off by any option that is yes or no [CF-02]', async () => {
    for (const flip of ['pkce', 'allowMissingNonce', 'deriveEmail', 'passReqToCallback', 'skipUserProfile']) {
      for (const value of [true, false]) {
        const { json } = await signIn({ secret: 'another secret of 32 octets or more' }, { [flip]: value });
        await application.stop();
        await provider.stop();

        expect(json.fault, `${flip}: ${value}`).to.equal('signature');
      }
    }
  });

  it('signs in without nonce where allowMissingNonce says so', async () => {
    const { json } = await signIn({ claims: () => ({ nonce: undefined }) }, { allowMissingNonce: true });

    expect(json.exit).to.equal('success');
  });

  it('cannot use allowMissingNonce for another nonce', async () => {
    const { json } = await signIn({ claims: () => ({ nonce: 'n-2' }) }, { allowMissingNonce: true });

    expect(json.fault).to.equal('nonce');
  });

  it('may leave the ID Token out where openid was not asked', async () => {
    const { json } = await signIn({ idToken: () => undefined }, { scope: 'basic' });

    expect(json.user.id).to.equal('zhangsan');
  });

  it('cannot slip in a bad ID Token where none was asked [TR-10]', async () => {
    const { json } = await signIn({ secret: 'another secret of 32 octets or more' }, { scope: 'basic' });

    expect(json.fault).to.equal('signature');
  });

  it('cannot slip in the nonce of another login where none was sent [ID-12]', async () => {
    const { json } = await signIn({ claims: () => ({ nonce: 'n-2' }) }, { scope: 'basic' });

    expect(json.fault).to.equal('nonce');
  });

  it('cannot give the profile of another account [UI-03]', async () => {
    const entities = [{ account: 'lisi', name: '李四' }];
    const { json, me } = await signIn(
      { profile: () => ({ json: { errno: 0, entities } }) },
      { scope: 'openid basic' },
    );

    expect(json).to.include({ exit: 'error', code: 'ERR_JACCOUNT_ACCOUNT_MISMATCH' });
    expect(me.user).to.equal(null);
  });

  it('may spell the account in other letter case [PR-05]', async () => {
    const entities = [{ account: 'ZhangSan' }];
    const { json } = await signIn(
      { profile: () => ({ json: { errno: 0, entities } }) },
      { scope: 'openid basic' },
    );

    expect(json.user).to.include({ id: 'zhangsan', username: 'ZhangSan' });
  });

  it('gives returnTo back with the error', async () => {
    const { json } = await signIn({ secret: 'another secret of 32 octets or more' });

    expect(json.transaction).to.deep.equal({ returnTo: '/wanted' });
  });
});

for (const [store, options] of stores) {
  describe(`a browser that comes back, with ${store}`, () => {
    let provider: Provider;
    let application: Application;
    let clock: Clock;

    beforeEach(async () => {
      clock = takeClock();
      provider = await startProvider();
      application = await startApplication({
        strategy: (callbackURL) =>
          new JaccountStrategy(
            { ...provider.client, ...provider.endpoints, callbackURL, ...options() },
            async ({ profile }) => profile,
          ),
      });
    });
    afterEach(async () => {
      clock.restore();
      await application.stop();
      await provider.stop();
    });

    const begin = async (agent: UserAgent, returnTo = '/') =>
      agent.follow(await agent.get(`${application.url}/login?returnTo=${returnTo}`), application.url);
    const tokenRequests = () => provider.tokenRequests.length;

    it('is refused with a state that is not its own [CQ-21]', async () => {
      const [alice, mallory] = [new UserAgent(), new UserAgent()];
      await begin(alice);
      const { location } = await begin(mallory);

      const end = await alice.get(location as string);

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
      expect(tokenRequests()).to.equal(0);
    });

    it('is refused without any session, and told so', async () => {
      const { location } = await begin(new UserAgent());

      const end = await new UserAgent().get(location as string);

      expect(end.json().challenge).to.include({ reason: 'no-transaction' });
    });

    for (const hours of [-1, 1]) {
      it(`signs in again after the clock here jumped by ${hours} h during a login [FI-21]`, async () => {
        const agent = agentWithAnotherClock();
        const { location } = await begin(agent);
        clock.advance(hours * 3600);

        const end = await agent.get(location as string);
        const next = await agent.get((await begin(agent)).location as string);

        expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'expired' });
        expect(next.json().exit).to.equal('success');
      });
    }

    it('finishes two tabs in the order they began', async () => {
      const agent = new UserAgent();
      const tabs = [await begin(agent, '/one'), await begin(agent, '/two')];

      const ends = [await agent.follow(tabs[0] as any), await agent.follow(tabs[1] as any)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
    });

    it('finishes two tabs in the other order', async () => {
      const agent = new UserAgent();
      const tabs = [await begin(agent, '/one'), await begin(agent, '/two')];

      const ends = [await agent.follow(tabs[1] as any), await agent.follow(tabs[0] as any)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/two', '/one']);
    });

    it('is sent on when it reloads the callback, with no second token request [CQ-19]', async () => {
      const agent = new UserAgent();
      const { location } = await begin(agent, '/wanted');
      await agent.get(location as string);

      const reload = await agent.get(location as string);

      expect(reload.status).to.equal(302);
      expect(reload.location).to.equal(`${application.url}/wanted`);
      expect(tokenRequests()).to.equal(1);
    });

    it('is refused with the cookies that it had before the login, with no second token request [CQ-19]', async () => {
      const agent = new UserAgent();
      const { location } = await begin(agent);
      const cookie = await agent.jar.getCookieString(application.url);
      await agent.get(location as string);

      const replay = await new UserAgent().get(location as string, { headers: { cookie } });

      expect(replay.status).to.equal(403);
      expect(replay.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
      expect(tokenRequests()).to.equal(1);
    });

    for (const { seconds, status } of [
      { seconds: 119, status: 302 },
      { seconds: 121, status: 403 },
    ]) {
      it(`gets ${status} when it reloads the callback after ${seconds} seconds [CQ-19]`, async () => {
        const agent = new UserAgent();
        const { location } = await begin(agent);
        await agent.get(location as string);
        clock.advance(seconds);

        const reload = await agent.get(location as string);

        expect(reload.status).to.equal(status);
        if (status === 403) expect(reload.json().challenge).to.include({ reason: 'used' });
        expect(tokenRequests()).to.equal(1);
      });
    }

    it('gets the outcome twice of one callback that is sent twice at once [CQ-20]', async () => {
      provider.script = { delay: () => 100 };
      const agent = new UserAgent();
      const { location } = await begin(agent, '/wanted');

      const ends = await Promise.all([agent.get(location as string), agent.get(location as string)]);

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      for (const end of ends) {
        expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/wanted' } });
        expect(end.json().user.id).to.equal('zhangsan');
      }
      expect((await agent.get(`${application.url}/me`)).json().user.id).to.equal('zhangsan');
      expect(tokenRequests()).to.equal(1);
    });

    it('gets the refusal twice of one callback that is sent twice at once [CQ-20]', async () => {
      provider.script = { secret: 'another secret of 32 octets or more', delay: () => 100 };
      const agent = new UserAgent();
      const { location } = await begin(agent);

      const ends = await Promise.all([agent.get(location as string), agent.get(location as string)]);

      for (const end of ends) expect(end.json()).to.include({ exit: 'error', fault: 'signature' });
      expect((await agent.get(`${application.url}/me`)).json()).to.deep.equal({ user: null });
      expect(tokenRequests()).to.equal(1);
    });

    it('is sent away with 302, after a POST too [CB-14]', async () => {
      const form = await new UserAgent().post(`${application.callbackURL}`, {});

      expect(form.status).to.equal(302);
    });

    it('spends nothing with HEAD [CQ-23]', async () => {
      const agent = new UserAgent();
      const { location } = await begin(agent);

      const head = await agent.get(location as string, { method: 'HEAD' });
      const end = await agent.get(location as string);

      expect(head.status).to.equal(405);
      expect(end.json().exit).to.equal('success');
    });
  });
}

/** A browser whose cookies do not age when the clock of this process is put forward. */
function agentWithAnotherClock(): UserAgent {
  const agent = new UserAgent();
  const { jar } = agent;
  const setCookie = (header: string, url: string, options: object) =>
    CookieJar.prototype.setCookie.call(jar, header.replace(/; Max-Age=[1-9]\d*/, ''), url, options);
  return Object.assign(agent, { jar: Object.assign(jar, { setCookie }) });
}
