import { expect } from 'chai';
import { CookieTransactions, type EndedLogin, SessionTransactions } from 'passport-jaccount';
import type { Application } from '../support/application';
import { FaultyStore } from '../support/faulty-store';
import { expressWith } from '../support/frameworks';
import { beginAt, signedIn, strategyOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { endedHeader, seal, cookieSecret as secret, unsealEnded } from '../support/sealed-cookies';
import { UserAgent } from '../support/user-agent';

type Change = (ended: EndedLogin) => void;

/** The two stores, and how a test changes what they remember of a browser's logins that ended. */
const stores = {
  CookieTransactions: {
    make: () => new CookieTransactions({ secret }),
    edit: async ({ jar }: UserAgent, { url }: Application, _store: FaultyStore, change: Change) => {
      for (const { key, value } of await jar.getCookies(url)) {
        if (!key.startsWith('jaccount-')) continue;
        const ended = unsealEnded(value);
        change(ended);
        await jar.setCookie(`${key}=${seal(JSON.stringify(ended), { header: endedHeader })}; Path=/`, url);
      }
    },
  },
  SessionTransactions: {
    make: () => new SessionTransactions(),
    edit: async (_agent: UserAgent, _application: Application, store: FaultyStore, change: Change) =>
      store.edit(({ 'passport-jaccount': { ended } }) => ended.forEach(change)),
  },
};

for (const [name, { make, edit }] of Object.entries(stores)) {
  describe(`the reload of a callback, with ${name} [CQ-19]`, () => {
    let provider: Provider;
    let application: Application;
    let store: FaultyStore;
    let agent: UserAgent;

    beforeEach(async () => {
      provider = await startProvider();
      store = new FaultyStore();
      application = await expressWith({ store }).start({
        strategies: (callbackURL) => [strategyOf(provider, callbackURL, { transactions: make() })],
      });
      agent = new UserAgent();
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

    async function signIn(returnTo?: string): Promise<string> {
      const callback = await beginAt(application, agent, returnTo);
      expect((await agent.get(callback)).json().exit).to.equal('success');
      return callback;
    }

    it('leads where the login led', async () => {
      const callback = await signIn('/wanted?page=2');

      expect((await agent.get(callback)).location).to.equal(`${application.url}/wanted?page=2`);
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('leads to the root where the way was too long to remember', async () => {
      const callback = await signIn(`/${'x'.repeat(64)}`);

      expect((await agent.get(callback)).location).to.equal(`${application.url}/`);
    });

    it('does so as often as it comes', async () => {
      const callback = await signIn('/wanted');

      const reloads = [await agent.get(callback), await agent.get(callback), await agent.get(callback)];

      expect(new Set(reloads.map(({ location }) => location))).to.deep.equal(
        new Set([`${application.url}/wanted`]),
      );
      expect(await signedIn(application, agent)).to.equal('zhangsan');
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('leads nowhere else than to a path of this site', async () => {
      const callback = await signIn('/wanted');
      await edit(agent, application, store, (ended) => {
        ended.returnTo = '//evil.example';
      });

      expect((await agent.get(callback)).location).to.equal(`${application.url}/`);
    });

    it('sends no other code that it brings', async () => {
      const callback = new URL(await signIn('/wanted'));
      callback.searchParams.set('code', 'another');

      expect((await agent.get(callback.href)).location).to.equal(`${application.url}/wanted`);
      expect(provider.tokenRequests).to.have.length(1);
    });

    // The clock of the test goes on, so the pair keeps some seconds apart.
    for (const { age, sent } of [
      { age: 110_000, sent: true },
      { age: 120_000, sent: false },
      { age: 599_000, sent: false },
      { age: 600_000, sent: false },
    ]) {
      it(`${age / 1000} seconds after the login is ${sent ? 'sent on' : 'refused'}`, async () => {
        const callback = await signIn('/wanted');
        await edit(agent, application, store, (ended) => {
          ended.endedAt -= age;
        });

        const reload = await agent.get(callback);

        if (sent) expect(reload.location).to.equal(`${application.url}/wanted`);
        else expect(reload.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
        expect(provider.tokenRequests).to.have.length(1);
      });
    }

    it('is refused once nobody is signed in', async () => {
      const callback = await signIn('/wanted');
      store.edit((kept) => delete kept.passport);

      const reload = await agent.get(callback);

      expect(reload.status).to.equal(403);
      expect(reload.json().challenge).to.include({ reason: 'used', returnTo: '/wanted' });
    });

    it('is refused in another browser', async () => {
      const callback = await signIn('/wanted');

      const reload = await new UserAgent().get(callback);

      expect(reload.status).to.equal(403);
      expect(reload.json().challenge).to.include({ reason: 'used' });
      expect(provider.tokenRequests).to.have.length(1);
    });
  });
}
