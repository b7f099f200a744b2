import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { JaccountStrategy } from 'passport-jaccount';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

describe('passport.authenticate(jaccount, options)', () => {
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

  async function begin(options: object = {}, method = 'GET') {
    application = await startApplication({
      session: { store },
      login: () => options,
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL },
          async ({ profile }) => profile,
        ),
    });
    const agent = new UserAgent();
    return { agent, start: await agent.get(`${application.url}/login`, { method }) };
  }
  const query = (location: string | undefined) =>
    Object.fromEntries(new URL(location as string).searchParams);
  const sessions = () => new Promise((resolve) => store.all((_error, all) => resolve(all)));

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
    ].map((name): [string, object] => [`the parameter ${name}`, { authorizationParams: { [name]: 'mine' } }]),
  ];
  for (const [what, options] of misuse) {
    it(`answers ${what} with an error, before anything is kept or sent`, async () => {
      const { start } = await begin(options);

      expect(start.status).to.equal(500);
      expect(start.json()).to.include({ exit: 'error', name: 'TypeError' });
      expect(await sessions()).to.deep.equal({});
    });
  }

  for (const method of ['HEAD']) {
    it(`begins nothing with ${method} [CQ-23]`, async () => {
      const { start } = await begin({}, method);

      expect(start.status).to.equal(405);
      expect(await sessions()).to.deep.equal({});
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
