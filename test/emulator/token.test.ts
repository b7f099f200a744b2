import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { UserAgent } from '../support/user-agent';

const callback = 'http://localhost:3000/callback';
// RFC 7636, appendix B.
const vector = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
};
const awkward = { clientID: 'a-b_c.d%2B+e', clientSecret: 'p-q_r%20+s:t/u=v&w~ long enough ü' };
const other = { clientID: 'other', clientSecret: 'the secret of another client, long enough' };

interface Client {
  clientID: string;
  clientSecret: string;
}

interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

describe('POST /oauth2/token', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator({ clients: [awkward, other] });
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  type Parameters = Record<string, string | string[] | undefined>;

  function form(parameters: Parameters): URLSearchParams {
    const fields = new URLSearchParams();
    for (const [name, values] of Object.entries(parameters)) {
      for (const value of [values ?? []].flat()) fields.append(name, value);
    }
    return fields;
  }

  async function codeFor(changes: Parameters = {}, account = 'zhaoyichen'): Promise<string> {
    const browser = new UserAgent();
    await browser.post(`${emulator.url}/jaccount/ulogin`, { account, returl: '/' });
    const usual = {
      response_type: 'code',
      client_id: emulator.client.clientID,
      redirect_uri: callback,
      scope: 'openid',
    };
    const visit = await browser.get(
      `${emulator.endpoints.authorizationURL}?${form({ ...usual, ...changes })}`,
    );
    return new URL(visit.location ?? '').searchParams.get('code') ?? '';
  }

  async function post(
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(emulator.endpoints.tokenURL, { method: 'POST', body, headers });
    const json = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: json };
  }

  function basic({ clientID, clientSecret }: Client): Record<string, string> {
    return { authorization: `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}` };
  }

  function redeem(code: string, changes: Parameters = {}, client: Client = emulator.client): Promise<Reply> {
    const usual = { grant_type: 'authorization_code', code, redirect_uri: callback };
    return post(form({ ...usual, ...changes }), basic(client));
  }

  function refresh(
    refreshToken: unknown,
    changes: Parameters = {},
    client: Client = emulator.client,
  ): Promise<Reply> {
    const usual = { grant_type: 'refresh_token', refresh_token: String(refreshToken) };
    return post(form({ ...usual, ...changes }), basic(client));
  }

  async function profileStatus(accessToken: unknown): Promise<number> {
    const headers = { authorization: `Bearer ${accessToken}` };
    return (await fetch(`${emulator.endpoints.apiURL}/me/profile`, { headers })).status;
  }

  function expectRefused(reply: Reply, error: string, status = 400): void {
    expect(reply.body).to.have.property('error', error);
    expect(reply.body).not.to.have.any.keys(['access_token', 'refresh_token', 'id_token']);
    expect(reply.status).to.equal(status);
  }

  describe('response', () => {
    it('has the five members jAccount sends, "scope" not among them', async () => {
      const { status, body } = await redeem(await codeFor());

      expect(status).to.equal(200);
      expect(body).to.have.all.keys([
        'access_token',
        'refresh_token',
        'id_token',
        'token_type',
        'expires_in',
      ]);
    });

    for (const member of ['access_token', 'refresh_token']) {
      it(`has an ${member} of 32 lower-case hexadecimal digits`.replace('an r', 'a r'), async () => {
        const { body } = await redeem(await codeFor());

        expect(body[member]).to.match(/^[0-9a-f]{32}$/);
      });
    }

    it('has a refresh token that is not the access token', async () => {
      const { body } = await redeem(await codeFor());

      expect(body.refresh_token).not.to.equal(body.access_token);
    });

    it('has other tokens every time', async () => {
      const first = await redeem(await codeFor());
      const second = await redeem(await codeFor());

      expect(second.body.access_token).not.to.equal(first.body.access_token);
      expect(second.body.refresh_token).not.to.equal(first.body.refresh_token);
    });

    it('has the type Bearer', async () => {
      expect((await redeem(await codeFor())).body.token_type).to.equal('Bearer');
    });

    it('has a lifetime of 1800 seconds', async () => {
      expect((await redeem(await codeFor())).body.expires_in).to.equal(1800);
    });

    it('is JSON in UTF-8', async () => {
      const { headers } = await redeem(await codeFor());

      expect(headers.get('content-type')).to.match(/^application\/json; *charset=utf-8$/i);
    });

    it('forbids storing itself (RFC 6749, 5.1)', async () => {
      const { headers } = await redeem(await codeFor());

      expect(headers.get('cache-control')).to.equal('no-store');
      expect(headers.get('pragma')).to.equal('no-cache');
    });

    it('forbids storing an error as well', async () => {
      expect((await redeem('no such code')).headers.get('cache-control')).to.equal('no-store');
    });
  });

  describe('ID Token', () => {
    function decode(part: string | undefined): string {
      return Buffer.from(part ?? '', 'base64url').toString('utf8');
    }

    async function idToken(changes: Parameters = {}, account?: string): Promise<string> {
      const { body } = await redeem(await codeFor(changes, account));
      return String(body.id_token);
    }

    async function claims(changes: Parameters = {}, account?: string): Promise<Record<string, unknown>> {
      const [, payload] = (await idToken(changes, account)).split('.');
      return JSON.parse(decode(payload));
    }

    it('has exactly the header of jAccount', async () => {
      const [header] = (await idToken()).split('.');

      expect(decode(header)).to.equal('{"alg":"HS256","typ":"JWT"}');
    });

    it('is three parts of base64url without padding', async () => {
      expect(await idToken()).to.match(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
    });

    it('is signed with the octets of the client secret', async () => {
      const [header, payload, signature] = (await idToken()).split('.');

      const expected = createHmac('sha256', emulator.client.clientSecret).update(`${header}.${payload}`);

      expect(signature).to.equal(expected.digest('base64url'));
    });

    it('is signed with the secret of the client it is for', async () => {
      const code = await codeFor({ client_id: awkward.clientID });
      const { body } = await redeem(code, {}, awkward);
      const [header, payload, signature] = String(body.id_token).split('.');

      const expected = createHmac('sha256', Buffer.from(awkward.clientSecret, 'utf8'));

      expect(signature).to.equal(expected.update(`${header}.${payload}`).digest('base64url'));
    });

    it('has the eight claims jAccount sends', async () => {
      expect(await claims()).to.have.all.keys(['iss', 'sub', 'aud', 'exp', 'iat', 'name', 'code', 'type']);
    });

    it('names the emulator as its issuer, with the slash', async () => {
      const { iss } = await claims();

      expect(iss).to.equal(emulator.endpoints.issuer);
      expect(iss).to.equal(`${emulator.url}/oauth2/`);
    });

    it('names the client as its audience, by a string', async () => {
      expect((await claims()).aud).to.equal(emulator.client.clientID);
    });

    it('tells who signed in', async () => {
      const told = await claims();

      expect(told).to.include({ sub: 'zhaoyichen', name: '赵一辰', code: '523030910417', type: 'student' });
    });

    it('tells of another account when another signs in', async () => {
      const told = await claims({}, 'linmuqing');

      expect(told).to.include({ sub: 'linmuqing', name: '林慕青', code: '10327', type: 'faculty' });
    });

    it('has an empty code for a team', async () => {
      expect(await claims({}, 'robot.club')).to.include({ sub: 'robot.club', code: '', type: 'team' });
    });

    it('expires 1800 seconds after it was issued', async () => {
      const { exp, iat } = await claims();

      expect(Number(exp) - Number(iat)).to.equal(1800);
    });

    it('is issued now, in whole seconds', async () => {
      const earliest = Math.floor(Date.now() / 1000);

      const { iat } = await claims();

      expect(iat).to.be.within(earliest, Math.floor(Date.now() / 1000));
      expect(Number.isInteger(iat)).to.equal(true);
    });

    it('says the right time after the clock was put forward', async () => {
      emulator.advance(86_400);

      const { iat } = await claims();

      expect(Number(iat) - Date.now() / 1000).to.be.within(-10, 10);
    });

    for (const nonce of ['n-1', '登录 & "quotes"', '0']) {
      it(`has the nonce ${nonce} unchanged`, async () => {
        expect((await claims({ nonce })).nonce).to.equal(nonce);
      });
    }

    it('has no nonce when none was sent', async () => {
      expect(await claims()).not.to.have.property('nonce');
    });

    for (const scope of ['openid', 'openid basic', 'lessons openid']) {
      it(`comes with the scope "${scope}"`, async () => {
        expect((await redeem(await codeFor({ scope }))).body).to.have.property('id_token');
      });
    }

    it('comes when no scope was asked for', async () => {
      expect((await redeem(await codeFor({ scope: undefined }))).body).to.have.property('id_token');
    });

    for (const scope of ['basic', 'essential', 'basic essential profile privacy', 'lessons', '3']) {
      it(`does not come with the scope "${scope}"`, async () => {
        expect((await redeem(await codeFor({ scope }))).body).not.to.have.property('id_token');
      });
    }
  });

  describe('authorization code', () => {
    // Not 59: the clock may step to the next second between issue and redemption.
    it('is good for a minute', async () => {
      const code = await codeFor();
      emulator.advance(58);

      expect((await redeem(code)).status).to.equal(200);
    });

    it('is refused after a minute', async () => {
      const code = await codeFor();
      emulator.advance(60);

      expectRefused(await redeem(code), 'invalid_grant');
    });

    it('is refused the second time (RFC 6749, 4.1.2)', async () => {
      const code = await codeFor();
      await redeem(code);

      expectRefused(await redeem(code), 'invalid_grant');
    });

    it('used twice takes the access token of the first use back (RFC 6749, 4.1.2)', async () => {
      const code = await codeFor();
      const { body } = await redeem(code);
      expect(await profileStatus(body.access_token)).to.equal(200);

      await redeem(code);

      expect(await profileStatus(body.access_token)).to.equal(403);
    });

    it('used twice takes the refresh token of the first use back', async () => {
      const code = await codeFor();
      const { body } = await redeem(code);

      await redeem(code);

      expectRefused(await refresh(body.refresh_token), 'invalid_grant');
    });

    it('used twice takes back what the first refresh token gave since', async () => {
      const code = await codeFor();
      const { body } = await redeem(code);
      const refreshed = await refresh(body.refresh_token);

      await redeem(code);

      expect(await profileStatus(refreshed.body.access_token)).to.equal(403);
      expectRefused(await refresh(refreshed.body.refresh_token), 'invalid_grant');
    });

    it('used twice leaves the tokens of other codes alone', async () => {
      const code = await codeFor();
      const { body } = await redeem(await codeFor());
      await redeem(code);

      await redeem(code);

      expect(await profileStatus(body.access_token)).to.equal(200);
    });

    it('redeemed twice at once is good for one [CVE-2026-53517]', async () => {
      const code = await codeFor();

      const replies = await Promise.all([redeem(code), redeem(code)]);

      expect(replies.map(({ status }) => status).sort()).to.deep.equal([200, 400]);
    });

    it('redeemed twenty times at once is good for one', async () => {
      const code = await codeFor();

      const replies = await Promise.all(Array.from({ length: 20 }, () => redeem(code)));

      expect(replies.filter(({ status }) => status === 200)).to.have.length(1);
    });

    it('is of no use to another client (RFC 6749, 4.1.3)', async () => {
      expectRefused(await redeem(await codeFor(), {}, other), 'invalid_grant');
    });

    it('survives a failed client authentication', async () => {
      const code = await codeFor();
      expectRefused(
        await redeem(code, {}, { ...emulator.client, clientSecret: 'wrong' }),
        'invalid_client',
        401,
      );

      expect((await redeem(code)).status).to.equal(200);
    });

    for (const code of ['0'.repeat(32), 'not a code', '__proto__', 'constructor']) {
      it(`is refused where none is known as ${code}`, async () => {
        expectRefused(await redeem(code), 'invalid_grant');
      });
    }

    it('is compared by case', async () => {
      const code = await codeFor();

      expectRefused(await redeem(code.toUpperCase()), 'invalid_grant');
    });

    it('is no refresh token', async () => {
      expectRefused(await refresh(await codeFor()), 'invalid_grant');
    });
  });

  describe('redirect_uri', () => {
    const different = {
      'on another port': 'http://localhost:3001/callback',
      'with a slash more': `${callback}/`,
      'under another name of the same machine': 'http://127.0.0.1:3000/callback',
      'in another case': 'http://LOCALHOST:3000/callback',
      'with a query': `${callback}?a=1`,
      'of a stranger': 'https://evil.example/callback',
    };
    for (const [what, redirectURI] of Object.entries(different)) {
      it(`${what} is not that of the authorization request (RFC 6749, 4.1.3)`, async () => {
        expectRefused(await redeem(await codeFor(), { redirect_uri: redirectURI }), 'invalid_grant');
      });
    }

    it('is compared as it was sent, query included', async () => {
      const redirectURI = `${callback}?next=%2Fhome%20page`;

      const { status } = await redeem(await codeFor({ redirect_uri: redirectURI }), {
        redirect_uri: redirectURI,
      });

      expect(status).to.equal(200);
    });
  });

  describe('code_verifier', () => {
    const asked = { code_challenge: vector.challenge, code_challenge_method: 'S256' };

    it('answers the challenge of RFC 7636, appendix B', async () => {
      const { status } = await redeem(await codeFor(asked), { code_verifier: vector.verifier });

      expect(status).to.equal(200);
    });

    it('answers a challenge made here', async () => {
      const verifier = 'aZ09-._~'.repeat(8);
      const challenge = createHash('sha256').update(verifier).digest('base64url');

      const { status } = await redeem(await codeFor({ ...asked, code_challenge: challenge }), {
        code_verifier: verifier,
      });

      expect(status).to.equal(200);
    });

    const wrong = {
      'of another login': vector.verifier.replace('d', 'e'),
      'that is the challenge itself': vector.challenge,
      'with a character more': `${vector.verifier}k`,
      'in another case': vector.verifier.toLowerCase(),
      'that is empty': '',
      'that is missing': undefined,
    };
    for (const [what, verifier] of Object.entries(wrong)) {
      it(`${what} is refused (RFC 7636, 4.6)`, async () => {
        expectRefused(await redeem(await codeFor(asked), { code_verifier: verifier }), 'invalid_grant');
      });
    }

    it('equals the challenge under the method plain', async () => {
      const code = await codeFor({ code_challenge: vector.verifier, code_challenge_method: 'plain' });

      expect((await redeem(code, { code_verifier: vector.verifier })).status).to.equal(200);
    });

    it('equals the challenge where the method was left out (RFC 7636, 4.3)', async () => {
      const code = await codeFor({ code_challenge: vector.verifier });

      expect((await redeem(code, { code_verifier: vector.verifier })).status).to.equal(200);
    });

    it('that differs is refused under the method plain', async () => {
      const code = await codeFor({ code_challenge: vector.challenge, code_challenge_method: 'plain' });

      expectRefused(await redeem(code, { code_verifier: vector.verifier }), 'invalid_grant');
    });

    it('without a challenge is refused (RFC 9700, 2.1.1)', async () => {
      expectRefused(await redeem(await codeFor(), { code_verifier: vector.verifier }), 'invalid_grant');
    });
  });

  describe('parameters', () => {
    it('without a grant_type are an invalid_request', async () => {
      expectRefused(await redeem(await codeFor(), { grant_type: undefined }), 'invalid_request');
    });

    for (const grantType of ['implicit', 'AUTHORIZATION_CODE', 'constructor', 'urn:example:grant']) {
      it(`with the grant_type ${grantType} are an unsupported_grant_type (RFC 6749, 5.2)`, async () => {
        expectRefused(await redeem(await codeFor(), { grant_type: grantType }), 'unsupported_grant_type');
      });
    }

    for (const name of ['code', 'redirect_uri']) {
      it(`without ${name} are an invalid_request`, async () => {
        expectRefused(await redeem(await codeFor(), { [name]: undefined }), 'invalid_request');
      });

      it(`with an empty ${name} are an invalid_request`, async () => {
        expectRefused(await redeem(await codeFor(), { [name]: '' }), 'invalid_request');
      });
    }

    it('without refresh_token are an invalid_request', async () => {
      expectRefused(
        await post(form({ grant_type: 'refresh_token' }), basic(emulator.client)),
        'invalid_request',
      );
    });

    for (const name of [
      'grant_type',
      'code',
      'redirect_uri',
      'code_verifier',
      'client_id',
      'client_secret',
    ]) {
      it(`with ${name} twice are an invalid_request (RFC 6749, 3.2)`, async () => {
        const { clientID, clientSecret } = emulator.client;
        const fields = {
          grant_type: 'authorization_code',
          code: await codeFor({ code_challenge: vector.challenge, code_challenge_method: 'S256' }),
          redirect_uri: callback,
          code_verifier: vector.verifier,
          client_id: clientID,
          client_secret: clientSecret,
        };
        const value = fields[name as keyof typeof fields];

        expectRefused(await post(form({ ...fields, [name]: [value, value] })), 'invalid_request');
      });
    }

    it('with refresh_token twice are an invalid_request', async () => {
      const { body } = await redeem(await codeFor());
      const token = String(body.refresh_token);

      expectRefused(await refresh(token, { refresh_token: [token, token] }), 'invalid_request');
    });

    it('with an unknown name are taken (RFC 6749, 3.2)', async () => {
      expect((await redeem(await codeFor(), { resource: 'a', foo: ['1', '2'] })).status).to.equal(200);
    });

    it('in the query are not read (RFC 6749, 2.3.1)', async () => {
      const { clientID, clientSecret } = emulator.client;
      const fields = form({
        grant_type: 'authorization_code',
        code: await codeFor(),
        redirect_uri: callback,
        client_id: clientID,
        client_secret: clientSecret,
      });

      const response = await fetch(`${emulator.endpoints.tokenURL}?${fields}`, {
        method: 'POST',
        body: new URLSearchParams(),
      });

      expect(response.status).to.equal(401);
    });

    for (const type of [
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencodedx',
    ]) {
      it(`as ${type} are an invalid_request`, async () => {
        const fields = form({
          grant_type: 'authorization_code',
          code: await codeFor(),
          redirect_uri: callback,
        });

        const reply = await post(fields.toString(), { ...basic(emulator.client), 'content-type': type });

        expectRefused(reply, 'invalid_request');
      });
    }

    it('without a content type are an invalid_request', async () => {
      expectRefused(
        await post(new Blob(['grant_type=authorization_code']), basic(emulator.client)),
        'invalid_request',
      );
    });

    it('may be of a content type in capitals with a charset', async () => {
      const fields = form({
        grant_type: 'authorization_code',
        code: await codeFor(),
        redirect_uri: callback,
      });
      const headers = { 'content-type': 'Application/X-WWW-Form-URLEncoded; charset=UTF-8' };

      const reply = await post(fields.toString(), { ...basic(emulator.client), ...headers });

      expect(reply.status).to.equal(200);
    });

    for (const method of ['GET', 'PUT', 'DELETE']) {
      it(`are not taken from ${method} (RFC 6749, 3.2)`, async () => {
        const fields = form({
          grant_type: 'authorization_code',
          code: await codeFor(),
          redirect_uri: callback,
        });

        const response = await fetch(`${emulator.endpoints.tokenURL}?${fields}`, {
          method,
          headers: basic(emulator.client),
        });

        expect(response.status).to.be.within(404, 405);
      });
    }
  });

  describe('a form that is too large', () => {
    const size = 1024 * 1024;

    it('is answered 413', async () => {
      const status = await statusOf(`code=${'x'.repeat(size)}`);

      expect(status).to.equal(413);
    });

    it('is answered 413 where it comes without a length', async () => {
      const status = await statusOf(`code=${'x'.repeat(size)}`, { 'transfer-encoding': 'chunked' });

      expect(status).to.equal(413);
    });

    it('does not hold up the next request of the same connection', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      await statusOf(`code=${'x'.repeat(size)}`, {}, agent).catch(() => undefined);

      const status = await statusOf('code=x', {}, agent).finally(() => agent.destroy());

      expect(status).to.equal(401);
    });

    // fetch gives up with an error where the answer comes before the whole body is sent.
    function statusOf(
      body: string,
      headers: http.OutgoingHttpHeaders = {},
      agent: http.Agent | false = false,
    ) {
      return new Promise<number | undefined>((resolve, reject) => {
        const request = http.request(emulator.endpoints.tokenURL, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
          agent,
          timeout: 2000,
        });
        request.on('response', (response) => {
          response.resume().on('close', () => resolve(response.statusCode));
        });
        request.on('timeout', () => request.destroy(new Error('no answer'))).on('error', reject);
        request.end(body);
      });
    }
  });

  describe('client authentication', () => {
    async function authenticated(
      client: Client,
      headers: Record<string, string>,
      credentials: Parameters = {},
    ): Promise<Reply> {
      const code = await codeFor({ client_id: client.clientID });
      return post(
        form({ grant_type: 'authorization_code', code, redirect_uri: callback, ...credentials }),
        headers,
      );
    }

    function inBody({ clientID, clientSecret }: Client): Parameters {
      return { client_id: clientID, client_secret: clientSecret };
    }

    function formEncoded({ clientID, clientSecret }: Client): Client {
      const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
      return { clientID: encode(clientID), clientSecret: encode(clientSecret) };
    }

    // Every octet but letters and digits, as openid-client has it: the hyphen, too.
    function percentEncoded({ clientID, clientSecret }: Client): Client {
      const encode = (text: string) =>
        encodeURIComponent(text).replace(
          /[-_.!~*'()]/g,
          (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
        );
      return { clientID: encode(clientID), clientSecret: encode(clientSecret) };
    }

    const forms: Record<string, (client: Client) => [Record<string, string>, Parameters?]> = {
      'Basic as it is': (client) => [basic(client)],
      'Basic form-encoded (RFC 6749, 2.3.1)': (client) => [basic(formEncoded(client))],
      'Basic percent-encoded throughout': (client) => [basic(percentEncoded(client))],
      'the body': (client) => [{}, inBody(client)],
      'both at once': (client) => [basic(client), inBody(client)],
    };
    for (const [what, credentials] of Object.entries(forms)) {
      it(`is good by ${what}`, async () => {
        expect((await authenticated(emulator.client, ...credentials(emulator.client))).status).to.equal(200);
      });

      it(`is good by ${what} for a client of odd characters`, async () => {
        expect((await authenticated(awkward, ...credentials(awkward))).status).to.equal(200);
      });
    }

    it('takes the scheme in any case (RFC 9110, 11.1)', async () => {
      const { authorization = '' } = basic(emulator.client);

      const reply = await authenticated(emulator.client, {
        authorization: authorization.replace('Basic', 'bASIC'),
      });

      expect(reply.status).to.equal(200);
    });

    it('goes by Basic where the body says otherwise', async () => {
      const reply = await authenticated(emulator.client, basic(emulator.client), inBody(other));

      expect(reply.status).to.equal(200);
    });

    it('does not fall back to the body where Basic is wrong', async () => {
      const wrong = basic({ ...emulator.client, clientSecret: 'wrong' });

      expectRefused(
        await authenticated(emulator.client, wrong, inBody(emulator.client)),
        'invalid_client',
        401,
      );
    });

    const refusals: Record<string, (client: Client) => [Record<string, string>, Parameters?]> = {
      'no credentials': () => [{}],
      'a wrong secret by Basic': (client) => [basic({ ...client, clientSecret: 'wrong' })],
      'a wrong secret in the body': (client) => [{}, { client_id: client.clientID, client_secret: 'wrong' }],
      'the secret of another client': (client) => [basic({ ...client, clientSecret: other.clientSecret })],
      'an unknown client': (client) => [basic({ ...client, clientID: 'nobody' })],
      'a client named as a member of Object.prototype': (client) => [
        basic({ ...client, clientID: '__proto__' }),
      ],
      'an empty secret by Basic': (client) => [basic({ ...client, clientSecret: '' })],
      'an empty secret in the body': (client) => [{}, { client_id: client.clientID, client_secret: '' }],
      'an id alone': (client) => [{}, { client_id: client.clientID }],
      'a secret alone': (client) => [{}, { client_secret: client.clientSecret }],
      'a secret in another case': (client) => [
        basic({ ...client, clientSecret: client.clientSecret.toUpperCase() }),
      ],
      'a secret with a space behind it': (client) => [
        basic({ ...client, clientSecret: `${client.clientSecret} ` }),
      ],
      'Basic that is no base64': () => [{ authorization: 'Basic ***' }],
      'Basic without a colon': (client) => [{ authorization: `Basic ${btoa(client.clientID)}` }],
      'Basic without anything': () => [{ authorization: 'Basic' }],
      'broken percent escapes': (client) => [basic({ ...client, clientSecret: '%E0%A4%A' })],
      'another scheme': (client) => [{ authorization: `Bearer ${client.clientSecret}` }],
    };
    for (const [what, credentials] of Object.entries(refusals)) {
      it(`fails with 401 for ${what} (RFC 6749, 5.2)`, async () => {
        const reply = await authenticated(emulator.client, ...credentials(emulator.client));

        expectRefused(reply, 'invalid_client', 401);
      });
    }

    it('names the scheme Basic when it fails (RFC 9110, 11.6.1)', async () => {
      const { headers } = await redeem(await codeFor(), {}, { ...emulator.client, clientSecret: 'wrong' });

      expect(headers.get('www-authenticate')).to.match(/^Basic realm="[^"]+"$/);
    });

    it('does not repeat what it was given when it fails', async () => {
      const { body } = await redeem(
        await codeFor(),
        {},
        { clientID: 'canary-id', clientSecret: 'canary-secret' },
      );

      expect(JSON.stringify(body)).not.to.contain('canary');
    });
  });

  describe('refresh token', () => {
    it('gives an access token that works', async () => {
      const { body } = await redeem(await codeFor());

      const refreshed = await refresh(body.refresh_token);

      expect(refreshed.status).to.equal(200);
      expect(await profileStatus(refreshed.body.access_token)).to.equal(200);
    });

    it('gives tokens of the usual shape', async () => {
      const { body } = await refresh((await redeem(await codeFor({ scope: 'basic' }))).body.refresh_token);

      expect(body).to.have.all.keys(['access_token', 'refresh_token', 'token_type', 'expires_in']);
      expect(body.access_token).to.match(/^[0-9a-f]{32}$/);
      expect(body.refresh_token).to.match(/^[0-9a-f]{32}$/);
    });

    it('gives a refresh token that works', async () => {
      const first = await redeem(await codeFor());
      const second = await refresh(first.body.refresh_token);

      expect((await refresh(second.body.refresh_token)).status).to.equal(200);
    });

    it('works after the access token has expired', async () => {
      const { body } = await redeem(await codeFor());
      emulator.advance(1801);

      expect((await refresh(body.refresh_token)).status).to.equal(200);
    });

    it('keeps issuer, subject, audience of the ID Token (OIDC Core, 12.2)', async () => {
      const { body } = await redeem(await codeFor({ nonce: 'n-1' }));
      const refreshed = await refresh(body.refresh_token);

      const [before, since] = [body.id_token, refreshed.body.id_token].map((token) =>
        JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8')),
      );

      expect([since.iss, since.sub, since.aud]).to.deep.equal([before.iss, before.sub, before.aud]);
      expect(since.nonce ?? 'n-1').to.equal('n-1');
    });

    it('is replaced by its use (RFC 9700, 4.14.2)', async () => {
      const { body } = await redeem(await codeFor());
      await refresh(body.refresh_token);

      expectRefused(await refresh(body.refresh_token), 'invalid_grant');
    });

    it('used twice at once is good for one [CVE-2026-53518]', async () => {
      const { body } = await redeem(await codeFor());

      const replies = await Promise.all([refresh(body.refresh_token), refresh(body.refresh_token)]);

      expect(replies.map(({ status }) => status).sort()).to.deep.equal([200, 400]);
    });

    it('is of no use to another client (RFC 6749, 6)', async () => {
      const { body } = await redeem(await codeFor());

      expectRefused(await refresh(body.refresh_token, {}, other), 'invalid_grant');
    });

    it('stays good after another client tried it', async () => {
      const { body } = await redeem(await codeFor());
      await refresh(body.refresh_token, {}, other);

      expect((await refresh(body.refresh_token)).status).to.equal(200);
    });

    it('wants the client authenticated (RFC 6749, 6)', async () => {
      const { body } = await redeem(await codeFor());

      expectRefused(
        await refresh(body.refresh_token, {}, { ...emulator.client, clientSecret: '' }),
        'invalid_client',
        401,
      );
    });

    it('never widens the scope (RFC 6749, 6)', async () => {
      const { body } = await redeem(await codeFor({ scope: 'basic' }));

      const refreshed = await refresh(body.refresh_token, { scope: 'basic essential openid' });

      const headers = { authorization: `Bearer ${refreshed.body.access_token}` };
      const profile = await (await fetch(`${emulator.endpoints.apiURL}/me/profile`, { headers })).text();
      expect(refreshed.body).not.to.have.property('id_token');
      expect(profile).not.to.contain('userType');
    });

    it('is not an access token', async () => {
      const { body } = await redeem(await codeFor());

      expect(await profileStatus(body.refresh_token)).to.equal(403);
    });

    for (const token of ['0'.repeat(32), 'not a token', '__proto__']) {
      it(`is refused where none is known as ${token}`, async () => {
        expectRefused(await refresh(token), 'invalid_grant');
      });
    }

    it('is refused where an access token takes its place', async () => {
      const { body } = await redeem(await codeFor());

      expectRefused(await refresh(body.access_token), 'invalid_grant');
    });
  });
});
