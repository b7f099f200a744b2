import { expect } from 'chai';
import { CookieTransactions, SessionTransactions } from 'passport-jaccount';
import type { Application } from '../support/application';
import { FaultyStore } from '../support/faulty-store';
import { expressWith, replyOf } from '../support/frameworks';
import { beginAt, signedIn, strategyOf } from '../support/login-steps';
import { applications, type Users } from '../support/own-users';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

const stores = {
  CookieTransactions: () => new CookieTransactions(),
  SessionTransactions: () => new SessionTransactions(),
};

for (const [title, make] of Object.entries(stores)) {
  describe(`the user who was signed in when a login began, with ${title} [CB-11]`, () => {
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

    async function beginAs(account: string): Promise<string> {
      provider.script.user = () => account;
      return beginAt(application, agent);
    }

    async function signIn(account: string): Promise<void> {
      await agent.get(await beginAs(account));
    }

    it('may end it', async () => {
      await signIn('zhangsan');
      const callback = await beginAs('zhangsan');

      expect((await agent.get(callback)).json().exit).to.equal('success');
    });

    it('may end it as another account', async () => {
      await signIn('zhangsan');
      const callback = await beginAs('lisi');

      const end = await agent.get(callback);

      expect(end.json()).to.deep.include({ exit: 'success', user: { id: 'lisi' } });
      expect(await signedIn(application, agent)).to.equal('lisi');
    });

    it('may not end it once another user is signed in', async () => {
      await signIn('zhangsan');
      const callback = await beginAs('zhangsan');
      await signIn('lisi');

      const end = await agent.get(callback);

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'user' });
      expect(await signedIn(application, agent)).to.equal('lisi');
      expect(provider.tokenRequests).to.have.length(2);
    });

    it('may not end it once nobody is signed in', async () => {
      await signIn('zhangsan');
      const callback = await beginAs('zhangsan');
      store.edit((kept) => delete kept.passport);

      const end = await agent.get(callback);

      expect(end.json().challenge).to.include({ reason: 'user' });
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('may end it once, whoever tried before', async () => {
      await signIn('zhangsan');
      const callback = await beginAs('zhangsan');
      await signIn('lisi');
      await agent.get(callback);
      await signIn('zhangsan');

      const end = await agent.get(callback);

      expect(end.status).to.equal(403);
      expect(provider.tokenRequests).to.have.length(3);
    });

    describe('was nobody', () => {
      it('so it may end as any account while nobody has signed in', async () => {
        const callback = await beginAs('zhangsan');

        expect((await agent.get(callback)).json().exit).to.equal('success');
      });

      it('so it may end as the account that has signed in since', async () => {
        const callback = await beginAs('lisi');
        await signIn('lisi');

        expect((await agent.get(callback)).json().exit).to.equal('success');
      });

      // A stranger may have begun it elsewhere and planted it in this browser.
      it('so it may not end as another account than the one that has signed in since', async () => {
        const callback = await beginAs('zhangsan');
        await signIn('lisi');

        const end = await agent.get(callback);

        expect(end.status).to.equal(403);
        expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'user' });
        expect(await signedIn(application, agent)).to.equal('lisi');
      });

      it('so it may not end as another account, even if that user has signed out again', async () => {
        const callback = await beginAs('zhangsan');
        await signIn('lisi');
        store.edit((kept) => delete kept.passport);

        const end = await agent.get(callback);

        expect(end.json().challenge).to.include({ reason: 'user' });
        expect(await signedIn(application, agent)).to.equal(undefined);
      });

      it('though somebody had signed in before, so it may end as any account', async () => {
        await signIn('lisi');
        store.edit((kept) => delete kept.passport);
        const callback = await beginAs('zhangsan');

        expect((await agent.get(callback)).json().exit).to.equal('success');
      });
    });
  });
}

// What an application may set as its user.
const kinds: { what: string; users: Users }[] = [
  { what: 'an account', users: { load: (account) => account } },
  { what: 'a number', users: { load: (account) => account.length } },
  { what: '{ id }', users: { load: (account, request) => ({ id: account, request }) } },
  { what: '{ id } of a bigint', users: { load: (account) => ({ id: BigInt(account.length) }) } },
  { what: '{ id } of an object', users: { load: (account) => ({ id: { tenant: 1, account } }) } },
  { what: '{ account }', users: { load: (account, request) => ({ account, request }) } },
  { what: '{ name }', users: { load: (account) => ({ name: account }) } },
  { what: '{ name } beside an empty id', users: { load: (account) => ({ id: '', name: account }) } },
  {
    what: 'members in another order each time',
    users: {
      load: (account, request) =>
        request % 2 === 0 ? { name: account, role: { a: 1, b: 2 } } : { role: { b: 2, a: 1 }, name: account },
    },
  },
  { what: 'bigint members', users: { load: (account) => ({ number: BigInt(account.length), of: [1n] }) } },
  { what: 'a date', users: { load: (account) => ({ since: new Date(account.length) }) } },
  { what: 'an object that holds itself', users: { load: (account) => itself({ name: account }) } },
  {
    what: 'an object that holds itself, its members in another order each time',
    users: {
      load: (account, request) =>
        itself(request % 2 === 0 ? { name: account, role: 'x' } : { role: 'x', name: account }),
    },
  },
  {
    what: 'an object that holds itself and a bigint',
    users: { load: (account) => itself({ number: BigInt(account.length) }) },
  },
  {
    what: '{ name } beside session.passport = {}',
    users: { load: (account) => ({ name: account }), passport: {} },
  },
  {
    what: '{ name } in a property of another name',
    users: { load: (account) => ({ name: account }), userProperty: 'member' },
  },
  {
    what: 'an account that Passport keeps in the session',
    users: { load: (account) => ({ name: account }), inSession: true },
  },
  {
    what: 'an account that Passport keeps in the session, whose object changes each time',
    users: { load: (_account, request) => ({ request }), inSession: true },
  },
  {
    what: 'an account that Passport keeps in the session, in a property of another name',
    users: { load: (account) => ({ name: account }), inSession: true, userProperty: 'member' },
  },
];

for (const { name, start } of applications) {
  describe(`the user who began a login on ${name} [CB-11]`, () => {
    let provider: Provider;
    let application: Application;
    let agent: UserAgent;

    beforeEach(async () => {
      provider = await startProvider();
      agent = new UserAgent();
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

    const become = (account: string) => agent.get(`${application.url}/as/${account}`);

    for (const { what, users } of kinds) {
      describe(`and is ${what}`, () => {
        beforeEach(async () => {
          const responseOf = name.startsWith('Fastify') ? replyOf : undefined;
          const transactions = new CookieTransactions({ ...(responseOf && { responseOf }) });
          application = await start(
            (callbackURL) => strategyOf(provider, callbackURL, { transactions }),
            users,
          );
        });

        it('may finish it', async () => {
          await become('alice');
          const callback = await beginAt(application, agent);

          expect((await agent.get(callback)).json().exit).to.equal('success');
        });

        it('may finish it after somebody else was there', async () => {
          await become('alice');
          const callback = await beginAt(application, agent);
          await become('mallory');
          await become('alice');

          expect((await agent.get(callback)).json().exit).to.equal('success');
        });

        for (const other of ['mallory', 'nobody']) {
          it(`may not leave it to ${other}`, async () => {
            await become('alice');
            const callback = await beginAt(application, agent);
            await become(other);

            const end = await agent.get(callback);

            expect(end.status).to.equal(403);
            expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'user' });
            expect(provider.tokenRequests).to.have.length(0);
          });
        }
      });
    }
  });
}

function itself(user: Record<string, unknown>): object {
  return Object.assign(user, { self: user });
}
