import { expect } from 'chai';
import { SessionTransactions, type TransactionStore } from 'passport-jaccount';
import type { Application } from '../support/application';
import { countCallbacks } from '../support/at-once';
import { frameworks } from '../support/frameworks';
import { beginAt, signedIn, strategyOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

for (const framework of frameworks) {
  describe(`SessionTransactions in ${framework.name}`, () => {
    let provider: Provider;
    let application: Application;

    beforeEach(async () => {
      provider = await startProvider();
      await start();
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

    async function start(through = (store: TransactionStore) => store): Promise<void> {
      application = await framework.start({
        strategies: (callbackURL) => [
          strategyOf(provider, callbackURL, { transactions: through(new SessionTransactions()) }),
        ],
      });
    }

    /** Starts an application whose logins begin when the test says so, with the session as it was loaded before. */
    async function startHeld() {
      let [held, loaded, release] = [Promise.resolve(), () => {}, () => {}];
      await application.stop();
      await start((inner) => ({
        put: async (req, transaction) => {
          loaded();
          await held;
          return inner.put(req, transaction);
        },
        take: (req, handle) => inner.take(req, handle),
        end: (req, transaction, account) => inner.end?.(req, transaction, account),
        ended: (req) => inner.ended?.(req) ?? [],
      }));
      const hold = () => {
        held = new Promise((resolve) => {
          release = resolve;
        });
        return new Promise<void>((resolve) => {
          loaded = resolve;
        });
      };
      return { hold, release: () => release() };
    }

    const begin = (agent: UserAgent, returnTo = '/') => beginAt(application, agent, returnTo);

    it('signs a user in', async () => {
      const agent = new UserAgent();

      const end = await agent.get(await begin(agent, '/wanted'));

      expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/wanted' } });
      expect(end.json().user.id).to.equal('zhangsan');
      expect(await signedIn(application, agent)).to.equal(framework.remembers ? 'zhangsan' : undefined);
    });

    it('finishes two tabs in the order they began', async () => {
      const agent = new UserAgent();
      const tabs = [await begin(agent, '/one'), await begin(agent, '/two')];

      const ends = [await agent.get(tabs[0]!), await agent.get(tabs[1]!)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
    });

    it('finishes two tabs in the other order', async () => {
      const agent = new UserAgent();
      const tabs = [await begin(agent, '/one'), await begin(agent, '/two')];

      const ends = [await agent.get(tabs[1]!), await agent.get(tabs[0]!)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/two', '/one']);
    });

    it('spends a state once [CQ-19]', async () => {
      const agent = new UserAgent();
      const callback = await begin(agent, '/wanted');
      await agent.get(callback);

      const replay = await agent.get(callback);

      if (framework.remembers) expect(replay.location).to.equal(`${application.url}/wanted`);
      else expect(replay.json().challenge).to.include({ reason: 'used', returnTo: '/wanted' });
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('spends a state once even for a browser that puts its old cookies back', async () => {
      const agent = new UserAgent();
      const callback = await begin(agent);
      const cookie = await agent.jar.getCookieString(callback);
      await agent.get(callback);

      const replay = await new UserAgent().get(callback, { headers: { cookie } });

      expect(replay.status).to.equal(403);
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('sends one token request for a callback that comes twice at once, whose outcome both get [CQ-20]', async () => {
      const both = countCallbacks(2);
      await application.stop();
      await start(both.store);
      provider.script.hold = () => both.reached;
      const agent = new UserAgent();
      const callback = await begin(agent, '/wanted');

      const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(ends.map((end) => end.json().info)).to.deep.equal([
        { returnTo: '/wanted' },
        { returnTo: '/wanted' },
      ]);
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('refuses a reload of a login that the user declined', async () => {
      const agent = new UserAgent();
      provider.script.response = { code: '', error: 'access_denied' };
      const callback = await begin(agent);
      await agent.get(callback);

      const reload = await agent.get(callback);

      expect(reload.status).to.equal(403);
      expect(reload.json().challenge).to.include({ reason: 'used' });
      expect(provider.tokenRequests).to.have.length(0);
    });

    // A session in a cookie has no other copy: of two answers that come at once, the browser keeps one.
    if (framework.stored) {
      it('finishes a login that another tab was about to begin when a callback was answered', async () => {
        const puts = await startHeld();
        const agent = new UserAgent();
        const first = await begin(agent, '/first');
        const loaded = puts.hold();
        const beginning = begin(agent, '/second');
        await loaded;

        const end = await agent.get(first);
        puts.release();
        const second = await agent.get(await beginning);

        expect([end, second].map((one) => one.json().info?.returnTo)).to.deep.equal(['/first', '/second']);
        expect(provider.tokenRequests).to.have.length(2);
      });

      it('signs nobody in again whose session has ended when a login begins in it', async () => {
        const puts = await startHeld();
        const agent = new UserAgent();
        await agent.get(await begin(agent));
        const cookie = await agent.jar.getCookieString(application.url);
        provider.script.user = () => 'lisi';
        const callback = await begin(agent);
        const loaded = puts.hold();
        const beginning = begin(agent, '/second');
        await loaded;
        await agent.get(callback);

        puts.release();
        await beginning;

        const me = await new UserAgent().get(`${application.url}/me`, { headers: { cookie } });
        expect(me.json().user).to.equal(null);
        // Koa and Fastify send the browser back to the old session, whoever writes to it.
        expect(await signedIn(application, agent)).not.to.equal('zhangsan');
      });

      it('finishes a login that another tab began while a callback was being answered', async () => {
        const agent = new UserAgent();
        const first = await begin(agent, '/first');
        let release: () => void = () => undefined;
        const asked = new Promise<void>((resolve) => {
          provider.script.hold = () => {
            resolve();
            return new Promise<void>((done) => {
              release = done;
            });
          };
        });
        const answered = agent.get(first);
        await asked;
        const second = await begin(agent, '/second');
        delete provider.script.hold;
        release();

        const ends = [await answered, await agent.get(second)];

        expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/first', '/second']);
        expect(provider.tokenRequests).to.have.length(2);
      });
    }

    it('begins anew after a login that was given up', async () => {
      const agent = new UserAgent();
      await begin(agent);

      const end = await agent.get(await begin(agent, '/second'));

      expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/second' } });
    });

    it('begins anew after a login that the user declined', async () => {
      const agent = new UserAgent();
      const declined = new URL(await begin(agent));
      declined.searchParams.delete('code');
      declined.searchParams.set('error', 'access_denied');
      const refusal = await agent.get(declined.href);

      const end = await agent.get(await begin(agent));

      expect(refusal.json().challenge).to.include({ code: 'ERR_JACCOUNT_AUTHORIZATION' });
      expect(end.json().exit).to.equal('success');
    });

    it('leaves pending logins alone when a state is forged [CB-05]', async () => {
      const agent = new UserAgent();
      const callback = await begin(agent);

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
      await begin(alice);
      const callback = await begin(mallory);

      const end = await alice.get(callback);

      expect(end.json().challenge).to.include({ reason: 'unknown' });
      expect(provider.tokenRequests).to.have.length(0);
    });

    for (const finished of [0, 8]) {
      it(`stays within what a browser takes as one cookie after ${finished} logins`, async () => {
        const agent = new UserAgent();
        const returnTo = '/courses/2026-autumn/operating-systems/assignments/7';
        const cookies: string[] = [];
        for (let login = 0; login < finished; login++) await agent.get(await begin(agent, returnTo));

        for (let tab = 0; tab < 9; tab++) {
          const { headers } = await agent.get(`${application.url}/login?returnTo=${returnTo}`);
          cookies.push(...headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] as string));
        }

        // RFC 6265bis, section 5.6: the browser ignores what is longer, and goes on with the cookie it has.
        expect(Math.max(0, ...cookies.map((cookie) => cookie.length))).to.be.at.most(4096);
      });
    }
  });
}
