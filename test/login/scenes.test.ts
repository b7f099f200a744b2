// What people do with a browser, on each framework, with each store, on one machine and on two.
import { expect } from 'chai';
import {
  CookieTransactions,
  JaccountStrategy,
  SessionTransactions,
  type TransactionStore,
} from 'passport-jaccount';
import type { Application } from '../support/application';
import { type Framework, frameworks, replyOf, SharedSessions } from '../support/frameworks';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent, type Visit } from '../support/user-agent';

const shown = [
  'Express 5 with express-session',
  'Koa 3 with koa-session in a store',
  'Fastify 5 with @fastify/session',
];

type Claim = (handle: string) => boolean;

function cookies(claim: Claim, { name }: Framework): TransactionStore {
  const responseOf = (req: unknown) => replyOf(req) as never;
  return new CookieTransactions({ claim, ...(name.startsWith('Fastify') && { responseOf }) });
}

const stores: { store: string; make(claim: Claim, framework: Framework): TransactionStore }[] = [
  { store: 'CookieTransactions', make: cookies },
  { store: 'SessionTransactions', make: (claim) => new SessionTransactions({ claim }) },
];

for (const framework of frameworks.filter(({ name }) => shown.includes(name))) {
  for (const { store, make } of stores) {
    describe(`${store} in ${framework.name}`, () => {
      let provider: Provider;
      let sessions: SharedSessions;
      let claimed: Set<string>;
      let machines: Application[];

      beforeEach(async () => {
        provider = await startProvider({ user: (query) => query.get('login_hint') ?? 'zhangsan' });
        sessions = new SharedSessions();
        claimed = new Set();
        machines = [];
      });
      afterEach(async () => {
        await Promise.all(machines.map((machine) => machine.stop()));
        await provider.stop();
      });

      /** One more machine of the same application. They share sessions and claims, and nothing else. */
      async function startMachine(): Promise<Application> {
        const machine = await framework.start({ sessions, strategies: (url) => [strategyAt(url)] });
        machines.push(machine);
        return machine;
      }

      function strategyAt(url: string): JaccountStrategy {
        const callbackURL = machines[0]?.callbackURL ?? url;
        const claim = (handle: string) => !claimed.has(handle) && Boolean(claimed.add(handle));
        const transactions = make(claim, framework);
        const options = { ...provider.client, ...provider.endpoints, callbackURL, transactions };
        const strategy = new JaccountStrategy(options, async ({ profile }) => ({ id: profile.id }));
        // The user of a login is chosen by its appState.
        strategy.authorizationParams = ({ appState }) => ({ login_hint: appState });
        return strategy;
      }

      /** Begins a login and gives the address to which the provider sends the browser back. */
      async function begin(
        agent: UserAgent,
        { user = 'zhangsan', returnTo = '/', at = machines[0] as Application } = {},
      ): Promise<string> {
        const start = await agent.get(`${at.url}/login?returnTo=${returnTo}&appState=${user}`);
        return (await agent.follow(start, machines[0]?.url)).location as string;
      }

      /** Answers `first` up to the token request, does something else, then lets the token endpoint answer. */
      async function whileExchanged<T>(first: () => Promise<Visit>, meanwhile: () => Promise<T>) {
        let release = () => {};
        const asked = new Promise<void>((resolve) => {
          provider.script.hold = () =>
            new Promise<void>((done) => {
              release = done;
              resolve();
            });
        });
        const visit = first();
        await asked;
        delete provider.script.hold;
        const second = meanwhile();
        return { visit, second, release };
      }

      /** Sends a callback twice, the second time while the code of the first is exchanged. */
      async function twice(agent: UserAgent, callback: string): Promise<Visit[]> {
        const { visit, second, release } = await whileExchanged(
          () => agent.get(callback),
          () => agent.get(callback),
        );
        // By the time that later requests are answered, the second one has arrived.
        for (let turn = 0; turn < 5; turn++) await new UserAgent().get(`${machines[0]?.url}/me`);
        release();
        return Promise.all([visit, second]);
      }

      const elsewhere = (callback: string, { url }: Application) =>
        callback.replace((machines[0] as Application).url, url);
      const userOf = async (agent: UserAgent): Promise<string | undefined> =>
        (await agent.get(`${machines[0]?.url}/me`)).json().user?.id;
      const outcomesOf = (visits: Visit[]) => visits.map((visit) => visit.json().user?.id ?? visit.status);

      it('sends a code once out of a double click [CQ-20]', async () => {
        await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent);

        const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

        expect(outcomesOf(ends)).to.include('zhangsan');
        expect(provider.tokenRequests).to.have.length(1);
      });

      it('signs in a browser that reloads while the code is exchanged', async () => {
        await startMachine();
        const agent = new UserAgent();

        const ends = await twice(agent, await begin(agent));

        expect(outcomesOf(ends)).to.deep.equal(['zhangsan', 'zhangsan']);
        expect(provider.tokenRequests).to.have.length(1);
        expect(await userOf(agent)).to.equal('zhangsan');
      });

      it('fails both requests of one callback for the same reason', async () => {
        await startMachine();
        provider.script.claims = () => ({ nonce: 'of another login' });
        const agent = new UserAgent();

        const ends = await twice(agent, await begin(agent));

        expect(ends.map((end) => end.json().fault)).to.deep.equal(['nonce', 'nonce']);
        expect(provider.tokenRequests).to.have.length(1);
        expect(await userOf(agent)).to.equal(undefined);
      });

      it('sends a reload on to where the login led, with no second token request [CQ-19]', async () => {
        await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent, { returnTo: '/wanted' });
        await agent.get(callback);

        const reload = await agent.get(callback);

        expect(reload.location).to.equal(`${machines[0]?.url}/wanted`);
        expect(provider.tokenRequests).to.have.length(1);
      });

      it('sends a reload on to another machine as well [CQ-19]', async () => {
        await startMachine();
        const other = await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent, { returnTo: '/wanted' });
        await agent.get(callback);

        const reload = await agent.get(elsewhere(callback, other));

        expect(reload.location).to.equal(`${other.url}/wanted`);
        expect(provider.tokenRequests).to.have.length(1);
      });

      it('refuses the reload of a login that the user declined', async () => {
        await startMachine();
        const agent = new UserAgent();
        await agent.get(await begin(agent));
        const declined = (await begin(agent)).replace(/code=[^&]*/, 'error=access_denied');
        await agent.get(declined);

        const reload = await agent.get(declined);

        expect(reload.status).to.equal(403);
        expect(reload.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
      });

      it('refuses the callback to a browser that has neither cookie nor session of the login', async () => {
        await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent);
        await agent.get(callback);

        const end = await new UserAgent().get(callback);

        expect(end.status).to.equal(403);
        expect(provider.tokenRequests).to.have.length(1);
      });

      it('sends a code once when its callback reaches two machines at once', async () => {
        await startMachine();
        const other = await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent);

        const ends = await Promise.all([agent.get(callback), agent.get(elsewhere(callback, other))]);

        expect(provider.tokenRequests).to.have.length(1);
        expect(outcomesOf(ends)).to.have.members(['zhangsan', 403]);
      });

      it('finishes a login on another machine than began it', async () => {
        await startMachine();
        const other = await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent, { at: other });

        expect(outcomesOf([await agent.get(callback)])).to.deep.equal(['zhangsan']);
      });

      it('finishes a login that began while the callback of another tab was answered', async () => {
        await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent, { returnTo: '/one' });

        const { visit, second, release } = await whileExchanged(
          () => agent.get(callback),
          () => begin(agent, { returnTo: '/two' }),
        );
        const other = await second;
        release();
        const ends = [await visit, await agent.get(other)];

        expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
        expect(await userOf(agent)).to.equal('zhangsan');
      });

      it('finishes a login that began on another machine meanwhile', async () => {
        await startMachine();
        const other = await startMachine();
        const agent = new UserAgent();
        const callback = await begin(agent, { returnTo: '/one' });

        const { visit, second, release } = await whileExchanged(
          () => agent.get(callback),
          () => begin(agent, { returnTo: '/two', at: other }),
        );
        const late = await second;
        release();
        const ends = [await visit, await agent.get(late)];

        expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
      });

      it('finishes five logins that begin at once in a browser with a session', async () => {
        await startMachine();
        const agent = new UserAgent();
        await agent.get(await begin(agent));
        const tabs = ['/0', '/1', '/2', '/3', '/4'];

        const callbacks = await Promise.all(tabs.map((returnTo) => begin(agent, { returnTo })));
        const ends: Visit[] = [];
        for (const callback of callbacks) ends.push(await agent.get(callback));

        expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(tabs);
      });

      it('ends a login that a stranger has planted before the user signed in', async () => {
        await startMachine();
        const [mallory, victim] = [new UserAgent(), new UserAgent()];
        const planted = await begin(mallory, { user: 'mallory' });
        await plant(mallory, victim);
        await victim.get(await begin(victim, { user: 'zhangsan' }));
        // Sibling hosts can set a cookie at any time.
        if (store === 'CookieTransactions') await plant(mallory, victim);

        const end = await victim.get(planted);

        expect(end.status).to.equal(403);
        expect(end.json().challenge).to.include({ reason: 'user' });
        expect(await userOf(victim)).to.equal('zhangsan');
      });

      it('ends a login that a stranger has planted with the note of a login of their own', async () => {
        await startMachine();
        const [mallory, victim] = [new UserAgent(), new UserAgent()];
        await victim.get(await begin(victim, { user: 'zhangsan' }));
        await mallory.get(await begin(mallory, { user: 'mallory' }));
        await mallory.get(`${machines[0]?.url}/me`);
        const planted = await begin(mallory, { user: 'mallory' });
        await plant(mallory, victim, /^jaccount-/);

        const end = await victim.get(planted);

        expect(end.status).to.equal(403);
        expect(await userOf(victim)).to.equal('zhangsan');
      });

      it('finishes a login of another tab that began before the same user signed in', async () => {
        await startMachine();
        const agent = new UserAgent();
        const tabs = [await begin(agent, { returnTo: '/one' }), await begin(agent, { returnTo: '/two' })];

        const ends = [await agent.get(tabs[1] as string), await agent.get(tabs[0] as string)];

        expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/two', '/one']);
      });

      it('leaves next to nothing in the session of a user who has signed in', async () => {
        await startMachine();
        const agent = new UserAgent();
        const tabs: string[] = [];
        for (let tab = 0; tab < 6; tab++) tabs.push(await begin(agent, { returnTo: `/${'x'.repeat(60)}` }));
        for (const callback of tabs) await agent.get(callback);

        const octets = sessions
          .contents()
          .map((session) => Buffer.byteLength(JSON.stringify(session['passport-jaccount'] ?? '')));

        expect(Math.max(...octets)).to.be.at.most(store === 'CookieTransactions' ? 2 : 400);
      });
    });
  }
}

/** Copies the cookies of one browser into another, as a site on a sibling host can. */
async function plant(from: UserAgent, to: UserAgent, name = /./): Promise<void> {
  const { cookies } = await from.jar.serialize();
  for (const { key, value, domain, path } of cookies) {
    if (name.test(String(key)))
      await to.jar.setCookie(`${key}=${value}; Path=${path}`, `http://${domain}/`, { ignoreError: true });
  }
}
