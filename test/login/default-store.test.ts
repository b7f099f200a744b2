import type http from 'node:http';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { Passport } from 'passport';
import type { Application } from '../support/application';
import { expressWith, frameworks } from '../support/frameworks';
import { beginAt, signedIn, strategyOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

describe('a strategy without the option transactions', () => {
  let provider: Provider;
  const applications: Application[] = [];

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    await provider.stop();
  });

  async function start(framework: (typeof frameworks)[number]): Promise<Application> {
    const application = await framework.start({
      strategies: (callbackURL) => [strategyOf(provider, callbackURL)],
    });
    applications.push(application);
    return application;
  }

  const names = async (agent: UserAgent, { url }: Application) =>
    (await agent.jar.getCookies(url)).map(({ key }) => key);

  const cookies = frameworks.filter(({ name }) => !name.startsWith('Fastify'));
  for (const framework of cookies) {
    it(`keeps a pending login in a cookie of its own in ${framework.name}`, async () => {
      const application = await start(framework);
      const agent = new UserAgent();

      const callback = await beginAt(application, agent);
      const [name, ...others] = await names(agent, application);

      expect(name).to.match(/^jaccount-/);
      expect(others).to.deep.equal([]);
      expect((await agent.get(callback)).json().exit).to.equal('success');
    });
  }

  describe('in Express with express-session', () => {
    let store: MemoryStore;
    let application: Application;
    beforeEach(async () => {
      store = new MemoryStore();
      application = await start(expressWith({ store }));
    });

    const sessions = () => Object.keys((store as unknown as { sessions: object }).sessions);

    it('writes no session when a login begins', async () => {
      const agent = new UserAgent();

      for (let tab = 0; tab < 3; tab++) await beginAt(application, agent);

      expect(sessions()).to.deep.equal([]);
      expect(await names(agent, application)).not.to.include('connect.sid');
    });

    it('writes no session when a login fails', async () => {
      const agent = new UserAgent();
      provider.script.response = { code: '', error: 'access_denied' };

      const end = await agent.get(await beginAt(application, agent));

      expect(end.status).to.equal(401);
      expect(sessions()).to.deep.equal([]);
      expect(await names(agent, application)).to.deep.equal([]);
    });

    it('writes nothing of its own to the session of the user who signed in', async () => {
      const agent = new UserAgent();

      await agent.get(await beginAt(application, agent));

      const [kept, ...others] = Object.values((store as unknown as { sessions: object }).sessions);
      expect(others).to.deep.equal([]);
      expect(JSON.parse(kept)).to.have.all.keys('cookie', 'passport');
    });

    it('lets all of several tabs finish that began at once', async () => {
      const agent = new UserAgent();
      const tabs = ['/one', '/two', '/three', '/four', '/five'];
      const callbacks = await Promise.all(tabs.map((tab) => beginAt(application, agent, tab)));

      const ends: string[] = [];
      for (const callback of callbacks) ends.push((await agent.get(callback)).json().info?.returnTo);

      expect(ends).to.deep.equal(tabs);
    });
  });

  for (const framework of frameworks.filter(({ name }) => name.startsWith('Fastify'))) {
    describe(`in ${framework.name}, where a request does not lead to its reply`, () => {
      let application: Application;
      let agent: UserAgent;
      beforeEach(async () => {
        application = await start(framework);
        agent = new UserAgent();
      });

      it('keeps a pending login in the session', async () => {
        const callback = await beginAt(application, agent, '/wanted');

        expect((await names(agent, application)).filter((name) => name.includes('jaccount'))).to.deep.equal(
          [],
        );
        expect((await agent.get(callback)).json()).to.deep.include({
          exit: 'success',
          info: { returnTo: '/wanted' },
        });
        expect(await signedIn(application, agent)).to.equal('zhangsan');
      });

      it('keeps two tabs apart', async () => {
        const tabs = [await beginAt(application, agent, '/one'), await beginAt(application, agent, '/two')];

        const ends = [await agent.get(tabs[1] as string), await agent.get(tabs[0] as string)];

        expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/two', '/one']);
      });

      it('sends a reload on with no second token request [CQ-19]', async () => {
        const callback = await beginAt(application, agent, '/wanted');
        await agent.get(callback);

        const reload = await agent.get(callback);

        expect(reload.location).to.equal(`${application.url}/wanted`);
        expect(provider.tokenRequests).to.have.length(1);
      });

      it('refuses a replay with the old cookies [CQ-19]', async () => {
        const callback = await beginAt(application, agent);
        const cookie = await agent.jar.getCookieString(callback);
        await agent.get(callback);

        const replay = await new UserAgent().get(callback, { headers: { cookie } });

        expect(replay.json().challenge).to.include({ reason: 'used' });
        expect(provider.tokenRequests).to.have.length(1);
      });

      it('refuses the login of another browser [CQ-21]', async () => {
        const mallory = new UserAgent();
        await beginAt(application, agent);

        const end = await agent.get(await beginAt(application, mallory));

        expect(end.json().challenge).to.include({ reason: 'unknown' });
        expect(provider.tokenRequests).to.have.length(0);
      });
    });
  }

  // As in connect and Polka: Express alone writes `req.res`.
  describe('in Node alone, with the middleware of express-session', () => {
    async function startPlain(): Promise<Application> {
      const passport = new Passport();
      const sessions = session({
        secret: 'a secret of the tests',
        resave: false,
        saveUninitialized: false,
      }) as unknown as (req: http.IncomingMessage, res: http.ServerResponse, next: () => void) => void;
      const { url, stop } = await serve((req, res) => {
        const ended = (error: Error | null, user?: unknown) =>
          res.end(JSON.stringify({ error: error?.message, user }));
        const login = passport.authenticate('jaccount', ended as never) as RequestHandler;
        sessions(req, res, () => login(req as never, res as never, () => res.end()));
      });
      const callbackURL = `${url}/callback`;
      passport.use(strategyOf(provider, callbackURL));
      const application = { url, callbackURL, stop };
      applications.push(application);
      return application;
    }

    it('keeps a pending login in the session', async () => {
      const application = await startPlain();
      const agent = new UserAgent();

      const callback = await beginAt(application, agent);

      expect(await names(agent, application)).to.deep.equal(['connect.sid']);
      expect((await agent.get(callback)).json()).to.deep.equal({ user: { id: 'zhangsan' } });
    });
  });
});
