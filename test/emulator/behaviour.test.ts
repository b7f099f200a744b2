import assert from 'node:assert/strict';
import { expect } from 'chai';
import { behaviours, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { formOf, partOf, RelyingParty, responseOf } from '../support/relying-party';
import { UserAgent } from '../support/user-agent';

const registered = {
  clientID: 'library',
  clientSecret: 'a secret of the library, long enough for HS256',
  redirectURIs: ['https://library.example/callback'],
};
// RFC 7636, appendix B.
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

// What each switch is about: jaccount.md, annex B and section 13.
describe('behaviour', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ clients: [registered] });
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  describe('by default', () => {
    it('is the first value of each switch', () => {
      const first = Object.fromEntries(Object.entries(behaviours).map(([name, [value]]) => [name, value]));

      expect(emulator.behaviour).to.deep.equal(first);
    });

    it('is what is documented of jAccount', () => {
      expect(emulator.behaviour).to.deep.equal({
        idToken: 'openid',
        nonce: 'echoed',
        tokenType: 'plain',
        expiresIn: '1800',
        refresh: 'rotated',
        apiErrorStatus: '403',
        profile: 'enveloped',
        envelopeError: 'success',
        envelopeTotal: '0',
        birthday: 'object',
        accountCase: 'registered',
        consent: 'never',
        sso: 'kept',
        redirectURI: 'registered',
        pkce: 'honoured',
        implicit: 'refused',
        logoutClient: 'optional',
        logoutState: 'clean',
        maintenance: 'off',
      });
    });
  });

  describe('idToken', () => {
    const rows: [value: 'openid' | 'always' | 'never', scope: string, present: boolean][] = [
      ['openid', 'openid', true],
      ['openid', 'openid basic', true],
      ['openid', 'basic', false],
      ['always', 'openid', true],
      ['always', 'basic', true],
      ['always', 'lessons', true],
      ['never', 'openid', false],
      ['never', 'basic', false],
    ];
    for (const [value, scope, present] of rows) {
      it(`${value}: ${present ? 'brings one' : 'brings none'} under "${scope}"`, async () => {
        emulator.behave({ idToken: value });

        expect('id_token' in (await party.login({ scope })).body).to.equal(present);
      });
    }

    it('always: brings none to an application without a user', async () => {
      emulator.behave({ idToken: 'always' });

      const { body } = await party.tokenRequest({ grant_type: 'client_credentials', scope: 'basic' });

      expect(body).not.to.have.property('id_token');
    });
  });

  describe('nonce', () => {
    it('echoed: comes back unchanged', async () => {
      const { body } = await party.login({ nonce: 'n-1' });

      expect(partOf(body.id_token, 'claims').nonce).to.equal('n-1');
    });

    it('omitted: stays away although it was sent', async () => {
      emulator.behave({ nonce: 'omitted' });

      const { body } = await party.login({ nonce: 'n-1' });

      expect(partOf(body.id_token, 'claims')).not.to.have.property('nonce');
    });
  });

  for (const [tokenType, text] of [
    ['plain', 'Bearer'],
    ['spaced', ' Bearer '],
  ] as const) {
    it(`tokenType ${tokenType}: says "${text}"`, async () => {
      emulator.behave({ tokenType });

      expect((await party.login()).body.token_type).to.equal(text);
    });
  }

  for (const [expiresIn, said] of [
    ['1800', 1800],
    ['1799', 1799],
    ['string', '1800'],
  ] as const) {
    it(`expiresIn ${expiresIn}: says the ${typeof said} ${said}`, async () => {
      emulator.behave({ expiresIn });

      expect((await party.login()).body.expires_in).to.equal(said);
    });
  }

  describe('apiErrorStatus', () => {
    const failures: [what: string, errno: number, call: () => Promise<{ status: number; body: object }>][] = [
      ['an unknown token', 10002, () => party.profile('0'.repeat(32))],
      ['an application without a user', 10003, async () => party.profile(await applicationToken())],
      ['an expired token', 10007, async () => party.profile(await expiredToken())],
    ];
    async function applicationToken(): Promise<string> {
      return (await party.tokenRequest({ grant_type: 'client_credentials' })).body.access_token;
    }
    async function expiredToken(): Promise<string> {
      const { body } = await party.login();
      emulator.advance(1801);
      return body.access_token;
    }
    for (const [apiErrorStatus, status] of [
      ['403', 403],
      ['200', 200],
    ] as const) {
      for (const [what, errno, call] of failures) {
        it(`${apiErrorStatus}: refuses ${what} with errno ${errno} and status ${status}`, async () => {
          emulator.behave({ apiErrorStatus });

          const reply = await call();

          expect(reply.body).to.include({ errno, total: 0 }).and.not.to.have.property('entities');
          expect(reply.status).to.equal(status);
        });
      }
    }

    it('200: leaves the token endpoint alone', async () => {
      emulator.behave({ apiErrorStatus: '200' });

      expect((await party.redeem('0'.repeat(32))).status).to.equal(400);
    });
  });

  describe('profile', () => {
    it('enveloped: is the one entity', async () => {
      const { access_token } = (await party.login({ scope: 'basic' })).body;

      const { body } = await party.profile(access_token);

      expect(body).to.have.all.keys(['errno', 'error', 'total', 'entities']);
      expect(body.entities[0].account).to.equal('zhaoyichen');
    });

    it('bare: is the whole answer', async () => {
      emulator.behave({ profile: 'bare' });
      const { access_token } = (await party.login({ scope: 'basic' })).body;

      const { body, status } = await party.profile(access_token);

      expect(status).to.equal(200);
      expect(body).to.include({ account: 'zhaoyichen', kind: 'canvas.profile' });
      expect(body).not.to.have.any.keys(['errno', 'entities', 'total']);
    });

    it('bare: leaves errors in the envelope', async () => {
      emulator.behave({ profile: 'bare' });

      expect((await party.profile('0'.repeat(32))).body).to.have.property('errno', 10002);
    });
  });

  describe('envelope', () => {
    async function envelope() {
      return (await party.profile((await party.login({ scope: 'basic' })).body.access_token)).body;
    }

    for (const [envelopeError, said] of [
      ['success', 'success'],
      ['Succeed.', 'Succeed.'],
      ['null', null],
    ] as const) {
      it(`envelopeError ${envelopeError}: says ${JSON.stringify(said)} on success`, async () => {
        emulator.behave({ envelopeError });

        expect(await envelope()).to.include({ errno: 0, error: said });
      });
    }

    for (const [envelopeTotal, said] of [
      ['0', 0],
      ['1', 1],
      ['string', '1'],
    ] as const) {
      it(`envelopeTotal ${envelopeTotal}: counts ${JSON.stringify(said)}`, async () => {
        emulator.behave({ envelopeTotal });

        expect((await envelope()).total).to.equal(said);
      });
    }
  });

  describe('birthday', () => {
    async function birthday(scope: string) {
      const { access_token } = (await party.login({ scope })).body;
      return (await party.profile(access_token)).body.entities[0].birthday;
    }

    it('object: is three strings', async () => {
      expect(Object.values(await birthday('privacy')).map((part) => typeof part)).to.deep.equal([
        'string',
        'string',
        'string',
      ]);
    });

    it('number: is the same day in milliseconds, UTC', async () => {
      const { birthYear, birthMonth, birthDay } = await birthday('privacy');
      emulator.behave({ birthday: 'number' });

      expect(await birthday('privacy')).to.equal(Date.UTC(birthYear, birthMonth - 1, birthDay));
    });

    it('number: shows nothing that the scope does not open', async () => {
      emulator.behave({ birthday: 'number' });

      expect(await birthday('basic')).to.equal(undefined);
    });
  });

  describe('accountCase', () => {
    it('registered: names the account as it was registered, however it was typed', async () => {
      const { body } = await party.login({ scope: 'openid basic' }, 'ZhaoYichen');

      expect(partOf(body.id_token, 'claims').sub).to.equal('zhaoyichen');
    });

    it('typed: names the account in the ID Token as it was typed', async () => {
      emulator.behave({ accountCase: 'typed' });

      const { body } = await party.login({}, 'ZhaoYichen');

      expect(partOf(body.id_token, 'claims')).to.include({ sub: 'ZhaoYichen', code: '523030910417' });
    });

    it('typed: still opens the API', async () => {
      emulator.behave({ accountCase: 'typed' });
      const { access_token } = (await party.login({ scope: 'basic' }, 'ZhaoYichen')).body;

      const { body } = await party.profile(access_token);

      expect(body.entities[0].account.toLowerCase()).to.equal('zhaoyichen');
    });
  });

  describe('sso', () => {
    async function twice(): Promise<string> {
      const browser = await party.signedIn();
      await browser.get(party.authorizationURL());
      return (await browser.get(party.authorizationURL())).location ?? '';
    }

    it('kept: makes the second login silent', async () => {
      expect(await twice()).to.match(/^http:\/\/localhost:3000\/callback\?code=/);
    });

    it('forgotten: asks who it is again', async () => {
      emulator.behave({ sso: 'forgotten' });

      expect(await twice()).to.match(/\/jaccount\/jalogin\?/);
    });
  });

  describe('redirectURI', () => {
    const foreign = 'https://elsewhere.example/callback';
    const library = () => new RelyingParty(emulator, registered);

    it('registered: refuses any other', async () => {
      expect((await library().authorize({ redirect_uri: foreign })).status).to.equal(400);
    });

    for (const redirectURI of [foreign, 'http://10.0.0.7:8080/callback', 'myapp://callback']) {
      it(`any: lets the client return to ${redirectURI}`, async () => {
        emulator.behave({ redirectURI: 'any' });

        const { location } = await library().authorize({ redirect_uri: redirectURI });

        expect(location).to.match(/^[^?]+\?code=[0-9a-f]{32}&state=st-1$/);
        expect(location?.startsWith(`${redirectURI}?`)).to.equal(true);
      });
    }

    // RFC 6749, section 3.1.2: an absolute URI without a fragment. The rest a browser would run.
    const impossible = [
      '/callback',
      'callback',
      'https://a.example/#b',
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'file:///etc/passwd',
      ' javascript:alert(1)',
      'java\tscript:alert(1)',
      'https://a.example/\r\nX-Injected: 1',
    ];
    for (const redirectURI of impossible) {
      it(`any: does not lead to ${JSON.stringify(redirectURI)}`, async () => {
        emulator.behave({ redirectURI: 'any' });

        const visit = await library().authorize({ redirect_uri: redirectURI });

        expect(visit.status).to.equal(400);
        expect(visit.location).to.equal(undefined);
      });
    }

    it('any: still wants the same in the token request (RFC 6749, 4.1.3)', async () => {
      emulator.behave({ redirectURI: 'any' });
      const code = await library().code({ redirect_uri: foreign });

      const { body } = await library().redeem(code, { redirect_uri: `${foreign}/` });

      expect(body).to.have.property('error', 'invalid_grant');
    });
  });

  describe('pkce', () => {
    it('honoured: wants the verifier', async () => {
      const code = await party.code({ code_challenge: challenge, code_challenge_method: 'S256' });

      expect((await party.redeem(code)).body).to.have.property('error', 'invalid_grant');
    });

    for (const verifier of [undefined, 'x'.repeat(43)]) {
      it(`ignored: takes ${verifier ? 'a wrong verifier' : 'none'} for an answer`, async () => {
        emulator.behave({ pkce: 'ignored' });
        const code = await party.code({ code_challenge: challenge, code_challenge_method: 'S256' });

        expect((await party.redeem(code, { code_verifier: verifier })).status).to.equal(200);
      });
    }

    it('ignored: takes a verifier without a challenge', async () => {
      emulator.behave({ pkce: 'ignored' });

      const { status } = await party.redeem(await party.code(), { code_verifier: 'x'.repeat(43) });

      expect(status).to.equal(200);
    });

    it('ignored: does not read the challenge', async () => {
      emulator.behave({ pkce: 'ignored' });

      const visit = await party.authorize({ code_challenge: 'x', code_challenge_method: 'S512' });

      expect(responseOf(visit)).to.have.property('code');
    });
  });

  describe('logoutClient', () => {
    async function logout(query: Record<string, string>, browser: UserAgent) {
      return browser.get(`${emulator.endpoints.logoutURL}?${formOf(query)}`);
    }
    const address = { post_logout_redirect_uri: 'http://localhost:3000/bye' };

    it('required: refuses a logout without it', async () => {
      emulator.behave({ logoutClient: 'required' });

      const visit = await logout(address, new UserAgent());

      expect(visit.status).to.equal(400);
      expect(visit.json()).to.have.property('error', 'invalid_request');
    });

    it('required: keeps the session of a logout it refuses', async () => {
      emulator.behave({ logoutClient: 'required' });
      const browser = await party.signedIn();

      await logout(address, browser);

      expect(responseOf(await browser.get(party.authorizationURL()))).to.have.property('code');
    });

    it('required: ends the session of a logout that brings it', async () => {
      emulator.behave({ logoutClient: 'required' });
      const browser = await party.signedIn();

      const visit = await logout({ ...address, client_id: emulator.client.clientID }, browser);

      expect(visit.location).to.equal('http://localhost:3000/bye');
      expect((await browser.get(party.authorizationURL())).location).to.contain('/jaccount/jalogin');
    });
  });

  describe('logoutState', () => {
    async function returnFor(address: string): Promise<string | null> {
      const query = formOf({ post_logout_redirect_uri: address, state: 's 1' });
      const response = await fetch(`${emulator.endpoints.logoutURL}?${query}`, { redirect: 'manual' });
      return response.headers.get('location');
    }

    it('clean: comes back as a member of the query', async () => {
      expect(await returnFor('http://localhost:3000/bye?a=1')).to.equal(
        'http://localhost:3000/bye?a=1&state=s+1',
      );
    });

    for (const address of ['http://localhost:3000/bye', 'http://localhost:3000/bye?a=1']) {
      it(`malformed: comes back to ${address} behind a stray "?" and "&"`, async () => {
        emulator.behave({ logoutState: 'malformed' });

        expect(await returnFor(address)).to.equal(`${address}?&state=s+1`);
      });
    }

    it('malformed: leaves an address alone where there is no state', async () => {
      emulator.behave({ logoutState: 'malformed' });
      const query = formOf({ post_logout_redirect_uri: 'http://localhost:3000/bye' });

      const response = await fetch(`${emulator.endpoints.logoutURL}?${query}`, { redirect: 'manual' });

      expect(response.headers.get('location')).to.equal('http://localhost:3000/bye');
    });
  });

  describe('maintenance', () => {
    const endpoints: [method: string, path: string][] = [
      ['GET', '/oauth2/authorize'],
      ['POST', '/oauth2/token'],
      ['GET', '/oauth2/logout'],
      ['GET', '/oauth2/.well-known/openid-configuration'],
      ['GET', '/.well-known/jwks.json'],
      ['GET', '/jaccount/jalogin'],
      ['POST', '/jaccount/ulogin'],
      ['GET', '/v1/me/profile'],
      ['GET', '/nothing'],
    ];
    for (const [method, path] of endpoints) {
      it(`on: answers ${method} ${path} with 503 and HTML`, async () => {
        emulator.behave({ maintenance: 'on' });

        const response = await fetch(emulator.url + path, { method });

        expect(response.status).to.equal(503);
        expect(response.headers.get('content-type')).to.match(/^text\/html/);
        expect(await response.text()).to.match(/^<!doctype html>/i);
      });
    }

    for (const path of ['/', '/emulator/state']) {
      it(`on: leaves the emulator's own ${path} up`, async () => {
        emulator.behave({ maintenance: 'on' });

        expect((await fetch(emulator.url + path)).status).to.equal(200);
      });
    }

    it('on: spends no code', async () => {
      const code = await party.code();
      emulator.behave({ maintenance: 'on' });
      await fetch(emulator.endpoints.tokenURL, { method: 'POST', body: formOf({ code }) });
      emulator.behave({ maintenance: 'off' });

      expect((await party.redeem(code)).status).to.equal(200);
    });
  });

  describe('behave()', () => {
    it('turns the switches it names, no other', () => {
      emulator.behave({ tokenType: 'spaced' });
      emulator.behave({ sso: 'forgotten' });

      expect(emulator.behaviour).to.include({ tokenType: 'spaced', sso: 'forgotten', consent: 'never' });
    });

    const mistakes: [what: string, given: object, named: RegExp][] = [
      ['a switch that does not exist', { tokentype: 'spaced' }, /"tokentype"/],
      ['a value that does not exist', { tokenType: 'Spaced' }, /tokenType/],
      ['a value of another switch', { tokenType: 'always' }, /tokenType/],
      ['a value that is no text', { expiresIn: 1800 }, /expiresIn/],
      ['a name of Object.prototype', { constructor: 'x' }, /"constructor"/],
      ['its prototype', JSON.parse('{"__proto__":"x"}'), /"__proto__"/],
    ];
    for (const [what, given, named] of mistakes) {
      it(`refuses ${what} [CF-01]`, () => {
        expect(() => emulator.behave(given)).to.throw(TypeError, named);
      });
    }

    it('does not repeat the value it refuses', () => {
      expect(() => emulator.behave({ consent: 'canary' } as object))
        .to.throw(TypeError)
        .with.property('message')
        .that.does.not.contain('canary');
    });

    it('turns nothing where it refuses something', () => {
      expect(() => emulator.behave({ tokenType: 'spaced', sso: 'no' } as object)).to.throw(TypeError);

      expect(emulator.behaviour.tokenType).to.equal('plain');
    });
  });

  describe('at the start', () => {
    let other: Emulator;
    before(async () => {
      other = await startEmulator({ behaviour: { tokenType: 'spaced' } });
    });
    after(() => other.stop());

    it('is what the option says', async () => {
      expect((await new RelyingParty(other).login()).body.token_type).to.equal(' Bearer ');
    });

    it('is of this emulator alone', () => {
      expect(emulator.behaviour.tokenType).to.equal('plain');
    });

    it('comes back with reset()', () => {
      other.behave({ tokenType: 'plain', sso: 'forgotten' });

      other.reset();

      expect(other.behaviour).to.include({ tokenType: 'spaced', sso: 'kept' });
    });

    for (const behaviour of [{ tokenTypes: 'spaced' }, { tokenType: 'wide' }]) {
      it(`is refused as ${JSON.stringify(behaviour)} [CF-01]`, async () => {
        await assert.rejects(startEmulator({ behaviour: behaviour as object }), TypeError);
      });
    }
  });
});
