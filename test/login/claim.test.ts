import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import {
  CookieTransactions,
  type CookieTransactionsOptions,
  SessionTransactions,
  type TransactionStore,
} from 'passport-jaccount';
import type { Application } from '../support/application';
import { type AtOnce, countCallbacks } from '../support/at-once';
import { answerLast } from '../support/first-answer';
import { expressWith, type Framework, frameworks } from '../support/frameworks';
import { beginAt, signedIn, strategyOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { cookieSecret as secret } from '../support/sealed-cookies';
import { UserAgent } from '../support/user-agent';

type Claim = NonNullable<TransactionStore['claim']>;

/** Where pending logins wait, on machines that share nothing else, but for the sessions where they are in a store. */
const kinds: {
  name: string;
  make(claim: Claim, options?: CookieTransactionsOptions): TransactionStore;
  framework(store: MemoryStore): Framework;
}[] = [
  {
    name: 'CookieTransactions',
    make: (claim, options = {}) => new CookieTransactions({ claim, ...options }),
    framework: (store) => expressWith({ store }),
  },
  {
    name: 'SessionTransactions in a store',
    make: (claim) => new SessionTransactions({ claim }),
    framework: (store) => expressWith({ store }),
  },
  {
    name: 'SessionTransactions in a cookie',
    make: (claim) => new SessionTransactions({ claim }),
    framework: () => frameworks.find(({ name }) => name === 'Express 5 with cookie-session') as Framework,
  },
];

for (const { name, make, framework } of kinds) {
  describe(`the option claim of ${name}`, () => {
    let provider: Provider;
    let store: MemoryStore;
    let agent: UserAgent;
    let asked: [handle: string, milliseconds: number][];
    const applications: Application[] = [];

    beforeEach(async () => {
      provider = await startProvider();
      store = new MemoryStore();
      agent = new UserAgent();
      asked = [];
    });
    afterEach(async () => {
      await Promise.all(applications.splice(0).map((application) => application.stop()));
      await provider.stop();
    });

    async function start(
      claim: Claim,
      { callbackURL, store: through }: { callbackURL?: string; store?: AtOnce['store'] } = {},
    ) {
      const watched: Claim = (handle, milliseconds) => {
        asked.push([handle, milliseconds]);
        return claim(handle, milliseconds);
      };
      // The strategy knows what stands in front of its store as a store of the application's own, without its secret.
      const transactions = through ? through(make(watched, { secret })) : make(watched);
      const application = await framework(store).start({
        strategies: (own) => [strategyOf(provider, callbackURL ?? own, { transactions })],
      });
      applications.push(application);
      return application;
    }

    async function startTwo(claim: Claim): Promise<[Application, Application]> {
      const first = await start(claim);
      return [first, await start(claim, { callbackURL: first.callbackURL })];
    }

    const firstCome = (): Claim => {
      const claimed = new Set<string>();
      return async (handle) => claimed.size < claimed.add(handle).size;
    };
    const at = ({ callbackURL }: Application, callback: string) => callbackURL + new URL(callback).search;

    it('lets one of two machines send a code that comes to both at once [CQ-20]', async () => {
      const machines = await startTwo(firstCome());
      const callback = await beginAt(machines[0], agent);
      const headers = { cookie: await agent.jar.getCookieString(callback) };

      const ends = await answerLast(
        provider,
        machines.map((machine) => () => new UserAgent().get(at(machine, callback), { headers })),
      );

      const [winner, loser] = ends.toSorted((one, other) => one.status - other.status);
      expect(winner?.json()).to.deep.include({ exit: 'success', user: { id: 'zhangsan' } });
      expect(loser?.status).to.equal(403);
      expect(loser?.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('sends the browser of the loser on once it is signed in', async () => {
      const machines = await startTwo(firstCome());
      const callback = await beginAt(machines[0], agent, '/wanted');
      const ends = await answerLast(
        provider,
        machines.map((machine) => () => agent.get(at(machine, callback))),
      );
      const loser = machines[ends.findIndex(({ status }) => status === 403)] as Application;

      const reload = await agent.get(at(loser, callback));

      expect(reload.status).to.equal(302);
      expect(new URL(reload.location as string).pathname).to.equal('/wanted');
      expect(await signedIn(loser, agent)).to.equal('zhangsan');
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('lets each callback through once, whichever machine it comes to', async () => {
      const machines = await startTwo(firstCome());
      for (const machine of machines) {
        const browser = new UserAgent();
        const callback = await beginAt(machines[0], browser);

        expect((await browser.get(at(machine, callback))).json().exit).to.equal('success');
      }

      expect(asked).to.have.length(2);
      expect(provider.tokenRequests).to.have.length(2);
    });

    it('is asked for a digest, and for ten minutes', async () => {
      const application = await start(() => true);
      const callback = await beginAt(application, agent);
      const { searchParams } = new URL(callback);

      await agent.get(callback);

      const [[handle, milliseconds] = expect.fail('it was not asked'), ...others] = asked;
      expect(others).to.deep.equal([]);
      expect(handle).to.match(/^[\w-]{22}$/);
      expect(handle).not.to.be.oneOf([searchParams.get('state'), searchParams.get('code')]);
      expect(milliseconds).to.equal(600_000);
    });

    it('is asked once for a callback that comes twice at once to one machine', async () => {
      const both = countCallbacks(2);
      const application = await start(firstCome(), both);
      provider.script.hold = () => both.reached;
      const callback = await beginAt(application, agent);

      const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(asked).to.have.length(1);
    });

    const refusals: { what: string; claim: Claim }[] = [
      { what: 'false', claim: () => false },
      { what: 'a promise of false', claim: async () => false },
    ];
    for (const { what, claim } of refusals) {
      it(`ends a login in 403 by ${what}`, async () => {
        const application = await start(claim);

        const end = await agent.get(await beginAt(application, agent, '/wanted'));

        expect(end.status).to.equal(403);
        expect(end.json().challenge).to.include({
          code: 'ERR_JACCOUNT_STATE',
          reason: 'used',
          returnTo: '/wanted',
        });
        expect(await signedIn(application, agent)).to.equal(undefined);
        expect(provider.tokenRequests).to.have.length(0);
      });
    }

    const faults: { what: string; claim: Claim }[] = [
      {
        what: 'throws',
        claim: () => {
          throw new Error('Redis is gone');
        },
      },
      { what: 'rejects', claim: () => Promise.reject(new Error('Redis is gone')) },
    ];
    for (const { what, claim } of faults) {
      it(`ends a login in an error where it ${what}`, async () => {
        const application = await start(claim);

        const end = await agent.get(await beginAt(application, agent));

        expect(end.status).to.equal(500);
        expect(end.json()).to.include({ exit: 'error', message: 'Redis is gone' });
        expect(await signedIn(application, agent)).to.equal(undefined);
        expect(provider.tokenRequests).to.have.length(0);
      });
    }

    it('lets another login through after one for which it failed', async () => {
      const answers = [() => Promise.reject(new Error('Redis is gone')), () => true];
      const application = await start(() => (answers.shift() as () => boolean)());
      await agent.get(await beginAt(application, agent));

      const end = await agent.get(await beginAt(application, agent));

      expect(end.json().exit).to.equal('success');
    });

    describe('is not asked', () => {
      it('for a login that begins', async () => {
        await beginAt(await start(() => true), agent);

        expect(asked).to.deep.equal([]);
      });

      it('for a login that the user declined', async () => {
        const application = await start(() => false);
        provider.script.response = { code: '', error: 'access_denied' };

        const end = await agent.get(await beginAt(application, agent));

        expect(end.status).to.equal(401);
        expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_AUTHORIZATION' });
        expect(asked).to.deep.equal([]);
      });

      it('for a login that another browser began [CQ-21]', async () => {
        const application = await start(() => true);
        await beginAt(application, agent);

        const end = await agent.get(await beginAt(application, new UserAgent()));

        expect(end.json().challenge).to.include({ reason: 'unknown' });
        expect(asked).to.deep.equal([]);
      });

      it('for a reload [CQ-19]', async () => {
        const application = await start(() => true);
        const callback = await beginAt(application, agent);
        await agent.get(callback);

        expect((await agent.get(callback)).status).to.equal(302);
        expect(asked).to.have.length(1);
      });
    });

    // Of two sessions in cookies the browser keeps the one that comes last, whoever signed in by the other.
    if (name === 'SessionTransactions in a cookie') return;

    // The answer of the machine that came too late must not undo what the other has left in the browser.
    it('leaves the end of the login to the winner, whose answer comes first', async () => {
      let winnerEnds: (value: unknown) => void = () => undefined;
      const ended = new Promise((resolve) => {
        winnerEnds = resolve;
      });
      const claimed = firstCome();
      const machines = await startTwo(async (handle, milliseconds) => {
        if (await claimed(handle, milliseconds)) return true;
        await ended;
        return false;
      });
      const callback = await beginAt(machines[0], agent, '/wanted');
      const visits = machines.map((machine) => agent.get(at(machine, callback)));
      for (const visit of visits) void visit.then(winnerEnds);

      const ends = await Promise.all(visits);
      const reload = await agent.get(callback);

      expect(ends.map(({ status }) => status).sort()).to.deep.equal([200, 403]);
      expect(reload.status).to.equal(302);
      expect(new URL(reload.location as string).pathname).to.equal('/wanted');
    });
  });
}
