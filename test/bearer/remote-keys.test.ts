import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { bearerErrorOf } from 'passport-jaccount';
import { type Api, startApi } from '../support/api';
import { type ApiIssuer, createKey, type Key, signJwt, startApiIssuer } from '../support/api-issuer';
import { type Clock, takeClock } from '../support/clock';
import type { Answer } from '../support/provider';

const rsa = createKey('weak', 'RS256');
const shortRsa = createKey('weak', 'RS256', 1024);

describe('the keys of an issuer', () => {
  let issuer: ApiIssuer;
  let clock: Clock;
  const apis: Api[] = [];

  beforeEach(async () => {
    issuer = await startApiIssuer();
    clock = takeClock();
  });
  afterEach(() => {
    clock.restore();
    return Promise.all([issuer, ...apis.splice(0)].map((one) => one.stop()));
  });

  async function start(entry: object = {}): Promise<Api> {
    const api = await startApi({
      options: { issuers: [{ ...issuer.entry, algorithms: ['ES256', 'RS256'], ...entry }] },
      authenticate: { failWithError: true },
      onError: (error, req, res, _next) => {
        const { fault } = bearerErrorOf(req) ?? {};
        res.status(error.status ?? 500).json({ fault, code: error.code, cause: error.cause?.code });
      },
    });
    apis.push(api);
    return api;
  }

  const bearer = (token: string) => `Bearer ${token}`;

  it('are fetched when a token first needs them, and kept', async () => {
    const api = await start();
    const before = issuer.fetches;

    const first = await api.call(bearer(issuer.token()));
    const second = await api.call(bearer(issuer.token()));

    expect([before, first.status, second.status, issuer.fetches]).to.deep.equal([0, 200, 200, 1]);
  });

  it('are fetched once for all who wait [KS-05]', async () => {
    const api = await start();

    const answers = await Promise.all(Array.from({ length: 100 }, () => api.call(bearer(issuer.token()))));

    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    expect(issuer.fetches).to.equal(1);
  });

  const html: Answer = { json: '<html>', type: 'text/html' };
  const documents: [what: string, answer: Answer][] = [
    ['404', { status: 404, json: { keys: [] } }],
    ['500', { status: 500, json: {} }],
    ['HTML', html],
    ['nothing', { json: '' }],
    ['half a document', { json: '{"keys":[' }],
    ['[]', { json: [] }],
    ['{}', { json: {} }],
    ['{"keys":{}}', { json: { keys: {} } }],
    ['{"keys":null}', { json: { keys: null } }],
    ['{"keys":[]}', { json: { keys: [] } }],
    ['{"keys":[null,1,"x"]}', { json: { keys: [null, 1, 'x'] } }],
    ['text in another charset', { json: { keys: [] }, type: 'application/json; charset=gbk' }],
    ['a broken connection', (response) => response.destroy()],
  ];
  for (const [what, answer] of documents) {
    it(`are missing, and the API unavailable, where the issuer answers with ${what} [JK-01]`, async () => {
      issuer.answer = answer;
      const api = await start();

      const { status, challenge, json } = await api.call(bearer(issuer.token()));

      expect({ status, challenge }).to.deep.equal({ status: 503, challenge: null });
      expect(json()).to.include({ code: 'ERR_JACCOUNT_KEYS' });
      expect(json().cause).to.be.oneOf(['ERR_JACCOUNT_RESPONSE', 'ERR_JACCOUNT_NETWORK']);
    });

    it(`serve on where the issuer then answers with ${what} [JK-01, KS-05]`, async () => {
      const api = await start();
      await api.call(bearer(issuer.token()));
      issuer.answer = answer;
      clock.advance(31);

      const unknown = await api.call(bearer(issuer.token({}, { kid: 'unknown' })));
      const known = await api.call(bearer(issuer.token()));

      expect([unknown.status, unknown.json().fault, known.status]).to.deep.equal([401, 'key', 200]);
      expect(issuer.fetches).to.equal(2);
    });
  }

  it('are not taken from an answer of another status than 200 [JK-01]', async () => {
    issuer.answer = { status: 404, json: { keys: issuer.keys.map(({ jwk }) => jwk) } };
    const api = await start();

    expect((await api.call(bearer(issuer.token()))).status).to.equal(503);
  });

  it('are not had from an issuer that refuses connections', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const api = await start({ jwksURL: `http://127.0.0.1:${port}/jwks` });

    expect((await api.call(bearer(issuer.token()))).status).to.equal(503);
  });

  const refusedKeys: [what: string, spoil: (key: Key) => object][] = [
    ['symmetric', ({ jwk }) => ({ kty: 'oct', k: 'c2VjcmV0', kid: jwk.kid })],
    ['symmetric, under HS256', ({ kid }) => ({ kty: 'oct', k: 'c2VjcmV0', kid, alg: 'HS256' })],
    ['private', ({ jwk, privateKey }) => ({ ...jwk, ...privateKey.export({ format: 'jwk' }) })],
    ['public with a private member', ({ jwk }) => ({ ...jwk, d: 'AQAB' })],
    ['for encryption', ({ jwk }) => ({ ...jwk, use: 'enc' })],
    ['for encrypting', ({ jwk }) => ({ ...jwk, use: undefined, key_ops: ['encrypt'] })],
    ['for operations that are no list', ({ jwk }) => ({ ...jwk, key_ops: 'verify' })],
    ['for another algorithm [JK-08]', ({ jwk }) => ({ ...jwk, alg: 'ES384' })],
    ['of another kind than the algorithm', ({ jwk }) => ({ ...jwk, alg: 'RS256' })],
    ['off the curve', ({ jwk }) => ({ ...jwk, y: jwk.x })],
    ['on P-521', ({ jwk }) => ({ ...jwk, crv: 'P-521' })],
    ['of an unknown curve', ({ jwk }) => ({ ...jwk, crv: 'P-257' })],
    ['of an unknown kind', ({ jwk }) => ({ ...jwk, kty: 'XY' })],
    ['without coordinates', ({ jwk }) => ({ ...jwk, x: undefined })],
    ['named by a number', ({ jwk }) => ({ ...jwk, kid: 17 })],
  ];
  for (const [what, spoil] of refusedKeys) {
    it(`are passed over when ${what}; the good one beside them works [JK-02, KS-02]`, async () => {
      const bad = createKey('bad');
      issuer.answer = { json: { keys: [spoil(bad), issuer.keys[0]!.jwk] } };
      const api = await start();

      const refused = await api.call(bearer(signJwt(issuer.claims(), bad)));
      const accepted = await api.call(bearer(issuer.token()));

      expect([refused.status, refused.json().fault, accepted.status]).to.deep.equal([401, 'key', 200]);
    });
  }

  const weakKeys: [what: string, spoil: (jwk: Record<string, unknown>) => object, weak?: Key][] = [
    ['of 1024 bits', (jwk) => jwk, shortRsa],
    ['with the exponent 1', (jwk) => ({ ...jwk, e: 'AQ' })],
    ['with an empty exponent', (jwk) => ({ ...jwk, e: '' })],
    ['with a long exponent', (jwk) => ({ ...jwk, e: jwk.n })],
    [
      'whose modulus is filled up with zeros',
      (jwk) => ({ ...jwk, n: `${'A'.repeat(200)}${jwk.n}` }),
      shortRsa,
    ],
    ['whose modulus is no text', (jwk) => ({ ...jwk, n: 5 })],
  ];
  for (const [what, spoil, weak = rsa] of weakKeys) {
    it(`are passed over when of RSA and ${what} [JK-02, KS-02]`, async () => {
      issuer.answer = { json: { keys: [spoil(weak.jwk), issuer.keys[0]!.jwk] } };
      const api = await start();

      const { status, json } = await api.call(bearer(signJwt(issuer.claims(), weak)));

      expect([status, json().fault]).to.deep.equal([401, 'key']);
    });
  }

  const kids: [what: string, keys: () => object[], header: object, status: number][] = [
    ['two of one name, the right one last', () => [wrong('first'), right()], {}, 200],
    ['two of one name, both wrong', () => [wrong('first'), wrong('first')], {}, 401],
    ['one, and the token names none', () => [right()], { kid: undefined }, 200],
    ['two, and the token names none', () => [wrong('other'), right()], { kid: undefined }, 200],
    ['one without a name, and the token has one', () => [{ ...right(), kid: undefined }], {}, 401],
    ['eight of one name, the right one last', () => [...wrongs(7), right()], {}, 200],
    ['nine of one name, the right one last', () => [...wrongs(8), right()], {}, 401],
  ];
  const right = () => issuer.keys[0]!.jwk;
  const wrong = (kid: string) => createKey(kid).jwk;
  const wrongs = (count: number) => Array.from({ length: count }, () => wrong('first'));
  for (const [what, keys, header, expected] of kids) {
    it(`give ${expected} when there are ${what} [JK-03]`, async () => {
      issuer.answer = { json: { keys: keys() } };
      const api = await start();

      expect((await api.call(bearer(issuer.token({}, header)))).status).to.equal(expected);
    });
  }

  const copies = (count: number) =>
    Array.from({ length: count }, (_, number) => ({ ...right(), kid: `${number}` }));
  const oversized: [what: string, answer: () => Answer][] = [
    ['101 keys', () => ({ json: { keys: [...copies(100), right()] } })],
    ['10 000 keys', () => ({ json: { keys: [...copies(10_000), right()] } })],
    ['more than 256 KiB', () => ({ json: { keys: [right()], filling: 'x'.repeat(256 * 1024) } })],
    ['octets without end', () => (response) => drip(response, 'x'.repeat(64 * 1024))],
    ['a redirect to itself', () => (response) => redirect(response, issuer.jwksURL)],
    ['a redirect to another host', () => (response) => redirect(response, `${issuer.issuer}elsewhere`)],
    ['compressed octets', () => (response) => compress(response)],
  ];
  for (const [what, answer] of oversized) {
    it(`are refused as ${what} [JK-04, KS-01]`, async () => {
      issuer.answer = answer();
      const api = await start();

      const { status, json } = await api.call(bearer(issuer.token()));

      expect([status, json().code]).to.deep.equal([503, 'ERR_JACCOUNT_KEYS']);
      expect([issuer.fetches, issuer.strays]).to.deep.equal([1, []]);
    });
  }

  it('are accepted up to a hundred', async () => {
    issuer.answer = { json: { keys: [...copies(99), right()] } };
    const api = await start();

    expect((await api.call(bearer(issuer.token()))).status).to.equal(200);
  });

  it('are given up after five seconds of dripping octets [JK-04, KS-01]', async function () {
    this.timeout(15_000);
    issuer.answer = (response) => drip(response, ' ', 200);
    const api = await start();

    const { status } = await api.call(bearer(issuer.token()));

    expect(status).to.equal(503);
  });

  it('are fetched once for a thousand names that nobody knows [JK-05, KS-05]', async () => {
    const api = await start();
    await api.call(bearer(issuer.token()));
    const tokens = Array.from({ length: 1000 }, (_, number) => issuer.token({}, { kid: `random-${number}` }));

    const answers = await Promise.all(tokens.map((token) => api.call(bearer(token))));

    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([401]));
    expect(issuer.fetches).to.equal(1);
  });

  it('are not fetched for what can be the name of none [KS-04, BH-14]', async () => {
    const api = await start();
    await api.call(bearer(issuer.token()));
    clock.advance(31);

    const answers = await Promise.all(
      ['x'.repeat(257), '', 17, null, ['first']].map((kid) => api.call(bearer(issuer.token({}, { kid })))),
    );

    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401, 401, 401, 401]);
    expect(issuer.fetches).to.equal(1);
  });

  it('are fetched once in a cooldown during an outage, too [JK-05, KS-05]', async () => {
    issuer.answer = { status: 500, json: {} };
    const api = await start();

    const answers = await Promise.all(Array.from({ length: 200 }, () => api.call(bearer(issuer.token()))));
    const later = await api.call(bearer(issuer.token()));

    expect(new Set([...answers, later].map(({ status }) => status))).to.deep.equal(new Set([503]));
    expect(later.json().cause).to.equal('ERR_JACCOUNT_RESPONSE');
    expect(issuer.fetches).to.equal(1);
  });

  it('are fetched once while a hundred wait for a new one [JK-06, KS-05]', async () => {
    const api = await start();
    await api.call(bearer(issuer.token()));
    const old = issuer.token();
    issuer.keys.push(createKey('second'));
    clock.advance(31);

    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, number) => api.call(bearer(number % 2 ? old : issuer.token()))),
    );

    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    expect(issuer.fetches).to.equal(2);
  });

  it('that were withdrawn serve until the set is fetched anew [JK-07]', async () => {
    const api = await start();
    const old = issuer.token({ exp: Date.now() / 1000 + 7200 });
    await api.call(bearer(old));
    issuer.keys = [createKey('second')];
    clock.advance(590);
    const still = await api.call(bearer(old));
    clock.advance(11);
    await api.call(bearer(issuer.token()));

    const gone = await api.call(bearer(old));

    expect([still.status, gone.status, gone.json().fault]).to.deep.equal([200, 401, 'key']);
  });

  it('serve no longer than their greatest age, though nothing can be fetched [JK-07, KS-05]', async () => {
    const api = await start();
    await api.call(bearer(issuer.token()));
    issuer.answer = { status: 500, json: {} };
    clock.advance(3590);
    const early = await api.call(bearer(issuer.token()));
    clock.advance(11);

    const late = await api.call(bearer(issuer.token()));

    expect([early.status, late.status]).to.deep.equal([200, 503]);
  });

  it('that are due are fetched behind the back of requests, which the old ones serve', async () => {
    const api = await start();
    await api.call(bearer(issuer.token()));
    const fetched = new Promise<void>((resolve) => {
      issuer.answer = () => resolve();
    });
    clock.advance(601);

    const { status } = await api.call(bearer(issuer.token()));

    await fetched;
    expect(status).to.equal(200);
  });

  it('are not fetched a second time within the cooldown, though a new one is out [KS-05]', async () => {
    const api = await start();
    await api.call(bearer(issuer.token()));
    issuer.keys.push(createKey('second'));
    clock.advance(20);

    const early = await api.call(bearer(issuer.token()));
    clock.advance(11);
    const late = await api.call(bearer(issuer.token()));

    expect([early.status, late.status, issuer.fetches]).to.deep.equal([401, 200, 2]);
  });

  it('keep to the times that are given', async () => {
    const api = await start({ jwksTimes: { cooldown: 5, refresh: 10, maxAge: 20 } });
    await api.call(bearer(issuer.token()));
    issuer.answer = { status: 500, json: {} };
    const statuses: number[] = [];

    for (const seconds of [6, 13, 2]) {
      clock.advance(seconds);
      statuses.push((await api.call(bearer(issuer.token({}, { kid: 'unknown' })))).status);
    }

    expect([statuses, issuer.fetches]).to.deep.equal([[401, 401, 503], 3]);
  });

  it('come back after an outage', async () => {
    issuer.answer = { status: 500, json: {} };
    const api = await start();
    const down = await api.call(bearer(issuer.token()));
    issuer.answer = undefined;
    clock.advance(31);

    const up = await api.call(bearer(issuer.token()));

    expect([down.status, up.status]).to.deep.equal([503, 200]);
  });

  const algorithms: [what: string, jwk: (key: Key) => object, header: object, status: number][] = [
    ['none', ({ jwk }) => ({ ...jwk, alg: undefined }), {}, 200],
    [
      'none, and the token one that is not configured',
      ({ jwk }) => ({ ...jwk, alg: undefined }),
      { alg: 'RS512' },
      401,
    ],
    ['another than the token', ({ jwk }) => ({ ...jwk, alg: 'RS512' }), {}, 401],
    ['the same as the token', ({ jwk }) => jwk, {}, 200],
  ];
  for (const [what, jwk, header, expected] of algorithms) {
    it(`give ${expected} when a key of RSA names for its algorithm ${what} [JK-08, KS-03]`, async () => {
      issuer.answer = { json: { keys: [jwk(rsa), right()] } };
      const api = await start();

      expect((await api.call(bearer(signJwt(issuer.claims(), rsa, header)))).status).to.equal(expected);
    });
  }

  it('with members called __proto__ are read without effect [JK-09]', async () => {
    const jwk = JSON.stringify(right()).slice(0, -1);
    const hostile = '"__proto__":{"kid":"x","use":"enc","d":"x"},"constructor":{"prototype":{"polluted":1}}';
    issuer.answer = { json: `{"__proto__":{"keys":[]},"keys":[${jwk},${hostile}}]}` };
    const api = await start();

    const { status } = await api.call(bearer(issuer.token()));

    expect(status).to.equal(200);
    expect(({} as any).polluted).to.equal(undefined);
  });

  it('of a given set are used without a request', async () => {
    const { issuer: name, audience } = issuer.entry;
    const api = await startApi({
      options: { issuers: [{ issuer: name, audience, algorithms: ['ES256'], jwks: { keys: [right()] } }] },
    });
    apis.push(api);

    const known = await api.call(bearer(issuer.token()));
    const unknown = await api.call(bearer(signJwt(issuer.claims(), createKey('first'))));

    expect([known.status, unknown.status, issuer.fetches]).to.deep.equal([200, 401, 0]);
  });
});

type Response = Parameters<Extract<Answer, (...args: any[]) => void>>[0];

function redirect(response: Response, location: string): void {
  response.writeHead(302, { location }).end();
}

function compress(response: Response): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x');
}

// Until whoever listens has had enough.
function drip(response: Response, octets: string, every = 1): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(octets), every);
  response.on('close', () => clearInterval(timer));
}
