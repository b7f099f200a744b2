import { EventEmitter } from 'node:events';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { JaccountStrategy } from 'passport-jaccount';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

type Done = (error?: unknown, user?: unknown, info?: unknown) => void;

describe('verify', () => {
  let provider: Provider;
  let application: Application | undefined;

  before(async () => {
    provider = await startProvider();
  });
  afterEach(() => application?.stop());
  after(() => provider.stop());

  async function signIn(verify: unknown, options: object = {}) {
    application = await startApplication({
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL, ...options },
          verify as never,
        ),
    });
    const agent = new UserAgent();
    const end = await agent.follow(
      await agent.get(`${application.url}/login?returnTo=/wanted&appState=blue`),
    );
    const me = (await agent.get(`${application.url}/me`)).json();
    return { status: end.status, json: end.json(), me };
  }

  const user = { account: 'zhangsan' };
  const info = { returnTo: '/wanted', appState: 'blue' };

  describe('with one parameter', () => {
    it('gets everything that is known', async () => {
      const seen: any[] = [];

      await signIn(async (context: any) => {
        seen.push(context);
        return user;
      });
      const { profile, claims, tokens, req, ...rest } = seen[0];

      expect(profile.id).to.equal('zhangsan');
      expect(claims.sub).to.equal('zhangsan');
      expect(tokens).to.include.keys('access_token', 'refresh_token', 'id_token', 'token_type', 'expires_in');
      expect(req.originalUrl).to.match(/^\/callback\?/);
      expect(rest).to.deep.equal(info);
    });

    const verdicts: [string, unknown][] = [
      ['a user', (_context: unknown) => user],
      ['a promise of a user', async (_context: unknown) => user],
    ];
    for (const [what, verify] of verdicts) {
      it(`signs in by ${what}`, async () => {
        const { json, me } = await signIn(verify);

        expect(json).to.deep.equal({ exit: 'success', user, info });
        expect(me.user).to.deep.equal(user);
      });
    }

    const refusals: [string, unknown][] = [
      ['false', (_context: unknown) => false],
      ['a promise of false', async (_context: unknown) => false],
      ['a promise of null', async (_context: unknown) => null],
      ['nothing', async (_context: unknown) => undefined],
    ];
    for (const [what, verify] of refusals) {
      it(`refuses by ${what}`, async () => {
        const { json, status, me } = await signIn(verify);

        expect(status).to.equal(401);
        expect(json.challenge).to.deep.equal({
          message: '这个网站没有接受您的账号。如果您认为应当可以登录，请联系网站的管理员。',
          detail: 'the application did not accept this user',
          ...info,
        });
        expect(me.user).to.equal(null);
      });
    }
  });

  // @midwayjs/passport gives its wrapper the length of `validate`, and one more; that of a rest argument is 0. The wrapper
  // itself returns nothing. @nestjs/passport does the same with `true` as its third argument, but its wrapper is async.
  const wrappers: [string, (validate: (...args: any[]) => unknown) => unknown][] = [
    [
      'Midway',
      (validate) =>
        withLength(validate.length + 1, (...params: any[]) => {
          const done = params.at(-1);
          Promise.resolve(validate(...params)).then(
            (result) => done(null, result),
            (error) => done(error),
          );
        }),
    ],
    [
      'Nest',
      (validate) =>
        withLength(validate.length + 1, async (...params: any[]) => {
          const done = params.at(-1);
          try {
            done(null, await validate(...params));
          } catch (error) {
            done(error, null);
          }
        }),
    ],
  ];
  for (const [framework, wrap] of wrappers) {
    const validates: [string, (...args: any[]) => unknown][] = [
      ['(...payload)', async (...payload: any[]) => payload[0].profile.id === 'zhangsan' && user],
      ['(context)', async ({ profile }: any) => profile.id === 'zhangsan' && user],
      ['(accessToken, refreshToken, profile)', async (_a, _r, profile) => profile.id === 'zhangsan' && user],
    ];
    for (const [form, validate] of validates) {
      it(`signs in when ${framework} wraps validate${form}`, async () => {
        const { json } = await signIn(wrap(validate));

        expect(json).to.deep.equal({ exit: 'success', user, info });
      });
    }

    for (const refusal of [false, null, undefined]) {
      it(`refuses when ${framework} wraps a validate(...payload) that resolves with ${refusal}`, async () => {
        const { status, me } = await signIn(wrap(async (..._payload: any[]) => refusal));

        expect(status).to.equal(401);
        expect(me.user).to.equal(null);
      });
    }

    it(`is answered with an error when ${framework} wraps a validate(...payload) that throws [ER-05]`, async () => {
      const { status, json } = await signIn(
        wrap(async (..._payload: any[]) => fail(new Error('of the application'))),
      );

      expect(status).to.equal(500);
      expect(json.message).to.equal('of the application');
    });
  }

  class Account {
    account = 'zhangsan';
  }
  const emitter = new EventEmitter();
  type Context = { profile: { id: string } };
  const later =
    (returned: unknown) =>
    (...args: any[]) => {
      setImmediate(args.at(-1), null, user);
      return returned;
    };
  const answered: [string, unknown][] = [
    ['() => user', () => user],
    ['() => user without prototype', () => Object.assign(Object.create(null), user)],
    ['() => user of another realm', () => runInNewContext('({ account: "zhangsan" })')],
    ['(context, done) => done(null, user)', (_context: Context, done: Done) => done(null, user)],
    ['async (context, done) => user', async (_context: Context, _done: Done) => user],
    ['(context) => a document of a class', (_context: Context) => new Account()],
    // biome-ignore lint/suspicious/noThenProperty: what the test is about
    ['(context) => a query', (_context: Context) => ({ then: (found: any) => found(user) })],
    // What a timer, an emitter or a query is: no verdict. Each calls `done` later.
    ['(…, done) => a timer', (_a: 1, _b: 2, _c: 3, done: Done) => setImmediate(done, null, user)],
    ['(...args) => a timer', (...args: any[]) => setImmediate(args.at(-1), null, user)],
    ['(context, done) => a timer', (_context: Context, done: Done) => setImmediate(done, null, user)],
    ['(...args) => an emitter', later(emitter)],
    [
      '(...args) => a query as an object of its own',
      // biome-ignore lint/suspicious/noThenProperty: what the test is about
      later({ then: () => fail(new Error('the query ran')) }),
    ],
    ['(…, done) => a plain object that is no user', withLength(4, later({ sql: 'select' }))],
    ['(context, done) => a plain object that is no user', withLength(2, later({ sql: 'select' }))],
    [
      '(context) that calls the second argument later',
      withLength(1, (_context: Context, done: Done) => void setImmediate(done, null, user)),
    ],
    [
      '(context) that calls the second argument before its promise resolves with nothing',
      withLength(1, async (_context: Context, done: Done) => done(null, user)),
    ],
    [
      'async (...args) that calls done later',
      async (...args: any[]) => void setImmediate(args.at(-1), null, user),
    ],
  ];
  for (const [what, verify] of answered) {
    it(`signs in by ${what}`, async () => {
      const { json, me } = await signIn(verify, { timeout: { verify: 2000 } });

      expect(json).to.deep.equal({ exit: 'success', user, info });
      expect(me.user).to.deep.equal(user);
    });
  }

  for (const [what, verify] of [
    ['() => false', () => false],
    ['(context, done) => done(null, false)', (_context: Context, done: Done) => done(null, false)],
    ['async (context, done) => false', async (_context: Context, _done: Done) => false],
  ] as [string, unknown][]) {
    it(`refuses by ${what}`, async () => {
      const { status, me } = await signIn(verify, { timeout: { verify: 2000 } });

      expect(status).to.equal(401);
      expect(me.user).to.equal(null);
    });
  }

  // What says neither yes nor no is an error in time, and signs in no timer.
  for (const [what, verify] of [
    ['() => undefined', () => undefined],
    ['() => null', () => null],
    ['() => a timer', () => setImmediate(() => undefined)],
    ['() => a number', () => 5],
    ['(context) => undefined', (_context: Context) => undefined],
    ['(context, done) => a user', (_context: Context, _done: Done) => user],
    ['(…4) => a user', (_a: 1, _b: 2, _c: 3, _d: Done) => user],
    ['(…4) => false', (_a: 1, _b: 2, _c: 3, _d: Done) => false],
  ] as [string, unknown][]) {
    it(`is answered with an error by ${what} [ER-05]`, async () => {
      const { status, json, me } = await signIn(verify, { timeout: { verify: 20 } });

      expect(status).to.equal(500);
      expect(json.message).to.include('timeout.verify').and.include('call done');
      expect(me.user).to.equal(null);
    });
  }

  const positional: [string, (...args: any[]) => void, object][] = [
    [
      '(accessToken, refreshToken, profile, done)',
      (_a: string, _r: string, _p: object, done: Done) => done(null, user),
      {},
    ],
    [
      '(accessToken, refreshToken, params, profile, done)',
      (_a: string, _r: string, params: any, _p: object, done: Done) =>
        done(null, params.id_token ? user : false),
      {},
    ],
    ['(...args), as Nest’s', (...args: any[]) => args[3](null, args[2].id === 'zhangsan' ? user : false), {}],
    [
      '(req, accessToken, refreshToken, profile, done)',
      (req: any, _a: string, _r: string, _p: object, done: Done) =>
        done(null, req.originalUrl ? user : false),
      { passReqToCallback: true },
    ],
    [
      '(req, accessToken, refreshToken, params, profile, done)',
      (_q: object, _a: string, _r: string, params: any, _p: object, done: Done) =>
        done(null, params.access_token ? user : false),
      { passReqToCallback: true },
    ],
    ['(…4) that returns a promise', async (_a: string, _r: string, _p: object, _done: Done) => user, {}],
    [
      '(…4) that is async and calls done',
      async (_a: string, _r: string, _p: object, done: Done) => void setImmediate(done, null, user),
      {},
    ],
  ];
  for (const [form, verify, options] of positional) {
    it(`signs in in the form ${form}`, async () => {
      const { json } = await signIn(verify, options);

      expect(json).to.deep.equal({ exit: 'success', user, info });
    });
  }

  it('hands the params over without the refresh token', async () => {
    let seen: any;

    await signIn((_a: string, refreshToken: string, params: any, _p: object, done: Done) => {
      seen = { refreshToken, params };
      done(null, user);
    });

    expect(seen.refreshToken).to.match(/^refresh-/);
    expect(seen.params).not.to.have.property('refresh_token');
  });

  it('may add to the info', async () => {
    const { json } = await signIn((_a: string, _r: string, _p: object, done: Done) =>
      done(null, user, { first: true }),
    );

    expect(json.info).to.deep.equal({ first: true, ...info });
  });

  it('may say why it refuses', async () => {
    const verify = (_a: string, _r: string, _p: object, done: Done) =>
      done(null, false, { message: 'not a student' });
    const { json } = await signIn(verify);

    expect(json.challenge).to.deep.equal({ message: 'not a student', ...info });
  });

  // One answer each, and never a crash.
  const faults: [string, unknown, string][] = [
    ['throws', (_context: unknown) => fail(new Error('of the application')), 'of the application'],
    ['rejects', async (_context: unknown) => fail(new Error('of the application')), 'of the application'],
    [
      'throws in a positional form',
      (_a: 1, _b: 2, _c: 3, _d: 4) => fail(new Error('of the application')),
      'of the application',
    ],
    [
      'rejects in a positional form',
      async (_a: 1, _b: 2, _c: 3, _d: 4) => fail(new Error('of the application')),
      'of the application',
    ],
    [
      'calls back with an error',
      (_a: 1, _b: 2, _c: 3, done: Done) => done(new Error('of the application')),
      'of the application',
    ],
    [
      'returns an error for a user [ER-04]',
      async (_context: unknown) => new Error('of the application'),
      'of the application',
    ],
    ['returns its context, tokens and all', (context: unknown) => context, 'returned its context'],
    ['resolves with its context', async (context: unknown) => context, 'returned its context'],
    [
      'calls back with its context',
      (context: unknown, done: Done) => done(null, context),
      'returned its context',
    ],
    ['rejects with nothing', (_context: unknown) => Promise.reject(), 'not an Error'],
    ['throws the word "route"', (_context: unknown) => fail('route'), 'not an Error'],
  ];
  for (const [what, verify, message] of faults) {
    it(`is answered with an error when it ${what} [ER-05, FI-19]`, async () => {
      const { json, status, me } = await signIn(verify);

      expect(status).to.equal(500);
      expect(json.message).to.include(message);
      expect(me.user).to.equal(null);
    });
  }

  it('is answered with an error when it never calls back [ER-05]', async () => {
    const { json, status } = await signIn((_a: 1, _b: 2, _c: 3, _d: 4) => undefined, {
      timeout: { verify: 20 },
    });

    expect(status).to.equal(500);
    expect(json.message).to.include('timeout.verify');
  });

  it('is heard once when it calls back twice', async () => {
    const { json } = await signIn((_a: string, _r: string, _p: object, done: Done) => {
      done(null, user);
      done(null, { account: 'somebody else' });
    });

    expect(json.user).to.deep.equal(user);
  });

  it('is run for the first profile when a subclass calls back twice', async () => {
    class Twice extends JaccountStrategy {
      override userProfile(accessToken: string, done: (error?: unknown, profile?: any) => void): void {
        super.userProfile(accessToken, (error, profile) => {
          done(error, profile);
          done(error, { ...profile, id: 'somebody-else' });
        });
      }
    }
    application = await startApplication({
      strategy: (callbackURL) =>
        new Twice({ ...provider.client, ...provider.endpoints, callbackURL }, async ({ profile }) => profile),
    });
    const agent = new UserAgent();

    const end = await agent.follow(await agent.get(`${application.url}/login`));

    expect(end.json().user.id).to.equal('zhangsan');
    expect((await agent.get(`${application.url}/me`)).json().user.id).to.equal('zhangsan');
  });

  it('is not run again by a query that is a thenable', async () => {
    let runs = 0;
    // biome-ignore lint/suspicious/noThenProperty: what the test is about
    const query = { then: () => runs++ };

    await signIn((_a: string, _r: string, _p: object, done: Done) => {
      done(null, user);
      return query;
    });

    expect(runs).to.equal(0);
  });
});

function withLength(value: number, callback: (...args: any[]) => unknown): unknown {
  return Object.defineProperty(callback, 'length', { value });
}

function fail(error: unknown): never {
  throw error;
}
