import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import {
  CookieTransactions,
  type CookieTransactionsOptions,
  type JaccountStrategyOptions,
} from 'passport-jaccount';
import type { Application } from '../support/application';
import { aged, type Begun, Jar, origin, resealed, useCookieLogins } from '../support/cookie-logins';
import { expressWith, replyOf, sessionlessFrameworks } from '../support/frameworks';
import { strategyOf, transactionOf } from '../support/login-steps';
import {
  headerIn,
  hostEndedHeader,
  pairOf,
  pendingHeader,
  cookieSecret as secret,
  unsealEnded,
} from '../support/sealed-cookies';
import { serve } from '../support/serve';
import { UserAgent, type Visit } from '../support/user-agent';

const [, , fastify] = sessionlessFrameworks;

describe('CookieTransactions', () => {
  const logins = useCookieLogins();
  const { start, begin, finish } = logins;

  const messages = [
    { cookie: () => '', message: /^the browser sent no cookie of a pending login: .* finished before/ },
    { cookie: ({ name }: Begun) => `${name}=garbage`, message: /sealed with another secret/ },
    { cookie: () => 'jaccount-AAAAAAAAAAAAAAAA=garbage', message: /belongs to no pending login/ },
    { cookie: aged(11 * 60_000), message: /^the login took too long/ },
    { cookie: aged(-2 * 60_000), message: /^the login began in the future: .* clocks/ },
  ];
  for (const { cookie, message } of messages) {
    it(`says why a login cannot be finished: ${message.source}`, async () => {
      const application = await start();
      const begun = await begin(application);

      const end = await finish(application, begun, cookie(begun));

      expect(end.json().challenge.detail).to.match(message);
    });
  }

  it('sets a __Host- cookie where the callback is https [TX-04]', async () => {
    const { url } = await start();

    const { headers } = await new UserAgent().get(`${url}/login`);

    expect(headers.getSetCookie()).to.have.length(1);
    expect(headers.getSetCookie()[0]).to.match(
      /^__Host-jaccount-[\w-]{16}=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it('clears a __Host- cookie by the same rules [TX-05]', async () => {
    const application = await start();
    const [begun, jar] = [await begin(application), new Jar()];
    await jar.set(`${begun.name}=${begun.value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure`);
    const before = await jar.header();
    logins.provider.script.token = () => ({ status: 400, json: { error: 'invalid_grant' } });

    const end = await finish(application, begun, before);
    for (const header of end.headers.getSetCookie()) await jar.set(header);

    expect(end.status).to.equal(401);
    expect(before).to.include(begun.name);
    expect(await jar.cookies()).to.deep.equal([]);
  });

  it('replaces a __Host- cookie by the same rules [TX-05]', async () => {
    const application = await start();
    const begun = await begin(application);

    const end = await finish(application, begun, `${begun.name}=${begun.value}`);

    expect(end.json().exit).to.equal('success');
    const [cookie = '', ...others] = end.headers.getSetCookie();
    const { name, value } = pairOf(cookie);
    expect(others).to.deep.equal([]);
    expect(name).to.equal(begun.name);
    expect(cookie).to.match(/=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
    expect(headerIn(value)).to.deep.equal(hostEndedHeader);
    expect(unsealEnded(value).handle).to.equal(begun.transaction.handle);
  });

  it('seals with A256GCM, for a purpose of its own, uncompressed [TX-01, TX-03, TX-07]', async () => {
    const { value } = await begin(await start());

    const [header = '', key] = value.split('.');

    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).to.deep.equal(pendingHeader);
    expect(key).to.equal('');
  });

  it('takes a fresh IV of 96 bits for each of 1000 cookies [TX-01]', async () => {
    const values: string[] = [];
    const header = (name: string, value: string) => name === 'Set-Cookie' && values.push(pairOf(value).value);
    const transactions = new CookieTransactions({ secret, responseOf: () => ({ header }) });
    const request = { headers: {} } as never;

    for (let count = 0; count < 1000; count++)
      await transactions.put(request, transactionOf('one'.padEnd(22, '0')));

    const ivs = values.map((value) => Buffer.from(value.split('.')[2] as string, 'base64url'));
    expect(new Set(ivs.map((iv) => iv.toString('hex')))).to.have.property('size', 1000);
    expect(new Set(ivs.map(({ length }) => length))).to.deep.equal(new Set([12]));
  });

  it('shows nothing of what it holds', async () => {
    const { value, transaction, search } = await begin(
      await start(),
      '?returnTo=/private-page&appState=blue-whale',
    );
    const { nonce, codeVerifier, handle } = transaction;
    const hidden = [nonce, codeVerifier, handle, '/private-page', 'blue-whale', 'openid', origin];

    const visible = [
      value,
      ...value.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1')),
    ];

    for (const text of [...hidden, new URLSearchParams(search).get('state')]) {
      expect(visible.join('\n')).not.to.include(text);
    }
  });

  it('keeps the state out of the cookie', async () => {
    const { transaction, search } = await begin(await start());
    const state = new URLSearchParams(search).get('state') as string;

    expect(JSON.stringify(transaction)).not.to.include(state);
    expect(transaction.handle).to.equal(digestOf(state));
  });

  describe('goes by the age inside the cookie [TX-02]', () => {
    const ages: { age: string; milliseconds: number; outcome: string }[] = [
      { age: 'of 9 minutes 50', milliseconds: 590_000, outcome: 'success' },
      { age: 'of 10 minutes', milliseconds: 600_000, outcome: 'expired' },
      { age: 'of 10 minutes and a second', milliseconds: 601_000, outcome: 'expired' },
      { age: 'from 50 seconds ahead', milliseconds: -50_000, outcome: 'success' },
      { age: 'from 2 minutes ahead', milliseconds: -120_000, outcome: 'expired' },
      { age: 'from the end of time', milliseconds: -Number.MAX_VALUE, outcome: 'expired' },
    ];
    for (const { age, milliseconds, outcome } of ages) {
      it(`with a login ${age}, in ${outcome} [CK-03]`, async () => {
        const application = await start();
        const begun = await begin(application);
        const aged = resealed({ createdAt: begun.transaction.createdAt - milliseconds })(begun);

        const end = (await finish(application, begun, `${begun.name}=${aged}`)).json();

        expect(end.challenge?.reason ?? end.exit).to.equal(outcome);
      });
    }
  });

  it('reads the header itself, not what a cookie parser made of it [CK-12]', async () => {
    const trap = new Proxy({}, { get: () => assert.fail('a parsed cookie was read') });
    const application = await start(
      { secret },
      {
        before: [(req, _res, next) => next(void Object.assign(req, { cookies: trap, signedCookies: trap }))],
      },
    );
    const begun = await begin(application);

    const end = await finish(application, begun, `${begun.name}=${begun.value}`);

    expect(end.json().exit).to.equal('success');
  });

  it('finds its cookie among malformed ones [CK-13]', async () => {
    const application = await start();
    const begun = await begin(application);
    const junk = '=; ;; =x; jaccount-; __Host-jaccount-; jaccount-%E0%A4%A=%; __Host-jaccount-;=';

    const end = await finish(application, begun, `${junk}; ${begun.name}=${begun.value}; ${junk}`);

    expect(end.json().exit).to.equal('success');
  });

  it('rejects when the answer is already on its way [CK-14]', async () => {
    const transactions = new CookieTransactions({ secret });
    let outcome: unknown;
    const { url, stop } = await serve(async (req, res: ServerResponse) => {
      res.write('early');
      outcome = await transactions
        .put(Object.assign(req, { res }) as never, transactionOf('one'))
        .catch((error) => error);
      res.end();
    });

    const { text } = await new UserAgent().get(url);
    await stop();

    expect(text).to.equal('early');
    expect(outcome).to.include({ code: 'ERR_HTTP_HEADERS_SENT' });
  });

  it('survives an application that answers before it [CK-14]', async () => {
    const application = await start(
      { secret },
      {
        before: [
          (req, res, next) => {
            if (req.path === '/login') res.end('early');
            next();
          },
        ],
      },
    );

    const { text } = await new UserAgent().get(`${application.url}/login`);

    expect(text).to.equal('early');
    expect((await new UserAgent().get(`${application.url}/me`)).status).to.equal(200);
  });

  it('takes a login once, whichever cookies come back [TX-09]', async () => {
    const application = await start();
    const begun = await begin(application);
    const cookie = `${begun.name}=${begun.value}`;
    await finish(application, begun, cookie);

    const replay = await finish(application, begun, cookie);

    expect(replay.status).to.equal(403);
    expect(replay.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
    expect(logins.provider.tokenRequests).to.have.length(1);
  });

  it('leaves a replay with the old cookie at another machine to jAccount, which takes a code once [TX-09]', async () => {
    const [application, other] = [await start(), await start()];
    const begun = await begin(application);
    const cookie = `${begun.name}=${begun.value}`;
    await finish(application, begun, cookie);
    logins.provider.script.token = () => ({ status: 400, json: { error: 'invalid_grant' } });

    const replay = await finish(other, begun, cookie);

    expect(replay.status).to.equal(401);
    expect(replay.json().challenge).to.include({ code: 'ERR_JACCOUNT_TOKEN', error: 'invalid_grant' });
  });

  describe('names both ways out', () => {
    function expectBoth(end: Visit): void {
      expect(end.location).to.equal(undefined);
      expect(end.headers.getSetCookie()).to.deep.equal([]);
      expect(end.status).to.equal(500);
      expect(end.json()).to.include({ exit: 'error', name: 'TypeError' });
      expect(end.json().message).to.match(/the option responseOf, or put a session middleware before/);
    }

    async function startOnFastify(options: Partial<JaccountStrategyOptions>): Promise<Application> {
      const application = await fastify.start({
        strategies: (callbackURL) => [strategyOf(logins.provider, callbackURL, options)],
      });
      logins.applications.push(application);
      return application;
    }

    const stores: { what: string; options: () => Partial<JaccountStrategyOptions> }[] = [
      { what: 'the store that it has by default', options: () => ({}) },
      {
        what: 'a store with a secret',
        options: () => ({ transactions: new CookieTransactions({ secret }) }),
      },
    ];
    for (const { what, options } of stores) {
      it(`where a request leads neither to its response nor to a session, with ${what}`, async () => {
        const { url } = await startOnFastify(options());

        expectBoth(await new UserAgent().get(`${url}/login`));
      });

      it(`at the callback too, with ${what}`, async () => {
        const { callbackURL } = await startOnFastify(options());

        expectBoth(await new UserAgent().get(`${callbackURL}?code=x&state=${'x'.repeat(43)}`));
        expect(logins.provider.tokenRequests).to.have.length(0);
      });
    }

    for (const [what, value] of Object.entries({ nothing: undefined, 'a text': 'x', 'what is none': {} })) {
      it(`where responseOf gives ${what}`, async () => {
        const { url } = await start({ secret, responseOf: () => value as never });

        expectBoth(await new UserAgent().get(`${url}/login`));
      });
    }

    // The application said how to find the response: a session in its place would hide that it was wrong.
    it('where responseOf gives nothing and there is a session', async () => {
      const application = await expressWith({}).start({
        strategies: (callbackURL) => {
          const transactions = new CookieTransactions({ responseOf: () => undefined as never });
          return [strategyOf(logins.provider, callbackURL, { transactions })];
        },
      });
      logins.applications.push(application);

      expectBoth(await new UserAgent().get(`${application.url}/login`));
    });
  });

  describe('cannot be made', () => {
    const short = 'hunter2hunter2hunter2hunter2hun';
    const misuses: { what: string; options: unknown; message: RegExp }[] = [
      { what: 'with an empty secret', options: { secret: '' }, message: /secret/ },
      { what: 'with a secret of 31 characters', options: { secret: short }, message: /secret/ },
      { what: 'with a secret of white space', options: { secret: ' '.repeat(40) }, message: /secret/ },
      { what: 'with a padded short secret', options: { secret: short.padEnd(40) }, message: /secret/ },
      { what: 'with null', options: { secret: null }, message: /secret/ },
      { what: 'with a number', options: { secret: 1e40 }, message: /secret/ },
      { what: 'with a buffer', options: { secret: Buffer.alloc(32) }, message: /secret/ },
      { what: 'with no secret in a list', options: { secret: [] }, message: /secret/ },
      { what: 'with a short one in a list', options: { secret: [secret, short] }, message: /secret/ },
      { what: 'with a hole in a list', options: { secret: [secret, undefined] }, message: /secret/ },
      {
        what: 'with a secret twice',
        options: { secret: [secret, secret] },
        message: /secret is given twice/,
      },
      { what: 'with a response', options: { secret, responseOf: {} }, message: /responseOf/ },
      { what: 'with null for responseOf', options: { secret, responseOf: null }, message: /responseOf/ },
      { what: 'with a number for claim', options: { claim: 7 }, message: /claim/ },
      { what: 'with null for claim', options: { secret, claim: null }, message: /claim/ },
      { what: 'with an unknown option', options: { secret, secrets: [secret] }, message: /secrets/ },
      { what: 'with a misspelt option', options: { secret, responseof: replyOf }, message: /responseof/ },
    ];
    for (const { what, options, message } of misuses) {
      it(what, () => {
        assert.throws(
          () => new CookieTransactions(options as CookieTransactionsOptions),
          (error: Error) => {
            expect(error).to.be.instanceOf(TypeError);
            expect(error.message).to.match(message).and.not.to.include(short).and.not.to.include(secret);
            return true;
          },
        );
      });
    }

    const uses: { what: string; options: CookieTransactionsOptions | undefined }[] = [
      { what: 'with a secret of 32 characters', options: { secret: 'x'.repeat(32) } },
      { what: 'without options', options: undefined },
      { what: 'without a secret', options: {} },
      { what: 'with undefined for a secret', options: { secret: undefined } as object },
    ];
    for (const { what, options } of uses) {
      it(`except ${what}`, () => {
        expect(() => new CookieTransactions(options)).not.to.throw();
      });
    }
  });
});

// 132 bits, so that the cookies stay small.
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
