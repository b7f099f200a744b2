import { createPublicKey, type JsonWebKey, randomUUID, verify } from 'node:crypto';
import { expect } from 'chai';
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Parameters, partOf, RelyingParty, type Reply } from '../support/relying-party';

const audience = 'https://api.example';
const approved = {
  clientID: 'machine',
  clientSecret: 'a secret of the machine, long enough for HS256',
  audiences: { [audience]: ['read:messages', 'write:messages'], 'https://empty.example': [] },
};

describe('tokens for APIs of one’s own', () => {
  let emulator: Emulator;
  let open: RelyingParty;
  let machine: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ clients: [approved] });
    open = new RelyingParty(emulator);
    machine = new RelyingParty(emulator, approved);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  function request(party: RelyingParty, changes: Parameters = {}): Promise<Reply> {
    return party.tokenRequest({ grant_type: 'client_credentials', audience, ...changes });
  }

  async function tokenOf(party: RelyingParty, changes: Parameters = {}): Promise<string> {
    return (await request(party, changes)).body.access_token;
  }

  async function keys(): Promise<(JsonWebKey & { kid: string; alg: string; use: string })[]> {
    const response = await fetch(`${emulator.url}/.well-known/jwks.json`);
    return ((await response.json()) as { keys: [] }).keys;
  }

  // By Node's own crypto: nothing of this package looks at the token.
  async function isVerified(token: string): Promise<boolean> {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { kid, alg } = partOf(token, 'header');
    const key = (await keys()).find((one) => one.kid === kid && one.alg === alg);
    if (!key) return false;
    return verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
  }

  describe('GET /.well-known/jwks.json', () => {
    it('has an RSA key, an elliptic one, each with its use (RFC 7517, 4)', async () => {
      const [rsa, elliptic, ...more] = await keys();

      expect(rsa).to.include({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB' });
      expect(elliptic).to.include({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
      expect(more).to.deep.equal([]);
    });

    it('has RSA keys of 2048 bits or more (RFC 7518, 3.3)', async () => {
      const [rsa] = await keys();

      expect(Buffer.from(rsa?.n ?? '', 'base64url')).to.have.length.of.at.least(256);
    });

    it('holds nothing of a private key', async () => {
      for (const key of await keys())
        expect(key).not.to.have.any.keys(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']);
    });

    it('names each key differently', async () => {
      expect(new Set((await keys()).map(({ kid }) => kid)).size).to.equal(2);
    });

    it('stays the same until it is rotated', async () => {
      expect(await keys()).to.deep.equal(await keys());
    });

    it('is not that of another emulator', async () => {
      const other = await startEmulator();
      const response = await fetch(`${other.url}/.well-known/jwks.json`);
      const { keys: others } = (await response.json()) as { keys: { kid: string }[] };
      await other.stop();

      const ours = (await keys()).map(({ kid }) => kid);

      expect(others.filter(({ kid }) => ours.includes(kid))).to.deep.equal([]);
    });
  });

  describe('client credentials with an audience', () => {
    it('give a token, its type, its life, its scope, nothing else (RFC 6749, 4.4.3)', async () => {
      const { status, body, headers } = await request(open, { scope: 'read:messages' });

      expect(status).to.equal(200);
      expect(body).to.have.all.keys(['access_token', 'token_type', 'expires_in', 'scope']);
      expect(body).to.include({ token_type: 'Bearer', expires_in: 3600, scope: 'read:messages' });
      expect(headers.get('cache-control')).to.equal('no-store');
    });

    for (const alg of ['RS256', 'ES256']) {
      it(`are signed by the published key, ${alg}`, async () => {
        const token = await tokenOf(open, { alg });

        expect(partOf(token, 'header')).to.include({ alg, typ: 'at+jwt' });
        expect(await isVerified(token)).to.equal(true);
      });

      it(`are taken by a library that reads the key set, ${alg}`, async () => {
        const token = await tokenOf(open, { alg, scope: 'read:messages' });
        const keySet = createRemoteJWKSet(new URL(`${emulator.url}/.well-known/jwks.json`));

        const { payload } = await jwtVerify(token, keySet, {
          issuer: `${emulator.url}/`,
          audience,
          typ: 'at+jwt',
          algorithms: [alg],
        });

        expect(payload).to.include({ scope: 'read:messages', client_id: emulator.client.clientID });
      });
    }

    it('are signed by RS256 unless asked otherwise', async () => {
      expect(partOf(await tokenOf(open), 'header').alg).to.equal('RS256');
    });

    it('carry the claims of RFC 9068, section 2.2', async () => {
      const token = await tokenOf(machine, { scope: 'read:messages' });

      const claims = partOf(token, 'claims');
      expect(claims).to.include({
        iss: `${emulator.url}/`,
        aud: audience,
        sub: 'machine@clients',
        client_id: 'machine',
        scope: 'read:messages',
      });
      expect(claims.exp - claims.iat).to.equal(3600);
      expect(Math.abs(claims.iat - Date.now() / 1000)).to.be.below(60);
      expect(claims.jti).to.match(/^[0-9a-f-]{36}$/);
    });

    it('have an identifier each', async () => {
      const [first, second] = [await tokenOf(open), await tokenOf(open)];

      expect(partOf(first, 'claims').jti).not.to.equal(partOf(second, 'claims').jti);
    });

    it('say the right time after the clock was put forward', async () => {
      emulator.advance(7200);

      expect(partOf(await tokenOf(open), 'claims').iat - Date.now() / 1000).to.be.within(-60, 60);
    });

    it('give any audience, any scope to a client without a list', async () => {
      const { status } = await request(open, { audience: 'anything', scope: 'read write' });

      expect(status).to.equal(200);
    });

    it('give a registered client what it is approved for', async () => {
      const { body } = await request(machine, { scope: 'write:messages read:messages' });

      expect(body.scope).to.equal('write:messages read:messages');
    });

    const refusals: [what: string, changes: Parameters, error: string][] = [
      ['an audience that is not registered', { audience: 'https://other.example' }, 'invalid_target'],
      ['a name of Object.prototype for an audience', { audience: 'constructor' }, 'invalid_target'],
      ['an audience in another case', { audience: 'https://API.example' }, 'invalid_target'],
      ['an audience with a slash more', { audience: `${audience}/` }, 'invalid_target'],
      ['a scope that is not registered', { scope: 'delete:messages' }, 'invalid_scope'],
      [
        'a scope of another audience',
        { audience: 'https://empty.example', scope: 'read:messages' },
        'invalid_scope',
      ],
      ['a scope too many', { scope: 'read:messages admin' }, 'invalid_scope'],
      ['an empty audience', { audience: '' }, 'invalid_request'],
      ['two audiences', { audience: [audience, audience] }, 'invalid_request'],
      ['two scopes parameters', { scope: ['read:messages', 'write:messages'] }, 'invalid_request'],
      ['the algorithm none', { alg: 'none' }, 'invalid_request'],
      ['the algorithm HS256', { alg: 'HS256' }, 'invalid_request'],
    ];
    for (const [what, changes, error] of refusals) {
      it(`are refused with ${what}`, async () => {
        const { status, body } = await request(machine, changes);

        expect(status).to.equal(400);
        expect(body).to.have.property('error', error).and.not.to.have.property('access_token');
      });
    }

    it('want the client authenticated (RFC 6749, 4.4.2)', async () => {
      const stranger = new RelyingParty(emulator, { ...approved, clientSecret: 'wrong' });

      expect(await request(stranger)).to.include({ status: 401 });
    });

    it('are no credential at jAccount’s own API', async () => {
      const { status, body } = await open.profile(await tokenOf(open));

      expect(status).to.equal(403);
      expect(body).to.have.property('errno', 10002);
    });
  });

  describe('signApiToken()', () => {
    it('fills in what the claims leave out', async () => {
      const token = emulator.signApiToken({ sub: 'zhaoyichen', aud: audience });

      expect(partOf(token, 'claims')).to.include({
        iss: `${emulator.url}/`,
        sub: 'zhaoyichen',
        aud: audience,
      });
      expect(partOf(token, 'claims')).to.include.keys(['iat', 'exp', 'jti']);
      expect(await isVerified(token)).to.equal(true);
    });

    it('leaves what the claims say', () => {
      const jti = randomUUID();
      const claims = { iss: 'https://evil.example/', iat: 1, exp: 2, jti, aud: ['a', 'b'] };

      expect(partOf(emulator.signApiToken(claims), 'claims')).to.deep.equal(claims);
    });

    it('leaves a claim out that is undefined', () => {
      expect(partOf(emulator.signApiToken({ exp: undefined }), 'claims')).not.to.have.property('exp');
    });

    it('signs by ES256 on demand', async () => {
      const token = emulator.signApiToken({}, 'ES256');

      expect(partOf(token, 'header').alg).to.equal('ES256');
      expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).to.have.length(64);
      expect(await isVerified(token)).to.equal(true);
    });

    for (const algorithm of ['none', 'HS256', 'PS256', 'constructor']) {
      it(`refuses the algorithm ${algorithm}`, () => {
        expect(() => emulator.signApiToken({}, algorithm as 'RS256')).to.throw(TypeError, /algorithm/);
      });
    }
  });

  describe('rotateKeys()', () => {
    it('puts other keys into the key set', async () => {
      const before = (await keys()).map(({ kid }) => kid);

      emulator.rotateKeys();

      expect((await keys()).filter(({ kid }) => before.includes(kid))).to.deep.equal([]);
    });

    it('signs by the new keys', async () => {
      emulator.rotateKeys();

      expect(await isVerified(emulator.signApiToken({}))).to.equal(true);
    });

    it('leaves a token of the old keys without one', async () => {
      const token = emulator.signApiToken({});
      const old = createLocalJWKSet({ keys: await keys() });

      emulator.rotateKeys();

      await jwtVerify(token, old);
      expect(await isVerified(token)).to.equal(false);
    });
  });
});
