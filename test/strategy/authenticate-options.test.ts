import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { JaccountStrategy, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent, type Visit } from '../support/user-agent';

/** Where pending logins wait: where they do by default, and in the session. */
const stores: [string, () => Partial<JaccountStrategyOptions>][] = [
  ['the default', () => ({})],
  ['SessionTransactions', () => ({ transactions: new SessionTransactions() })],
];

for (const [name, transactions] of stores) {
  describe(`passport.authenticate(jaccount, options), with ${name}`, () => {
    let provider: Provider;
    let application: Application;
    let store: MemoryStore;

    before(async () => {
      provider = await startProvider();
    });
    beforeEach(() => {
      store = new MemoryStore();
    });
    afterEach(() => application.stop());
    after(() => provider.stop());

    async function begin(given: object | ((url: string) => object) = {}, method = 'GET') {
      const options = () => (typeof given === 'function' ? given(application.url) : given);
      application = await startApplication({
        session: { store },
        login: options,
        strategy: (callbackURL) =>
          new JaccountStrategy(
            { ...provider.client, ...provider.endpoints, callbackURL, ...transactions() },
            async ({ profile }) => profile,
          ),
      });
      const agent = new UserAgent();
      return { agent, start: await agent.get(`${application.url}/login`, { method }) };
    }
    const query = (location: string | undefined) =>
      Object.fromEntries(new URL(location as string).searchParams);
    const sessions = () => new Promise<object>((resolve) => store.all((_error, all) => resolve(all ?? {})));

    async function expectNothingKept({ headers }: Visit): Promise<void> {
      expect(headers.getSetCookie()).to.deep.equal([]);
      expect(await sessions()).to.deep.equal({});
    }

    it('keeps a login that begins', async () => {
      const { start } = await begin();

      expect(start.headers.getSetCookie()).to.have.length(1);
      expect(Object.keys(await sessions())).to.have.length(name === 'SessionTransactions' ? 1 : 0);
    });

    it('sends the scope of this login', async () => {
      const { start } = await begin({ scope: ['openid', 'lessons'] });

      expect(query(start.location).scope).to.equal('openid lessons');
    });

    it('sends further parameters', async () => {
      const { start } = await begin({ authorizationParams: { ui_locales: 'zh-CN' } });

      expect(query(start.location).ui_locales).to.equal('zh-CN');
    });

    const misuse: [string, object][] = [
      ['a state of its own', { state: 'mine' }],
      ['a callback of its own', { callbackURL: 'https://app.example/other' }],
      ['a callback at another path', { callbackURL: '/other' }],
      ['a callback at another host', { callbackURL: '//evil.example/callback' }],
      ['a callback that is no text', { callbackURL: ['/callback'] }],
      ['a text for authorizationParams', { authorizationParams: 'prompt=login' }],
      ['null for authorizationParams', { authorizationParams: null }],
      ['a prompt beside authorizationParams', { prompt: 'login' }],
      ['a max_age beside authorizationParams', { max_age: '60' }],
      ['a loginHint beside authorizationParams', { loginHint: 'zhangsan' }],
      ['an application state that JSON cannot hold', { appState: () => undefined }],
      ['a scope that is none', { scope: 'openid,basic' }],
      ...[
        'state',
        'nonce',
        'redirect_uri',
        'client_id',
        'response_type',
        'scope',
        'code_challenge',
        'request',
      ].map((name): [string, object] => [
        `the parameter ${name}`,
        { authorizationParams: { [name]: 'mine' } },
      ]),
    ];
    for (const [what, options] of misuse) {
      it(`answers ${what} with an error, before anything is kept or sent`, async () => {
        const { start } = await begin(options);

        expect(start.status).to.equal(500);
        expect(start.json()).to.include({ exit: 'error', name: 'TypeError' });
        await expectNothingKept(start);
      });
    }

    it('says where a prompt belongs', async () => {
      const { start } = await begin({ prompt: 'login' });

      expect(start.json().message).to.include('authorizationParams: { prompt: … }');
    });

    it('says where a maxAge belongs, by its name in the request', async () => {
      const { start } = await begin({ maxAge: '60' });

      expect(start.json().message).to.include('authorizationParams: { max_age: … }');
    });

    it('sends a prompt that is in authorizationParams', async () => {
      const { start } = await begin({ authorizationParams: { prompt: 'login', max_age: '60' } });

      expect(query(start.location)).to.include({ prompt: 'login', max_age: '60' });
    });

    // egg-passport names the path of the callback each time; others repeat what the constructor got.
    for (const [what, given] of [
      ['the callback again', (url: string) => ({ callbackURL: `${url}/callback` })],
      ['the path of the callback', () => ({ callbackURL: '/callback' })],
      ['state: true', () => ({ state: true })],
    ] as const) {
      it(`takes ${what} for no contradiction`, async () => {
        const { agent, start } = await begin(given);

        expect(query(start.location).redirect_uri).to.equal(application.callbackURL);
        expect((await agent.follow(start)).json()).to.include({ exit: 'success' });
      });
    }

    for (const method of ['HEAD']) {
      it(`begins nothing with ${method} [CQ-23]`, async () => {
        const { start } = await begin({}, method);

        expect(start.status).to.equal(405);
        await expectNothingKept(start);
      });
    }

    const paths: [string, unknown, string][] = [
      ['a local path', '/courses', '/courses'],
      ['another site, by the root', '//evil.example', '/'],
      ['the login itself, by the root', '/login', '/'],
      ['the callback, by the root', '/callback?code=A&state=S', '/'],
      ['what is no string, by the root', ['/courses'], '/'],
    ];
    for (const [what, returnTo, path] of paths) {
      it(`comes back with ${what}`, async () => {
        const { agent, start } = await begin({ returnTo });

        const end = await agent.follow(start);

        expect(end.json().info.returnTo).to.equal(path);
      });
    }

    it('hands appState back as it was', async () => {
      const appState = { basket: [1, 2], note: '备注', deep: { null: null } };
      const { agent, start } = await begin({ appState });

      expect((await agent.follow(start)).json().info.appState).to.deep.equal(appState);
    });
  });
}
