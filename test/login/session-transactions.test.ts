import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type session from 'express-session';
import { type JaccountStrategyOptions, SessionTransactions, type Transaction } from 'passport-jaccount';
import type { Application } from '../support/application';
import { countCallbacks } from '../support/at-once';
import { type Broken, FaultyStore } from '../support/faulty-store';
import { expressWith, sessionlessFrameworks } from '../support/frameworks';
import { beginAt, signedIn, strategyOf, transactionOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

describe('SessionTransactions', () => {
  let provider: Provider;
  let store: FaultyStore;
  const applications: Application[] = [];

  beforeEach(async () => {
    provider = await startProvider();
    store = new FaultyStore();
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    await provider.stop();
  });

  async function start(
    options: Partial<JaccountStrategyOptions> = {},
    cookie: session.CookieOptions = {},
  ): Promise<Application> {
    const application = await expressWith({ store, cookie }).start({
      strategies: (callbackURL) => [
        strategyOf(provider, callbackURL, { transactions: new SessionTransactions(), ...options }),
      ],
    });
    applications.push(application);
    return application;
  }

  it('forgets the oldest of nine pending logins', async () => {
    const application = await start();
    const agent = new UserAgent();
    const tabs: string[] = [];
    for (let tab = 0; tab < 9; tab++) tabs.push(await beginAt(application, agent, `/${tab}`));

    const ends: string[] = [];
    for (const tab of tabs) {
      const { exit, info, challenge } = (await agent.get(tab)).json();
      ends.push(exit === 'success' ? info.returnTo : challenge.reason);
    }

    expect(ends).to.deep.equal(['unknown', '/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8']);
  });

  // A clock may have been set back a little since a login began.
  const ages: { age: string; milliseconds: number; outcome: object }[] = [
    { age: 'of 9 minutes 50', milliseconds: 590_000, outcome: { exit: 'success' } },
    { age: 'of 10 minutes', milliseconds: 600_000, outcome: { exit: 'fail', reason: 'expired' } },
    { age: 'of a year', milliseconds: 31_557_600_000, outcome: { exit: 'fail', reason: 'expired' } },
    { age: 'from 50 seconds ahead', milliseconds: -50_000, outcome: { exit: 'success' } },
    { age: 'from 2 minutes ahead', milliseconds: -120_000, outcome: { exit: 'fail', reason: 'expired' } },
  ];
  for (const { age, milliseconds, outcome } of ages) {
    it(`ends a pending login ${age} in ${JSON.stringify(outcome)}`, async () => {
      const application = await start();
      const agent = new UserAgent();
      const callback = await beginAt(application, agent, '/');
      store.edit(({ 'passport-jaccount': { pending } }) => {
        for (const entry of pending) entry.createdAt -= milliseconds;
      });

      const { exit, challenge } = (await agent.get(callback)).json();

      expect({ exit, ...(challenge && { reason: challenge.reason }) }).to.deep.equal(outcome);
    });
  }

  it('drops expired logins when another begins', async () => {
    const application = await start();
    const agent = new UserAgent();
    await beginAt(application, agent, '/old');
    store.edit(({ 'passport-jaccount': { pending } }) => {
      pending[0].createdAt -= 600_000;
    });

    await beginAt(application, agent, '/new');

    const [{ 'passport-jaccount': ledger }] = store.contents() as [any];
    expect(ledger.pending.map(({ returnTo }: Transaction) => returnTo)).to.deep.equal(['/new']);
  });

  it('keeps neither state nor user in readable form', async () => {
    const application = await start();
    const agent = new UserAgent();
    await agent.get(await beginAt(application, agent, '/'));
    const state = new URL(await beginAt(application, agent, '/')).searchParams.get('state') as string;

    const [{ 'passport-jaccount': ledger }] = store.contents() as [any];

    expect(ledger.pending[0]).to.include.keys('handle', 'user');
    expect(JSON.stringify(ledger)).not.to.include(state).and.not.to.include('zhangsan');
  });

  it('lets nothing but pending logins outlive the session of before the login [SE-02]', async () => {
    const application = await start();
    const agent = new UserAgent();
    const callback = await beginAt(application, agent, '/one');
    await beginAt(application, agent, '/two');
    store.edit((kept) => Object.assign(kept, { csrfToken: 'planted', cart: [1] }));

    await agent.get(callback);

    const [kept, ...others] = store.contents() as any[];
    expect(others).to.deep.equal([]);
    expect(kept).to.have.all.keys('cookie', 'passport', 'passport-jaccount');
    expect(kept['passport-jaccount'].pending.map(({ returnTo }: Transaction) => returnTo)).to.deep.equal([
      '/two',
    ]);
  });

  describe('remembers of logins that ended', () => {
    // The longest that is remembered.
    const returnTo = '/courses/2026-autumn/operating-systems/assignments/7'.padEnd(64, '0');

    async function signIn(application: Application, agent: UserAgent, account: string): Promise<string> {
      provider.script.user = () => account;
      const callback = await beginAt(application, agent, returnTo);
      expect((await agent.get(callback)).json().exit).to.equal('success');
      return new URL(callback).searchParams.get('state') as string;
    }

    const ledgerIn = () => {
      const [{ 'passport-jaccount': ledger }, ...others] = store.contents() as [any];
      expect(others).to.deep.equal([]);
      return ledger;
    };

    it('only which account it was, when, and where it led', async () => {
      const [application, agent, began] = [await start(), new UserAgent(), Date.now()];
      const state = await signIn(application, agent, 'zhangsan');

      const { pending, ended } = ledgerIn();

      const [{ endedAt, ...rest }, ...others] = ended;
      expect([pending, others]).to.deep.equal([[], []]);
      expect(rest).to.deep.equal({ handle: digestOf(state), account: digestOf('zhangsan'), returnTo });
      expect(endedAt).to.be.within(began, Date.now());
    });

    it('two, the newest', async () => {
      const [application, agent] = [await start(), new UserAgent()];
      const states: string[] = [];
      for (const account of ['zhangsan', 'lisi', 'wangwu', 'zhaoliu'])
        states.push(await signIn(application, agent, account));

      const { ended } = ledgerIn();

      const handles = ended.map(({ handle }: { handle: string }) => handle);
      expect(handles).to.deep.equal(states.slice(2).map(digestOf).toReversed());
    });

    // A session is loaded at every later request.
    it('no more than 400 octets', async () => {
      const [application, agent] = [await start(), new UserAgent()];
      for (const account of ['zhangsan', 'lisi', 'wangwu']) await signIn(application, agent, account);

      expect(JSON.stringify(ledgerIn()).length).to.be.at.most(400);
    });

    it('the last that signed in, whatever failed since', async () => {
      const [application, agent] = [await start(), new UserAgent()];
      const state = await signIn(application, agent, 'zhangsan');
      provider.script.token = () => ({ status: 500, json: {} });
      for (let round = 0; round < 3; round++) await agent.get(await beginAt(application, agent));

      const { ended } = ledgerIn();

      expect(ended.map(({ account }: { account?: string }) => account)).to.deep.equal([
        undefined,
        digestOf('zhangsan'),
      ]);
      expect(ended[1].handle).to.equal(digestOf(state));
    });

    it('nothing after ten minutes', async () => {
      const [application, agent] = [await start(), new UserAgent()];
      const state = await signIn(application, agent, 'zhangsan');
      store.edit(({ 'passport-jaccount': { ended } }) => {
        for (const entry of ended) entry.endedAt -= 600_000;
      });

      await beginAt(application, agent);

      const { pending, ended } = ledgerIn();
      expect(ended).to.deep.equal([]);
      expect(pending[0].after).to.equal(undefined);
      expect(JSON.stringify(pending)).not.to.include(digestOf(state));
    });

    it('no long returnTo', async () => {
      const [application, agent] = [await start(), new UserAgent()];
      const long = `/${'x'.repeat(64)}`;

      const end = await agent.get(await beginAt(application, agent, long));

      expect(end.json().info.returnTo).to.equal(long);
      expect(ledgerIn().ended[0]).to.have.all.keys('handle', 'account', 'endedAt');
    });
  });

  describe('where two requests have loaded the session before one of them saves it', () => {
    it('keeps both of two logins that begin', async () => {
      const application = await start();
      const agent = new UserAgent();
      await beginAt(application, agent);
      store.meet(2);
      const tabs = ['/one', '/two'];

      const callbacks = await Promise.all(tabs.map((tab) => beginAt(application, agent, tab)));
      const ends: string[] = [];
      for (const callback of callbacks) ends.push((await agent.get(callback)).json().info?.returnTo);

      expect(ends).to.deep.equal(tabs);
    });

    it('keeps a login that begins while another ends', async () => {
      const application = await start();
      const agent = new UserAgent();
      const first = await beginAt(application, agent, '/first');
      store.meet(2);

      const [end, second] = await Promise.all([agent.get(first), beginAt(application, agent, '/second')]);
      const ends = [end, await agent.get(second), await agent.get(first)];

      expect(ends.slice(0, 2).map((one) => one.json().info?.returnTo)).to.deep.equal(['/first', '/second']);
      expect(ends[2]?.location).to.equal(`${application.url}/first`);
      expect(provider.tokenRequests).to.have.length(2);
    });

    it('sends one token request for two equal callbacks, whose outcome both get [CQ-20]', async () => {
      const both = countCallbacks(2);
      const application = await start({ transactions: both.store(new SessionTransactions()) });
      const agent = new UserAgent();
      const callback = await beginAt(application, agent, '/wanted');
      provider.script.hold = () => both.reached;
      store.meet(2);

      const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/wanted', '/wanted']);
      expect(provider.tokenRequests).to.have.length(1);
    });
  });

  it('writes its value whole, so that a session sees the change', async () => {
    const kept: Record<string, unknown> = {};
    const transactions = new SessionTransactions();
    await transactions.put({ session: kept } as never, transactionOf('one'));
    const before = kept['passport-jaccount'];
    const copy = structuredClone(before);

    await transactions.put({ session: kept } as never, transactionOf('two'));

    expect(kept['passport-jaccount']).not.to.equal(before);
    expect(before).to.deep.equal(copy);
  });

  it('keeps to the key it is given', async () => {
    const kept: Record<string, unknown> = {};

    await new SessionTransactions({ key: 'campus' }).put({ session: kept } as never, transactionOf('one'));

    expect(kept).to.have.all.keys('campus');
  });

  describe('cannot be made', () => {
    const misuses: { what: string; options: unknown; message: RegExp }[] = [
      { what: 'with an empty key', options: { key: '' }, message: /key/ },
      { what: 'with a number for a key', options: { key: 7 }, message: /key/ },
      { what: 'with null for a key', options: { key: null }, message: /key/ },
      { what: 'with a number for claim', options: { claim: 7 }, message: /claim/ },
      { what: 'with null for claim', options: { claim: null }, message: /claim/ },
      { what: 'with an unknown option', options: { sessionKey: 'campus' }, message: /sessionKey/ },
    ];
    for (const { what, options, message } of misuses) {
      it(what, () => {
        assert.throws(() => new SessionTransactions(options as { key: string }), {
          name: 'TypeError',
          message,
        });
      });
    }
  });

  describe('on a session store that fails', () => {
    it('sends nobody to jAccount when the session cannot be read again', async () => {
      const application = await start();
      const agent = new UserAgent();
      await beginAt(application, agent);
      store.broken = { get: 2 };

      const end = await agent.get(`${application.url}/login`);

      expect(end.location).to.equal(undefined);
      expect(end.status).to.equal(500);
      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
    });

    // What it has read before is enough.
    it('signs a user in, and keeps the other tab, when the session cannot be read a third time', async () => {
      const application = await start();
      const agent = new UserAgent();
      const tabs = [await beginAt(application, agent, '/one'), await beginAt(application, agent, '/two')];
      store.broken = { get: 3 };

      const first = await agent.get(tabs[0] as string);
      store.broken = {};
      const second = await agent.get(tabs[1] as string);

      expect([first, second].map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
      expect(await signedIn(application, agent)).to.equal('zhangsan');
    });

    it('sends nobody to jAccount when the login cannot be saved', async () => {
      const application = await start();
      store.broken = { set: 1 };

      const end = await new UserAgent().get(`${application.url}/login`);

      expect(end.location).to.equal(undefined);
      expect(end.status).to.equal(500);
      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
    });

    // A callback reads twice before it sends the code, when the session is loaded and when the state is spent. It writes
    // twice before it answers: the state is spent, then the user signed in.
    const faults: { when: string; broken: Broken; tokenRequests: number }[] = [
      { when: 'when the session cannot be loaded', broken: { get: 1 }, tokenRequests: 0 },
      { when: 'when the session cannot be read again', broken: { get: 2 }, tokenRequests: 0 },
      { when: 'when the state cannot be spent', broken: { set: 1 }, tokenRequests: 0 },
      { when: 'when the session cannot be regenerated', broken: { destroy: 1 }, tokenRequests: 1 },
      { when: 'when the user cannot be saved', broken: { set: 2 }, tokenRequests: 1 },
    ];
    for (const { when, broken, tokenRequests } of faults) {
      it(`signs nobody in ${when} [FI-20]`, async () => {
        const application = await start();
        const agent = new UserAgent();
        const callback = await beginAt(application, agent, '/');
        store.broken = broken;

        const end = await agent.get(callback);
        store.broken = {};

        expect(end.status).to.equal(500);
        expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
        expect(await signedIn(application, agent)).to.equal(undefined);
        expect(provider.tokenRequests).to.have.length(tokenRequests);
      });

      it(`begins anew after it failed ${when}`, async () => {
        const application = await start();
        const agent = new UserAgent();
        const callback = await beginAt(application, agent, '/');
        store.broken = broken;
        await agent.get(callback);
        store.broken = {};

        const end = await agent.get(await beginAt(application, agent, '/'));

        expect(end.json().exit).to.equal('success');
      });
    }
  });

  describe('survives a session that holds', () => {
    const entry = transactionOf('one');
    const contents: { what: string; value: unknown }[] = [
      { what: 'null', value: null },
      { what: 'a number', value: 7 },
      { what: 'a string', value: 'pending' },
      { what: 'a list', value: [] },
      { what: 'an object of nothing', value: {} },
      { what: 'no lists', value: { pending: null, ended: null } },
      { what: 'texts for lists', value: { pending: 'x', ended: 'x' } },
      { what: 'objects for lists', value: { pending: { length: 1 }, ended: { length: 1 } } },
      {
        what: 'lists of anything',
        value: { pending: [null, 7, 'x', [], {}], ended: [null, 7, 'x', [], {}] },
      },
      { what: 'an entry without handle', value: { pending: [{ ...entry, handle: undefined }] } },
      { what: 'an entry whose handle is a number', value: { pending: [{ ...entry, handle: 7 }] } },
      { what: 'an entry whose nonce is an object', value: { pending: [{ ...entry, nonce: {} }] } },
      { what: 'an entry whose scope is a text', value: { pending: [{ ...entry, scope: 'openid' }] } },
      { what: 'an entry whose scope is of numbers', value: { pending: [{ ...entry, scope: [7] }] } },
      { what: 'an entry whose age is a text', value: { pending: [{ ...entry, createdAt: 'now' }] } },
      { what: 'an entry after a text', value: { pending: [{ ...entry, after: 'x' }] } },
      {
        what: 'ended entries of the wrong shape',
        value: { ended: [{ handle: 7, endedAt: 7 }, { returnTo: 7 }, { handle: 'x', endedAt: '7' }] },
      },
      { what: 'what an older version kept', value: { pending: [], spent: [{ handle: 'x', returnTo: '/' }] } },
      { what: 'what passport-oauth2 keeps', value: { state: { handle: 'x', code_verifier: 'y' } } },
    ];
    for (const { what, value } of contents) {
      it(`${what} [CK-10]`, async () => {
        const application = await start();
        const agent = new UserAgent();
        const callback = await beginAt(application, agent, '/');
        store.edit((kept) => Object.assign(kept, { 'passport-jaccount': value }));

        const refused = await agent.get(callback);
        const end = await agent.get(await beginAt(application, agent, '/'));

        expect(refused.status).to.equal(403);
        expect(refused.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
        expect(end.json().exit).to.equal('success');
      });
    }

    // A shape that is right in all but one member, to prove that the rows above fail for their own reason.
    it('an entry of its own [CK-10]', async () => {
      const application = await start();
      const agent = new UserAgent();
      const callback = await beginAt(application, agent, '/');
      store.edit((kept) => Object.assign(kept, { 'passport-jaccount': { ...kept['passport-jaccount'] } }));

      expect((await agent.get(callback)).json().exit).to.equal('success');
    });
  });

  describe('explains a session cookie that was lost', () => {
    const losses: { cookie: session.CookieOptions; message: RegExp }[] = [
      { cookie: { sameSite: 'strict' }, message: /SameSite=Strict.* use "lax"$/ },
      { cookie: { sameSite: true }, message: /SameSite=Strict.* use "lax"$/ },
      { cookie: { secure: true }, message: /Secure.* over http: .*"trust proxy"$/ },
      { cookie: { sameSite: 'lax' }, message: /^the browser sent no pending login/ },
      { cookie: {}, message: /^the browser sent no pending login/ },
    ];
    for (const { cookie, message } of losses) {
      it(`by ${JSON.stringify(cookie)}`, async () => {
        const application = await start({}, cookie);
        const callback = await beginAt(application, new UserAgent(), '/');

        const end = await new UserAgent().get(callback);

        expect(end.status).to.equal(403);
        expect(end.json().challenge).to.include({ reason: 'no-transaction' });
        expect(end.json().challenge.detail).to.match(message);
      });
    }
  });

  describe('without any session', () => {
    let application: Application;
    beforeEach(async () => {
      application = await sessionlessFrameworks[0].start({
        strategies: (callbackURL) => [
          strategyOf(provider, callbackURL, { transactions: new SessionTransactions() }),
        ],
      });
      applications.push(application);
    });

    it('begins no login, naming the way out', async () => {
      const end = await new UserAgent().get(`${application.url}/login`);

      expect(end.json()).to.include({ exit: 'error', name: 'TypeError' });
      expect(end.json().message).to.match(/session middleware before .*new CookieTransactions/);
    });

    it('ends no login, for the reason no-session', async () => {
      const end = await new UserAgent().get(`${application.callbackURL}?code=x&state=${'x'.repeat(43)}`);

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ reason: 'no-session' });
    });
  });
});

// 132 bits, so that sessions stay small.
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
