import { createHash, sign as signWithKey } from 'node:crypto';
import { expect } from 'chai';
import express from 'express';
import { Passport } from 'passport';
import { bearerErrorOf, CookieTransactions, JaccountStrategy } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';
import { type Api, startApi } from '../support/api';
import {
  type ApiIssuer,
  audience,
  createKey,
  macJwt,
  rightClaims,
  signJwt,
  startApiIssuer,
} from '../support/api-issuer';
import { signIdToken } from '../support/provider';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

const clientID = 'japp000001';
const clientSecret = '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5';
const jaccountIssuer = 'https://jaccount.sjtu.edu.cn/oauth2/';
const apiSecret = 'a secret that an issuer and this API share';
const macIssuer = 'https://mac.example/';

const now = () => Math.floor(Date.now() / 1000);
const idClaims = (different: object = {}) => ({
  ...{ iss: jaccountIssuer, sub: 'zhangsan', aud: clientID, exp: now() + 1800, iat: now() },
  ...{ nonce: 'n-1', name: '张三', code: '123456', type: 'student' },
  ...different,
});

describe('a bearer token', () => {
  const rsa = createKey('rsa', 'RS256');
  let es: ApiIssuer;
  let other: ApiIssuer;
  let rs: ApiIssuer;
  let api: Api;

  before(async () => {
    es = await startApiIssuer([createKey('shared')]);
    other = await startApiIssuer([createKey('shared')]);
    rs = await startApiIssuer([rsa]);
    api = await startApi({
      options: {
        issuers: [
          es.entry,
          other.entry,
          { ...rs.entry, algorithms: ['RS256'] },
          { issuer: macIssuer, audience, secret: apiSecret },
        ],
        ...{ clientID, clientSecret, acceptIdTokens: true },
      },
      verify: async ({ claims, scope, profile, client }) => ({ id: claims.sub, scope, profile, client }),
      authenticate: { failWithError: true },
      onError: (_error, req, res, _next) => {
        res.json({ fault: bearerErrorOf(req)?.fault });
      },
    });
  });
  after(() => Promise.all([api, es, other, rs].map((one) => one.stop())));

  async function faultOf(token: string): Promise<unknown> {
    const answer = await api.call(`Bearer ${token}`);
    return answer.json().user ? 'none' : answer.json().fault;
  }

  const accepted: [what: string, token: () => string][] = [
    ['under ES256', () => es.token()],
    ['under RS256', () => signJwt(rs.claims(), rsa)],
    ['under a secret', () => macJwt(rightClaims(macIssuer), apiSecret)],
    ['of the type JWT', () => es.token({}, { typ: 'JWT' })],
    ['without a type', () => es.token({}, { typ: undefined })],
    ['of the type at+JWT [BH-20]', () => es.token({}, { typ: 'at+JWT' })],
    ['of the type application/at+jwt [BH-20]', () => es.token({}, { typ: 'application/at+jwt' })],
    ['for this API among others [BH-17]', () => es.token({ aud: ['https://other.example/', audience] })],
    ['without a scope', () => es.token({ scope: undefined })],
    ['that expires in a second', () => es.token({ exp: now() + 1 })],
    ['that expired within the tolerance', () => es.token({ exp: now() - 50 })],
    ['with headers that nobody looks at [BH-14]', () => es.token({}, { x5u: 'http://evil.example/' })],
  ];
  for (const [what, token] of accepted) {
    it(`is accepted ${what}`, async () => {
      expect(await faultOf(token())).to.equal('none');
    });
  }

  it('hands claims and scope to verify', async () => {
    const { user, authInfo } = (await api.call(`Bearer ${es.token({ scope: 'a b' })}`)).json();

    expect(user).to.deep.include({ id: 'user-17', scope: ['a', 'b'] });
    expect(authInfo).to.deep.include({ scope: ['a', 'b'] });
    expect(authInfo.claims).to.include({ iss: es.issuer, sub: 'user-17' });
  });

  it('of a client is told apart from that of a user [RS-16]', async () => {
    const rows: object[] = [
      { sub: 'abc@clients', azp: 'abc' },
      { sub: 'abc', client_id: 'abc' },
      { sub: 'abc', azp: 'abc' },
      { sub: 'abc', gty: 'client-credentials' },
      { sub: 'user-17', client_id: 'abc', azp: 'abc' },
    ];

    const answers = await Promise.all(rows.map((row) => api.call(`Bearer ${es.token(row as any)}`)));

    expect(answers.map((answer) => answer.json().user.client)).to.deep.equal([
      ...['abc', 'abc', 'abc', 'abc', undefined],
    ]);
  });

  // RS-07: algorithms, keys, issuer and audience are each issuer's own.
  const refused: [what: string, token: () => string, fault: string][] = [
    ['opaque: 32 hexadecimal digits [BH-11]', () => '0123456789abcdef0123456789abcdef', 'opaque'],
    ['of two segments', () => es.token().split('.').slice(0, 2).join('.'), 'malformed'],
    ['of five segments: encrypted', () => `${es.token()}.a.b`, 'malformed'],
    ['without a signature', () => `${es.token().split('.').slice(0, 2).join('.')}.`, 'signature'],
    ['that was tampered with', () => tamper(es.token()), 'signature'],
    ['of another issuer [RS-07]', () => es.token({ iss: 'https://evil.example/' }), 'issuer'],
    ['whose issuer lacks its slash', () => es.token({ iss: es.issuer.slice(0, -1) }), 'issuer'],
    ['whose issuer is an array', () => es.token({ iss: [es.issuer] }), 'issuer'],
    ['without an issuer', () => es.token({ iss: undefined }), 'issuer'],
    [
      'of issuer A under the key of B with the same kid [BH-18]',
      () => signJwt(es.claims(), other.keys[0]!),
      'signature',
    ],
    ['without an audience [BH-17]', () => es.token({ aud: undefined }), 'audience'],
    ['for another audience [BH-17]', () => es.token({ aud: 'https://other.example/' }), 'audience'],
    ['for an audience that begins with ours', () => es.token({ aud: `${audience}x` }), 'audience'],
    ['for no audience of several', () => es.token({ aud: ['a', 'b', [audience]] }), 'audience'],
    ['without an expiry [BH-17]', () => es.token({ exp: undefined }), 'expired'],
    ['whose expiry is text [BH-17]', () => es.token({ exp: String(now() + 600) }), 'expired'],
    ['that expired', () => es.token({ exp: now() - 61 }), 'expired'],
    ['that is not valid yet', () => es.token({ nbf: now() + 120 }), 'expired'],
    ['whose "nbf" is text', () => es.token({ nbf: 'now' }), 'expired'],
    ['issued in the future', () => es.token({ iat: now() + 120 }), 'claims'],
    ['whose subject is a number', () => es.token({ sub: 17 }), 'claims'],
    ['whose subject is empty', () => es.token({ sub: '' }), 'claims'],
    ['that is bound to a key [BH-20, RS-12]', () => es.token({ cnf: { jkt: 'x' } }), 'bound'],
    ['bound to nothing [RS-12]', () => es.token({ cnf: null }), 'bound'],
    ['with an unknown "crit"', () => es.token({}, { crit: ['exp'], exp: 1 }), 'malformed'],
    ['with "b64"', () => es.token({}, { crit: ['b64'], b64: false }), 'malformed'],
    ['with a "b64" that changes nothing', () => es.token({}, { crit: ['b64'], b64: true }), 'malformed'],
    ['of the type dpop+jwt [BH-20, RS-09]', () => es.token({}, { typ: 'dpop+jwt' }), 'type'],
    ['of the type logout+jwt [BH-20, RS-09]', () => es.token({}, { typ: 'logout+jwt' }), 'type'],
    [
      'of the type client-authentication+jwt [RS-09]',
      () => es.token({}, { typ: 'client-authentication+jwt' }),
      'type',
    ],
    ['whose type is no text', () => es.token({}, { typ: ['JWT'] }), 'type'],
    ['with the marks of an ID Token [RS-09]', () => es.token({ at_hash: 'x' }), 'type'],
    ['with the marks of a logout token [RS-09]', () => es.token({ events: {} }, { typ: 'JWT' }), 'type'],
    ['under none', () => es.token({}, { alg: 'none' }), 'algorithm'],
    ['under NONE', () => es.token({}, { alg: 'NONE' }), 'algorithm'],
    ['without an algorithm', () => es.token({}, { alg: undefined }), 'algorithm'],
    ['whose algorithm is an array', () => es.token({}, { alg: ['ES256'] }), 'algorithm'],
    ['whose payload is an array', () => signJwt([es.claims()], es.keys[0]!), 'malformed'],
    ['whose payload is text', () => signJwt('x', es.keys[0]!), 'malformed'],
    ['whose payload is nested 5000 deep', () => nested(), 'malformed'],
  ];
  for (const [what, token, fault] of refused) {
    it(`is refused ${what}`, async () => {
      expect(await faultOf(token())).to.equal(fault);
    });
  }

  for (const algorithm of ['PS256', 'RS512', 'RS384', 'ES384', 'EdDSA', 'HS384', 'HS256', 'rs256']) {
    it(`is refused under ${algorithm}, which the issuer does not use [BH-16, RS-08]`, async () => {
      expect(await faultOf(signJwt(rs.claims(), rsa, { alg: algorithm }))).to.equal('algorithm');
    });
  }

  // What an attacker may take for a secret: everything about the public key that is public.
  const pem = (type: 'spki' | 'pkcs1') => rsa.publicKey.export({ type, format: 'pem' }) as string;
  const publicTexts: [what: string, octets: string | Buffer][] = [
    ['PEM', pem('spki')],
    ['PEM without its last line end', pem('spki').trimEnd()],
    ['PEM of PKCS#1', pem('pkcs1')],
    ['PEM with a leading space', ` ${pem('spki')}`],
    ['PEM with CRLF', pem('spki').replaceAll('\n', '\r\n')],
    ['DER', rsa.publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(rsa.jwk)],
    ['modulus', Buffer.from(rsa.jwk.n as string, 'base64url')],
    ['modulus as text', rsa.jwk.n as string],
    ['set of keys', JSON.stringify({ keys: [rsa.jwk] })],
    ['empty secret', ''],
    ['client id', clientID],
    ['digest', createHash('sha256').update(pem('spki')).digest()],
  ];
  for (const [what, secret] of publicTexts) {
    it(`is refused under HS256 with the ${what} for a secret [BH-13, RS-08]`, async () => {
      const claims = [rs.claims(), rightClaims(macIssuer), idClaims()];

      const found = await Promise.all(claims.map((claim) => faultOf(macJwt(claim, secret, { typ: 'JWT' }))));

      expect(found).to.deep.equal(['algorithm', 'signature', 'signature']);
    });
  }

  const kids: unknown[] = [
    ...['../../etc/passwd', "' OR 1=1", '__proto__', 'constructor', 'toString', '', 17, ['shared'], null],
    ...[{ toString: 'shared' }, 'x'.repeat(257), 'x'.repeat(10_000), 'http://127.0.0.1:9/jwks'],
  ];
  for (const kid of kids) {
    it(`is refused with the kid ${JSON.stringify(kid).slice(0, 30)} [BH-14, KS-04]`, async () => {
      expect(await faultOf(es.token({}, { kid }))).to.equal('key');
    });
  }

  it('with a key of its own is refused, and no address in its header is visited [BH-14]', async () => {
    const own = createKey('own', 'RS256');
    const stray = `${rs.issuer}evil`;
    const headers = [
      { jwk: own.jwk },
      { jku: stray },
      { x5u: stray },
      { x5c: [Buffer.from(pem('spki')).toString('base64')] },
      { jwk: own.jwk, jku: stray, kid: undefined },
    ];

    const found = await Promise.all(
      headers.map((header) => faultOf(signJwt(rs.claims(), own, { kid: rsa.kid, ...header }))),
    );

    expect(found).to.deep.equal(headers.map(() => 'signature'));
    expect(rs.strays).to.deep.equal([]);
  });

  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const signatures: [what: string, signature: (right: Buffer, input: string) => Buffer][] = [
    ['DER', (_right, input) => signWithKey('sha256', Buffer.from(input), es.keys[0]!.privateKey)],
    ['r and s of zero', () => Buffer.alloc(64)],
    ['r of zero', (right) => Buffer.concat([Buffer.alloc(32), right.subarray(32)])],
    ['s of n', (right) => Buffer.concat([right.subarray(0, 32), order])],
    ['r and s of n', () => Buffer.concat([order, order])],
    ['63 octets', (right) => right.subarray(0, 63)],
    ['65 octets', (right) => Buffer.concat([right, Buffer.alloc(1)])],
  ];
  for (const [what, forge] of signatures) {
    it(`is refused under ES256 with a signature of ${what} [BH-15]`, async () => {
      const [header, payload, signature] = es.token().split('.') as [string, string, string];
      const input = `${header}.${payload}`;

      const forged = forge(Buffer.from(signature, 'base64url'), input).toString('base64url');

      expect(await faultOf(`${input}.${forged}`)).to.equal('signature');
    });
  }

  it('is judged without a request of its own when it is opaque [BH-11, RS-10]', async () => {
    const emulator = await startEmulator();
    const own = await startApi({
      options: { ...emulator.client, ...emulator.endpoints, acceptIdTokens: true },
    });
    const before = emulator.requests.length;

    const { status, challenge } = await own.call('Bearer 0123456789abcdef0123456789abcdef');

    expect(status).to.equal(401);
    expect(challenge).to.include('error="invalid_token"');
    expect(emulator.requests.length).to.equal(before);
    await Promise.all([own.stop(), emulator.stop()]);
  });

  describe('that is an ID Token of jAccount', () => {
    it('brings the profile of its user', async () => {
      const { user, authInfo } = (await api.call(`Bearer ${signIdToken(idClaims(), clientSecret)}`)).json();

      expect(user.profile).to.deep.include({ id: 'zhangsan', displayName: '张三', userType: 'student' });
      expect(user.profile.emails).to.deep.equal([{ value: 'zhangsan@sjtu.edu.cn', type: 'jaccount' }]);
      expect(authInfo.profile.id).to.equal('zhangsan');
    });

    it('has no scope, whatever it claims [RS-09, TR-15]', async () => {
      const token = signIdToken(idClaims({ scope: 'read:messages', scp: ['read:messages'] }), clientSecret);

      expect((await api.call(`Bearer ${token}`)).json().authInfo.scope).to.deep.equal([]);
    });

    const rows: [what: string, token: () => string, fault: string][] = [
      [
        'for another client [BH-12]',
        () => signIdToken(idClaims({ aud: 'japp000002' }), clientSecret),
        'audience',
      ],
      [
        'for two clients',
        () => signIdToken(idClaims({ aud: [clientID, 'japp000002'] }), clientSecret),
        'audience',
      ],
      ['under another secret', () => signIdToken(idClaims(), `${clientSecret}x`), 'signature'],
      ['that expired', () => signIdToken(idClaims({ exp: now() - 61 }), clientSecret), 'expired'],
      ['issued a week ago', () => signIdToken(idClaims({ iat: now() - 604_800 }), clientSecret), 'claims'],
      ['without a subject', () => signIdToken(idClaims({ sub: undefined }), clientSecret), 'claims'],
      ['of the type at+jwt', () => signIdToken(idClaims(), clientSecret, { typ: 'at+jwt' }), 'malformed'],
      ['that is bound to a key [RS-12]', () => signIdToken(idClaims({ cnf: {} }), clientSecret), 'bound'],
      [
        'under the secret of another issuer here [RS-08]',
        () => signIdToken(idClaims(), apiSecret),
        'signature',
      ],
    ];
    for (const [what, token, fault] of rows) {
      it(`is refused ${what}`, async () => {
        expect(await faultOf(token())).to.equal(fault);
      });
    }

    it('is refused where nobody asked for it [BH-12, RS-09]', async () => {
      const strict = await startApi({ options: { issuers: [es.entry], clientID, clientSecret } });

      const { status } = await strict.call(`Bearer ${signIdToken(idClaims(), clientSecret)}`);

      expect(status).to.equal(401);
      await strict.stop();
    });
  });

  it('is refused when it is a refresh token or the cookie of a pending login [BH-12, TX-03, CK-07]', async () => {
    const cookie = await transactionCookie();

    const found = [await faultOf('0f1e2d3c4b5a69788796a5b4c3d2e1f0'), await faultOf(cookie)];

    expect(found).to.deep.equal(['opaque', 'malformed']);
  });

  const types: [tokenType: 'at+jwt' | 'JWT', typ: string | undefined, status: number][] = [
    ['at+jwt', 'at+jwt', 200],
    ['at+jwt', 'application/AT+JWT', 200],
    ['at+jwt', 'JWT', 401],
    ['at+jwt', undefined, 401],
    ['JWT', 'at+jwt', 401],
    ['JWT', 'jwt', 200],
    ['JWT', undefined, 200],
  ];
  for (const [tokenType, typ, status] of types) {
    it(`of the type ${typ} gets ${status} where tokenType is ${tokenType} [RS-09]`, async () => {
      const strict = await startApi({ options: { issuers: [{ ...es.entry, tokenType }] } });

      const answer = await strict.call(`Bearer ${es.token({}, { typ })}`);

      expect(answer.status).to.equal(status);
      await strict.stop();
    });
  }

  const shapes: [what: string, scopeClaim: string | undefined, claims: object, scope: string[]][] = [
    ['words with spaces between', undefined, { scope: 'a b' }, ['a', 'b']],
    ['words with two spaces between', undefined, { scope: ' a  b ' }, ['a', 'b']],
    ['words with a tab between', undefined, { scope: 'a\tb' }, ['a\tb']],
    ['an array', undefined, { scope: ['a', 'b'] }, []],
    ['an object', undefined, { scope: { a: true } }, []],
    ['no text', undefined, { scope: '' }, []],
    ['another claim, not chosen', undefined, { scope: undefined, scp: ['a'] }, []],
    ['an array in a claim that was chosen', 'scp', { scope: 'x', scp: ['a', 5, 'b c'] }, ['a', 'b c']],
    ['words in a claim that was chosen', 'scp', { scp: 'a b' }, ['a', 'b']],
    ['a member that every object inherits', 'constructor', {}, []],
  ];
  for (const [what, scopeClaim, claims, scope] of shapes) {
    it(`has the scope ${JSON.stringify(scope)} of ${what} [BH-19, RS-11]`, async () => {
      const options = { issuers: [{ ...es.entry, ...(scopeClaim && { scopeClaim }) }] };
      const own = await startApi({ options });

      const { authInfo } = (await own.call(`Bearer ${es.token(claims as any)}`)).json();

      expect(authInfo.scope).to.deep.equal(scope);
      await own.stop();
    });
  }
});

function nested(): string {
  const header = Buffer.from('{"alg":"ES256"}').toString('base64url');
  const payload = Buffer.from(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`).toString('base64url');
  return `${header}.${payload}.AAAA`;
}

// Another letter in the middle of the signature: the last one may hold bits that do not count.
function tamper(token: string): string {
  const at = token.length - 20;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

async function transactionCookie(): Promise<string> {
  const app = express();
  const passport = new Passport();
  const { url, stop } = await serve(app);
  const transactions = new CookieTransactions({ secret: 'a secret of the tests, long enough' });
  const callbackURL = `${url}/callback`;
  passport.use(
    new JaccountStrategy({ clientID, clientSecret, callbackURL, transactions }, async () => false),
  );
  app.get('/login', passport.authenticate('jaccount', { session: false }));
  const { headers } = await new UserAgent().get(`${url}/login`);
  await stop();
  return /=([^;]+)/.exec(headers.getSetCookie()[0] as string)?.[1] as string;
}
