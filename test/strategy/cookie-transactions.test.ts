import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import {
  CookieTransactions,
  type CookieTransactionsOptions,
  JaccountStrategy,
  type JaccountStrategyOptions,
  type Transaction,
  verifyIdToken,
} from 'passport-jaccount';
import { CookieJar } from 'tough-cookie';
import type { Application } from '../support/application';
import { replyOf, type Setting, sessionlessFrameworks } from '../support/frameworks';
import { type Provider, signIdToken, startProvider } from '../support/provider';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

const secret = 'a cookie secret of the tests, longer than 32';
const origin = 'https://app.example';
const [express, , fastify] = sessionlessFrameworks;

for (const framework of sessionlessFrameworks) {
  const options: CookieTransactionsOptions = {
    secret,
    ...(framework === fastify && { responseOf: replyOf }),
  };

  describe(`CookieTransactions in ${framework.name} without a session`, () => {
    let provider: Provider;
    let application: Application;

    beforeEach(async () => {
      provider = await startProvider();
      application = await framework.start({
        strategies: (callbackURL) => [
          strategyOf(provider, callbackURL, { transactions: new CookieTransactions(options) }),
        ],
      });
    });
    afterEach(async () => {
      await application.stop();
      await provider.stop();
    });

    const beginTab = async (agent: UserAgent, returnTo = '/') => {
      const { url } = application;
      const { location } = await agent.follow(await agent.get(`${url}/login?returnTo=${returnTo}`), url);
      return location as string;
    };
    const cookiesOf = ({ jar }: UserAgent) => jar.getCookies(application.url);

    it('signs a user in', async () => {
      const agent = new UserAgent();

      const end = await agent.get(await beginTab(agent, '/wanted'));

      expect(end.json()).to.deep.equal({
        exit: 'success',
        user: { id: 'zhangsan' },
        info: { returnTo: '/wanted' },
      });
    });

    it('finishes two tabs in the order they began', async () => {
      const agent = new UserAgent();
      const tabs = [await beginTab(agent, '/one'), await beginTab(agent, '/two')];

      const ends = [await agent.get(tabs[0]!), await agent.get(tabs[1]!)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/one', '/two']);
    });

    it('finishes two tabs in the other order', async () => {
      const agent = new UserAgent();
      const tabs = [await beginTab(agent, '/one'), await beginTab(agent, '/two')];

      const ends = [await agent.get(tabs[1]!), await agent.get(tabs[0]!)];

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/two', '/one']);
    });

    it('sets a cookie that a browser takes over http on loopback [TX-04]', async () => {
      const { headers } = await new UserAgent().get(`${application.url}/login`);

      expect(headers.getSetCookie()).to.have.length(1);
      expect(headers.getSetCookie()[0]).to.match(
        /^jaccount-[\w-]{16}=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
      );
    });

    it('leaves no cookie behind after a login [TX-05]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent);
      const before = await cookiesOf(agent);

      await agent.get(callback);

      expect(before).to.have.length(1);
      expect(await cookiesOf(agent)).to.deep.equal([]);
    });

    it('leaves no cookie behind after a login that the user declined [TX-05]', async () => {
      const agent = new UserAgent();
      provider.script.response = { code: '', error: 'access_denied' };

      const end = await agent.get(await beginTab(agent));

      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_AUTHORIZATION' });
      expect(await cookiesOf(agent)).to.deep.equal([]);
    });

    it('leaves no cookie behind after a login that went wrong [TX-05]', async () => {
      const agent = new UserAgent();
      provider.script.token = () => ({ status: 500, json: {} });

      const end = await agent.get(await beginTab(agent));

      expect(end.json().exit).to.equal('error');
      expect(await cookiesOf(agent)).to.deep.equal([]);
    });

    it('leaves pending logins alone when a state is forged [CB-05]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent);

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
      await beginTab(alice);

      const end = await alice.get(await beginTab(mallory));

      expect(end.json().challenge).to.include({ reason: 'unknown' });
      expect(provider.tokenRequests).to.have.length(0);
    });

    it('refuses a reload with no second token request [CQ-19]', async () => {
      const agent = new UserAgent();
      const callback = await beginTab(agent);
      await agent.get(callback);

      const reload = await agent.get(callback);

      expect(reload.status).to.equal(403);
      expect(reload.json().challenge).to.include({ reason: 'no-transaction' });
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('lets no cache keep an answer that sets or clears a cookie [TX-10]', async () => {
      const agent = new UserAgent();
      const start = await agent.get(`${application.url}/login`);
      const end = await agent.get((await agent.follow(start, application.url)).location as string);

      for (const { headers } of [start, end]) {
        expect(headers.getSetCookie()).to.have.length(1);
        expect(headers.get('cache-control')).to.equal('no-store');
      }
    });
  });
}

describe('CookieTransactions', () => {
  let provider: Provider;
  const applications: Application[] = [];

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    await provider.stop();
  });

  async function start(
    options: CookieTransactionsOptions = { secret },
    setting: Partial<Setting> = {},
  ): Promise<Application> {
    const transactions = new CookieTransactions(options);
    const application = await express.start({
      strategies: () => [
        strategyOf(provider, `${origin}/callback`, { transactions }),
        strategyOf(provider, `${origin}/callback/campus`, { transactions, name: 'campus' }),
      ],
      ...setting,
    });
    applications.push(application);
    return application;
  }

  /** A login that was begun: its cookie, and the query that the browser comes back with. */
  interface Begun {
    name: string;
    value: string;
    search: string;
    transaction: Transaction;
  }

  async function begin({ url }: Application, query = ''): Promise<Begun> {
    const agent = new UserAgent();
    const sent = await agent.get(`${url}/login${query}`);
    const [cookie = ''] = sent.headers.getSetCookie();
    const { name, value } = pairOf(cookie);
    const { location } = await agent.follow(sent, origin);
    return { name, value, search: new URL(location as string).search, transaction: unseal(value) };
  }

  function finish({ url }: Application, { search }: Begun, cookie: string, path = '/callback') {
    return new UserAgent().get(url + path + search, { headers: { cookie } });
  }

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

      expect(end.json().challenge.message).to.match(message);
    });
  }

  async function expectRefusal(application: Application, begun: Begun, cookie: string, reason = 'unknown') {
    const end = await finish(application, begun, cookie);

    expect(end.status).to.equal(403);
    expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason });
    expect(provider.tokenRequests).to.have.length(0);
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
    const begun = await begin(application);
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict' });
    await jar.setCookie(
      `${begun.name}=${begun.value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure`,
      origin,
    );
    const before = await jar.getCookieString(origin);

    const end = await finish(application, begun, before);
    for (const header of end.headers.getSetCookie()) await jar.setCookie(header, origin);

    expect(end.json().exit).to.equal('success');
    expect(before).to.include(begun.name);
    expect(await jar.getCookies(origin)).to.deep.equal([]);
  });

  it('seals with A256GCM, for a purpose of its own, uncompressed [TX-01, TX-03, TX-07]', async () => {
    const { value } = await begin(await start());

    const [header = '', key] = value.split('.');

    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).to.deep.equal({
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'jaccount-txn',
    });
    expect(key).to.equal('');
  });

  it('takes a fresh IV of 96 bits for each of 1000 cookies [TX-01]', async () => {
    const values: string[] = [];
    const header = (name: string, value: string) => name === 'Set-Cookie' && values.push(pairOf(value).value);
    const transactions = new CookieTransactions({ secret, responseOf: () => ({ header }) });
    const request = { headers: {} } as never;

    for (let count = 0; count < 1000; count++) await transactions.put(request, transactionOf('one'));

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
    expect(transaction.handle).to.equal(createHash('sha256').update(state).digest('base64url'));
  });

  describe('with a request that has no cookie of the login [CK-01]', () => {
    const headers: { what: string; cookie: (name: string) => string }[] = [
      { what: 'no header', cookie: () => '' },
      { what: 'a blank header', cookie: () => ' ; ;; ' },
      { what: 'cookies of others', cookie: () => 'session=abc; theme=dark' },
      { what: 'a name that only ends like ours', cookie: (name) => `x${name}=abc` },
    ];
    for (const { what, cookie } of headers) {
      it(`but ${what}, says that there is none`, async () => {
        const application = await start();
        const begun = await begin(application);

        await expectRefusal(application, begun, cookie(begun.name), 'no-transaction');
      });
    }
  });

  describe('refuses', () => {
    const forgeries: { id: string; what: string; forge: (begun: Begun, other: Begun) => string }[] = [
      { id: 'CK-01', what: 'an empty value', forge: () => '' },
      ...['header', 'key', 'IV', 'ciphertext', 'tag'].flatMap((segment, index) => [
        {
          id: 'CK-02',
          what: `a cookie with its ${segment} removed`,
          forge: ({ value }: Begun) => value.split('.').toSpliced(index, 1).join('.'),
        },
        {
          id: 'CK-02',
          what: `a cookie with its ${segment} ${segment === 'key' ? 'filled' : 'emptied'}`,
          forge: ({ value }: Begun) => withSegment(value, index, () => (segment === 'key' ? 'AAAA' : '')),
        },
      ]),
      ...['header', 'IV', 'ciphertext', 'tag'].map((segment) => ({
        id: 'CK-02',
        what: `a cookie with a bit of its ${segment} flipped`,
        forge: ({ value }: Begun) => withSegment(value, segments.indexOf(segment), flipped),
      })),
      ...['IV', 'ciphertext', 'tag'].map((segment) => ({
        id: 'CK-02',
        what: `a cookie with the ${segment} of another`,
        forge: ({ value }: Begun, other: Begun) => {
          const index = segments.indexOf(segment);
          return withSegment(value, index, () => other.value.split('.')[index] as string);
        },
      })),
      {
        id: 'CK-02',
        what: 'a cookie with a blank in its IV',
        forge: ({ value }) => withSegment(value, 2, (iv) => `${iv.slice(0, 8)} ${iv.slice(8)}`),
      },
      {
        id: 'CK-02',
        what: 'a cookie with padding after its tag',
        forge: ({ value }) => `${value}==`,
      },
      { id: 'CK-02', what: 'a cookie with a sixth segment', forge: ({ value }) => `${value}.AAAA` },
      { id: 'CK-02', what: 'a cookie with a shorter tag', forge: ({ value }) => value.slice(0, -6) },

      { id: 'CK-03', what: 'a transaction without age', forge: resealed({ createdAt: undefined }) },
      { id: 'CK-03', what: 'a transaction whose age is a text', forge: resealed({ createdAt: '1' }) },

      ...[
        { alg: 'A256KW' },
        { alg: 'A256GCMKW', iv: 'AAAAAAAAAAAAAAAA', tag: 'AAAAAAAAAAAAAAAAAAAAAA' },
        { alg: 'PBES2-HS512+A256KW', p2s: 'AAAAAAAAAAAAAAAAAAAAAA', p2c: 1_000_000_000 },
        { alg: 'RSA-OAEP' },
        { alg: 'ECDH-ES', epk: { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) } },
        { alg: 'none' },
        { alg: undefined },
        { enc: 'A128CBC-HS256' },
        { enc: 'A256CBC-HS512' },
        { enc: 'A128GCM' },
        { enc: undefined },
        { crit: ['exp'], exp: 1 },
      ].flatMap((header) => [
        {
          id: 'CK-05',
          what: `the header ${JSON.stringify(header)}`,
          forge: ({ transaction }: Begun) =>
            seal(JSON.stringify(transaction), { header: { ...rightHeader, ...header } }),
        },
        {
          id: 'CK-05',
          what: `the header ${JSON.stringify(header)} with a wrapped key`,
          forge: ({ transaction }: Begun) => {
            const sealed = seal(JSON.stringify(transaction), { header: { ...rightHeader, ...header } });
            return withSegment(sealed, 1, () => 'A'.repeat(54));
          },
        },
      ]),

      {
        id: 'CK-06',
        what: 'a right transaction that was compressed',
        forge: ({ transaction }) =>
          seal(deflateRawSync(JSON.stringify(transaction)), { header: { ...rightHeader, zip: 'DEF' } }),
      },
      {
        id: 'CK-06',
        what: 'a megabyte that was compressed into one cookie',
        forge: () =>
          seal(deflateRawSync(Buffer.alloc(1_200_000, ' ')), { header: { ...rightHeader, zip: 'DEF' } }),
      },
      {
        id: 'CK-06',
        what: 'the announcement of a compression that was not made',
        forge: ({ transaction }) =>
          seal(JSON.stringify(transaction), { header: { ...rightHeader, zip: 'DEF' } }),
      },
      {
        id: 'CK-06',
        what: 'a cookie of 4 KiB',
        forge: resealed({ appState: 'x'.repeat(3000) }),
      },

      ...[undefined, 'JWT', 'jaccount-session', 'JACCOUNT-TXN', 7].map((typ) => ({
        id: 'CK-07',
        what: `the type ${JSON.stringify(typ)}`,
        forge: ({ transaction }: Begun) =>
          seal(JSON.stringify(transaction), { header: { ...rightHeader, typ } }),
      })),
      { id: 'CK-07', what: 'a session cookie', forge: () => 's%3AZ3w0vT.c2lnbmF0dXJl' },
      {
        id: 'CK-07',
        what: 'an ID Token',
        forge: ({ transaction }) => signIdToken({ sub: 'zhangsan', ...transaction }),
      },
      {
        id: 'CK-07',
        what: 'a JWT that is signed with the key of the cookie',
        forge: ({ transaction }) => signedWith(keyOf(secret), transaction),
      },
      {
        id: 'CK-07',
        what: 'what the application sealed with the secret as it is',
        forge: ({ transaction }) =>
          seal(JSON.stringify(transaction), { key: createHash('sha256').update(secret).digest() }),
      },
      {
        id: 'CK-07',
        what: 'what the application sealed with a key of another purpose',
        forge: ({ transaction }) =>
          seal(JSON.stringify(transaction), { key: keyOf(secret, 'session cookie') }),
      },

      { id: 'CK-08', what: 'the cookie of another login under its name', forge: (_, other) => other.value },

      ...['null', '[]', '"x"', '7', '{}', '', 'undefined', '{"handle":', '\u0000'].map((plaintext) => ({
        id: 'CK-10',
        what: `the plaintext ${JSON.stringify(plaintext)}`,
        forge: () => seal(plaintext),
      })),
      {
        id: 'CK-10',
        what: 'a plaintext that is no UTF-8',
        forge: ({ transaction }) =>
          seal(Buffer.from(JSON.stringify({ ...transaction, returnTo: '/\u00ff' }), 'latin1')),
      },
      {
        id: 'CK-10',
        what: 'a transaction that is only inherited',
        forge: ({ transaction }) => seal(`{"__proto__":${JSON.stringify(transaction)}}`),
      },
      {
        id: 'CK-10',
        what: 'a transaction in a list',
        forge: ({ transaction }) => seal(JSON.stringify([transaction])),
      },
      ...[
        { handle: undefined },
        { handle: 'x'.repeat(43) },
        { binding: 7 },
        { redirectURI: null },
        { nonce: {} },
        { codeVerifier: 7 },
        { returnTo: ['/'] },
        { scope: 'openid' },
        { scope: [null] },
        { user: {} },
      ].map((members) => ({
        id: 'CK-10',
        what: `a transaction with ${JSON.stringify(members)}`,
        forge: resealed(members),
      })),
      {
        id: 'CK-10',
        what: 'an older shape',
        forge: ({ transaction: { handle, nonce } }) => seal(JSON.stringify({ v: 0, state: handle, nonce })),
      },

      {
        id: 'CK-12',
        what: 'what cookie-parser takes for an object',
        forge: ({ transaction }) => `j:${JSON.stringify(transaction)}`,
      },
      {
        id: 'CK-12',
        what: 'the same, encoded',
        forge: ({ transaction }) => encodeURIComponent(`j:${JSON.stringify(transaction)}`),
      },
      { id: 'CK-12', what: 'a signed cookie', forge: ({ value }) => `s:${value}.c2lnbmF0dXJl` },
      { id: 'CK-12', what: 'a quoted cookie', forge: ({ value }) => `"${value}"` },
      { id: 'CK-13', what: 'escapes that do not decode', forge: () => '%E0%A4%A' },
      { id: 'CK-13', what: 'an encoded cookie', forge: ({ value }) => value.replaceAll('.', '%2E') },
      { id: 'CK-13', what: 'octets outside ASCII', forge: () => '\u00e9\u00ff' },
    ];
    for (const { id, what, forge } of forgeries) {
      it(`${what} [${id}]`, async () => {
        const application = await start();
        const [begun, other] = [await begin(application), await begin(application)];
        const cookie = `${begun.name}=${forge(begun, other)}; ${other.name}=${other.value}`;

        await expectRefusal(application, begun, cookie);

        expect((await finish(application, other, cookie)).json().exit).to.equal('success');
      });
    }

    // Proves that the rows above fail for what they changed: the tests seal as the package does.
    it('nothing of a cookie that was opened and sealed again', async () => {
      const application = await start();
      const begun = await begin(application);

      const end = await finish(
        application,
        begun,
        `${begun.name}=${seal(JSON.stringify(begun.transaction))}`,
      );

      expect(end.json().exit).to.equal('success');
    });

    it('its cookie as an ID Token [CK-07]', async () => {
      const { value } = await begin(await start());
      const { clientID, clientSecret } = provider.client;

      await assert.rejects(verifyIdToken(value, { issuer: origin, clientID, clientSecret }), {
        code: 'ERR_JACCOUNT_ID_TOKEN',
        fault: 'malformed',
      });
    });

    const renamings: { what: string; rename: (begun: Begun, other: Begun) => string }[] = [
      { what: 'of another login', rename: (_, other) => other.name },
      { what: 'without the prefix', rename: ({ name }) => name.replace('__Host-', '') },
      { what: 'with another prefix', rename: ({ name }) => name.replace('__Host-', '__Secure-') },
      { what: 'with the prefix in small letters', rename: ({ name }) => name.replace('__Host-', '__host-') },
      {
        what: 'that says jaccount twice',
        rename: ({ name }) => name.replace('jaccount-', 'jaccount-jaccount-'),
      },
      { what: 'that is cut short', rename: ({ name }) => name.slice(0, -1) },
    ];
    for (const { what, rename } of renamings) {
      it(`its cookie under a name ${what} [CK-08]`, async () => {
        const application = await start();
        const [begun, other] = [await begin(application), await begin(application)];

        const end = await finish(application, begun, `${rename(begun, other)}=${begun.value}`);

        expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE' });
        expect(provider.tokenRequests).to.have.length(0);
      });
    }

    it('to mix the strategies of one application [CB-10]', async () => {
      const application = await start();
      const begun = await begin(application);

      const end = await finish(application, begun, `${begun.name}=${begun.value}`, '/callback/campus');

      expect(end.json().challenge).to.include({ reason: 'foreign' });
      expect(provider.tokenRequests).to.have.length(0);
    });

    it('a callback on plain http beyond loopback [CK-15]', () => {
      assert.throws(
        () =>
          strategyOf(provider, 'http://app.example/callback', {
            transactions: new CookieTransactions({ secret }),
          }),
        { name: 'TypeError', message: /callbackURL option must be an https URL/ },
      );
    });
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

  describe('with several secrets', () => {
    const [newer, older] = ['n'.repeat(32), 'o'.repeat(32)] as const;

    it('seals with the first [TX-08]', async () => {
      const { url } = await start({ secret: [newer, older] });
      const { headers } = await new UserAgent().get(`${url}/login`);

      const { value } = pairOf(headers.getSetCookie()[0] as string);

      expect(() => unseal(value, newer)).not.to.throw();
      expect(() => unseal(value, older)).to.throw();
    });

    const rotations: { sealed: string; opened: string | readonly string[]; outcome: string }[] = [
      { sealed: older, opened: [newer, older], outcome: 'success' },
      { sealed: newer, opened: [older, newer], outcome: 'success' },
      { sealed: newer, opened: [newer], outcome: 'success' },
      { sealed: older, opened: newer, outcome: 'unknown' },
      { sealed: older, opened: [newer], outcome: 'unknown' },
    ];
    for (const { sealed, opened, outcome } of rotations) {
      const name = (text: string) => (text === newer ? 'new' : 'old');
      it(`ends a login of the ${name(sealed)} one in ${outcome} with ${[opened].flat().map(name)} [CK-04]`, async () => {
        const application = await start({ secret: opened });
        const begun = await begin(await start({ secret }));
        const value = seal(JSON.stringify(begun.transaction), { key: keyOf(sealed) });

        const end = (await finish(application, begun, `${begun.name}=${value}`)).json();

        expect(end.challenge?.reason ?? end.exit).to.equal(outcome);
      });
    }
  });

  describe('with two cookies of one name [CK-09]', () => {
    const garbage = 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA';
    const tosses: { what: string; cookie: (begun: Begun, attacker: Begun) => string[] }[] = [
      { what: 'garbage first', cookie: ({ value }) => [garbage, value] },
      { what: 'garbage last', cookie: ({ value }) => [value, garbage] },
      { what: "the attacker's login first", cookie: ({ value }, attacker) => [attacker.value, value] },
      { what: "the attacker's login last", cookie: ({ value }, attacker) => [value, attacker.value] },
    ];
    for (const { what, cookie } of tosses) {
      it(`finds the right one with ${what}`, async () => {
        const application = await start();
        const begun = await begin(application, '?returnTo=/mine');
        const attacker = await begin(application, '?returnTo=/theirs');
        const pairs = cookie(begun, attacker).map((value) => `${begun.name}=${value}`);

        const end = await finish(application, begun, pairs.join('; '));

        expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/mine' } });
      });
    }

    it("refuses the attacker's login in a cookie that a neighbour could set", async () => {
      const application = await start();
      const attacker = await begin(application);

      await expectRefusal(application, attacker, `${attacker.name.replace('__Host-', '')}=${attacker.value}`);
    });
  });

  describe('keeps cookies few and small [TX-06]', () => {
    async function beginMany(application: Application, count: number, query = ''): Promise<Jar> {
      const jar = new Jar();
      for (let tab = 0; tab < count; tab++)
        await jar.visit(`${application.url}/login?returnTo=/${tab}${query}`);
      return jar;
    }

    it('with a name for each login', async () => {
      const jar = await beginMany(await start(), 3);

      expect((await jar.cookies()).map(({ key }) => key)).to.have.length(3);
    });

    it('with eight of twelve that were begun, the newest [CK-11]', async () => {
      const jar = await beginMany(await start(), 12);

      const kept = (await jar.cookies()).map(({ value }) => unseal(value).returnTo);

      expect(kept).to.have.members(['/4', '/5', '/6', '/7', '/8', '/9', '/10', '/11']);
    });

    it('with answers under 8 KiB whatever the browser sends [CK-11]', async () => {
      const { url } = await start();
      const names = Array.from({ length: 150 }, (_, count) => `jaccount-${String(count).padStart(16, '0')}`);
      const cookie = names.map((name) => `${name}=x`).join('; ');

      const { headers } = await new UserAgent().get(`${url}/login`, { headers: { cookie } });

      expect([...headers].join('\r\n').length).to.be.below(8192);
    });

    it('clearing what it cannot open before what it can', async () => {
      const application = await start();
      const begun = await begin(application);
      const cookies = Array.from(
        { length: 8 },
        (_, count) => `jaccount-${String(count).padStart(16, '0')}=x`,
      );
      const cookie = [`${begun.name}=${begun.value}`, ...cookies].join('; ');

      const { headers } = await new UserAgent().get(`${application.url}/login`, { headers: { cookie } });

      const cleared = headers.getSetCookie().filter((header) => header.includes('Max-Age=0'));
      expect(cleared).not.to.deep.equal([]);
      expect(cleared.filter((header) => header.startsWith(begun.name))).to.deep.equal([]);
    });

    it('clearing nothing of the application', async () => {
      const { url } = await start();
      const names = Array.from({ length: 9 }, (_, count) => `jaccount-theme-${count}`);
      const cookie = names.map((name) => `${name}=dark`).join('; ');

      const { headers } = await new UserAgent().get(`${url}/login`, { headers: { cookie } });

      expect(headers.getSetCookie()).to.have.length(1);
    });

    it('at 8 KiB for eight logins of the largest size', async () => {
      const application = await start();
      const sizes = Array.from({ length: 600 }, (_, size) => size);
      const fits = async (size: number) =>
        (await new UserAgent().get(`${application.url}/login?returnTo=/0&appState=${'x'.repeat(size)}`))
          .status === 302;
      let [low, high] = [0, sizes.length];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (await fits(middle)) low = middle;
        else high = middle;
      }

      const jar = await beginMany(application, 8, `&appState=${'x'.repeat(low)}`);

      expect(await jar.cookies()).to.have.length(8);
      expect((await jar.header()).length).to.be.at.most(8192);
    });

    const sizes: { what: string; query: string }[] = [
      { what: 'appState', query: `?appState=${'x'.repeat(1000)}` },
      { what: 'returnTo', query: `?returnTo=/${'x'.repeat(1000)}` },
    ];
    for (const { what, query } of sizes) {
      it(`by refusing a large ${what}`, async () => {
        const { url } = await start();

        const end = await new UserAgent().get(`${url}/login${query}`);

        expect(end.json()).to.include({ exit: 'error', name: 'TypeError' });
        expect(end.json().message).to.match(/returnTo and appState are too large/);
        expect(end.headers.getSetCookie()).to.deep.equal([]);
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

  it('leaves a replay with the old cookie to jAccount, which takes a code once [TX-09]', async () => {
    const application = await start();
    const begun = await begin(application);
    const cookie = `${begun.name}=${begun.value}`;
    await finish(application, begun, cookie);
    provider.script.token = () => ({ status: 400, json: { error: 'invalid_grant' } });

    const replay = await finish(application, begun, cookie);

    expect(replay.status).to.equal(401);
    expect(replay.json().challenge).to.include({ code: 'ERR_JACCOUNT_TOKEN', error: 'invalid_grant' });
  });

  describe('names the way out', () => {
    it('where it cannot reach the response', async () => {
      const application = await fastify.start({
        strategies: (callbackURL: string) => [
          strategyOf(provider, callbackURL, { transactions: new CookieTransactions({ secret }) }),
        ],
      });
      applications.push(application);

      const end = await new UserAgent().get(`${application.url}/login`);

      expect(end.location).to.equal(undefined);
      expect(end.json()).to.include({ exit: 'error', name: 'TypeError' });
      expect(end.json().message).to.match(/responseOf/);
    });

    for (const [what, value] of Object.entries({ nothing: undefined, 'a text': 'x', 'what is none': {} })) {
      it(`where responseOf gives ${what}`, async () => {
        const { url } = await start({ secret, responseOf: () => value as never });

        const end = await new UserAgent().get(`${url}/login`);

        expect(end.location).to.equal(undefined);
        expect(end.json()).to.include({ exit: 'error', name: 'TypeError' });
        expect(end.json().message).to.match(/responseOf/);
      });
    }
  });

  describe('cannot be made', () => {
    const short = 'hunter2hunter2hunter2hunter2hun';
    const misuses: { what: string; options: unknown; message: RegExp }[] = [
      { what: 'without options', options: undefined, message: /secret/ },
      { what: 'without a secret', options: {}, message: /secret/ },
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

    it('except with a secret of 32 characters', () => {
      expect(() => new CookieTransactions({ secret: 'x'.repeat(32) })).not.to.throw();
    });
  });
});

/** A browser at https://app.example, whose requests another server answers. */
class Jar {
  private readonly jar = new CookieJar(undefined, { prefixSecurity: 'strict' });

  async visit(url: string): Promise<void> {
    const { headers } = await new UserAgent().get(url, { headers: { cookie: await this.header() } });
    for (const header of headers.getSetCookie()) await this.jar.setCookie(header, origin);
  }

  header(): Promise<string> {
    return this.jar.getCookieString(origin);
  }

  cookies() {
    return this.jar.getCookies(origin);
  }
}

const segments = ['header', 'key', 'IV', 'ciphertext', 'tag'];

function withSegment(value: string, index: number, change: (segment: string) => string): string {
  return value
    .split('.')
    .map((segment, at) => (at === index ? change(segment) : segment))
    .join('.');
}

function flipped(segment: string): string {
  const octets = Buffer.from(segment, 'base64url');
  octets[0]! ^= 1;
  return octets.toString('base64url');
}

function pairOf(cookie: string): { name: string; value: string } {
  const [pair = ''] = cookie.split(';', 1);
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  return { name, value };
}

const rightHeader = { alg: 'dir', enc: 'A256GCM', typ: 'jaccount-txn' };

// RFC 7516 and RFC 5869 by node:crypto alone, so that the format is known from two sides.
function keyOf(text: string, purpose = 'passport-jaccount transaction cookie'): Buffer {
  return Buffer.from(hkdfSync('sha256', text, '', purpose, 32));
}

function seal(
  plaintext: string | Buffer,
  { header = rightHeader, key = keyOf(secret) }: { header?: object; key?: Buffer } = {},
): string {
  const head = Buffer.from(JSON.stringify(header)).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [head, '', ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
    '.',
  );
}

function unseal(value: string, text = secret): Transaction {
  const [head = '', , ...rest] = value.split('.');
  const [iv, ciphertext, tag] = rest.map((part) => Buffer.from(part, 'base64url')) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const decipher = createDecipheriv('aes-256-gcm', keyOf(text), iv).setAAD(Buffer.from(head)).setAuthTag(tag);
  return JSON.parse(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString());
}

function resealed(members: object): (begun: { transaction: Transaction }) => string {
  return ({ transaction }) => seal(JSON.stringify({ ...transaction, ...members }));
}

/** The cookie of a login that was begun so many milliseconds ago. */
function aged(milliseconds: number): (begun: { name: string; transaction: Transaction }) => string {
  return (begun) => {
    const { name, transaction } = begun;
    return `${name}=${resealed({ createdAt: transaction.createdAt - milliseconds })(begun)}`;
  };
}

function signedWith(key: Buffer, claims: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'HS256', typ: 'jaccount-txn' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

function transactionOf(handle: string): Transaction {
  return {
    handle: handle.padEnd(43, '0'),
    binding: 'binding',
    redirectURI: `${origin}/callback`,
    scope: ['openid'],
    createdAt: Date.now(),
  };
}

function strategyOf(
  provider: Provider,
  callbackURL: string,
  options: Partial<JaccountStrategyOptions>,
): JaccountStrategy {
  return new JaccountStrategy(
    { ...provider.client, ...provider.endpoints, callbackURL, ...options },
    async ({ profile }) => ({ id: profile.id }),
  );
}
