import assert from 'node:assert/strict';
import { expect } from 'chai';
import type session from 'express-session';
import { MemoryStore } from 'express-session';
import {
  JaccountStrategy,
  type JaccountStrategyOptions,
  SessionTransactions,
  type Transaction,
  type TransactionStore,
} from 'passport-jaccount';
import type { Application } from '../support/application';
import { expressWith, frameworks, sessionlessFrameworks } from '../support/frameworks';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

for (const framework of frameworks) {
  describe(`SessionTransactions in ${framework.name}`, () => {
    let provider: Provider;
    let application: Application;

    beforeEach(async () => {
      provider = await startProvider();
      application = await framework.start({
        strategies: (callbackURL) => [strategyOf(provider, callbackURL)],
      });
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

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

    it('sends one token request for a callback that comes twice at once [CQ-20]', async () => {
      const agent = new UserAgent();
      const callback = await begin(agent);

      const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

      expect(ends.map(({ status }) => status).sort()).to.deep.equal([200, 403]);
      expect(provider.tokenRequests).to.have.length(1);
    });

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
      strategies: (callbackURL) => [strategyOf(provider, callbackURL, options)],
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
    it('sends nobody to jAccount when the login cannot be saved', async () => {
      const application = await start();
      store.broken = { set: 1 };

      const end = await new UserAgent().get(`${application.url}/login`);

      expect(end.location).to.equal(undefined);
      expect(end.status).to.equal(500);
      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
    });

    // A callback writes twice before it answers: the state is spent, then the user signed in.
    const faults: { when: string; broken: Broken; tokenRequests: number }[] = [
      { when: 'when the session cannot be loaded', broken: { get: 1 }, tokenRequests: 0 },
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
      { what: 'no lists', value: { pending: null, spent: null } },
      { what: 'texts for lists', value: { pending: 'x', spent: 'x' } },
      { what: 'objects for lists', value: { pending: { length: 1 }, spent: { length: 1 } } },
      {
        what: 'lists of anything',
        value: { pending: [null, 7, 'x', [], {}], spent: [null, 7, 'x', [], {}] },
      },
      { what: 'an entry without handle', value: { pending: [{ ...entry, handle: undefined }] } },
      { what: 'an entry whose handle is a number', value: { pending: [{ ...entry, handle: 7 }] } },
      { what: 'an entry whose nonce is an object', value: { pending: [{ ...entry, nonce: {} }] } },
      { what: 'an entry whose scope is a text', value: { pending: [{ ...entry, scope: 'openid' }] } },
      { what: 'an entry whose scope is of numbers', value: { pending: [{ ...entry, scope: [7] }] } },
      { what: 'an entry whose age is a text', value: { pending: [{ ...entry, createdAt: 'now' }] } },
      { what: 'spent entries of the wrong shape', value: { spent: [{ handle: 7 }, { returnTo: 7 }] } },
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
        expect(end.json().challenge.message).to.match(message);
      });
    }
  });

  describe('without any session', () => {
    let application: Application;
    beforeEach(async () => {
      application = await sessionlessFrameworks[0].start({
        strategies: (callbackURL) => [strategyOf(provider, callbackURL)],
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

  describe('with two strategies in one application [CB-10]', () => {
    const kinds = { jaccount: '/callback', campus: '/callback/campus' };

    async function startBoth(): Promise<Application> {
      const application = await frameworks[1]!.start({
        strategies: (callbackURL) => [
          strategyOf(provider, callbackURL),
          strategyOf(provider, `${callbackURL}/campus`, { name: 'campus', clientID: 'campus' }),
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

    // Two processes that share their sessions, of which one runs with other settings.
    const differences: { setting: string; options: Partial<JaccountStrategyOptions> }[] = [
      { setting: 'client id', options: { clientID: 'library' } },
      { setting: 'issuer', options: { issuer: 'http://localhost/oauth2/' } },
      { setting: 'name', options: { name: 'campus' } },
      { setting: 'callback URL', options: { callbackURL: 'https://other.example/callback' } },
    ];
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

  describe('with a user signed in when a login begins [CB-11]', () => {
    let application: Application;
    let agent: UserAgent;
    beforeEach(async () => {
      application = await start();
      agent = new UserAgent();
    });

    async function signIn(user: string): Promise<void> {
      provider.script.user = () => user;
      await agent.get(await beginAt(application, agent, '/'));
    }

    it('lets the same user end it', async () => {
      await signIn('zhangsan');
      const callback = await beginAt(application, agent, '/');

      expect((await agent.get(callback)).json().exit).to.equal('success');
    });

    it('refuses it once another user is signed in', async () => {
      await signIn('zhangsan');
      const callback = await beginAt(application, agent, '/');
      await signIn('lisi');

      const end = await agent.get(callback);

      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'user' });
      expect(await signedIn(application, agent)).to.equal('lisi');
      expect(provider.tokenRequests).to.have.length(2);
    });

    it('refuses it once nobody is signed in', async () => {
      await signIn('zhangsan');
      const callback = await beginAt(application, agent, '/');
      store.edit((kept) => delete kept.passport);

      const end = await agent.get(callback);

      expect(end.json().challenge).to.include({ reason: 'user' });
    });

    it('lets anybody end what began anonymously', async () => {
      const callback = await beginAt(application, agent, '/');
      await signIn('lisi');

      expect((await agent.get(callback)).json().exit).to.equal('success');
    });
  });
});

describe('a TransactionStore of the application', () => {
  let provider: Provider;
  let application: Application;

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(async () => {
    await application.stop();
    await provider.stop();
  });

  async function start(transactions: Partial<TransactionStore>): Promise<void> {
    const kept = new MapTransactions();
    const { put = kept.put.bind(kept), take = kept.take.bind(kept) } = transactions;
    application = await sessionlessFrameworks[0].start({
      strategies: (callbackURL) => [strategyOf(provider, callbackURL, { transactions: { put, take } })],
    });
  }

  it('signs a user in', async () => {
    await start({});
    const agent = new UserAgent();

    expect((await agent.get(await beginAt(application, agent, '/'))).json().exit).to.equal('success');
  });

  const answers: { what: string; value: unknown }[] = [
    { what: 'null', value: null },
    { what: 'undefined', value: undefined },
    { what: 'true', value: true },
    { what: 'a text', value: 'transaction' },
    { what: 'an object of nothing', value: {} },
    { what: 'a list', value: [transactionOf('one')] },
    { what: 'the transaction of another login', value: transactionOf('one') },
  ];
  for (const { what, value } of answers) {
    it(`that gives back ${what} signs nobody in`, async () => {
      await start({ take: async () => value as Transaction });
      const agent = new UserAgent();

      const end = await agent.get(await beginAt(application, agent, '/'));

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
      expect(provider.tokenRequests).to.have.length(0);
    });
  }

  const gone = new Error('the store is gone');
  const throwing = () => {
    throw gone;
  };
  for (const { how, fault } of [
    { how: 'rejects', fault: () => Promise.reject(gone) },
    { how: 'throws', fault: throwing },
  ]) {
    it(`that ${how} in put() sends nobody to jAccount`, async () => {
      await start({ put: fault });

      const end = await new UserAgent().get(`${application.url}/login`);

      expect(end.location).to.equal(undefined);
      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
    });

    it(`that ${how} in take() signs nobody in`, async () => {
      await start({ take: fault });
      const agent = new UserAgent();

      const end = await agent.get(await beginAt(application, agent, '/'));

      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
      expect(provider.tokenRequests).to.have.length(0);
    });
  }
});

/** Counts from which call on a method of a {@link FaultyStore} fails. */
type Broken = Partial<Record<'get' | 'set' | 'destroy', number>>;
type Done = (error?: unknown, ...values: any[]) => void;

/** A store of express-session that fails on demand and whose content can be changed. */
class FaultyStore extends MemoryStore {
  broken: Broken = {};
  private readonly kept = (this as unknown as { sessions: Record<string, string> }).sessions;

  contents(): object[] {
    return Object.values(this.kept).map((text) => JSON.parse(text));
  }

  edit(change: (kept: any) => unknown): void {
    for (const [id, text] of Object.entries(this.kept)) {
      const value = JSON.parse(text);
      change(value);
      this.kept[id] = JSON.stringify(value);
    }
  }

  override get(id: string, done: Done): void {
    this.fails('get') ? setImmediate(done, new Error('the store is gone')) : super.get(id, done);
  }

  override set(id: string, value: session.SessionData, done: Done): void {
    this.fails('set') ? setImmediate(done, new Error('the store is gone')) : super.set(id, value, done);
  }

  override destroy(id: string, done: Done): void {
    this.fails('destroy') ? setImmediate(done, new Error('the store is gone')) : super.destroy(id, done);
  }

  private fails(method: keyof Broken): boolean {
    const left = this.broken[method];
    if (left === undefined) return false;
    this.broken[method] = left - 1;
    return left <= 1;
  }
}

class MapTransactions implements TransactionStore {
  private readonly kept = new Map<string, Transaction>();

  async put(_req: unknown, transaction: Transaction): Promise<void> {
    this.kept.set(transaction.handle, transaction);
  }

  async take(_req: unknown, handle: string): Promise<Transaction | undefined> {
    const transaction = this.kept.get(handle);
    this.kept.delete(handle);
    return transaction;
  }
}

function transactionOf(handle: string): Transaction {
  return {
    handle,
    binding: 'binding',
    redirectURI: 'http://localhost/callback',
    scope: ['openid'],
    createdAt: Date.now(),
  };
}

function strategyOf(
  provider: Provider,
  callbackURL: string,
  options: Partial<JaccountStrategyOptions> = {},
): JaccountStrategy {
  return new JaccountStrategy(
    { ...provider.client, ...provider.endpoints, callbackURL, ...options },
    async ({ profile }) => ({ id: profile.id }),
  );
}

async function beginAt({ url }: Application, agent: UserAgent, returnTo: string): Promise<string> {
  const { location } = await agent.follow(await agent.get(`${url}/login?returnTo=${returnTo}`), url);
  return location as string;
}

async function signedIn({ url }: Application, agent: UserAgent): Promise<string | undefined> {
  return (await agent.get(`${url}/me`)).json().user?.id;
}
