import { inspect } from 'node:util';
import { expect } from 'chai';
import express5, { type RequestHandler } from 'express';
import express4 from 'express4';
import { Passport, type Strategy } from 'passport';
import { bearerErrorOf, JaccountBearerStrategy } from 'passport-jaccount';
import { type Api, startApi } from '../support/api';
import { type ApiIssuer, createKey, signJwt, startApiIssuer } from '../support/api-issuer';
import { serve } from '../support/serve';

type Setting = Parameters<typeof startApi>[0];

const none = 'Bearer realm="api"';

/** A strategy that fails, or lets in, as told. */
function strategy(name: string, act: (actions: any, req: any) => void): Strategy {
  return {
    name,
    authenticate(req) {
      act(this, req);
    },
  } as Strategy;
}

for (const [version, express] of [
  ['Express 4', express4 as unknown as typeof express5],
  ['Express 5', express5],
] as const) {
  describe(`JaccountBearerStrategy with ${version}`, () => {
    let issuer: ApiIssuer;
    const apis: Api[] = [];

    before(async () => {
      issuer = await startApiIssuer();
    });
    afterEach(() => Promise.all(apis.splice(0).map((api) => api.stop())));
    after(() => issuer.stop());

    async function start(setting: Partial<Setting> = {}): Promise<Api> {
      const api = await startApi({ options: { issuers: [issuer.entry] }, express, ...setting });
      apis.push(api);
      return api;
    }

    const bearer = (different: Record<string, unknown> = {}) => `Bearer ${issuer.token(different)}`;

    it('lets in whom verify finds', async () => {
      const api = await start();

      const { status, json } = await api.call(bearer());

      expect([status, json().user]).to.deep.equal([200, { id: 'user-17' }]);
    });

    it('says what it wants where nothing was sent [RS-01]', async () => {
      const { status, challenge, text } = await (await start()).call();

      expect({ status, challenge, text }).to.deep.equal({
        status: 401,
        challenge: none,
        text: 'Unauthorized',
      });
    });

    it('answers 400 with a challenge for a malformed header [RS-02]', async () => {
      const { status, challenge, text } = await (await start()).call('Bearer a b');

      expect([status, text]).to.deep.equal([400, 'Bad Request']);
      expect(challenge).to.match(/^Bearer realm="api", error="invalid_request", error_description="[^"]+"$/);
    });

    it('answers every bad token alike [RS-03, BH-21]', async () => {
      const api = await start({ verify: async ({ claims }: any) => claims.sub !== 'stranger' && claims });
      const tokens = [
        ...[
          'opaque',
          'a.b.c',
          issuer.token({ iss: 'x' }),
          issuer.token({ aud: 'x' }),
          issuer.token({ exp: 1 }),
        ],
        ...[signJwt(issuer.claims(), createKey('first')), issuer.token({}, { kid: 'x' })],
        ...[issuer.token({ sub: 'stranger' }), issuer.token({}, { typ: 'logout+jwt' })],
      ];

      const answers = await Promise.all(tokens.map((token) => api.call(`Bearer ${token}`)));

      const shown = answers.map(({ status, challenge, text }) => JSON.stringify({ status, challenge, text }));
      expect(new Set(shown).size).to.equal(1);
      expect(answers[0]).to.include({ status: 401 });
      expect(answers[0]?.challenge).to.match(
        /^Bearer realm="api", error="invalid_token", error_description="[^"]+"$/,
      );
    });

    it('repeats nothing of a token in its challenge [BH-21, RS-13]', async () => {
      const api = await start();
      const canary = 'canary"\r\nX-Evil: 1\\é';
      const claims = { iss: canary, aud: canary, scope: canary, sub: canary };

      const answers = await Promise.all([
        api.call(`Bearer ${issuer.token(claims, { kid: canary, typ: canary })}`),
        api.call(`Bearer ${issuer.token({ ...claims, iss: issuer.issuer })}`),
        api.call('Bearer canary canary'),
      ]);

      for (const { challenge, headers, text } of answers) {
        expect(challenge)
          .to.match(/^[ -~]+$/)
          .and.not.include('canary');
        expect(headers.has('x-evil')).to.equal(false);
        expect(text).not.to.include('canary');
      }
    });

    it('calls itself by its realm', async () => {
      const api = await start({ options: { issuers: [issuer.entry], realm: 'messages, and more' } });

      expect((await api.call()).challenge).to.equal('Bearer realm="messages, and more"');
    });

    it('keeps answers out of caches, refused or not [RS-14]', async () => {
      const api = await start();

      const answers = await Promise.all([api.call(), api.call(bearer()), api.call('Bearer x')]);

      for (const { headers } of answers) {
        expect(headers.get('cache-control')).to.equal('no-store');
        expect(headers.get('vary')).to.equal('Authorization');
      }
    });

    it('leaves what the application says of caches [RS-14]', async () => {
      const before: RequestHandler[] = [
        (_req, res, next) => {
          res.setHeader('Cache-Control', 'private, max-age=60');
          res.setHeader('Vary', 'Origin');
          next();
        },
      ];

      const { headers } = await (await start({ before })).call(bearer());

      expect(headers.get('cache-control')).to.equal('private, max-age=60');
      expect(headers.get('vary')).to.equal('Origin, Authorization');
    });

    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      it(`asks ${method} for a token like any other [RS-15]`, async () => {
        const api = await start();

        const refused = await api.call(undefined, { method });
        const accepted = await api.call(bearer(), { method });

        expect([refused.status, refused.challenge, accepted.status]).to.deep.equal([401, none, 200]);
      });
    }

    describe('in a chain', () => {
      const basic = (status?: number) =>
        strategy('basic', ({ success, fail }, req) => {
          if (req.headers.authorization === 'Basic right') return success({ id: 'by basic' }, {});
          fail('Basic realm="Users"', status);
        });

      it('leaves a foreign scheme to the next strategy', async () => {
        const api = await start({ chain: { last: [basic()] } });

        const { status, challenge, json } = await api.call('Basic right');

        expect([status, challenge, json().user]).to.deep.equal([200, null, { id: 'by basic' }]);
      });

      it('answers behind a strategy that knows nothing of tokens', async () => {
        const api = await start({ chain: { first: [basic()] } });

        expect((await api.call(bearer())).json().user).to.deep.equal({ id: 'user-17' });
      });

      it('shows the challenges of all where nothing was sent', async () => {
        const { status, challenge } = await (await start({ chain: { last: [basic()] } })).call();

        expect([status, challenge]).to.deep.equal([401, `${none}, Basic realm="Users"`]);
      });

      it('lets the next strategy decide on the status where nothing was sent', async () => {
        const { status } = await (await start({ chain: { last: [basic(400)] } })).call('Basic wrong');

        expect(status).to.equal(400);
      });

      it('decides on the status where a token was sent', async () => {
        const api = await start({ chain: { last: [basic(403)] } });

        expect((await api.call('Bearer x')).status).to.equal(401);
        expect((await api.call('Bearer x y')).status).to.equal(400);
      });
    });

    it('keeps requests apart where Passport was given the instance [HT-04]', async () => {
      const api = await start({
        byInstance: true,
        verify: async ({ claims }: any) => {
          await new Promise((resolve) => setTimeout(resolve, Number(claims.wait)));
          return { id: claims.sub };
        },
      });
      const numbers = Array.from({ length: 40 }, (_, number) => number);

      const answers = await Promise.all(
        numbers.map((number) => api.call(bearer({ sub: `user-${number}`, wait: 40 - number }))),
      );

      expect(answers.map((answer) => answer.json().user.id)).to.deep.equal(numbers.map((n) => `user-${n}`));
    });

    const verdicts: [what: string, verify: (...args: any[]) => unknown, status: number][] = [
      ['resolves with false', async (_context: any) => false, 401],
      ['resolves with nothing', async (_context: any) => undefined, 401],
      ['returns null', (_context: any) => null, 401],
      ['calls back with false', (_claims: any, done: any) => done(null, false), 401],
      ['calls back with false and a reason', (_claims: any, done: any) => done(null, false, 'gone'), 401],
      ['resolves with an error', async (_context: any) => new Error('no database'), 500],
      ['throws', (_context: any) => raise(), 500],
      ['throws before it calls back', (_claims: any, _done: any) => raise(), 500],
      ['rejects', async (_context: any) => raise(), 500],
      ['calls back with an error', (_claims: any, done: any) => done(new Error('no database')), 500],
      ['calls back with what is no error', (_claims: any, done: any) => done('route'), 500],
    ];
    for (const [what, verify, expected] of verdicts) {
      it(`answers ${expected} and lets nobody in when verify ${what} [BH-22, ER-04, ER-05]`, async () => {
        const api = await start({ verify });

        const { status } = await api.call(bearer());

        expect([status, api.admitted]).to.deep.equal([expected, []]);
      });
    }

    it('takes the first of two answers [ER-05]', async () => {
      const verify = (_claims: any, done: any) => {
        done(null, { id: 'first' });
        done(null, { id: 'second' });
        done(new Error('late'));
      };

      const api = await start({ verify });

      expect((await api.call(bearer())).json().user).to.deep.equal({ id: 'first' });
    });

    it('gives a verify callback that is never called back up [ER-05]', async () => {
      const options = { issuers: [issuer.entry], timeout: { verify: 20 } };
      const api = await start({ options, verify: (_claims: any, _done: any) => undefined });

      expect((await api.call(bearer())).status).to.equal(500);
    });

    const forms: [what: string, verify: (...args: any[]) => unknown, passReqToCallback: boolean][] = [
      ['a context', async ({ claims, req }: any) => ({ sub: claims.sub, path: req.path }), false],
      ['claims and done', (claims: any, done: any) => done(null, { sub: claims.sub, path: '/' }), false],
      ['any number', (...args: any[]) => args[1](null, { sub: args[0].sub, path: '/' }), false],
      [
        'a request, claims and done',
        (req: any, c: any, done: any) => done(null, { sub: c.sub, path: req.path }),
        true,
      ],
      [
        'any number, with the request',
        (...args: any[]) => args[2](null, { sub: args[1].sub, path: args[0].path }),
        true,
      ],
    ];
    for (const [what, verify, passReqToCallback] of forms) {
      it(`calls a verify callback of ${what}`, async () => {
        const api = await start({ options: { issuers: [issuer.entry], passReqToCallback }, verify });

        expect((await api.call(bearer())).json().user).to.deep.equal({ sub: 'user-17', path: '/' });
      });
    }

    it('leaves no timer behind a verify callback that answered', async () => {
      const api = await start();
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
      await api.call(bearer());
      const before = timers();

      for (let count = 0; count < 30; count++) await api.call(bearer());

      expect(timers()).to.be.below(before + 30);
    });

    it('keeps the scope of the token, whatever info verify gives', async () => {
      const info = { scope: ['everything'], note: 'mine' };
      const api = await start({ verify: (claims: any, done: any) => done(null, claims, info) });

      const { authInfo } = (await api.call(bearer())).json();

      expect(authInfo).to.deep.include({ scope: ['read:messages'], note: 'mine' });
    });

    it('hands challenge and status to a callback of its own, and the error to who asks', async () => {
      const passport = new Passport();
      passport.use(new JaccountBearerStrategy({ issuers: [issuer.entry] }, async ({ claims }) => claims));
      const app = express();
      app.use((req, res, next) =>
        passport.authenticate('jaccount-bearer', ((error: any, user: any, challenge: any, status: any) => {
          const { fault, headers } = bearerErrorOf(req) ?? {};
          res.json({ error, user, challenge, status, fault, headers });
        }) as any)(req, res, next),
      );
      const { url, stop } = await serve(app);

      const answer = await fetch(url, { headers: { authorization: `Bearer ${issuer.token({ exp: 1 })}` } });
      const { error, user, challenge, status, fault, headers } = (await answer.json()) as any;
      await stop();

      expect({ error, user, status, fault }).to.deep.equal({
        error: null,
        user: false,
        status: 401,
        fault: 'expired',
      });
      expect(headers).to.deep.equal({ 'WWW-Authenticate': challenge });
    });

    it('holds no token in the error it leaves [ER-01]', async () => {
      let error: unknown;
      const onError = ((_error: any, req: any, res: any, _next: any) => {
        error = bearerErrorOf(req);
        res.end();
      }) as any;
      const api = await start({ authenticate: { failWithError: true }, onError });
      const token = issuer.token({ sub: 'canary', exp: 1 });

      await api.call(`Bearer ${token}`);

      const [, payload, signature] = token.split('.') as [string, string, string];
      const shown = inspect(error, { showHidden: true, depth: 9 });
      expect(shown).to.include('expired');
      for (const secret of ['canary', payload, signature]) expect(shown).not.to.include(secret);
    });

    it('lets an application hear of what its own callback throws [ER-03]', async () => {
      const api = await start({
        chain: { last: [strategy('broken', () => raise())] },
      });

      expect((await api.call()).status).to.equal(500);
    });
  });
}

function raise(): never {
  throw new Error('no database');
}
