import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  JaccountClient,
  type JaccountClientOptions,
  jaccountEndpoints,
  TokenSource,
} from 'passport-jaccount';
import { emulatorClient } from '../../dist/jaccount/endpoints.js';
import { rightClaims, signIdToken } from '../support/provider';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server';

const secret = 'canary-0123456789abcdef0123456789abcdef0123456789';
const right = { clientID: 'japp000001', clientSecret: secret };
const redirectURI = 'https://app.example/callback';

describe('new JaccountClient(options)', () => {
  const accepted: [string, object][] = [
    ['all five endpoint names', { ...jaccountEndpoints }],
    ['one of the two timeouts', { timeout: { deadline: 2000 } }],
    ['an agent', { agent: new Agent() }],
    ['client_secret_post', { clientAuthMethod: 'client_secret_post' }],
    ['the widest clock tolerance', { clockTolerance: 300 }],
    ['undefined for what has a default', { timeout: undefined, deriveEmail: undefined }],
  ];
  for (const [what, changes] of accepted) {
    it(`accepts ${what}`, () => {
      expect(() => new JaccountClient({ ...right, ...changes })).not.to.throw();
    });
  }

  const refusals: [what: string, changes: object, option: string][] = [
    ['no client id', { clientID: undefined }, 'clientID'],
    ['no secret', { clientSecret: undefined }, 'clientSecret'],
    ['a secret with the line end of its file', { clientSecret: `${secret}\n` }, 'clientSecret'],
    ["the emulator's secret with jAccount's endpoints", { ...emulatorClient }, 'clientSecret'],
    ['an API on http', { apiURL: 'http://api.example/v1' }, 'apiURL'],
    ['a timeout of zero', { timeout: { response: 0 } }, 'timeout.response'],
    ["the strategy's timeout for verify callbacks", { timeout: { verify: 1 } }, 'timeout'],
    ['an agent that is none', { agent: {} }, 'agent'],
    ['another way of authenticating', { clientAuthMethod: 'none' }, 'clientAuthMethod'],
    ['a string for deriveEmail', { deriveEmail: 'no' }, 'deriveEmail'],
    ['a misspelt option', { clientId: 'x' }, 'do you mean clientID?'],
    ["the strategy's callback", { callbackURL: redirectURI }, 'redirectURI'],
    ['an option that does not exist', { retries: 3 }, 'retries'],
  ];
  for (const [what, changes, option] of refusals) {
    it(`throws a TypeError that names ${option} for ${what} [CF-01]`, () => {
      expect(() => new JaccountClient({ ...right, ...changes })).to.throw(TypeError, option);
    });
  }

  for (const options of [undefined, null, 'options']) {
    it(`throws a TypeError for ${options} in place of options`, () => {
      expect(() => new JaccountClient(options as never)).to.throw(TypeError, 'options');
    });
  }

  it('is printed without its secret or a token [CF-03, ER-01]', () => {
    const client = new JaccountClient({ ...right, agent: new Agent() });
    const user = client.as('canary-access-token');

    const printed = [client, user].flatMap((one) => [inspect(one, { depth: 9 }), JSON.stringify(one)]);

    expect(printed.join())
      .not.to.include('canary')
      .and.not.to.include(Buffer.from(secret).toString('base64'));
  });
});

describe('JaccountClient', () => {
  const client = new JaccountClient(right);

  describe('authorizationURL()', () => {
    const parametersOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

    it('gives the address and the state to keep', () => {
      const { url, ...pending } = client.authorizationURL({ redirectURI, scope: 'basic' });

      expect(url.startsWith(`${jaccountEndpoints.authorizationURL}?`)).to.equal(true);
      expect(parametersOf(url)).to.deep.equal({
        response_type: 'code',
        client_id: 'japp000001',
        redirect_uri: redirectURI,
        scope: 'basic',
        state: pending.state,
      });
      expect(pending).to.have.all.keys('state');
    });

    it('makes a nonce where an ID Token is asked for', () => {
      const { url, nonce } = client.authorizationURL({ redirectURI, scope: ['openid', 'basic'] });

      expect(nonce).to.match(/^[\w-]{43}$/);
      expect(parametersOf(url)).to.include({ nonce, scope: 'openid basic' });
    });

    it('makes another state and nonce each time', () => {
      const [one, other] = [1, 2].map(() => client.authorizationURL({ redirectURI, scope: 'openid' }));

      expect(new Set([one?.state, other?.state, one?.nonce, other?.nonce]).size).to.equal(4);
    });

    it('takes state, nonce and code challenge of the caller', () => {
      const codeChallenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');

      const { url, ...pending } = client.authorizationURL({
        ...{ redirectURI, scope: 'basic', codeChallenge },
        ...{ state: 's 1', nonce: 'n-1' },
      });

      expect(pending).to.deep.equal({ state: 's 1', nonce: 'n-1' });
      expect(parametersOf(url)).to.include({
        ...{ state: 's 1', nonce: 'n-1' },
        ...{ code_challenge: codeChallenge, code_challenge_method: 'S256' },
      });
    });

    const refusals: [what: string, options: object | undefined, option: string][] = [
      ['nothing', undefined, 'options'],
      ['no redirect URI', { redirectURI: undefined }, 'redirectURI'],
      ['a relative redirect URI', { redirectURI: '/callback' }, 'redirectURI'],
      ['a redirect URI on http', { redirectURI: 'http://app.example/' }, 'redirectURI'],
      ['no scope', { scope: undefined }, 'scope'],
      ['scopes with a comma', { scope: 'openid,basic' }, 'scope'],
      ['an empty state', { state: '' }, 'state'],
      ['a nonce with a line end', { nonce: 'n\n' }, 'nonce'],
      ['a code verifier for a code challenge', { codeChallenge: 'v'.repeat(44) }, 'codeChallenge'],
      ['an unknown option', { redirect_uri: redirectURI }, 'redirect_uri'],
    ];
    for (const [what, changes, option] of refusals) {
      it(`throws a TypeError that names ${option} for ${what}`, () => {
        const options = changes && { redirectURI, scope: 'openid', ...changes };

        expect(() => client.authorizationURL(options as never)).to.throw(TypeError, option);
      });
    }
  });

  describe('logoutURL()', () => {
    const postLogoutRedirectURI = 'https://app.example/?from=jaccount';

    it('names client and return address, no state [LO-02]', () => {
      const url = new URL(client.logoutURL({ postLogoutRedirectURI }));

      expect(url.origin + url.pathname).to.equal(jaccountEndpoints.logoutURL);
      expect([...url.searchParams]).to.deep.equal([
        ['client_id', 'japp000001'],
        ['post_logout_redirect_uri', postLogoutRedirectURI],
      ]);
    });

    it('takes the address alone, as the strategy does', () => {
      expect(client.logoutURL(postLogoutRedirectURI)).to.equal(client.logoutURL({ postLogoutRedirectURI }));
    });

    it('sends a state that is asked for', () => {
      const url = new URL(client.logoutURL({ postLogoutRedirectURI, state: 's-1' }));

      expect(url.searchParams.get('state')).to.equal('s-1');
    });

    for (const options of [undefined, null, '', '/bye', 'http://app.example/', {}, { state: 's-1' }]) {
      it(`throws a TypeError for ${JSON.stringify(options)} [LO-02]`, () => {
        expect(() => client.logoutURL(options as never)).to.throw(TypeError);
      });
    }

    it('throws a TypeError for an unknown option', () => {
      const options = { postLogoutRedirectURI, returnTo: '/' };

      expect(() => client.logoutURL(options)).to.throw(TypeError, 'returnTo');
    });
  });

  describe('tokenRequest()', () => {
    const grants: [what: string, grant: any, form: Record<string, string>][] = [
      [
        'an authorization code',
        { code: 'c-1', redirectURI, codeVerifier: 'v'.repeat(43), nonce: 'n-1' },
        {
          ...{ grant_type: 'authorization_code', code: 'c-1' },
          ...{ redirect_uri: redirectURI, code_verifier: 'v'.repeat(43) },
        },
      ],
      ['a refresh token', { refreshToken: 'r-1' }, { grant_type: 'refresh_token', refresh_token: 'r-1' }],
      [
        'client credentials',
        { scope: ['tasks', 'messages'] },
        { grant_type: 'client_credentials', scope: 'tasks messages' },
      ],
    ];
    for (const [what, grant, form] of grants) {
      it(`is complete for ${what} [TK-02]`, () => {
        const { method, url, headers, body } = client.tokenRequest(grant);

        expect({ method, url }).to.deep.equal({ method: 'POST', url: jaccountEndpoints.tokenURL });
        expect(Object.fromEntries(new URLSearchParams(body))).to.deep.equal(form);
        expect(headers.Authorization).to.match(/^Basic /);
      });
    }

    const refusals: [what: string, grant: unknown][] = [
      ['nothing', undefined],
      ['no grant', {}],
      ['a code without its redirect URI', { code: 'c-1' }],
      ['a code that is a number', { code: 5, redirectURI }],
      ['a short code verifier', { code: 'c-1', redirectURI, codeVerifier: 'v' }],
      ['a code and a refresh token', { code: 'c-1', redirectURI, refreshToken: 'r-1' }],
      ['an empty refresh token', { refreshToken: '' }],
      ['an empty scope', { scope: [] }],
    ];
    for (const [what, grant] of refusals) {
      it(`throws a TypeError for ${what}`, () => {
        expect(() => client.tokenRequest(grant as never)).to.throw(TypeError);
      });
    }
  });

  it('gives the authorization request as one that is not sent', () => {
    const { state, ...request } = client.authorizationRequest({ redirectURI, scope: 'basic' });

    expect(request).to.have.all.keys('method', 'url', 'headers');
    expect(new URL(request.url).searchParams.get('state')).to.equal(state);
  });
});

describe("JaccountClient's tokens", () => {
  let server: ScriptedServer;
  let client: JaccountClient;

  const tokens = {
    access_token: 'access-1',
    refresh_token: 'refresh-1',
    token_type: ' Bearer ',
    expires_in: 1800,
  };
  const answer = (json: unknown, status = 200) => {
    server.token = () => ({ status, json });
  };
  const claims = (changes: object = {}) => ({
    ...rightClaims(server.endpoints.issuer, {
      ...{ code: 'c-1', user: 'zhangsan', nonce: 'n-1' },
      clientID: server.client.clientID,
    }),
    ...changes,
  });
  const seconds = () => Math.floor(Date.now() / 1000);
  const connect = (options: Partial<JaccountClientOptions> = {}) =>
    new JaccountClient({ ...server.client, ...server.endpoints, ...options });

  beforeEach(async () => {
    server = await startScriptedServer();
    client = connect();
  });
  afterEach(() => server.stop());

  describe('exchangeCode()', () => {
    const grant = { code: 'c-1', redirectURI };

    it('resolves with the tokens and when they expire, in seconds', async () => {
      answer(tokens);
      const before = seconds();

      const { expiresAt, ...set } = await client.exchangeCode(grant);

      expect(set).to.deep.equal({ accessToken: 'access-1', refreshToken: 'refresh-1' });
      expect(expiresAt).to.be.within(before + 1800, seconds() + 1800);
    });

    it('resolves with the verified claims of an ID Token', async () => {
      const idToken = signIdToken(claims());
      answer({ ...tokens, id_token: idToken });

      const set = await client.exchangeCode({ ...grant, nonce: 'n-1' });

      expect(set).to.include({ idToken });
      expect(set.claims).to.include({ sub: 'zhangsan', type: 'student' });
    });

    it('knows no end where jAccount tells none [TK-07]', async () => {
      answer({ ...tokens, expires_in: 'soon' });

      expect(await client.exchangeCode(grant)).not.to.have.property('expiresAt');
    });

    it('resolves with what JSON keeps', async () => {
      answer({ ...tokens, id_token: signIdToken(claims()) });

      const set = await client.exchangeCode(grant);

      expect(JSON.parse(JSON.stringify(set))).to.deep.equal(set);
    });

    it('sends code, redirect URI and verifier, Basic and no secret in the form [TK-02]', async () => {
      answer(tokens);

      await client.exchangeCode({ ...grant, codeVerifier: 'v'.repeat(43) });

      const [{ headers, body } = assert.fail()] = server.requests;
      expect(headers.authorization).to.match(/^Basic /);
      expect([...new URLSearchParams(body).keys()].sort()).to.deep.equal([
        ...['code', 'code_verifier', 'grant_type', 'redirect_uri'],
      ]);
    });

    it('authenticates in the form where that is asked for [TK-02]', async () => {
      answer(tokens);

      await connect({ clientAuthMethod: 'client_secret_post' }).exchangeCode(grant);

      const [{ headers, body } = assert.fail()] = server.requests;
      expect(headers).not.to.have.property('authorization');
      expect(body).to.include('client_secret=');
    });

    const forgeries: [what: string, forge: () => string | undefined, fault: string][] = [
      ['of another login', () => signIdToken(claims({ nonce: 'n-2' })), 'nonce'],
      ['without a nonce', () => signIdToken(claims({ nonce: undefined })), 'nonce'],
      ['signed by another', () => signIdToken(claims(), 'another secret of thirty-two octets'), 'signature'],
      ['for another client', () => signIdToken(claims({ aud: 'library' })), 'audience'],
      ['that expired', () => signIdToken(claims({ exp: seconds() - 61 })), 'expired'],
      ['that did not come', () => undefined, 'missing'],
    ];
    for (const [what, forge, fault] of forgeries) {
      it(`rejects an ID Token ${what} [IT-02]`, async () => {
        answer({ ...tokens, id_token: forge() });

        await assert.rejects(client.exchangeCode({ ...grant, nonce: 'n-1' }), {
          code: 'ERR_JACCOUNT_ID_TOKEN',
          fault,
        });
      });
    }

    it('rejects a refusal with its code', async () => {
      answer({ error: 'invalid_grant' }, 400);

      await assert.rejects(client.exchangeCode(grant), {
        code: 'ERR_JACCOUNT_TOKEN',
        error: 'invalid_grant',
      });
    });

    const failures: [what: string, script: ScriptedServer['token'], code: string][] = [
      [
        'a maintenance page',
        () => (response) => void response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>503</h1>'),
        'ERR_JACCOUNT_RESPONSE',
      ],
      ['a broken connection', () => (response) => void response.destroy(), 'ERR_JACCOUNT_NETWORK'],
      ['a busy endpoint', () => ({ status: 503, json: { error: 'server_error' } }), 'ERR_JACCOUNT_TOKEN'],
    ];
    for (const [what, script, code] of failures) {
      it(`sends the code once, and says so, after ${what} [TK-09]`, async () => {
        server.token = script;

        await assert.rejects(client.exchangeCode(grant), { code, retryable: false });
        expect(server.requests).to.have.length(1);
      });
    }

    it('gives up in time', async () => {
      server.token = () => () => undefined;

      await assert.rejects(connect({ timeout: { response: 50 } }).exchangeCode(grant), {
        code: 'ERR_JACCOUNT_NETWORK',
        timedOut: true,
      });
    });

    for (const bad of [undefined, {}, { code: 'c-1' }, { code: '', redirectURI }, { refreshToken: 'r-1' }]) {
      it(`sends nothing for ${JSON.stringify(bad)}`, async () => {
        await assert.rejects(client.exchangeCode(bad as never), TypeError);
        expect(server.requests).to.deep.equal([]);
      });
    }
  });

  describe('refresh()', () => {
    const original = () => ({
      ...{ accessToken: 'access-0', refreshToken: 'refresh-0', expiresAt: 1, idToken: 'id-0' },
      claims: claims() as never,
    });

    it('sends the refresh token to the token endpoint, with client authentication [RF-01]', async () => {
      answer(tokens);

      await client.refresh('refresh-0');

      const [{ path, headers, body } = assert.fail()] = server.requests;
      expect(path).to.equal('/oauth2/token');
      expect(headers.authorization).to.match(/^Basic /);
      expect(body).to.equal('grant_type=refresh_token&refresh_token=refresh-0');
    });

    it('takes a new refresh token [RF-01]', async () => {
      answer(tokens);

      expect(await client.refresh(original())).to.include({ refreshToken: 'refresh-1' });
    });

    for (const [what, refresh_token] of [
      ['none', undefined],
      ['an empty one', ''],
      ['null', null],
    ]) {
      it(`keeps the refresh token where ${what} comes back [RF-01]`, async () => {
        answer({ ...tokens, refresh_token });

        expect(await client.refresh(original())).to.include({ refreshToken: 'refresh-0' });
        expect(await client.refresh('refresh-0')).to.include({ refreshToken: 'refresh-0' });
      });
    }

    it('keeps the ID Token where none comes back', async () => {
      answer(tokens);

      const renewed = await client.refresh(original());

      expect(renewed).to.include({ accessToken: 'access-1', idToken: 'id-0' });
      expect(renewed.claims).to.include({ sub: 'zhangsan' });
    });

    it('keeps no end that belongs to the old access token', async () => {
      answer({ ...tokens, expires_in: undefined });

      expect(await client.refresh(original())).not.to.have.property('expiresAt');
    });

    it('leaves the old token set as it was', async () => {
      answer(tokens);
      const old = Object.freeze(original());

      await client.refresh(old);

      expect(old).to.deep.equal(original());
    });

    for (const [what, nonce] of [
      ['its nonce', 'n-1'],
      ['no nonce', undefined],
    ]) {
      it(`takes an ID Token of the same login with ${what} [RF-03]`, async () => {
        answer({ ...tokens, id_token: signIdToken(claims({ nonce, name: '张三丰' })) });

        expect((await client.refresh(original())).claims).to.include({ name: '张三丰' });
      });
    }

    it('verifies an ID Token although no original is known [RF-03]', async () => {
      answer({ ...tokens, id_token: signIdToken(claims(), 'another secret of thirty-two octets') });

      await assert.rejects(client.refresh('refresh-0'), { fault: 'signature' });
    });

    const strangers: [what: string, changes: object, fault: string][] = [
      ['another user', { sub: 'lisi' }, 'subject'],
      ['another issuer', { iss: 'https://evil.example/' }, 'issuer'],
      ['another client', { aud: 'library' }, 'audience'],
      ['another login', { nonce: 'n-2' }, 'nonce'],
    ];
    for (const [what, changes, fault] of strangers) {
      it(`rejects an ID Token of ${what} [RF-03]`, async () => {
        answer({ ...tokens, id_token: signIdToken(claims(changes)) });

        await assert.rejects(client.refresh(original()), { code: 'ERR_JACCOUNT_ID_TOKEN', fault });
      });
    }

    it('compares with an original of another issuer or client [RF-03]', async () => {
      answer({ ...tokens, id_token: signIdToken(claims()) });
      const moved = { ...original(), claims: claims({ iss: 'https://old.example/' }) as never };
      const sold = { ...original(), claims: claims({ aud: 'library' }) as never };

      await assert.rejects(client.refresh(moved), { fault: 'issuer' });
      await assert.rejects(client.refresh(sold), { fault: 'audience' });
    });

    it('asks once for callers who come together [RF-02]', async () => {
      answer(tokens);

      const sets = await Promise.all([client.refresh('refresh-0'), client.refresh(original())]);

      expect(server.requests).to.have.length(1);
      expect(sets.map(({ accessToken }) => accessToken)).to.deep.equal(['access-1', 'access-1']);
    });

    it('asks for each refresh token by itself [RF-02]', async () => {
      server.token = ({ body }) => ({
        json: { ...tokens, access_token: `of-${new URLSearchParams(body).get('refresh_token')}` },
      });

      const sets = await Promise.all(['a', 'b'].map((token) => client.refresh(token)));

      expect(sets.map(({ accessToken }) => accessToken)).to.deep.equal(['of-a', 'of-b']);
    });

    it('asks again after a failure [RF-02]', async () => {
      answer({ error: 'temporarily_unavailable' }, 503);
      await assert.rejects(client.refresh('refresh-0'), { retryable: true });
      answer(tokens);

      expect(await client.refresh('refresh-0')).to.include({ accessToken: 'access-1' });
    });

    for (const bad of [undefined, null, '', {}, { accessToken: 'access-0' }, { refreshToken: 5 }]) {
      it(`sends nothing for ${JSON.stringify(bad)}`, async () => {
        await assert.rejects(client.refresh(bad as never), TypeError);
        expect(server.requests).to.deep.equal([]);
      });
    }
  });

  describe('clientCredentials()', () => {
    it('resolves with a token of the application', async () => {
      answer({ access_token: 'access-1', token_type: 'bearer', expires_in: '1799' });

      const { expiresAt, ...set } = await client.clientCredentials({ scope: 'tasks' });

      expect(set).to.deep.equal({ accessToken: 'access-1' });
      expect(expiresAt).to.be.a('number');
      expect(server.requests[0]?.body).to.equal('grant_type=client_credentials&scope=tasks');
    });

    for (const bad of [
      undefined,
      {},
      { scope: '' },
      { scope: [5] },
      { scope: 'tasks', refreshToken: 'r-1' },
    ]) {
      it(`sends nothing for ${JSON.stringify(bad)}`, async () => {
        await assert.rejects(client.clientCredentials(bad as never), TypeError);
        expect(server.requests).to.deep.equal([]);
      });
    }
  });

  it('are not in the errors of a provider that repeats them [ER-01]', async () => {
    server.token = ({ body, headers }) => ({
      status: 400,
      json: { error: 'invalid_grant', error_description: `${body} ${headers.authorization}` },
    });

    const errors = await Promise.all(
      [
        client.refresh('canary-refresh'),
        client.exchangeCode({ code: 'canary-code', redirectURI, nonce: 'canary-nonce' }),
      ].map((exchange) => exchange.catch((error: unknown) => error)),
    );

    expect(inspect(errors, { showHidden: true, depth: 9 })).not.to.match(/canary/);
  });

  it('are not printed with a TokenSource [ER-01]', () => {
    const tokenSource = new TokenSource(client, {
      tokens: { accessToken: 'canary-a', refreshToken: 'canary-r' },
    });

    expect(inspect(tokenSource, { showHidden: true, depth: 9 }) + JSON.stringify(tokenSource)).not.to.match(
      /canary/,
    );
  });
});
