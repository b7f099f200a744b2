import { expect } from 'chai';
import cookieSession from 'cookie-session';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import express4 from 'express4';
import { Passport } from 'passport';
import {
  JaccountClient,
  JaccountStrategy,
  type JaccountStrategyOptions,
  SessionTransactions,
  type SignOutOptions,
  signOut,
} from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

/** A store whose failure can be had when it is wanted. */
class BreakableStore extends MemoryStore {
  broken = false;

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    if (this.broken) return callback?.(new Error('the store does not answer'));
    super.destroy(sid, callback);
  }
}

describe('signOut()', () => {
  let emulator: Emulator;
  let stop: (() => Promise<void>)[];

  before(async () => {
    emulator = await startEmulator();
  });
  beforeEach(() => {
    stop = [];
  });
  afterEach(async () => {
    await Promise.all(stop.map((one) => one()));
    emulator.reset();
  });
  after(() => emulator.stop());

  interface Setting {
    express?: typeof express;
    sessions?: RequestHandler;
    options?: Partial<SignOutOptions>;
    login?: Partial<JaccountStrategyOptions>;
    byClient?: boolean;
  }

  async function startApplication({ sessions, options, login, byClient, ...setting }: Setting = {}) {
    const app = (setting.express ?? express)();
    const { url, stop: close } = await serve(app);
    stop.push(close);
    const jaccount = { ...emulator.client, ...emulator.endpoints };
    const strategy = new JaccountStrategy(
      { ...jaccount, callbackURL: `${url}/callback`, ...login },
      async ({ profile }) => ({ account: profile.id }),
    );
    const passport = new Passport();
    passport.use(strategy);
    passport.serializeUser((user, done) => done(null, user));
    passport.deserializeUser((user, done) => done(null, user as Express.User));
    app.use(sessions ?? memorySessions());
    app.use(passport.session());
    app.get('/login', passport.authenticate('jaccount'));
    app.get('/callback', passport.authenticate('jaccount', { successRedirect: '/' }));
    app.get('/', (req, res) => void res.json({ user: req.user ?? null }));
    app.all(
      '/logout',
      signOut(byClient ? new JaccountClient(jaccount) : strategy, { returnTo: `${url}/`, ...options }),
    );
    app.use(
      ((error, _req, res, _next) =>
        void res.status(500).json({ error: error.message })) as ErrorRequestHandler,
    );
    return url;
  }

  const memorySessions = (more: Partial<session.SessionOptions> = {}) =>
    session({ secret: 'a secret of the tests', resave: false, saveUninitialized: false, ...more });

  async function signIn(url: string, agent = new UserAgent()) {
    const loginPage = await agent.follow(await agent.get(`${url}/login`));
    await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));
    return agent;
  }

  const userOf = async (agent: UserAgent, url: string) => (await agent.get(`${url}/`)).json().user?.account;

  it('ends the session here before it sends the browser to jAccount [LO-01]', async () => {
    const url = await startApplication();
    const agent = await signIn(url);

    const answer = await agent.post(`${url}/logout`, {});

    expect(answer.status).to.equal(303);
    expect(answer.location).to.match(new RegExp(`^${emulator.endpoints.logoutURL}\\?`));
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    expect(await userOf(agent, url)).to.equal(undefined);
  });

  it('names the client and the configured return address, no state [LO-02]', async () => {
    const url = await startApplication();

    const { location = '' } = await (await signIn(url)).post(`${url}/logout`, {});

    expect([...new URL(location).searchParams]).to.deep.equal([
      ['client_id', emulator.client.clientID],
      ['post_logout_redirect_uri', `${url}/`],
    ]);
  });

  it('ends the session at jAccount, so that nobody is signed in silently [LO-01]', async () => {
    const url = await startApplication();
    const agent = await signIn(url);

    const back = await agent.follow(await agent.post(`${url}/logout`, {}));
    const next = await agent.follow(await agent.get(`${url}/login`));

    expect(back.url).to.equal(`${url}/`);
    expect(next.url).to.include('/jaccount/jalogin');
  });

  it('leaves the old session worthless, and no cookie of it [LO-01]', async () => {
    const store = new MemoryStore();
    const login = { transactions: new SessionTransactions() };
    const url = await startApplication({ sessions: memorySessions({ store }), login });
    const agent = await signIn(url);
    const stolen = await agent.jar.getCookieString(url);

    await agent.post(`${url}/logout`, {});

    const replay = await fetch(`${url}/`, { headers: { cookie: stolen } });
    expect(stolen).to.match(/^connect\.sid=[^;]+$/);
    expect(await replay.json()).to.deep.equal({ user: null });
    expect(await agent.jar.getCookieString(url)).to.equal('');
    expect(Object.keys((store as unknown as { sessions: object }).sessions)).to.deep.equal([]);
  });

  it('leaves the cookie alone that remembers the login, which signs nobody in [LO-01]', async () => {
    const store = new MemoryStore();
    const url = await startApplication({ sessions: memorySessions({ store }) });
    const agent = new UserAgent();
    const loginPage = await agent.follow(await agent.get(`${url}/login`));
    const chosen = await agent.choose(loginPage, 'zhaoyichen');
    const { location: callback = '' } = await agent.follow(chosen, `${url}/callback`);
    await agent.get(callback);
    const stolen = await agent.jar.getCookieString(url);

    await agent.post(`${url}/logout`, {});

    const left = await agent.jar.getCookieString(url);
    const replay = await fetch(`${url}/`, { headers: { cookie: stolen } });
    const reload = await agent.get(callback);
    expect(stolen).to.match(/(?:^|; )connect\.sid=/);
    expect(left).to.match(/^jaccount-[\w-]{16}=[^;]+$/);
    expect(await replay.json()).to.deep.equal({ user: null });
    expect(reload.status).to.equal(403);
    expect(await userOf(agent, url)).to.equal(undefined);
    expect(emulator.requests.filter(({ path }) => path === '/oauth2/token')).to.have.length(1);
    expect(Object.keys((store as unknown as { sessions: object }).sessions)).to.deep.equal([]);
  });

  it('leaves no user on the request for whoever logs it', async () => {
    let logged: unknown = 'nothing';
    const logger: RequestHandler = (req, res, next) => {
      if (req.path === '/logout') {
        res.on('finish', () => {
          logged = req.user;
        });
      }
      next();
    };
    const url = await startApplication({ sessions: [logger, memorySessions()] as never });
    const agent = await signIn(url);

    await agent.post(`${url}/logout`, {});

    expect(logged).to.equal(null);
  });

  it('clears a cookie of another name and path', async () => {
    const sessions = memorySessions({ name: 'sid', cookie: { path: '/', httpOnly: true, sameSite: 'lax' } });
    const url = await startApplication({ sessions, options: { cookie: 'sid' } });
    const agent = await signIn(url);

    const { headers } = await agent.post(`${url}/logout`, {});

    expect(headers.getSetCookie()).to.have.length(1);
    expect(headers.getSetCookie()[0]).to.match(/^sid=; Path=\/; Expires=Thu, 01 Jan 1970/);
  });

  it('clears a cookie of a whole domain', async () => {
    const url = await startApplication({ sessions: memorySessions({ cookie: { domain: 'app.example' } }) });

    const { headers } = await new UserAgent().post(`${url}/logout`, {});

    expect(headers.get('set-cookie')).to.match(/^connect\.sid=; Domain=app\.example; /);
  });

  it('works with a JaccountClient', async () => {
    const url = await startApplication({ byClient: true });
    const agent = await signIn(url);

    await agent.follow(await agent.post(`${url}/logout`, {}));

    expect(await userOf(agent, url)).to.equal(undefined);
  });

  for (const [store, login, cookiesLeft] of [
    ['the default', {}, /^jaccount-[\w-]{16}=[^;]+$/],
    ['SessionTransactions', { transactions: new SessionTransactions() }, /^$/],
  ] as const) {
    it(`works with Express 4, with ${store}`, async () => {
      const url = await startApplication({ express: express4 as unknown as typeof express, login });
      const agent = await signIn(url);

      const back = await agent.follow(await agent.post(`${url}/logout`, {}));

      expect(back.json()).to.deep.equal({ user: null });
      expect(await agent.jar.getCookieString(url)).to.match(cookiesLeft);
    });
  }

  it('works for a browser that is not signed in', async () => {
    const url = await startApplication();

    const { status } = await new UserAgent().post(`${url}/logout`, {});

    expect(status).to.equal(303);
  });

  for (const [store, login] of [
    ['the default', {}],
    ['SessionTransactions', { transactions: new SessionTransactions() }],
  ] as const) {
    it(`works with sessions that live in a cookie, with ${store}`, async () => {
      const shim: RequestHandler = (req, _res, next) => {
        const holder = req as unknown as { session: Record<string, unknown> | null };
        const done = (callback: () => void) => callback();
        for (const name of ['regenerate', 'save'])
          Object.defineProperty(holder.session, name, { value: done, configurable: true });
        next();
      };
      const cookies = cookieSession({ name: 'sid', secret: 'a secret of the tests' }) as RequestHandler;
      const sessions: RequestHandler[] = [cookies, shim];
      const url = await startApplication({ sessions: sessions as unknown as RequestHandler, login });
      const agent = await signIn(url);
      expect(await userOf(agent, url)).to.equal('zhaoyichen');

      await agent.post(`${url}/logout`, {});

      expect(await userOf(agent, url)).to.equal(undefined);
    });
  }

  it('empties a session that lives in a cookie of another name [LO-01]', async () => {
    const app = express();
    const { url, stop: close } = await serve(app);
    stop.push(close);
    const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
    app.use(cookieSession({ name: 'sid', secret: 'a secret of the tests' }) as RequestHandler);
    app.get('/', (req, res) => {
      Object.assign((req as { session?: object }).session ?? {}, { cart: 'full' });
      res.end();
    });
    app.post('/logout', signOut(client, { returnTo: `${url}/` }));
    const agent = new UserAgent();
    await agent.get(`${url}/`);
    expect(await agent.jar.getCookieString(url)).to.include('sid=');

    await agent.post(`${url}/logout`, {});

    expect(await agent.jar.getCookieString(url)).to.equal('');
  });

  it('ends a session that Passport knows nothing of [LO-01]', async () => {
    const store = new MemoryStore();
    const app = express();
    const { url, stop: close } = await serve(app);
    stop.push(close);
    const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
    app.use(memorySessions({ store, saveUninitialized: true }));
    app.get('/', (_req, res) => void res.end());
    app.post('/logout', signOut(client, { returnTo: `${url}/` }));
    const agent = new UserAgent();
    await agent.get(`${url}/`);

    await agent.post(`${url}/logout`, {});

    expect(Object.keys((store as unknown as { sessions: object }).sessions)).to.deep.equal([]);
    expect(await agent.jar.getCookieString(url)).to.equal('');
  });

  it('works without sessions', async () => {
    const app = express();
    const { url, stop: close } = await serve(app);
    stop.push(close);
    const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
    app.post('/logout', signOut(client, { returnTo: `${url}/` }));

    expect(await new UserAgent().post(`${url}/logout`, {})).to.include({ status: 303 });
  });

  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
    it(`signs nobody out by ${method} [LO-01]`, async () => {
      const url = await startApplication();
      const agent = await signIn(url);

      const { status, headers } = await agent.get(`${url}/logout`, { method });

      expect({ status, allow: headers.get('allow') }).to.deep.equal({ status: 405, allow: 'POST' });
      expect(await userOf(agent, url)).to.equal('zhaoyichen');
    });
  }

  it('signs nobody out for a form of another site [LO-01]', async () => {
    const url = await startApplication();
    const agent = await signIn(url);

    const { status } = await agent.post(`${url}/logout`, {}, { 'sec-fetch-site': 'cross-site' });

    expect(status).to.equal(403);
    expect(await userOf(agent, url)).to.equal('zhaoyichen');
  });

  it('takes no return address from the request [LO-04]', async () => {
    const url = await startApplication();
    const evil = 'https://evil.example/';
    const query = new URLSearchParams({ returnTo: evil, post_logout_redirect_uri: evil, state: 'x' });

    const { location } = await (await signIn(url)).post(`${url}/logout?${query}`, { returnTo: evil });

    expect(location).not.to.include('evil');
  });

  it('stays signed out whatever the return from jAccount brings [LO-03]', async () => {
    const url = await startApplication();
    const agent = await signIn(url);
    await agent.follow(await agent.post(`${url}/logout`, {}));

    const back = await agent.get(`${url}/?state=of-nobody&code=x`);

    expect(back.json()).to.deep.equal({ user: null });
  });

  it('hands an error of the store on, and redirects nowhere [LO-01]', async () => {
    const store = new BreakableStore();
    const url = await startApplication({ sessions: memorySessions({ store }) });
    const agent = await signIn(url);
    store.broken = true;

    const answer = await agent.post(`${url}/logout`, {});

    expect(answer).to.include({ status: 500, location: undefined });
    expect(answer.json()).to.deep.equal({ error: 'the store does not answer' });
  });

  const bad: [what: string, options: unknown, option: string][] = [
    ['no options', undefined, 'options'],
    ['no return address', {}, 'returnTo'],
    ['a local path', { returnTo: '/' }, 'postLogoutRedirectURI'],
    ['http', { returnTo: 'http://app.example/' }, 'postLogoutRedirectURI'],
    ['a function', { returnTo: () => 'https://app.example/' }, 'returnTo'],
    ['an empty cookie', { returnTo: 'https://app.example/', cookie: '' }, 'cookie'],
    ['an unknown option', { returnTo: 'https://app.example/', clearCookie: 'sid' }, 'clearCookie'],
  ];
  for (const [what, options, option] of bad) {
    it(`throws a TypeError that names ${option} for ${what} [LO-02]`, () => {
      const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });

      expect(() => signOut(client, options as never)).to.throw(TypeError, option);
    });
  }
});
