import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { IdTokenError, jaccountEndpoints, verifyIdToken } from 'passport-jaccount';
import { createIdTokenVerifier } from '../../dist/protocol/id-token.js';
import { buildCase, type Expected, type IdTokenCase, idTokenCases } from '../support/id-token-cases';

const issuedAt = 1_790_000_000;
const expiresAt = issuedAt + 1800;
const clientSecret = '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5';
const claims = {
  iss: jaccountEndpoints.issuer,
  sub: 'zhangsan',
  aud: 'japp000001',
  exp: expiresAt,
  iat: issuedAt,
  nonce: 'n-1',
  name: '张三',
  code: '123456',
  type: 'student',
};
const expected = {
  issuer: jaccountEndpoints.issuer,
  clientID: 'japp000001',
  clientSecret,
  nonce: 'n-1',
  now: issuedAt,
};

const encode = (text: string) => Buffer.from(text).toString('base64url');

// Made with node:crypto alone: what jose gets wrong in verifying, it must not make up for in signing.
function signText(payload: string, header = '{"alg":"HS256","typ":"JWT"}', secret = clientSecret): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const sign = (payload: object) => signText(JSON.stringify(payload));

const refusal = (fault: string) => ({ code: 'ERR_JACCOUNT_ID_TOKEN', fault });

describe('verifyIdToken()', () => {
  it('returns the claims of a token that passes every check', async () => {
    const verified = await verifyIdToken(sign(claims), expected);

    expect(verified).to.deep.equal(claims);
  });

  it('accepts with the real clock what was issued just now', async () => {
    const iat = Math.floor(Date.now() / 1000);

    const { sub } = await verifyIdToken(sign({ ...claims, iat, exp: iat + 1800 }), {
      issuer: expected.issuer,
      clientID: expected.clientID,
      clientSecret,
    });

    expect(sub).to.equal('zhangsan');
  });

  // The numbers are the checks of OpenID Connect Core 1.0, section 3.1.3.7.
  const forgeries: { check: number; token: string; forged: object; fault: string }[] = [
    { check: 2, token: 'from another issuer', forged: { iss: 'https://evil.example/' }, fault: 'issuer' },
    {
      check: 2,
      token: 'whose issuer lacks its slash [ID-07]',
      forged: { iss: 'https://jaccount.sjtu.edu.cn/oauth2' },
      fault: 'issuer',
    },
    { check: 2, token: 'without an issuer [ID-06]', forged: { iss: undefined }, fault: 'issuer' },
    {
      check: 2,
      token: 'whose issuer is an array [ID-07]',
      forged: { iss: [jaccountEndpoints.issuer] },
      fault: 'issuer',
    },
    {
      check: 3,
      token: 'meant for another client [ID-08, IT-04]',
      forged: { aud: 'library' },
      fault: 'audience',
    },
    { check: 3, token: 'without an audience [ID-06]', forged: { aud: undefined }, fault: 'audience' },
    { check: 3, token: 'for nobody [ID-08]', forged: { aud: [] }, fault: 'audience' },
    {
      check: 3,
      token: 'for a client whose id begins alike [ID-08]',
      forged: { aud: 'japp0000011' },
      fault: 'audience',
    },
    {
      check: 3,
      token: 'for this client among others [ID-09]',
      forged: { aud: ['japp000001', 'library'] },
      fault: 'audience',
    },
    {
      check: 3,
      token: 'for this client twice [ID-09]',
      forged: { aud: ['japp000001', 'japp000001'] },
      fault: 'audience',
    },
    {
      check: 3,
      token: 'whose audience is an array in an array [ID-08]',
      forged: { aud: [['japp000001']] },
      fault: 'audience',
    },
    {
      check: 5,
      token: 'that another party was authorized for [ID-09]',
      forged: { azp: 'library' },
      fault: 'audience',
    },
    { check: 5, token: 'whose authorized party is null [ID-09]', forged: { azp: null }, fault: 'audience' },
    {
      check: 9,
      token: 'that expired a minute ago [ID-10]',
      forged: { exp: issuedAt - 60 },
      fault: 'expired',
    },
    { check: 9, token: 'that never expires [ID-06]', forged: { exp: undefined }, fault: 'expired' },
    {
      check: 9,
      token: 'whose expiry is a string [ID-06]',
      forged: { exp: String(expiresAt) },
      fault: 'expired',
    },
    { check: 10, token: 'without a time of issue [ID-06]', forged: { iat: undefined }, fault: 'issued-at' },
    {
      check: 10,
      token: 'whose time of issue is a string [ID-11]',
      forged: { iat: String(issuedAt) },
      fault: 'issued-at',
    },
    {
      check: 10,
      token: 'issued a week ago [ID-11]',
      forged: { iat: issuedAt - 7 * 86_400 },
      fault: 'issued-at',
    },
    {
      check: 11,
      token: 'carrying the nonce of another login [ID-12, TR-17]',
      forged: { nonce: 'n-2' },
      fault: 'nonce',
    },
    { check: 11, token: 'without a nonce [ID-12]', forged: { nonce: undefined }, fault: 'nonce' },
    { check: 11, token: 'whose nonce is null [ID-12]', forged: { nonce: null }, fault: 'nonce' },
    { check: 11, token: 'whose nonce is an array [ID-12]', forged: { nonce: ['n-1'] }, fault: 'nonce' },
  ];
  for (const { check, token, forged, fault } of forgeries) {
    it(`rejects a token ${token} (check ${check})`, async () => {
      const forgery = sign({ ...claims, ...forged });

      await assert.rejects(verifyIdToken(forgery, expected), refusal(fault));
    });
  }

  const forms: [token: string, header: string, fault: string][] = [
    ['of another algorithm of the same family [ID-02]', '{"alg":"HS384"}', 'algorithm'],
    ['whose algorithm is spelt in lower case [ID-02]', '{"alg":"hs256"}', 'algorithm'],
    ['that names no algorithm [ID-02]', '{"typ":"JWT"}', 'malformed'],
    ['that has a critical header [ID-05]', '{"alg":"HS256","crit":["exp"],"exp":1}', 'malformed'],
    ['that calls b64 critical [ID-05]', '{"alg":"HS256","crit":["b64"],"b64":true}', 'malformed'],
    ['that is an access token [ID-15]', '{"alg":"HS256","typ":"at+jwt"}', 'malformed'],
    ['that is a logout token [ID-15]', '{"alg":"HS256","typ":"logout+jwt"}', 'malformed'],
    ['whose type is no string [ID-15]', '{"alg":"HS256","typ":5}', 'malformed'],
    ['whose header is no JSON [ID-01]', '{alg:HS256}', 'malformed'],
    ['whose header is an array [ID-01]', '["HS256"]', 'malformed'],
  ];
  for (const [token, header, fault] of forms) {
    it(`rejects a token ${token}`, async () => {
      const forgery = signText(JSON.stringify(claims), header);

      await assert.rejects(verifyIdToken(forgery, expected), refusal(fault));
    });
  }

  for (const typ of ['JWT', 'jwt', 'application/jwt', 'application/JWT']) {
    it(`accepts the type ${typ} [ID-15]`, async () => {
      const token = signText(JSON.stringify(claims), JSON.stringify({ alg: 'HS256', typ }));

      expect(await verifyIdToken(token, expected)).to.include({ sub: 'zhangsan' });
    });
  }

  it('rejects an unsigned token whose claims are all right [ID-04]', async () => {
    const [, payload] = sign(claims).split('.');
    const forgery = `${encode('{"alg":"none"}')}.${payload}.`;

    await assert.rejects(verifyIdToken(forgery, expected), refusal('signature'));
  });

  it('rejects a token whose algorithm is none although it bears a signature [ID-02]', async () => {
    const forgery = signText(JSON.stringify(claims), '{"alg":"none"}');

    await assert.rejects(verifyIdToken(forgery, expected), refusal('algorithm'));
  });

  it('rejects a token signed with another secret [ID-04]', async () => {
    const forgery = signText(JSON.stringify(claims), undefined, 'another-secret-0123456789abcdef01');

    await assert.rejects(verifyIdToken(forgery, expected), refusal('signature'));
  });

  it('rejects a token of before the secret was changed [IT-06]', async () => {
    const changed = { ...expected, clientSecret: '00112233445566778899aabbccddeeff0011223344556677' };

    await assert.rejects(verifyIdToken(sign(claims), changed), refusal('signature'));
  });

  it('takes the secret for text, not for hexadecimal digits [ID-03]', async () => {
    const input = sign(claims).split('.').slice(0, 2).join('.');
    const mac = createHmac('sha256', Buffer.from(clientSecret, 'hex')).update(input).digest('base64url');

    await assert.rejects(verifyIdToken(`${input}.${mac}`, expected), refusal('signature'));
  });

  it('has no eye for a key in the header [ID-03]', async () => {
    const jwk = { kty: 'oct', k: encode('attacker') };
    const header = JSON.stringify({ alg: 'HS256', jwk, jku: 'http://127.0.0.1:1/', kid: '../../dev/null' });
    const forgery = signText(JSON.stringify(claims), header, 'attacker');

    await assert.rejects(verifyIdToken(forgery, expected), refusal('signature'));
  });

  const payloads: [what: string, payload: string][] = [
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"zhangsan"'],
    ['a number', '5'],
    ['no JSON', 'sub=zhangsan'],
    ['JSON with something behind it', `${JSON.stringify(claims)}{}`],
    [
      'nested too deeply to be written again',
      JSON.stringify({ ...claims, x: 0 }).replace('0}', `${'['.repeat(5000)}${']'.repeat(5000)}}`),
    ],
  ];
  for (const [what, payload] of payloads) {
    it(`rejects a token whose payload is ${what} [ID-06]`, async () => {
      await assert.rejects(verifyIdToken(signText(payload), expected), refusal('malformed'));
    });
  }

  it('rejects a token whose payload is not UTF-8 [ID-06]', async () => {
    const payload = Buffer.from(JSON.stringify({ ...claims, name: 'ü' }), 'latin1').toString('base64url');
    const input = `${encode('{"alg":"HS256"}')}.${payload}`;
    const token = `${input}.${createHmac('sha256', clientSecret).update(input).digest('base64url')}`;

    await assert.rejects(verifyIdToken(token, expected), refusal('malformed'));
  });

  const subjects: [what: string, sub: unknown][] = [
    ['no subject', undefined],
    ['an empty subject', ''],
    ['a number for a subject', 5],
    ['null for a subject', null],
    ['an array for a subject', ['zhangsan']],
    ['a subject of 256 characters', 'a'.repeat(256)],
  ];
  for (const [what, sub] of subjects) {
    it(`rejects a token with ${what} [ID-14]`, async () => {
      await assert.rejects(verifyIdToken(sign({ ...claims, sub }), expected), refusal('subject'));
    });
  }

  for (const sub of ['a'.repeat(255), '0012345', 'ZhangSan', '\u212Aevin', 'kevın']) {
    it(`returns the subject ${sub.slice(0, 12)} as it stands [ID-14, IT-07]`, async () => {
      expect(await verifyIdToken(sign({ ...claims, sub }), expected)).to.include({ sub });
    });
  }

  it('has claims that are data, whatever their names', async () => {
    const token = signText(`{"__proto__":{"admin":true},${JSON.stringify(claims).slice(1)}`);

    const verified = await verifyIdToken(token, expected);

    expect(Object.getPrototypeOf(verified)).to.equal(Object.prototype);
    expect(verified.admin).to.equal(undefined);
  });

  it('says nothing of a claim, a secret or the token in its error [ER-01]', async () => {
    const token = sign({ ...claims, nonce: 'canary-nonce', name: 'canary-name' });
    const error = await verifyIdToken(token, expected).catch((refused: unknown) => refused);

    const text = inspect(error, { showHidden: true, depth: 9 });

    expect(error).to.be.instanceOf(IdTokenError);
    expect(text).not.to.match(/canary|n-1\b|zhangsan|eyJ/);
    expect(text).not.to.contain(clientSecret);
  });
});

describe('verifyIdToken() at the boundaries', () => {
  const maxOctets = 16 * 1024;
  const tolerance = { clockTolerance: 60 };
  const exact = { clockTolerance: 0 };
  const wide = { clockTolerance: 300 };
  const day = 86_400;

  // Of each pair the first is the last that passes, the second the first that does not.
  const pairs: [what: string, ids: string, good: object, bad: object, fault: string, options: object][] = [
    ['"exp"', 'ID-10', { exp: issuedAt - 59 }, { exp: issuedAt - 60 }, 'expired', {}],
    ['"exp"', 'ID-10', { exp: issuedAt - 59 }, { exp: issuedAt - 60 }, 'expired', tolerance],
    ['"exp"', 'ID-10', { exp: issuedAt + 1 }, { exp: issuedAt }, 'expired', exact],
    ['"exp"', 'IT-05', { exp: issuedAt - 299 }, { exp: issuedAt - 300 }, 'expired', wide],
    ['"nbf"', 'ID-10', { nbf: issuedAt + 60 }, { nbf: issuedAt + 61 }, 'expired', {}],
    ['"nbf"', 'ID-10', { nbf: issuedAt }, { nbf: issuedAt + 1 }, 'expired', exact],
    ['"nbf"', 'ID-10', { nbf: issuedAt + 300 }, { nbf: issuedAt + 301 }, 'expired', wide],
    ['"iat" in the future', 'ID-11', { iat: issuedAt + 60 }, { iat: issuedAt + 61 }, 'issued-at', {}],
    ['"iat" in the future', 'ID-11', { iat: issuedAt }, { iat: issuedAt + 1 }, 'issued-at', exact],
    ['"iat" in the future', 'IT-05', { iat: issuedAt + 300 }, { iat: issuedAt + 301 }, 'issued-at', wide],
    ['"iat" in the past', 'ID-11', { iat: issuedAt - day }, { iat: issuedAt - day - 1 }, 'issued-at', {}],
    ['"iat" in the past', 'ID-11', { iat: issuedAt - day }, { iat: issuedAt - day - 1 }, 'issued-at', wide],
  ];
  for (const [what, ids, good, bad, fault, options] of pairs) {
    const bound = JSON.stringify(options);

    it(`accepts the last ${what} ${JSON.stringify(good)} with ${bound} [${ids}]`, async () => {
      const verified = await verifyIdToken(sign({ ...claims, ...good }), { ...expected, ...options });

      expect(verified.sub).to.equal('zhangsan');
    });

    it(`rejects the first ${what} ${JSON.stringify(bad)} with ${bound} [${ids}]`, async () => {
      const token = sign({ ...claims, ...bad });

      await assert.rejects(verifyIdToken(token, { ...expected, ...options }), refusal(fault));
    });
  }

  // Base64url has no text of 4n + 1 characters: what the payload cannot hit, a space in the header does.
  const tokenOf = (length: number) => {
    const headers = ['{"alg":"HS256"}', '{"alg":"HS256" }', '{"alg":"HS256"  }'];
    const room = Math.floor((length * 3) / 4) - JSON.stringify(claims).length;
    const pads = Array.from({ length: 100 }, (_, less) => 'x'.repeat(room - less));
    const tokens = headers.flatMap((header) =>
      pads.map((pad) => signText(JSON.stringify({ ...claims, pad }), header)),
    );
    const token = tokens.find((candidate) => candidate.length === length);
    assert(token, `no token of ${length} characters`);
    return token;
  };

  it('accepts a token of 16 KiB [ID-01]', async () => {
    expect(await verifyIdToken(tokenOf(maxOctets), expected)).to.include({ sub: 'zhangsan' });
  });

  it('rejects a token that is a character longer [ID-01]', async () => {
    await assert.rejects(verifyIdToken(tokenOf(maxOctets + 1), expected), refusal('malformed'));
  });

  for (const token of [
    undefined,
    null,
    5,
    {},
    [sign(claims)],
    Buffer.from(sign(claims)),
    '',
    '.',
    '..',
    '...',
  ]) {
    it(`rejects ${inspect(token).slice(0, 20)} for a token [ID-01]`, async () => {
      await assert.rejects(verifyIdToken(token as string, expected), refusal('malformed'));
    });
  }

  const dressed: [what: string, dress: (token: string) => string][] = [
    ['a space before it', (token) => ` ${token}`],
    ['a line end behind it', (token) => `${token}\n`],
    ['a space in its signature', (token) => token.replace(/\.(?=[^.]*$)/, '. ')],
    ['padding', (token) => `${token}=`],
    ['its scheme', (token) => `Bearer ${token}`],
    ['a fourth part', (token) => `${token}.${token.split('.')[2]}`],
    ['no third part', (token) => token.slice(0, token.lastIndexOf('.'))],
  ];
  for (const [what, dress] of dressed) {
    it(`rejects a token with ${what} [ID-01]`, async () => {
      await assert.rejects(verifyIdToken(dress(sign(claims)), expected), refusal('malformed'));
    });
  }
});

describe('verifyIdToken() on the nonce', () => {
  const bare = { ...claims, nonce: undefined };
  const { nonce: _, ...unasked } = expected;

  const outcomes: [title: string, token: object, expected: Partial<Expected>, fault?: string][] = [
    ['accepts the one that was sent', claims, { nonce: 'n-1' }],
    ['rejects another than was sent', claims, { nonce: 'n-2' }, 'nonce'],
    ['rejects one that begins alike', { ...claims, nonce: 'n-11' }, { nonce: 'n-1' }, 'nonce'],
    ['rejects none where one was sent', bare, { nonce: 'n-1' }, 'nonce'],
    ['accepts none where none was sent', bare, { nonce: null }],
    ['rejects one where none was sent', claims, { nonce: null }, 'nonce'],
    ['rejects null where none was sent', { ...claims, nonce: null }, { nonce: null }, 'nonce'],
    ['does not look where it was left out', claims, {}],
    ['does not miss it where it was left out', bare, {}],
    ['accepts its absence where that is allowed', bare, { nonce: 'n-1', allowMissingNonce: true }],
    [
      'rejects another even where absence is allowed',
      claims,
      { nonce: 'n-2', allowMissingNonce: true },
      'nonce',
    ],
    [
      'rejects null even where absence is allowed',
      { ...claims, nonce: null },
      { nonce: 'n-1', allowMissingNonce: true },
      'nonce',
    ],
    [
      'rejects one that was not sent even where absence is allowed',
      claims,
      { nonce: null, allowMissingNonce: true },
      'nonce',
    ],
  ];
  for (const [title, payload, asked, fault] of outcomes) {
    it(`${title} [ID-12]`, async () => {
      const verified = verifyIdToken(sign(payload), { ...unasked, ...asked });

      if (fault === undefined) expect(await verified).to.include({ sub: 'zhangsan' });
      else await assert.rejects(verified, refusal(fault));
    });
  }
});

// OpenID Connect Core 1.0, appendix A.4: an access token and its hash.
describe('verifyIdToken() on "at_hash"', () => {
  const accessToken = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
  const right = '77QmUPtjPfzWtF2AnpK9RQ';

  it('accepts the hash of the access token that came along [ID-13, IT-03]', async () => {
    const token = sign({ ...claims, at_hash: right });

    expect(await verifyIdToken(token, { ...expected, accessToken })).to.include({ at_hash: right });
  });

  it('does not ask for a hash [ID-13]', async () => {
    expect(await verifyIdToken(sign(claims), { ...expected, accessToken })).to.include({ sub: 'zhangsan' });
  });

  it('has nothing to compare a hash with where no access token came along', async () => {
    const token = sign({ ...claims, at_hash: 'whatever' });

    expect(await verifyIdToken(token, expected)).to.include({ sub: 'zhangsan' });
  });

  const wrong: [what: string, hash: unknown, accessToken?: string][] = [
    ['of another access token', 'LDktKdoQak3Pk0cnXxCltA'],
    ['that is empty', ''],
    ['that is a number', 5],
    ['that is null', null],
    ['that is cut short', right.slice(0, -1)],
    ['that is padded', `${right}==`],
    ['of the whole access token when that was cut short', right, accessToken.slice(0, -1)],
    ['of an access token when an empty one came along', right, ''],
  ];
  for (const [what, at_hash, came = accessToken] of wrong) {
    it(`rejects a hash ${what} [ID-13, IT-03]`, async () => {
      const token = sign({ ...claims, at_hash });

      await assert.rejects(verifyIdToken(token, { ...expected, accessToken: came }), refusal('at-hash'));
    });
  }
});

describe('verifyIdToken() misused', () => {
  const misuses: [what: string, changes: object][] = [
    ...[undefined, '', 5, null].flatMap((value): [string, object][] => [
      [`${inspect(value)} for an issuer`, { issuer: value }],
      [`${inspect(value)} for a client id`, { clientID: value }],
      [`${inspect(value)} for a client secret`, { clientSecret: value }],
    ]),
    ...[-1, 300.5, 301, 86_400, Number.NaN, Number.POSITIVE_INFINITY, '60', '', null, true, [60], {}].map(
      (value): [string, object] => [
        `${inspect(value)} for a clock tolerance [CF-01]`,
        { clockTolerance: value },
      ],
    ),
    ...[Number.NaN, Number.POSITIVE_INFINITY, String(issuedAt), new Date(), {}].map(
      (value): [string, object] => [
        `${value instanceof Date ? 'a Date' : inspect(value)} for a time`,
        { now: value },
      ],
    ),
  ];
  for (const [what, changes] of misuses) {
    it(`throws for ${what}`, async () => {
      await assert.rejects(verifyIdToken(sign(claims), { ...expected, ...changes }), TypeError);
    });
  }

  it('does not say an unusable secret [ER-01]', async () => {
    const misused = verifyIdToken(sign(claims), { ...expected, clientID: '', clientSecret: 'canary' });

    await assert.rejects(
      misused,
      ({ message }: Error) => message.includes('clientID') && !/canary/.test(message),
    );
  });

  it('takes no time that is not a number for one at which an expired token is good', async () => {
    const expired = sign({ ...claims, exp: issuedAt - 1_000_000, iat: issuedAt - 1_000_100 });

    await assert.rejects(verifyIdToken(expired, { ...expected, now: Number.NaN }));
  });

  it('takes no tolerance in a string for one that lets the future in', async () => {
    const early = sign({ ...claims, iat: issuedAt + 1_000_000, exp: issuedAt + 1_001_000 });

    await assert.rejects(verifyIdToken(early, { ...expected, clockTolerance: '60' as unknown as number }));
  });
});

describe("verifyIdToken() on the token that jAccount's documentation prints", () => {
  // Its line breaks removed. The key is the one that jwt.io shows to everybody.
  const token =
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.' +
    'eyJhdWQiOiJzNkJoZFJrcXQzIiwiaXNzIjoiaHR0cHM6Ly9qYWNjb3VudC5kZXYuc2p0dS5lZHUuY24vb2F1dGgyLyIsInN1YiI6InRl' +
    'c3QtdXNlciIsImV4cCI6MTMxMTI4MTk3MCwiaWF0IjoxMzExMjgwOTcwLCJuYW1lIjoi5byg5LiJIiwiY29kZSI6IjEyMzQ1NiIsInR5' +
    'cGUiOiJzdHVkZW50In0.J6ZZ03Kzqy4-7UKlSYruZkLMQMVLpfZehU0DM6gmylk';
  const itsOwn = {
    issuer: 'https://jaccount.dev.sjtu.edu.cn/oauth2/',
    clientID: 's6BhdRkqt3',
    clientSecret: 'your-256-bit-secret',
    nonce: null,
  };

  it('accepts it at its own time', async () => {
    const verified = await verifyIdToken(token, { ...itsOwn, now: 1_311_281_000 });

    expect(verified).to.include({ sub: 'test-user', name: '张三', code: '123456', type: 'student' });
  });

  it('rejects it today', async () => {
    await assert.rejects(verifyIdToken(token, itsOwn), refusal('expired'));
  });

  it('rejects it as one of the production issuer', async () => {
    const { issuer } = jaccountEndpoints;

    await assert.rejects(verifyIdToken(token, { ...itsOwn, issuer, now: 1_311_281_000 }), refusal('issuer'));
  });

  it('rejects it under a secret of ours', async () => {
    const other = { ...itsOwn, clientSecret, now: 1_311_281_000 };

    await assert.rejects(verifyIdToken(token, other), refusal('signature'));
  });
});

describe('createIdTokenVerifier()', () => {
  it('verifies one token after another', async () => {
    const verify = createIdTokenVerifier(clientSecret);

    const subjects = await Promise.all(
      ['zhangsan', 'lisi', 'wangwu'].map(
        async (sub) => (await verify(sign({ ...claims, sub }), expected)).sub,
      ),
    );

    expect(subjects).to.deep.equal(['zhangsan', 'lisi', 'wangwu']);
  });

  it('verifies a right token after a wrong one', async () => {
    const verify = createIdTokenVerifier(clientSecret);
    await assert.rejects(verify('x.y.z', expected));

    expect(await verify(sign(claims), expected)).to.include({ sub: 'zhangsan' });
  });

  it('keeps the keys of two clients apart [LD-11]', async () => {
    const [ours, theirs] = [createIdTokenVerifier(clientSecret), createIdTokenVerifier('another-secret')];
    await ours(sign(claims), expected);

    await assert.rejects(theirs(sign(claims), expected), refusal('signature'));
  });
});

// What a family of cases must be refused for. Some of its members fail an earlier check.
const faults: Record<string, string> = {
  sig: 'signature',
  alg: 'algorithm',
  crit: 'malformed',
  typ: 'malformed',
  fmt: 'malformed',
  iss: 'issuer',
  aud: 'audience',
  azp: 'audience',
  sub: 'subject',
  exp: 'expired',
  iat: 'issued-at',
  nbf: 'expired',
  nonce: 'nonce',
  'sig-missing': 'malformed',
  'sig-one-char': 'malformed',
  'alg-missing': 'malformed',
  'alg-null': 'malformed',
  'alg-none-none': 'signature',
  'alg-none-None': 'signature',
  'alg-none-NONE': 'signature',
  'alg-kid-devnull': 'signature',
};

function faultOf(id: string): string | undefined {
  return faults[id] ?? faults[id.split('-')[0] as string];
}

async function outcomeOf({ token, expected }: { token: string; expected: Expected }): Promise<string> {
  try {
    await verifyIdToken(token, expected);
    return 'accept';
  } catch (error) {
    assert(error instanceof IdTokenError);
    return 'reject';
  }
}

describe('the ID Token cases', () => {
  const counted = idTokenCases.filter(({ level }) => level !== 'info');
  const recorded = idTokenCases.filter(({ level }) => level === 'info');

  it('are a hundred and fifty', () => {
    expect(idTokenCases).to.have.lengthOf(150);
  });

  for (const row of counted) {
    it(`${row.expect}s ${row.id}: ${row.description}`, () => judge(row, ''));
  }

  it('come out the same for other clients, secrets, subjects or nonces', async () => {
    for (const row of counted) {
      expect(await outcomeOf(buildCase(row, 'other people')), row.id).to.equal(row.expect);
    }
  });

  // Neither outcome is wrong: these rows keep watch over a change of mind.
  for (const row of recorded) {
    it(`records that ${row.id} is ${row.expect}ed: ${row.description}`, async () => {
      expect(await outcomeOf(buildCase(row))).to.equal(row.expect);
    });
  }
});

async function judge(row: IdTokenCase, salt: string): Promise<void> {
  const { token, expected, claims } = buildCase(row, salt);
  if (row.expect === 'accept') {
    expect(await verifyIdToken(token, expected)).to.deep.include(claims);
    return;
  }
  const error = await verifyIdToken(token, expected).catch((refused: unknown) => refused);
  expect(error).to.be.instanceOf(IdTokenError);
  const fault = faultOf(row.id);
  if (fault !== undefined) expect((error as IdTokenError).fault).to.equal(fault);
}
