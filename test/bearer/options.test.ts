import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { JaccountBearerStrategy, type JaccountBearerStrategyOptions } from 'passport-jaccount';
import { emulatorClient } from '../../dist/jaccount/endpoints.js';
import { startApi } from '../support/api';
import { createKey, rightClaims, signJwt } from '../support/api-issuer';

const clientID = 'japp000001';
const clientSecret = '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5';
const audience = 'https://api.example/';
const remote = { issuer: 'https://tenant.example/', jwksURL: 'https://tenant.example/jwks.json', audience };
const { jwk, privateKey } = createKey('es');
const local = { issuer: remote.issuer, audience, algorithms: ['ES256'], jwks: { keys: [jwk] } };
const longJwk = { kty: 'RSA', n: Buffer.alloc(1025, 255).toString('base64url'), e: 'AQAB' };
const shared = { issuer: remote.issuer, audience, secret: 'a secret that an issuer and this API share' };
const idTokens = { clientID, clientSecret, acceptIdTokens: true };

const verify = async ({ claims }: any) => claims;
const make = (options: unknown, callback: unknown = verify) =>
  new JaccountBearerStrategy(options as JaccountBearerStrategyOptions, callback as any);
const entry = (different: object, of: object = remote) => ({ issuers: [{ ...of, ...different }] });

describe('new JaccountBearerStrategy()', () => {
  const accepted: [what: string, options: object][] = [
    ['an issuer that publishes its keys', { issuers: [remote] }],
    ['an issuer whose keys are given', { issuers: [local] }],
    ['an issuer that shares a secret', { issuers: [shared] }],
    ['jAccount and its ID Tokens', idTokens],
    ['jAccount and its ID Tokens as one issuer of several', { issuers: [remote, idTokens] }],
    ['two clients of jAccount', { issuers: [idTokens, { ...idTokens, clientID: 'japp000002' }] }],
    ['both kinds', { issuers: [remote], ...idTokens }],
    ['one issuer for two audiences', { issuers: [remote, { ...local, audience: 'https://two.example/' }] }],
    ['several audiences', entry({ audience: ['a', 'b'] })],
    ['keys on loopback', entry({ jwksURL: 'http://127.0.0.1:8080/jwks' })],
    [
      'a client and endpoints it has no use for',
      { issuers: [remote], clientID, clientSecret, apiURL: 'https://x.example' },
    ],
    [
      'all of its options',
      {
        ...{
          issuers: [{ ...remote, algorithms: ['RS256', 'ES256'], tokenType: 'at+jwt', scopeClaim: 'scp' }],
        },
        ...{
          name: 'api',
          realm: 'messages',
          acceptFormBody: true,
          passReqToCallback: false,
          clockTolerance: 0,
        },
        ...{ timeout: { verify: 1000 }, deriveEmail: false },
      },
    ],
    ['no prototype', Object.assign(Object.create(null), { issuers: [remote] })],
    ['frozen options', Object.freeze({ issuers: Object.freeze([Object.freeze({ ...remote })]) })],
  ];
  for (const [what, options] of accepted) {
    it(`takes ${what}`, () => {
      expect(() => make(options)).not.to.throw();
    });
  }

  it('is called jaccount-bearer, or as it is told', () => {
    expect(make({ issuers: [remote] }).name).to.equal('jaccount-bearer');
    expect(make({ issuers: [remote], name: 'mobile' }).name).to.equal('mobile');
  });

  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  const privateJwk = { ...jwk, ...privateKey.export({ format: 'jwk' }) };
  const symmetricJwk = { kty: 'oct', k: 'c2VjcmV0' };

  const refused: [what: string, options: unknown, name: string][] = [
    ['undefined', undefined, 'options'],
    ['null', null, 'options'],
    ['an array', [], 'options'],
    ['nothing', {}, 'issuers'],
    ['no issuer', { issuers: [] }, 'issuers'],
    ['one issuer without an array', { issuers: remote }, 'issuers'],
    ['an issuer that is null', { issuers: [null] }, 'issuers[0]'],
    ['a client whose ID Tokens nobody asked for [RS-09]', { clientID, clientSecret }, 'issuers'],
    ['ID Tokens without a client', { acceptIdTokens: true, clientSecret }, 'clientID'],
    ['ID Tokens without a secret', { acceptIdTokens: true, clientID }, 'clientSecret'],
    [
      'ID Tokens that are not asked for',
      { issuers: [{ ...idTokens, acceptIdTokens: false }] },
      'acceptIdTokens',
    ],
    ['acceptIdTokens that is text', { ...idTokens, acceptIdTokens: 'yes' }, 'acceptIdTokens'],
    ['a placeholder for a secret', { ...idTokens, clientSecret: 'changeme' }, 'clientSecret'],
    ["the emulator's secret elsewhere", { ...idTokens, ...emulatorClient }, 'clientSecret'],
    ['a secret with a line end [CF-03]', { ...idTokens, clientSecret: `${clientSecret}\n` }, 'clientSecret'],
    ['a misspelt option [CF-01]', { issuers: [remote], acceptIDTokens: true }, '"acceptIDTokens"'],
    [
      'an option that would switch a check off [CF-02]',
      { issuers: [remote], ignoreExpiration: true },
      '"ignoreExpiration"',
    ],
    ['a misspelt option of an issuer [CF-01]', entry({ jwksUrl: 'x' }), '"jwksUrl"'],
    ['an entry without keys', entry({ jwksURL: undefined }), 'issuers[0].jwksURL'],
    ['an entry with two kinds of keys [RS-08]', entry({ secret: shared.secret }), 'issuers[0].jwksURL'],
    ['an entry without issuer', entry({ issuer: undefined }), 'issuers[0].issuer'],
    ['an issuer that is no URL', entry({ issuer: 'tenant' }), 'issuers[0].issuer'],
    ['an issuer on http', entry({ issuer: 'http://tenant.example/' }), 'issuers[0].issuer'],
    ['an issuer as an expression [CF-04]', entry({ issuer: /tenant/ }), 'issuers[0].issuer'],
    [
      'jAccount as an issuer of another kind [RS-09]',
      entry({ issuer: 'https://jaccount.sjtu.edu.cn/oauth2/' }, shared),
      'issuers[0].issuer',
    ],
    ['an entry without audience [RS-07]', entry({ audience: undefined }), 'issuers[0].audience'],
    ['an empty audience', entry({ audience: '' }), 'issuers[0].audience'],
    ['no audience of several', entry({ audience: [] }), 'issuers[0].audience'],
    ['an empty audience among others', entry({ audience: ['a', ''] }), 'issuers[0].audience'],
    ['an audience as an expression [CF-04]', entry({ audience: /api/ }), 'issuers[0].audience'],
    ['keys on http [KS-01]', entry({ jwksURL: 'http://tenant.example/jwks' }), 'issuers[0].jwksURL'],
    ['keys in a file [KS-01]', entry({ jwksURL: 'file:///etc/passwd' }), 'issuers[0].jwksURL'],
    ['keys in the address [KS-01]', entry({ jwksURL: 'data:application/json,{}' }), 'issuers[0].jwksURL'],
    ['keys behind a password', entry({ jwksURL: 'https://u:hunter2@tenant.example/' }), 'issuers[0].jwksURL'],
    [
      'keys at a place within a page',
      entry({ jwksURL: 'https://tenant.example/#jwks' }),
      'issuers[0].jwksURL',
    ],
    ['keys that are no set', entry({ jwks: [jwk] }, local), 'issuers[0].jwks'],
    ['a set without keys', entry({ jwks: { keys: [] } }, local), 'issuers[0].jwks'],
    ['a set without a usable key', entry({ algorithms: ['RS256'] }, local), 'issuers[0].jwks'],
    ['a private key [KS-02]', entry({ jwks: { keys: [jwk, privateJwk] } }, local), 'issuers[0].jwks'],
    [
      'a key of 8200 bits [KS-02]',
      entry({ algorithms: ['RS256'], jwks: { keys: [longJwk] } }, local),
      'issuers[0].jwks',
    ],
    ['a symmetric key [KS-02]', entry({ jwks: { keys: [jwk, symmetricJwk] } }, local), 'issuers[0].jwks'],
    ['no algorithm', entry({ algorithms: [] }), 'issuers[0].algorithms'],
    ['an algorithm without an array', entry({ algorithms: 'RS256' }), 'issuers[0].algorithms'],
    ['none [RS-08]', entry({ algorithms: ['none'] }), 'issuers[0].algorithms'],
    ['an algorithm in small letters', entry({ algorithms: ['rs256'] }), 'issuers[0].algorithms'],
    ['HS256 beside RS256 [RS-08]', entry({ algorithms: ['HS256', 'RS256'] }), 'issuers[0].algorithms'],
    ['HS256 with published keys [RS-08]', entry({ algorithms: ['HS256'] }), 'issuers[0].algorithms'],
    ['RS256 with a secret [RS-08]', entry({ algorithms: ['RS256'] }, shared), 'issuers[0].algorithms'],
    ['PEM for a secret [RS-08]', entry({ secret: pem }, shared), 'issuers[0].secret'],
    [
      'PEM in one line for a secret [RS-08]',
      entry({ secret: String(pem).replaceAll('\n', ' ').trim() }, shared),
      'issuers[0].secret',
    ],
    ['a JWK for a secret [RS-08]', entry({ secret: JSON.stringify(jwk) }, shared), 'issuers[0].secret'],
    ['octets for a secret', entry({ secret: Buffer.from(shared.secret) }, shared), 'issuers[0].secret'],
    ['an empty secret', entry({ secret: '' }, shared), 'issuers[0].secret'],
    ['a placeholder for a shared secret', entry({ secret: 'secret' }, shared), 'issuers[0].secret'],
    ['an unknown kind of token', entry({ tokenType: 'id_token' }), 'issuers[0].tokenType'],
    ['an empty claim for the scope', entry({ scopeClaim: '' }), 'issuers[0].scopeClaim'],
    ['a cooldown of nothing [KS-05]', entry({ jwksTimes: { cooldown: 0 } }), 'issuers[0].jwksTimes.cooldown'],
    [
      'an endless age of keys',
      entry({ jwksTimes: { maxAge: Number.POSITIVE_INFINITY } }),
      'issuers[0].jwksTimes.maxAge',
    ],
    [
      'keys due after their greatest age',
      entry({ jwksTimes: { refresh: 20, maxAge: 10 } }),
      'issuers[0].jwksTimes.refresh',
    ],
    [
      'a cooldown that outlasts the keys',
      entry({ jwksTimes: { cooldown: 30, maxAge: 10 } }),
      'issuers[0].jwksTimes.cooldown',
    ],
    ['times for keys that are not fetched', entry({ jwksTimes: {} }, local), '"jwksTimes"'],
    [
      'one issuer twice for one audience',
      { issuers: [remote, { ...shared, audience: ['x', audience] }] },
      'issuers',
    ],
    ['jAccount twice for one client', { issuers: [idTokens], ...idTokens }, 'issuers'],
    ['a tolerance of minus one', { issuers: [remote], clockTolerance: -1 }, 'clockTolerance'],
    ['a tolerance of a day', { issuers: [remote], clockTolerance: 86_400 }, 'clockTolerance'],
    ['a tolerance that is text', entry({ clockTolerance: '60' }), 'issuers[0].clockTolerance'],
    ['a tolerance that is no number', entry({ clockTolerance: Number.NaN }), 'issuers[0].clockTolerance'],
    ['a realm with quotes [RS-13]', { issuers: [remote], realm: 'my "api"' }, 'realm'],
    ['a realm with a backslash [RS-13]', { issuers: [remote], realm: 'a\\b' }, 'realm'],
    ['a realm with a line end [RS-13]', { issuers: [remote], realm: 'a\r\nb' }, 'realm'],
    ['a realm in Chinese [RS-13]', { issuers: [remote], realm: '接口' }, 'realm'],
    ['a flag that is a number', { issuers: [remote], acceptFormBody: 1 }, 'acceptFormBody'],
    ['patience of nothing', { issuers: [remote], timeout: { verify: 0 } }, 'timeout.verify'],
    ['an unknown time', { issuers: [remote], timeout: { response: 5 } }, '"response"'],
    ['an agent that is none', { issuers: [remote], agent: {} }, 'agent'],
  ];
  for (const [what, options, name] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => make(options))
        .to.throw(TypeError)
        .with.property('message')
        .that.includes(name);
    });
  }

  it('repeats no value in what it says of it [CF-01]', () => {
    const messages = refused.map(([, options]) => {
      try {
        return make(options) && '';
      } catch (error) {
        return inspect(error, { showHidden: true });
      }
    });

    expect(messages.join('\n')).not.to.match(/hunter2|BEGIN|c2VjcmV0|changeme|4f7c1b9e/);
  });

  it('hints at what may have been meant', () => {
    expect(() => make({ ...remote })).to.throw('issuers[].jwksURL');
    expect(() => make(entry({ aud: 'x' }))).to.throw('audience');
  });

  for (const callback of [undefined, null, 'verify', {}, (_a: any, _b: any, _c: any) => undefined]) {
    it(`refuses ${typeof callback} as a verify callback`, () => {
      expect(() => new JaccountBearerStrategy({ issuers: [remote] } as any, callback as any)).to.throw(
        TypeError,
        'verify',
      );
    });
  }

  it('has no secret to show [ER-01]', () => {
    const shown = inspect(make({ issuers: [shared], ...idTokens }), { showHidden: true, depth: 9 });

    expect(shown).not.to.match(/4f7c1b9e|a secret that/);
  });

  it('is not changed by what becomes of its options later', async () => {
    const key = createKey('first');
    const options = { issuers: [{ ...local, jwks: { keys: [key.jwk] } }], realm: 'before' };
    const api = await startApi({ options: options as JaccountBearerStrategyOptions });

    options.issuers[0]!.jwks.keys.length = 0;
    options.issuers[0]!.audience = 'https://other.example/';
    options.realm = 'after';

    const token = signJwt(rightClaims(local.issuer), key);
    expect((await api.call(`Bearer ${token}`)).status).to.equal(200);
    expect((await api.call()).challenge).to.equal('Bearer realm="before"');
    await api.stop();
  });
});
