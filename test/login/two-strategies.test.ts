import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { CookieTransactions, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import type { Application } from '../support/application';
import { expressWith, frameworks } from '../support/frameworks';
import { beginAt, strategyOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

const stores = {
  CookieTransactions: () => new CookieTransactions(),
  SessionTransactions: () => new SessionTransactions(),
};

for (const [title, make] of Object.entries(stores)) {
  describe(`two strategies in one application, with ${title} [CB-10]`, () => {
    let provider: Provider;
    let store: MemoryStore;
    const applications: Application[] = [];

    beforeEach(async () => {
      provider = await startProvider();
      store = new MemoryStore();
    });
    afterEach(async () => {
      await Promise.all(applications.splice(0).map((application) => application.stop()));
      await provider.stop();
    });

    const kinds = { jaccount: '/callback', campus: '/callback/campus' };

    async function startBoth(): Promise<Application> {
      const application = await frameworks[1]!.start({
        strategies: (callbackURL) => [
          strategyOf(provider, callbackURL, { transactions: make() }),
          strategyOf(provider, `${callbackURL}/campus`, {
            name: 'campus',
            clientID: 'campus',
            transactions: make(),
          }),
        ],
      });
      applications.push(application);
      return application;
    }

    for (const [name, path] of Object.entries(kinds)) {
      it(`lets ${name} end what it began`, async () => {
        const { url } = await startBoth();
        const agent = new UserAgent();
        provider.script.claims = ({ clientID }) => ({ aud: clientID });

        const end = await agent.follow(await agent.get(`${url}/login?strategy=${name}`));

        expect(new URL(end.url).pathname).to.equal(path);
        expect(end.json().exit).to.equal('success');
      });

      it(`refuses what ${name} began at the other's callback [CQ-22]`, async () => {
        const { url } = await startBoth();
        const agent = new UserAgent();
        const { location } = await agent.follow(await agent.get(`${url}/login?strategy=${name}`), url);
        const callback = new URL(location as string);
        callback.pathname = Object.values(kinds).find((other) => other !== path) as string;

        const end = await agent.get(callback.href);

        expect(end.status).to.equal(403);
        expect(end.json().challenge).to.include({ reason: 'foreign' });
        expect(provider.tokenRequests).to.have.length(0);
      });
    }

    // Two processes that share their sessions and secrets, of which one runs with other settings.
    const differences: { setting: string; options: Partial<JaccountStrategyOptions> }[] = [
      { setting: 'client id', options: { clientID: 'library' } },
      { setting: 'issuer', options: { issuer: 'http://localhost/oauth2/' } },
      { setting: 'name', options: { name: 'campus' } },
      { setting: 'callback URL', options: { callbackURL: 'https://other.example/callback' } },
    ];
    async function start(options: Partial<JaccountStrategyOptions> = {}): Promise<Application> {
      const application = await expressWith({ store }).start({
        strategies: (callbackURL) => [
          strategyOf(provider, callbackURL, { transactions: make(), ...options }),
        ],
      });
      applications.push(application);
      return application;
    }
    async function finishElsewhere(options: Partial<JaccountStrategyOptions>) {
      const one = await start();
      const other = await start({ callbackURL: one.callbackURL, ...options });
      const agent = new UserAgent();
      const { search } = new URL(await beginAt(one, agent, '/'));
      return agent.get(other.callbackURL + search);
    }

    for (const { setting, options } of differences) {
      it(`refuses a login that began with another ${setting}`, async () => {
        const end = await finishElsewhere(options);

        expect(end.json().challenge).to.include({ reason: 'foreign' });
        expect(provider.tokenRequests).to.have.length(0);
      });
    }

    it('takes a login that began with the same settings', async () => {
      const end = await finishElsewhere({});

      expect(end.json().exit).to.equal('success');
    });
  });
}
