import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { UserAgent, type Visit } from '../support/user-agent';

const callback = 'http://localhost:3000/callback';
const registered = {
  clientID: 'library',
  clientSecret: 'a secret of the library, long enough for HS256',
  redirectURIs: ['https://library.example/callback', 'https://library.example/callback?desk=1'],
};
const reader = { clientID: 'reader', clientSecret: 'a secret of the reader, long enough', scopes: ['basic'] };

describe('GET /oauth2/authorize', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator({ clients: [registered, reader] });
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  type Changes = Record<string, string | string[] | undefined>;

  function requestURL(changes: Changes = {}): string {
    const usual = {
      response_type: 'code',
      client_id: emulator.client.clientID,
      redirect_uri: callback,
      scope: 'openid',
      state: 'st-1',
    };
    const query = new URLSearchParams();
    for (const [name, values] of Object.entries({ ...usual, ...changes })) {
      for (const value of [values ?? []].flat()) query.append(name, value);
    }
    return `${emulator.endpoints.authorizationURL}?${query}`;
  }

  async function signedIn(): Promise<UserAgent> {
    const browser = new UserAgent();
    await browser.post(`${emulator.url}/jaccount/ulogin`, { account: 'zhaoyichen', returl: '/' });
    return browser;
  }

  async function authorize(changes: Changes = {}): Promise<Visit> {
    return (await signedIn()).get(requestURL(changes));
  }

  function responseOf(visit: Visit): Record<string, string> {
    return Object.fromEntries(new URL(visit.location ?? 'about:blank').searchParams);
  }

  /** What the client gets for the code of a visit, and what it then reads of the user. */
  async function opened(
    visit: Visit,
    { clientID, clientSecret } = emulator.client,
  ): Promise<{ tokens: object; profile: object }> {
    const { code = '' } = responseOf(visit);
    const { tokenURL, apiURL } = emulator.endpoints;
    const answer = await fetch(tokenURL, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientID}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callback }),
    });
    const tokens = (await answer.json()) as { access_token: string };
    const profile = await fetch(`${apiURL}/me/profile`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const { entities } = (await profile.json()) as { entities: [object] };
    return { tokens, profile: entities[0] };
  }

  function expectToldHere(visit: Visit, error: string): void {
    expect(visit.location).to.equal(undefined);
    expect(visit.status).to.equal(400);
    expect(visit.headers.get('content-type')).to.match(/^application\/json/);
    expect(visit.json()).to.have.property('error', error);
  }

  function expectToldToClient(visit: Visit, response: object): void {
    expect(visit.status).to.equal(302);
    expect(visit.location).to.match(/^http:\/\/localhost:3000\/callback\?/);
    expect(responseOf(visit)).to.deep.equal(response);
  }

  describe('without a session', () => {
    it('sends the browser to the login page', async () => {
      const visit = await new UserAgent().get(requestURL());

      expect(visit.status).to.equal(302);
      expect(visit.location).to.match(new RegExp(`^${emulator.url}/jaccount/jalogin\\?`));
    });

    it('gives out no code', async () => {
      const visit = await new UserAgent().get(requestURL());

      expect(visit.location).not.to.match(/[?&]code=/);
    });

    it('remembers the whole request across the login', async () => {
      const browser = new UserAgent();
      const login = await browser.follow(await browser.get(requestURL({ state: 'a&b=c d' })));

      const returned = await browser.follow(await browser.choose(login, 'zhaoyichen'), callback);

      expect(responseOf(returned)).to.have.keys(['code', 'state']).that.includes({ state: 'a&b=c d' });
    });

    it('takes a made-up session cookie for none', async () => {
      const visit = await new UserAgent().get(requestURL(), { headers: { cookie: 'JAAuthCookie=made-up' } });

      expect(new URL(visit.location ?? '').pathname).to.equal('/jaccount/jalogin');
    });
  });

  describe('with a session', () => {
    it('returns to the client by 302 (RFC 6749, 4.1.2)', async () => {
      const visit = await authorize();

      expect(visit.status).to.equal(302);
      expect(visit.location).to.match(/^http:\/\/localhost:3000\/callback\?/);
    });

    it('returns a code of 32 lower-case hexadecimal digits', async () => {
      const { code } = responseOf(await authorize());

      expect(code).to.match(/^[0-9a-f]{32}$/);
    });

    it('returns another code every time', async () => {
      const browser = await signedIn();

      const codes = [await browser.get(requestURL()), await browser.get(requestURL())].map(
        (visit) => responseOf(visit).code,
      );

      expect(new Set(codes).size).to.equal(2);
    });

    it('returns nothing but code, state', async () => {
      expect(responseOf(await authorize())).to.have.keys(['code', 'state']);
    });

    it('forbids storing the answer', async () => {
      expect((await authorize()).headers.get('cache-control')).to.equal('no-store');
    });
  });

  describe('parameters', () => {
    it('answers a call without any as jAccount does', async () => {
      const visit = await new UserAgent().get(emulator.endpoints.authorizationURL);

      expect(visit.status).to.equal(400);
      expect(visit.json()).to.deep.equal({
        error: 'invalid_request',
        error_description: 'Missing response_type parameter value',
      });
    });

    for (const name of ['client_id', 'redirect_uri']) {
      it(`tells the browser that ${name} is missing`, async () => {
        expectToldHere(await authorize({ [name]: undefined }), 'invalid_request');
      });

      it(`takes an empty ${name} for a missing one (RFC 6749, 3.1)`, async () => {
        expectToldHere(await authorize({ [name]: '' }), 'invalid_request');
      });

      it(`tells the browser that ${name} is repeated`, async () => {
        const once = new URL(requestURL()).searchParams.get(name) ?? '';

        expectToldHere(await authorize({ [name]: [once, once] }), 'invalid_request');
      });
    }

    it('tells the browser that the client is unknown', async () => {
      expectToldHere(await authorize({ client_id: 'nobody' }), 'invalid_client');
    });

    it('compares client_id by case', async () => {
      expectToldHere(
        await authorize({ client_id: emulator.client.clientID.toUpperCase() }),
        'invalid_client',
      );
    });

    // RFC 6749, section 3.1: not more than once. Section 4.1.2.1: told to the client, whose redirect URI is right.
    const repeatable = {
      response_type: 'code',
      scope: 'openid',
      nonce: 'n-1',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(repeatable)) {
      it(`tells the client that ${name} is repeated`, async () => {
        const visit = await authorize({ ...repeatable, [name]: [value, value] });

        expectToldToClient(visit, { error: 'invalid_request', state: 'st-1' });
      });
    }

    it('gives no code for a repeated state', async () => {
      const visit = await authorize({ state: ['st-1', 'st-2'] });

      expect(responseOf(visit)).not.to.have.property('code');
    });

    it('tells the client that response_type is missing (RFC 6749, 3.1.1)', async () => {
      const visit = await authorize({ response_type: undefined });

      expectToldToClient(visit, { error: 'invalid_request', state: 'st-1' });
    });

    for (const type of ['token', 'id_token', 'code id_token', 'id_token token', 'Code', 'none']) {
      it(`tells the client that response_type "${type}" is unsupported (RFC 6749, 3.1.1)`, async () => {
        const visit = await authorize({ response_type: type });

        expectToldToClient(visit, { error: 'unsupported_response_type', state: 'st-1' });
      });
    }

    const unknown = {
      prompt: 'login',
      max_age: '0',
      login_hint: 'a',
      response_mode: 'form_post',
      foo: 'bar',
    };
    for (const [name, value] of Object.entries(unknown)) {
      it(`ignores ${name}, which jAccount does not know (RFC 6749, 3.1)`, async () => {
        expect(responseOf(await authorize({ [name]: value }))).to.have.keys(['code', 'state']);
      });
    }

    it('ignores an unknown parameter that comes twice', async () => {
      expect(responseOf(await authorize({ foo: ['1', '2'] }))).to.have.property('code');
    });
  });

  describe('redirect_uri', () => {
    const loopback = [
      'http://localhost/callback',
      'http://localhost:1/cb',
      'http://localhost:65535/',
      'http://127.0.0.1:49152/callback',
      'http://127.8.9.10:8080/callback',
      'http://[::1]:3000/callback',
      'https://localhost:8443/callback',
    ];
    for (const redirectURI of loopback) {
      it(`may be ${redirectURI} for the built-in client`, async () => {
        const visit = await authorize({ redirect_uri: redirectURI });

        expect(visit.location?.startsWith(`${redirectURI}?code=`)).to.equal(true);
      });
    }

    const foreign = [
      'https://evil.example/callback',
      'http://localhost.evil.example/callback',
      'http://127.0.0.1.evil.example/callback',
      'http://evil.example/localhost',
      'http://localhost@evil.example/callback',
      'http://localhost:80@evil.example/callback',
      'http://evil.example#@localhost/callback',
      'http://evil.example\\@localhost/callback',
      'http://128.0.0.1/callback',
      'http://0.0.0.0/callback',
      'http://192.168.1.10/callback',
      'http://[::2]/callback',
      'http://[::ffff:8.8.8.8]/callback',
      'javascript://localhost/%0aalert(1)',
      'data://localhost/,x',
      'myapp://localhost/callback',
      '//localhost:3000/callback',
      '/callback',
      'localhost:3000/callback',
      'callback',
    ];
    for (const redirectURI of foreign) {
      it(`may not be ${redirectURI} for the built-in client`, async () => {
        expectToldHere(await authorize({ redirect_uri: redirectURI }), 'invalid_request');
      });
    }

    it('may not have a fragment (RFC 6749, 3.1.2)', async () => {
      expectToldHere(await authorize({ redirect_uri: `${callback}#part` }), 'invalid_request');
    });

    for (const redirectURI of registered.redirectURIs) {
      it(`may be ${redirectURI}, which the client registered`, async () => {
        const visit = await authorize({ client_id: registered.clientID, redirect_uri: redirectURI });

        expect(visit.location?.startsWith(redirectURI)).to.equal(true);
        expect(responseOf(visit)).to.have.property('code');
      });
    }

    const near = [
      'https://library.example/callback/',
      'https://library.example/callback?desk=2',
      'https://library.example/callback?',
      'https://library.example/Callback',
      'https://LIBRARY.example/callback',
      'https://library.example:443/callback',
      'https://library.example/a/../callback',
      'http://library.example/callback',
      'https://www.library.example/callback',
      'https://library.example/',
      'http://localhost:3000/callback',
      'https://evil.example/callback',
    ];
    for (const redirectURI of near) {
      it(`may not be ${redirectURI}, which the client did not register`, async () => {
        const visit = await authorize({ client_id: registered.clientID, redirect_uri: redirectURI });

        expectToldHere(visit, 'invalid_request');
      });
    }

    it('is refused before anybody is asked to sign in', async () => {
      const visit = await new UserAgent().get(requestURL({ redirect_uri: 'https://evil.example/callback' }));

      expectToldHere(visit, 'invalid_request');
    });

    it('hears of no other error when it is foreign', async () => {
      const visit = await authorize({
        redirect_uri: 'https://evil.example/callback',
        scope: 'no-such-scope',
      });

      expectToldHere(visit, 'invalid_request');
    });

    it('keeps its query (RFC 6749, 3.1.2)', async () => {
      const redirectURI = `${callback}?tab=1&tab=2`;

      const visit = await authorize({ redirect_uri: redirectURI });

      expect(visit.location?.startsWith(`${redirectURI}&code=`)).to.equal(true);
    });

    it('keeps the spelling of its query', async () => {
      const redirectURI = `${callback}?flag&next=%2Fhome%20page~`;

      const visit = await authorize({ redirect_uri: redirectURI });

      expect(visit.location?.startsWith(`${redirectURI}&code=`)).to.equal(true);
    });
  });

  describe('state', () => {
    const states = {
      'of every printable ASCII character': Array.from({ length: 95 }, (_, i) =>
        String.fromCharCode(32 + i),
      ).join(''),
      'that looks like parameters': 'a=b&code=stolen&error=x#y?z',
      'that is percent-encoded already': '%2F%2520%',
      'with plus signs': '1+1=2 +',
      'in Chinese': '登录，请回来',
      'with an emoji': '🔑',
      'with a line break': 'a\r\nSet-Cookie: x=y',
      'of markup': '"><script>alert(1)</script>',
      'of 4000 characters': 'x'.repeat(4000),
      'named null': 'null',
      'of a zero': '0',
    };
    for (const [what, state] of Object.entries(states)) {
      it(`${what} comes back unchanged`, async () => {
        const visit = await authorize({ state });

        expect(responseOf(visit)).to.have.property('state', state);
        expect(visit.headers.get('set-cookie')).to.equal(null);
      });
    }

    it('of the client does not replace the code', async () => {
      expect(responseOf(await authorize({ state: 'a&code=stolen' })).code).to.match(/^[0-9a-f]{32}$/);
    });

    for (const state of [undefined, '']) {
      it(`is not invented where it ${state === '' ? 'is empty' : 'is absent'}`, async () => {
        expect(responseOf(await authorize({ state }))).to.have.keys(['code']);
      });
    }

    it('comes back with an error (RFC 6749, 4.1.2.1)', async () => {
      const visit = await authorize({ scope: 'no-such-scope', state: 'st+ 1' });

      expectToldToClient(visit, { error: 'invalid_scope', state: 'st+ 1' });
    });
  });

  describe('scope', () => {
    const grantable = [
      'openid',
      'basic',
      'essential profile privacy',
      'openid basic',
      'lessons classes exams scores',
      'profile connect_wechat card_info',
    ];
    for (const scope of grantable) {
      it(`may be "${scope}"`, async () => {
        expect(responseOf(await authorize({ scope }))).to.have.property('code');
      });
    }

    // Annex A of the protocol notes: bits, added up in decimal.
    for (const sum of ['1', '2', '3', '4', '256', '263', '17179869184', '51539607552', '4503599627370496']) {
      it(`may be the sum ${sum}`, async () => {
        expect(responseOf(await authorize({ scope: sum }))).to.have.property('code');
      });
    }

    const ungrantable = {
      'an unknown name': 'no-such-scope',
      'an unknown name among known ones': 'openid no-such-scope basic',
      'a name in another case': 'OpenID',
      'names between commas': 'openid,basic',
      'names between tabs': 'openid\tbasic',
      'a name of Object.prototype': 'constructor',
      'a scope for client credentials only': 'messages',
      'the sum of a scope for client credentials only': '64',
      'a scope for passwords only': 'send_notification',
      'the sum 0': '0',
      'a bit of no scope': '16',
      'a bit of no scope beside one of a scope': '17',
      'a sum beyond all bits': '9007199254740994',
      'a negative sum': '-1',
      'a sum with a fraction': '1.5',
      'a hexadecimal sum': '0x3',
      'nothing but spaces': '  ',
    };
    for (const [what, scope] of Object.entries(ungrantable)) {
      it(`may not be ${what}`, async () => {
        expectToldToClient(await authorize({ scope }), { error: 'invalid_scope', state: 'st-1' });
      });
    }

    it('is refused before anybody is asked to sign in', async () => {
      const visit = await new UserAgent().get(requestURL({ scope: 'no-such-scope' }));

      expectToldToClient(visit, { error: 'invalid_scope', state: 'st-1' });
    });

    for (const scope of [undefined, '']) {
      const left = scope === '' ? 'empty' : 'absent';

      it(`${left} stands for all that the client is approved for`, async () => {
        const { tokens, profile } = await opened(await authorize({ scope }));

        expect(tokens).to.have.property('id_token');
        expect(profile).to.include.keys('account', 'organize', 'mobile', 'birthday');
      });

      it(`${left} stands for no more than the client is approved for`, async () => {
        const { tokens, profile } = await opened(
          await authorize({ client_id: reader.clientID, scope }),
          reader,
        );

        expect(tokens).to.not.have.property('id_token');
        expect(profile).to.include.keys('account', 'name');
        expect(profile).to.not.have.any.keys('organize', 'mobile', 'birthday', 'identities');
      });
    }

    it('may be what the client is approved for', async () => {
      const visit = await authorize({ client_id: reader.clientID, scope: 'basic' });

      expect(responseOf(visit)).to.have.property('code');
    });

    for (const scope of ['openid', 'essential', 'basic essential', '3']) {
      it(`may not be "${scope}" for a client approved for basic`, async () => {
        const visit = await authorize({ client_id: reader.clientID, scope });

        expectToldToClient(visit, { error: 'invalid_scope', state: 'st-1' });
      });
    }
  });

  describe('code_challenge', () => {
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

    for (const method of ['S256', 'plain', undefined]) {
      it(`may come with the method ${method ?? 'left out'} (RFC 7636, 4.3)`, async () => {
        const visit = await authorize({ code_challenge: challenge, code_challenge_method: method });

        expect(responseOf(visit)).to.have.property('code');
      });
    }

    for (const method of ['S512', 's256', 'PLAIN', 'none']) {
      it(`may not come with the method ${method} (RFC 7636, 4.4.1)`, async () => {
        const visit = await authorize({ code_challenge: challenge, code_challenge_method: method });

        expectToldToClient(visit, { error: 'invalid_request', state: 'st-1' });
      });
    }

    const malformed = {
      'of 42 characters': challenge.slice(1),
      'of 129 characters': 'x'.repeat(129),
      'in padded base64': `${challenge}=`,
      'with a character outside the grammar': challenge.replace('-', '+'),
    };
    for (const [what, value] of Object.entries(malformed)) {
      it(`may not be one ${what} (RFC 7636, 4.2)`, async () => {
        const visit = await authorize({ code_challenge: value, code_challenge_method: 'S256' });

        expectToldToClient(visit, { error: 'invalid_request', state: 'st-1' });
      });
    }
  });

  describe('other methods', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      it(`gives no code to ${method}`, async () => {
        const visit = await (await signedIn()).get(requestURL(), { method });

        expect(visit.status).to.be.within(400, 499);
        expect(visit.location).to.equal(undefined);
      });
    }
  });
});
