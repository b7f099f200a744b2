import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { Passport } from 'passport';
import { CookieTransactions, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import { type Answer, type Provider, startProvider } from './support/provider';
import { serve } from './support/serve';
import { UserAgent } from './support/user-agent';
import { WitnessedStrategy } from './support/witness';

type Done = (error?: unknown, value?: unknown) => void;

/** What an application does wrong; what is left out, it does right. */
interface Setting {
  options?: Partial<JaccountStrategyOptions>;
  /** The callback of passport.authenticate(), in place of its own answers. */
  callback?: (error: unknown, user: unknown, next: express.NextFunction) => unknown;
  serializeUser?: (user: unknown, done: Done) => void;
  deserializeUser?: (user: unknown, done: Done) => void;
  store?: session.Store;
  beforeLogin?: RequestHandler;
  beforeCallback?: RequestHandler;
  afterCallback?: RequestHandler;
}

const mistake = () => new Error('of the application');

const identity = (user: unknown, done: Done) => done(null, user);

function fail(): never {
  throw mistake();
}

type Store = () => Partial<JaccountStrategyOptions>;

/** Where pending logins wait: where they do by default, and in the session. */
const inCookies: Store = () => ({});
const inSession: Store = () => ({ transactions: new SessionTransactions() });
const stores: [string, Store][] = [
  ['the default', inCookies],
  ['SessionTransactions', inSession],
];

describe('an application', () => {
  let provider: Provider;
  let strategy: WitnessedStrategy;
  let url: string;
  let stop: (() => Promise<void>) | undefined;
  /** What came to the application's error handler. */
  let errors: Error[];
  let unhandled: unknown[];
  const kinds = ['unhandledRejection', 'uncaughtException'] as const;
  let mochas: NodeJS.UncaughtExceptionListener[][];

  before(async () => {
    provider = await startProvider();
  });
  beforeEach(() => {
    unhandled = [];
    errors = [];
    mochas = kinds.map((kind) => process.listeners(kind as 'uncaughtException'));
    for (const kind of kinds) process.removeAllListeners(kind).on(kind, (error) => unhandled.push(error));
  });
  afterEach(async () => {
    for (const [index, kind] of kinds.entries()) {
      process.removeAllListeners(kind);
      for (const listener of mochas[index] ?? []) process.on(kind, listener);
    }
    provider.script = {};
    provider.tokenRequests.length = 0;
    await stop?.();
    stop = undefined;
  });
  after(() => provider.stop());

  async function start(setting: Setting): Promise<void> {
    const app = express();
    // Express prints what express-session reports after the answer, but for this.
    app.set('env', 'test');
    ({ url, stop } = await serve(app));
    const settings = { ...provider.client, ...provider.endpoints, callbackURL: `${url}/callback` };
    strategy = new WitnessedStrategy({ ...settings, ...setting.options }, async ({ profile }) => profile);
    const passport = new Passport();
    passport.use(strategy);
    passport.serializeUser((setting.serializeUser ?? identity) as never);
    passport.deserializeUser((setting.deserializeUser ?? identity) as never);
    const next: RequestHandler = (_req, _res, go) => go();
    const store = (setting.store ?? new MemoryStore()) as session.Store;
    app.use(session({ secret: 'a secret of the tests', resave: false, saveUninitialized: false, store }));
    app.use(passport.session());
    app.get('/login', setting.beforeLogin ?? next, passport.authenticate('jaccount'));
    app.get('/callback', setting.beforeCallback ?? next, (req, res, go) => {
      const { callback } = setting;
      const own = callback && ((error: unknown, user: unknown) => callback(error, user, go));
      const authenticate = own
        ? passport.authenticate('jaccount', own as (...args: any[]) => void)
        : passport.authenticate('jaccount');
      authenticate(req, res, go);
    });
    app.get('/callback', setting.afterCallback ?? ((_req, res) => void res.send('signed in')));
    app.get('/me', (req, res) => void res.json(req.user ?? null));
    app.get('/', (_req, res) => void res.send('at home'));
    app.use(((error, _req, res, _next) => {
      errors.push(error);
      if (!res.headersSent) res.status(error.status ?? 500).send(error.message);
    }) as ErrorRequestHandler);
  }

  const begin = (agent: UserAgent) => agent.get(`${url}/login`);
  const callbackOf = async (agent: UserAgent) =>
    (await agent.follow(await begin(agent), url)).location as string;

  async function signIn(agent = new UserAgent()) {
    const end = await agent.get(await callbackOf(agent));
    return { end, agent };
  }

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  async function expectToServe(): Promise<void> {
    await turn();
    expect(unhandled).to.deep.equal([]);
    // Express closes a connection whose answer was half sent: this request is not to be sent on it.
    const { text } = await new UserAgent().get(url).catch(() => new UserAgent().get(url));
    expect(text).to.equal('at home');
  }

  const me = async (agent: UserAgent) => (await agent.get(`${url}/me`)).text;

  it('that does nothing wrong signs in', async () => {
    await start({});

    const { end, agent } = await signIn();

    expect(end.text).to.equal('signed in');
    expect(JSON.parse(await me(agent)).id).to.equal('zhangsan');
    await expectToServe();
  });

  describe('whose callback of passport.authenticate()', () => {
    /** How a visit ends: a connection that is cut is an end, waiting is none. */
    async function endOf(address: string, agent = new UserAgent()): Promise<string> {
      const patience = AbortSignal.timeout(2000);
      const end = await agent.get(address, { signal: patience }).catch(() => undefined);
      return patience.aborted ? 'none' : String(end?.status ?? 'cut');
    }

    const callbacks: [string, Setting['callback'], string[]][] = [
      [
        'throws for whom it does not expect',
        (error, _user, next) => (error ? next(error) : fail()),
        ['500', '502'],
      ],
      ['throws each time', fail, ['500', '502', 'cut']],
    ];
    for (const [what, callback, ends] of callbacks) {
      it(`${what} ends the visit of a user [ER-03]`, async () => {
        await start({ ...(callback && { callback }) });
        const agent = new UserAgent();

        const end = await endOf(await callbackOf(agent), agent);

        await expectToServe();
        expect(end).to.be.oneOf(ends);
        expect(await me(agent)).to.equal('null');
      });

      it(`${what} ends the visit of a stranger [ER-03]`, async () => {
        await start({ ...(callback && { callback }) });

        const end = await endOf(`${url}/callback?code=a&state=b`);

        await expectToServe();
        expect(end).to.be.oneOf(ends);
      });

      it(`${what} ends a visit in which jAccount errs [ER-03]`, async () => {
        await start({ ...(callback && { callback }) });
        provider.script = { idToken: () => 'a.b' };
        const agent = new UserAgent();

        const end = await endOf(await callbackOf(agent), agent);

        await expectToServe();
        expect(end).to.be.oneOf(ends);
      });
    }
  });

  describe('whose serializeUser', () => {
    const faults: [string, Setting['serializeUser']][] = [
      ['throws', fail],
      ['calls back with an error', (_user, done) => done(mistake())],
      ['calls back with nobody', (_user, done) => done(null, undefined)],
    ];
    for (const [what, serializeUser] of faults) {
      it(`${what} gets one answer, 500 [ER-03]`, async () => {
        await start({ ...(serializeUser && { serializeUser }) });

        const { end, agent } = await signIn();

        expect(end.status).to.equal(500);
        expect(errors).to.have.length(1);
        expect(await me(agent)).to.equal('null');
        await expectToServe();
      });
    }
  });

  describe('whose deserializeUser', () => {
    const faults: [string, Setting['deserializeUser']][] = [
      ['throws', fail],
      ['calls back with an error', (_user, done) => done(mistake())],
    ];
    for (const [what, deserializeUser] of faults) {
      it(`${what} is told of it at the next request [ER-03]`, async () => {
        await start({ ...(deserializeUser && { deserializeUser }) });

        const { end, agent } = await signIn();
        const visit = await agent.get(`${url}/me`);

        expect(end.text).to.equal('signed in');
        expect(visit.status).to.equal(500);
        await expectToServe();
      });
    }

    it('no longer knows the user lets the same browser sign in again', async () => {
      await start({ deserializeUser: (_user, done) => done(null, false) });
      const agent = new UserAgent();
      await signIn(agent);

      const { end } = await signIn(agent);

      expect(end.text).to.equal('signed in');
      await expectToServe();
    });
  });

  describe('whose handler after the login', () => {
    const handlers: [string, RequestHandler][] = [
      ['throws', fail],
      ['rejects', async () => fail()],
    ];
    for (const [what, afterCallback] of handlers) {
      it(`${what} gets one answer, 500, for a user who is signed in [ER-03]`, async () => {
        await start({ afterCallback });

        const { end, agent } = await signIn();

        expect(end.status).to.equal(500);
        expect(errors).to.have.length(1);
        expect(strategy.answers.map(({ exit }) => exit)).to.deep.equal(['redirect', 'success']);
        expect(JSON.parse(await me(agent)).id).to.equal('zhangsan');
        await expectToServe();
      });
    }
  });

  describe('whose session store', () => {
    type Method = 'get' | 'set' | 'destroy';

    class FaultyStore extends MemoryStore {
      /** How a method fails, from its `from`th call on. */
      fault: { method: Method; by: 'callback' | 'throw'; from: number } | undefined;
      /** Milliseconds after which set() calls back; what it has saved is there before. */
      slowness = 0;
      private calls = 0;

      private fails(method: Method, done: Done | undefined): boolean {
        if (this.fault?.method !== method || ++this.calls < this.fault.from) return false;
        if (this.fault.by === 'throw') fail();
        setImmediate(() => done?.(mistake()));
        return true;
      }
      override get(id: string, done: (error: unknown, data?: session.SessionData | null) => void): void {
        if (!this.fails('get', done as Done)) super.get(id, done);
      }
      override set(id: string, value: session.SessionData, done?: Done): void {
        if (this.fails('set', done)) return;
        super.set(id, value, this.slowness ? () => void setTimeout(() => done?.(), this.slowness) : done);
      }
      override destroy(id: string, done?: Done): void {
        if (!this.fails('destroy', done)) super.destroy(id, done);
      }
    }

    let store: FaultyStore;

    beforeEach(() => {
      store = new FaultyStore();
    });

    for (const by of ['callback', 'throw'] as const) {
      it(`cannot save a login that begins (by ${by}) sends nobody away [FI-20]`, async () => {
        await start({ store, options: inSession() });
        store.fault = { method: 'set', by, from: 1 };

        const end = await begin(new UserAgent());

        expect(end.status).to.equal(500);
        expect(end.location).to.equal(undefined);
        expect(errors).to.have.length(1);
        store.fault = undefined;
        await expectToServe();
      });

      it(`cannot load the session on return (by ${by}) sends no code [FI-20]`, async () => {
        await start({ store, options: inSession() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        store.fault = { method: 'get', by, from: 1 };

        const end = await agent.get(address);

        expect(end.status).to.equal(500);
        expect(provider.tokenRequests).to.have.length(0);
        store.fault = undefined;
        await expectToServe();
      });

      // SessionTransactions reads the session once more than express-session, before it writes.
      it(`cannot load the session again when a login begins (by ${by}) sends nobody away [FI-20]`, async () => {
        await start({ store, options: inSession() });
        store.fault = { method: 'get', by, from: 1 };

        const end = await begin(new UserAgent());

        expect(end.status).to.equal(500);
        expect(end.location).to.equal(undefined);
        expect(errors).to.have.length(1);
        store.fault = undefined;
        await expectToServe();
      });

      it(`cannot load the session again on return (by ${by}) sends no code [FI-20]`, async () => {
        await start({ store, options: inSession() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        store.fault = { method: 'get', by, from: 2 };

        const end = await agent.get(address);

        expect(end.status).to.equal(500);
        expect(errors).to.have.length(1);
        expect(provider.tokenRequests).to.have.length(0);
        store.fault = undefined;
        await expectToServe();
      });

      it(`cannot load the session again before it is renewed (by ${by}) signs in [FI-20]`, async () => {
        await start({ store, options: inSession() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        store.fault = { method: 'get', by, from: 3 };

        const end = await agent.get(address);

        expect(end.text).to.equal('signed in');
        store.fault = undefined;
        expect(JSON.parse(await me(agent)).id).to.equal('zhangsan');
        await expectToServe();
      });

      it(`cannot save that a login was used (by ${by}) sends no code [FI-20]`, async () => {
        await start({ store, options: inSession() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        store.fault = { method: 'set', by, from: 1 };

        const end = await agent.get(address);

        expect(end.status).to.equal(500);
        expect(provider.tokenRequests).to.have.length(0);
        store.fault = undefined;
        expect(await me(agent)).to.equal('null');
        await expectToServe();
      });
    }

    for (const [name, options] of stores) {
      for (const by of ['callback', 'throw'] as const) {
        it(`cannot regenerate the session (by ${by}) signs nobody in, with ${name} [FI-20]`, async () => {
          await start({ store, options: options() });
          const agent = new UserAgent();
          const address = await callbackOf(agent);
          store.fault = { method: 'destroy', by, from: 1 };

          const end = await agent.get(address);

          expect(end.status).to.equal(500);
          expect(errors).to.have.length(1);
          store.fault = undefined;
          expect(await me(agent)).to.equal('null');
          await expectToServe();
        });
      }

      // Not by a throw: express-session saves the session with each answer, the one about the failure as well.
      it(`cannot save the session of the user signs nobody in, with ${name} [FI-20]`, async () => {
        await start({ store, options: options() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        // SessionTransactions saves first that the login was used.
        store.fault = { method: 'set', by: 'callback', from: options === inSession ? 2 : 1 };

        const end = await agent.get(address);

        expect(end.status).to.equal(500);
        expect(provider.tokenRequests).to.have.length(1);
        store.fault = undefined;
        expect(await me(agent)).to.equal('null');
        await expectToServe();
      });

      it(`cannot save the session of the user sends no code twice for a reload, with ${name} [FI-20]`, async () => {
        await start({ store, options: options() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        store.fault = { method: 'set', by: 'callback', from: options === inSession ? 2 : 1 };
        await agent.get(address);
        store.fault = undefined;

        const reload = await agent.get(address);

        expect(reload.status).to.equal(403);
        expect(provider.tokenRequests).to.have.length(1);
        expect(await me(agent)).to.equal('null');
      });

      it(`works again lets the same browser sign in, with ${name}`, async () => {
        await start({ store, options: options() });
        const agent = new UserAgent();
        store.fault = { method: 'set', by: 'callback', from: 1 };
        await begin(agent);
        store.fault = undefined;

        const { end } = await signIn(agent);

        expect(end.text).to.equal('signed in');
      });
    }

    for (const later of [0, 25, 75]) {
      it(`is slow to say that it has saved gives a second request, ${later} ms later, the outcome of the first [CQ-20]`, async () => {
        await start({ store, options: inSession() });
        const agent = new UserAgent();
        const address = await callbackOf(agent);
        provider.script = { delay: () => 200 };
        store.slowness = 50;
        const second = new Promise((resolve) => setTimeout(resolve, later)).then(() => agent.get(address));

        const ends = await Promise.all([agent.get(address), second]);

        expect(ends.map(({ text }) => text)).to.deep.equal(['signed in', 'signed in']);
        expect(provider.tokenRequests).to.have.length(1);
        expect(JSON.parse(await me(agent)).id).to.equal('zhangsan');
        await expectToServe();
      });
    }

    for (const method of ['get', 'set', 'destroy'] as const) {
      it(`has no working ${method}() is not used when a login begins, by default [FI-20]`, async () => {
        await start({ store });
        store.fault = { method, by: 'callback', from: 1 };
        const agent = new UserAgent();

        const begun = await begin(agent);
        store.fault = undefined;
        const end = await agent.get((await agent.follow(begun, url)).location as string);

        expect(begun.location).to.match(new RegExp(`^${provider.endpoints.authorizationURL}`));
        expect(end.text).to.equal('signed in');
        expect(errors).to.deep.equal([]);
      });
    }
  });

  describe('that has answered already', () => {
    const answers: RequestHandler = (_req, res, next) => {
      res.send('too soon');
      next();
    };
    const withSecret: Store = () => ({
      transactions: new CookieTransactions({ secret: 'a cookie secret of more than 32 characters' }),
    });
    for (const [name, options] of [...stores, ['CookieTransactions [CK-14]', withSecret] as const]) {
      it(`when a login begins keeps its answer, with ${name}`, async () => {
        await start({ beforeLogin: answers, options: options() });

        const end = await begin(new UserAgent());
        while (errors.length === 0) await turn();

        expect(end.text).to.equal('too soon');
        expect(errors.map(({ message }) => message).join()).to.match(/headers|sent/i);
        await expectToServe();
      });

      it(`when a login ends keeps its answer, with ${name}`, async () => {
        await start({ beforeCallback: answers, options: options() });

        const { end } = await signIn();
        while (errors.length === 0) await turn();

        expect(end.text).to.equal('too soon');
        await expectToServe();
      });
    }
  });

  describe('whose browser leaves during the exchange', () => {
    /** The provider answers as told once the browser has left, and the strategy ends as it may. */
    async function leave(
      options: Partial<JaccountStrategyOptions>,
      token: (left: () => Promise<void>) => Answer | undefined,
      delay = 0,
    ) {
      const leaving = new AbortController();
      let closed: Promise<unknown> | undefined;
      await start({
        options,
        beforeCallback: (_req, res, next) => {
          closed ??= once(res, 'close');
          next();
        },
      });
      const left = async () => {
        leaving.abort();
        await closed;
      };
      provider.script = { token: () => token(left), delay: () => delay };
      const agent = new UserAgent();
      const address = await callbackOf(agent);
      await agent.get(address, { signal: leaving.signal }).catch(() => undefined);
      while (strategy.answers.length < 2) await turn();
      provider.script = {};
      return agent;
    }

    const afterwards =
      (end: (response: ServerResponse) => void) =>
      (left: () => Promise<void>): Answer =>
      (response) =>
        void left().then(() => end(response));
    const endings: [string, (left: () => Promise<void>) => Answer][] = [
      ['the provider refuses', afterwards((response) => response.writeHead(500).end())],
      ['the provider hangs up', afterwards((response) => response.destroy())],
      [
        'the provider gives no ID Token',
        afterwards((response) =>
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end('{"access_token":"a","token_type":"Bearer"}'),
        ),
      ],
    ];
    for (const [name, options] of stores) {
      for (const [what, token] of endings) {
        it(`is done without it, when ${what}, with ${name} [FI-18]`, async () => {
          const agent = await leave(options(), token);
          const { end } = await signIn(agent);

          expect(end.text).to.equal('signed in');
          expect(errors).to.have.length(1);
          expect(provider.tokenRequests).to.have.length(2);
          await expectToServe();
        });
      }

      it(`is done without it, when all is right, with ${name} [FI-18]`, async () => {
        const right = (left: () => Promise<void>) => {
          void left();
          return undefined;
        };
        const agent = await leave(options(), right, 50);
        const { end } = await signIn(agent);

        expect(end.text).to.equal('signed in');
        expect(strategy.answers.map(({ exit }) => exit)).to.deep.equal([
          ...['redirect', 'success'],
          ...['redirect', 'success'],
        ]);
        expect(errors).to.deep.equal([]);
        await expectToServe();
      });
    }
  });
});
