import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  CookieTransactions,
  type CookieTransactionsOptions,
  JaccountStrategy,
  type TransactionStore,
} from 'passport-jaccount';
import type { Application } from '../support/application';
import { countCallbacks } from '../support/at-once';
import { frameworks, replyOf, sessionlessFrameworks } from '../support/frameworks';
import { beginAt, signedIn, strategyOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { endedHeader, headerIn, cookieSecret as secret, unsealEnded } from '../support/sealed-cookies';
import { UserAgent } from '../support/user-agent';

const [, , fastify] = sessionlessFrameworks;

for (const framework of sessionlessFrameworks) {
  const options: CookieTransactionsOptions = {
    secret,
    ...(framework === fastify && { responseOf: replyOf }),
  };

  describe(`CookieTransactions in ${framework.name} without a session`, () => {
    let provider: Provider;
    let application: Application;

    beforeEach(async () => {
      provider = await startProvider();
      application = await framework.start({
        strategies: (callbackURL) => [
          new JaccountStrategy(
            {
              ...provider.client,
              ...provider.endpoints,
              callbackURL,
              transactions: new CookieTransactions(options),
            },
            async ({ profile: { id } }) => id !== 'refused' && { id },
          ),
        ],
      });
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

    const beginTab = (agent: UserAgent, returnTo?: string) => beginAt(application, agent, returnTo);
    const cookiesOf = ({ jar }: UserAgent) => jar.getCookies(application.url);

    it('signs a user in', async () => {
      const agent = new UserAgent();

      const end = await agent.get(await beginTab(agent, '/wanted'));

      expect(end.json()).to.deep.equal({
        exit: 'success',
        user: { id: 'zhangsan' },
        info: { returnTo: '/wanted' },
      });
    });

    it('finishes two tabs in the order they began', async () => {
      const agent = new UserAgent();
      const tabs = [await beginTab(agent, '/one'), await beginTab(agent, '/two')];

      const ends = [await agent.get(tabs[0]!), await agent.get(tabs[1]!)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
    });

    it('finishes two tabs in the other order', async () => {
      const agent = new UserAgent();
      const tabs = [await beginTab(agent, '/one'), await beginTab(agent, '/two')];

      const ends = [await agent.get(tabs[1]!), await agent.get(tabs[0]!)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/two', '/one']);
    });

    it('sets a cookie that a browser takes over http on loopback [TX-04]', async () => {
      const { headers } = await new UserAgent().get(`${application.url}/login`);

      expect(headers.getSetCookie()).to.have.length(1);
      expect(headers.getSetCookie()[0]).to.match(
        /^jaccount-[\w-]{16}=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
      );
    });

    it('puts the memory of its end in place of the cookie of a login [TX-05]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent, '/wanted');
      const before = await cookiesOf(agent);

      const { headers } = await agent.get(callback);

      const [{ key, value } = expect.fail('no cookie'), ...others] = await cookiesOf(agent);
      expect(others).to.deep.equal([]);
      expect(before.map((cookie) => cookie.key)).to.deep.equal([key]);
      expect(headers.getSetCookie()).to.deep.equal([
        `${key}=${value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax`,
      ]);
      expect(headerIn(value)).to.deep.equal(endedHeader);
    });

    it('remembers of a login that ended only which account it was, when, and where it led', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent, '/wanted');
      const state = new URL(callback).searchParams.get('state') as string;
      const began = Date.now();

      await agent.get(callback);

      const [cookie] = await cookiesOf(agent);
      const { endedAt, ...rest } = unsealEnded(cookie?.value as string);
      expect(rest).to.deep.equal({
        handle: digestOf(state),
        account: digestOf('zhangsan'),
        returnTo: '/wanted',
      });
      expect(endedAt).to.be.within(began, Date.now());
    });

    it('leaves no cookie behind after a login that the application refused [TX-05]', async () => {
      const agent = new UserAgent();
      provider.script.user = () => 'refused';

      const end = await agent.get(await beginTab(agent));

      expect(end.status).to.equal(401);
      expect(await cookiesOf(agent)).to.deep.equal([]);
    });

    it('leaves no cookie behind after a login that the user declined [TX-05]', async () => {
      const agent = new UserAgent();
      provider.script.response = { code: '', error: 'access_denied' };

      const end = await agent.get(await beginTab(agent));

      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_AUTHORIZATION' });
      expect(await cookiesOf(agent)).to.deep.equal([]);
    });

    it('leaves no cookie behind after a login that went wrong [TX-05]', async () => {
      const agent = new UserAgent();
      provider.script.token = () => ({ status: 500, json: {} });

      const end = await agent.get(await beginTab(agent));

      expect(end.json().exit).to.equal('error');
      expect(await cookiesOf(agent)).to.deep.equal([]);
    });

    it('leaves pending logins alone when a state is forged [CB-05]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent);

      const forged = await agent.get(
        `${application.callbackURL}?error=access_denied&state=${'x'.repeat(43)}`,
      );
      const end = await agent.get(callback);

      expect(forged.status).to.equal(403);
      expect(forged.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
      expect(end.json().exit).to.equal('success');
    });

    it('refuses the login of another browser [CQ-21]', async () => {
      const [alice, mallory] = [new UserAgent(), new UserAgent()];
      await beginTab(alice);

      const end = await alice.get(await beginTab(mallory));

      expect(end.json().challenge).to.include({ reason: 'unknown' });
      expect(provider.tokenRequests).to.have.length(0);
    });

    // Nobody is signed in for longer than the answer: there is no session.
    it('refuses a reload with no second token request [CQ-19]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent, '/wanted');
      await agent.get(callback);

      const reload = await agent.get(callback);

      expect(reload.status).to.equal(403);
      expect(reload.json().challenge).to.include({ reason: 'used', returnTo: '/wanted' });
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('refuses a replay with the old cookie, with no second token request [CQ-19]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent);
      const cookie = await agent.jar.getCookieString(callback);
      await agent.get(callback);

      const replay = await new UserAgent().get(callback, { headers: { cookie } });

      expect(replay.status).to.equal(403);
      expect(replay.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('refuses a replay of a login that the user declined [CQ-19]', async () => {
      const agent = new UserAgent();
      provider.script.response = { code: '', error: 'access_denied' };
      const callback = await beginTab(agent);
      const cookie = await agent.jar.getCookieString(callback);
      await agent.get(callback);

      const replay = await new UserAgent().get(callback, { headers: { cookie } });

      expect(replay.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
      expect(provider.tokenRequests).to.have.length(0);
    });

    it('lets no cache keep an answer that sets or clears a cookie [TX-10]', async () => {
      const agent = new UserAgent();
      const start = await agent.get(`${application.url}/login`);
      const end = await agent.get((await agent.follow(start, application.url)).location as string);

      for (const { headers } of [start, end]) {
        expect(headers.getSetCookie()).to.have.length(1);
        expect(headers.get('cache-control')).to.equal('no-store');
      }
    });
  });
}

for (const framework of frameworks) {
  const responseOf = framework.name.startsWith('Fastify') ? replyOf : undefined;

  describe(`CookieTransactions in ${framework.name}`, () => {
    let provider: Provider;
    let application: Application;

    beforeEach(async () => {
      provider = await startProvider();
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

    async function start(through = (store: CookieTransactions): TransactionStore => store): Promise<void> {
      application = await framework.start({
        strategies: (callbackURL) => {
          const options = { secret, ...(responseOf && { responseOf }) };
          return [
            strategyOf(provider, callbackURL, { transactions: through(new CookieTransactions(options)) }),
          ];
        },
      });
    }

    it('signs a user in', async () => {
      await start();
      const agent = new UserAgent();

      const end = await agent.get(await beginAt(application, agent, '/wanted'));

      expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/wanted' } });
      expect(await signedIn(application, agent)).to.equal(framework.remembers ? 'zhangsan' : undefined);
    });

    it('writes no session when a login begins', async () => {
      await start();

      const { headers } = await new UserAgent().get(`${application.url}/login`);

      expect(headers.getSetCookie()).to.have.length(1);
      expect(headers.getSetCookie()[0]).to.match(/^jaccount-/);
    });

    it('sends one token request for a callback that comes twice at once, whose outcome both get [CQ-20]', async () => {
      const both = countCallbacks(2);
      await start(both.store);
      provider.script.hold = () => both.reached;
      const agent = new UserAgent();
      const callback = await beginAt(application, agent, '/wanted');

      const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(ends.map((end) => end.json().info)).to.deep.equal([
        { returnTo: '/wanted' },
        { returnTo: '/wanted' },
      ]);
      expect(provider.tokenRequests).to.have.length(1);
    });

    it(`${framework.remembers ? 'sends a reload on' : 'refuses a reload'} with no second token request [CQ-19]`, async () => {
      await start();
      const agent = new UserAgent();
      const callback = await beginAt(application, agent, '/wanted');
      await agent.get(callback);

      const reload = await agent.get(callback);

      if (framework.remembers) expect(reload.location).to.equal(`${application.url}/wanted`);
      else expect(reload.json().challenge).to.include({ reason: 'used', returnTo: '/wanted' });
      expect(provider.tokenRequests).to.have.length(1);
    });
  });
}

// 132 bits, so that the cookies stay small.
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
