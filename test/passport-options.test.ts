import { expect } from 'chai';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import {
  CookieTransactions,
  JaccountStrategy,
  type JaccountStrategyOptions,
  SessionTransactions,
  type TransactionStore,
} from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { Strategy as LocalStrategy } from 'passport-local';
import { serve } from './support/serve';
import { UserAgent, type Visit } from './support/user-agent';

type Passports = InstanceType<typeof Passport>;

// What applications ask of Passport, and how a login with jAccount answers to it.
describe('passport.authenticate()', () => {
  const library = { clientID: 'library', clientSecret: 'the secret of the library, 32 octets and more' };
  let emulator: Emulator;
  let url: string;
  let agent: UserAgent;
  let stop: () => Promise<void>;

  before(async () => {
    emulator = await startEmulator({ clients: [library] });
  });

  beforeEach(() => {
    agent = new UserAgent();
  });

  afterEach(async () => {
    await stop();
    emulator.reset();
  });

  after(() => emulator.stop());

  type Routes = (app: express.Express, passport: Passports) => void;

  async function start(routes: Routes, strategies: Partial<JaccountStrategyOptions>[] = [{}]): Promise<void> {
    const app = express();
    ({ url, stop } = await serve(app));
    const passport = new Passport();
    for (const { name = 'jaccount', ...options } of strategies) {
      const own = { ...emulator.client, ...emulator.endpoints, callbackURL: `${url}/callback/${name}` };
      passport.use(new JaccountStrategy({ ...own, name, ...options }, async ({ profile }) => profile));
    }
    passport.use(new LocalStrategy((id, _password, done) => done(null, { id })));
    passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
    passport.deserializeUser((id, done) => done(null, { id } as Express.User));
    app.use(
      session({ secret: 'a secret of the tests', resave: false, saveUninitialized: false }) as RequestHandler,
    );
    app.use(passport.session(), express.urlencoded({ extended: false }));
    routes(app, passport);
    app.post('/local', passport.authenticate('local') as RequestHandler, (_req, res) => void res.json('in'));
    app.get('/me', (req, res) => void res.json({ user: req.user ?? null }));
    app.use(((error, _req, res, _next) => {
      res.status(error.status ?? 500).json({ message: error.message });
    }) as ErrorRequestHandler);
  }

  async function sentBack(path: string, account = 'zhaoyichen'): Promise<string> {
    const page = await agent.follow(await agent.get(url + path), `${url}/callback`);
    const back = page.location
      ? page
      : await agent.follow(await agent.choose(page, account), `${url}/callback`);
    return back.location ?? '';
  }

  async function signIn(path = '/login', account = 'zhaoyichen'): Promise<Visit> {
    return agent.get(await sentBack(path, account));
  }

  const byPassword = (username: string) => agent.post(`${url}/local`, { username, password: 'x' });
  const me = async () => (await agent.get(`${url}/me`)).json().user?.id;

  it('keeps nobody signed in with session: false', async () => {
    await start((app, passport) => {
      app.get('/login', passport.authenticate('jaccount') as RequestHandler);
      const authenticate = passport.authenticate('jaccount', { session: false }) as RequestHandler;
      app.get('/callback/jaccount', authenticate, (req, res) => void res.json(req.user));
    });

    const end = await signIn();

    expect(end.json().id).to.equal('zhaoyichen');
    expect(await me()).to.equal(undefined);
  });

  describe('with successReturnToOrRedirect', () => {
    const routes =
      (options: object): Routes =>
      (app, passport) => {
        app.get('/courses', (req, res) => {
          Object.assign(req.session, { returnTo: '/courses?term=1' });
          res.redirect('/login');
        });
        app.get('/login', passport.authenticate('jaccount') as RequestHandler);
        app.get(
          '/callback/jaccount',
          passport.authenticate('jaccount', {
            successReturnToOrRedirect: '/home',
            ...options,
          }) as RequestHandler,
        );
      };

    it('leads on to where the session says, if that outlives the login', async () => {
      await start(routes({ keepSessionInfo: true }));

      expect((await signIn('/courses')).location).to.equal(`${url}/courses?term=1`);
    });

    it('leads to the fallback after a login that gave the browser a new session [SE-02]', async () => {
      await start(routes({}));

      expect((await signIn('/courses')).location).to.equal(`${url}/home`);
    });

    it('leads a reload to the fallback', async () => {
      await start(routes({}));
      const callback = await sentBack('/login');
      await agent.get(callback);

      expect((await agent.get(callback)).location).to.equal(`${url}/home`);
    });
  });

  for (const { assignProperty, status } of [
    { assignProperty: 'account', status: 403 },
    // @midwayjs/passport has it so by default, and links nothing.
    { assignProperty: true, status: 200 },
    { assignProperty: undefined, status: 200 },
  ]) {
    it(`answers ${status} where the user signed in by other means meanwhile, with assignProperty: ${assignProperty} [CB-11]`, async () => {
      await start((app, passport) => {
        app.get('/login', passport.authenticate('jaccount') as RequestHandler);
        app.get('/callback/jaccount', (req, res, next) => {
          const answer = (error: unknown, user: unknown, _info: unknown, refused = 401) =>
            error ? next(error) : res.status(user ? 200 : refused).end();
          passport.authenticate('jaccount', { assignProperty } as object, answer as never)(req, res, next);
        });
      });
      const callback = await sentBack('/login');
      await byPassword('zhaoyichen');

      expect(await agent.get(callback)).to.include({ status });
    });
  }

  it('takes its turn after another strategy in a list', async () => {
    await start((app, passport) => {
      app.get('/login', passport.authenticate(['local', 'jaccount']) as RequestHandler);
    });

    const { location } = await agent.get(`${url}/login`);

    expect(location).to.match(new RegExp(`^${emulator.url}/oauth2/authorize`));
  });

  it('passes the status on with failWithError, which takes no reason along', async () => {
    await start((app, passport) => {
      app.get(
        '/callback/jaccount',
        passport.authenticate('jaccount', { failWithError: true }) as RequestHandler,
      );
    });

    const end = await agent.get(`${url}/callback/jaccount?code=A&state=forged`);

    expect(end.status).to.equal(403);
    expect(end.json()).to.deep.equal({ message: 'Forbidden' });
  });

  describe('with two clients of jAccount', () => {
    beforeEach(() =>
      start(
        (app, passport) => {
          for (const name of ['jaccount', 'library']) {
            app.get(`/login/${name}`, passport.authenticate(name) as RequestHandler);
            app.get(`/callback/${name}`, passport.authenticate(name) as RequestHandler, (req, res) => {
              res.json({ client: (req.user as { claims?: { aud?: string } }).claims?.aud });
            });
          }
        },
        [{}, { name: 'library', ...library }],
      ),
    );

    for (const [name, client] of [
      ['jaccount', 'jaemulator000000000001'],
      ['library', 'library'],
    ] as const) {
      it(`signs in by ${name} with the ID Token of its own client`, async () => {
        const end = await signIn(`/login/${name}`);

        expect(end.json()).to.deep.equal({ client });
      });
    }

    it('refuses at each what began at the other [CB-10, CQ-22]', async () => {
      const [one, other] = [await sentBack('/login/jaccount'), await sentBack('/login/library')];

      const ends = [
        await agent.get(one.replace('/callback/jaccount', '/callback/library')),
        await agent.get(other.replace('/callback/library', '/callback/jaccount')),
      ];

      expect(ends.map(({ status }) => status)).to.deep.equal([403, 403]);
      expect(emulator.requests.filter(({ path }) => path === '/oauth2/token')).to.deep.equal([]);
    });
  });

  describe('in the form of passport.authorize()', () => {
    const secret = 'a secret of the tests, longer than 32 characters';
    // A login by another strategy gives the browser a new session, without the logins that were pending in the old one.
    const stores: [name: string, store: () => { transactions?: TransactionStore }, lost: string][] = [
      ['the default', () => ({}), 'user'],
      [
        'CookieTransactions of its own secret',
        () => ({ transactions: new CookieTransactions({ secret }) }),
        'user',
      ],
      ['SessionTransactions', () => ({ transactions: new SessionTransactions() }), 'no-transaction'],
    ];

    const routes: Routes = (app, passport) => {
      app.get('/link', passport.authorize('jaccount') as RequestHandler);
      app.get('/callback/jaccount', (req, res, next) => {
        const answer = (error: unknown, account?: any, info?: any, status?: number) => {
          if (error) return next(error);
          const user = (req.user as { id?: string } | undefined)?.id;
          res
            .status(account ? 200 : (status ?? 401))
            .json({ account: account?.id, user, reason: info?.reason });
        };
        (passport.authorize('jaccount', {}, answer) as RequestHandler)(req, res, next);
      });
    };

    for (const [name, store, lost] of stores) {
      describe(`with ${name}`, () => {
        it('brings an account to the user who is signed in', async () => {
          await start(routes, [store()]);
          await byPassword('wang');

          const end = await signIn('/link');

          expect(end.json()).to.deep.equal({ account: 'zhaoyichen', user: 'wang' });
          expect(await me()).to.equal('wang');
        });

        it('brings it to nobody else who signed in meanwhile [CB-11]', async () => {
          await start(routes, [store()]);
          await byPassword('wang');
          const callback = await sentBack('/link');
          await byPassword('mallory');

          const end = await agent.get(callback);

          expect(end.status).to.equal(403);
          expect(end.json()).to.deep.equal({ user: 'mallory', reason: lost });
          expect(tokenRequests()).to.equal(0);
        });

        it('brings it to nobody who signed in after it had begun [CB-11]', async () => {
          await start(routes, [store()]);
          const callback = await sentBack('/link');
          await byPassword('wang');

          const end = await agent.get(callback);

          expect(end.status).to.equal(403);
          expect(end.json()).to.deep.equal({ user: 'wang', reason: lost });
          expect(tokenRequests()).to.equal(0);
        });

        it('brings it to nobody after the user has signed out [CB-11]', async () => {
          await start(
            (app, passport) => {
              routes(app, passport);
              app.post('/logout', (req, res, next) =>
                req.logout((error) => (error ? next(error) : res.json('out'))),
              );
            },
            [store()],
          );
          await byPassword('wang');
          const callback = await sentBack('/link');
          await agent.post(`${url}/logout`, {});

          const end = await agent.get(callback);

          expect(end.status).to.equal(403);
          expect(end.json()).to.deep.equal({ reason: lost });
          expect(tokenRequests()).to.equal(0);
        });

        it('brings it once, and leads nobody on who reloads the callback', async () => {
          await start(routes, [store()]);
          await byPassword('wang');
          const callback = await sentBack('/link');
          await agent.get(callback);

          const reload = await agent.get(callback);

          expect(reload.status).to.equal(403);
          expect(reload.json()).to.deep.equal({ user: 'wang', reason: 'used' });
          expect(tokenRequests()).to.equal(1);
        });
      });
    }

    const tokenRequests = () => emulator.requests.filter(({ path }) => path === '/oauth2/token').length;
  });
});
