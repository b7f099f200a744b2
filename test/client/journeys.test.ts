import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { JaccountClient, type TokenSet, TokenSource } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { consent, redirectURI, tokensOf } from '../support/consent';
import { UserAgent } from '../support/user-agent';

const accessTokenLifetime = 1800;

describe('a JaccountClient at the emulator', () => {
  let emulator: Emulator;
  let client: JaccountClient;

  before(async () => {
    emulator = await startEmulator();
  });
  beforeEach(() => {
    client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
  });
  afterEach(() => emulator.reset());
  after(() => emulator.stop());

  it('gets the state back that it sent', async () => {
    const { state, returned } = await consent(client, 'zhaoyichen');

    expect(returned).to.equal(state);
  });

  it('exchanges a code for tokens and the claims of the ID Token', async () => {
    const tokens = await tokensOf(client, 'zhaoyichen');

    expect(tokens).to.have.all.keys('accessToken', 'refreshToken', 'expiresAt', 'idToken', 'claims');
    expect(tokens.claims).to.include({ sub: 'zhaoyichen', name: '赵一辰', type: 'student' });
  });

  it('exchanges a code with PKCE', async () => {
    const codeVerifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const { code } = await consent(client, 'zhaoyichen', { codeChallenge });

    expect(await client.exchangeCode({ code, redirectURI, codeVerifier })).to.have.property('accessToken');
  });

  const refusals: [what: string, change: (grant: { code: string; redirectURI: string }) => object][] = [
    ['an unknown code', (grant) => ({ ...grant, code: 'f'.repeat(32) })],
    ['another redirect URI', (grant) => ({ ...grant, redirectURI: 'http://localhost:9/other' })],
    ['a code verifier without a challenge', (grant) => ({ ...grant, codeVerifier: 'v'.repeat(43) })],
  ];
  for (const [what, change] of refusals) {
    it(`is refused ${what}`, async () => {
      const { code } = await consent(client, 'zhaoyichen');

      await assert.rejects(client.exchangeCode(change({ code, redirectURI }) as never), {
        error: 'invalid_grant',
        status: 401,
      });
    });
  }

  it('is refused a code that it has sent before', async () => {
    const { code } = await consent(client, 'zhaoyichen');
    await client.exchangeCode({ code, redirectURI });

    await assert.rejects(client.exchangeCode({ code, redirectURI }), { error: 'invalid_grant' });
  });

  it('is refused a code that is older than a minute', async () => {
    const { code } = await consent(client, 'zhaoyichen');
    emulator.advance(61);

    await assert.rejects(client.exchangeCode({ code, redirectURI }), { error: 'invalid_grant' });
  });

  it('is refused with a wrong secret', async () => {
    const { code } = await consent(client, 'zhaoyichen');
    const stranger = new JaccountClient({
      ...emulator.endpoints,
      ...{ clientID: emulator.client.clientID, clientSecret: 'a wrong secret of thirty-two octets' },
    });

    await assert.rejects(stranger.exchangeCode({ code, redirectURI }), {
      error: 'invalid_client',
      status: 500,
    });
  });

  it('renews tokens, with an ID Token about the same user', async () => {
    const tokens = await tokensOf(client, 'zhaoyichen');

    const renewed = await client.refresh(tokens);

    expect(renewed.accessToken).not.to.equal(tokens.accessToken);
    expect(renewed.claims).to.include({ sub: 'zhaoyichen' });
  });

  it('fetches the profile that the scope opens', async () => {
    const [basic, essential] = await Promise.all([
      client.profile(await tokensOf(client, 'zhaoyichen', 'basic')),
      client.profile(await tokensOf(client, 'zhaoyichen', 'essential')),
    ]);

    expect(basic)
      .to.include({ id: 'zhaoyichen', displayName: '赵一辰' })
      .and.not.to.have.property('userType');
    expect(essential).to.include({ userType: 'student', code: '523030910417' });
  });

  it('is refused with a token of nobody', async () => {
    await assert.rejects(client.profile({ accessToken: 'of-nobody' }), {
      ...{ errno: 10002, errnoName: 'AUTHENTICATION_FAILED', providerStatus: 403, retryable: false },
    });
  });

  it('is told when a token has expired', async () => {
    const tokens = await tokensOf(client, 'zhaoyichen', 'basic');
    emulator.advance(accessTokenLifetime + 1);

    await assert.rejects(client.profile(tokens), { errno: 10007 });
  });

  it('goes on with a TokenSource when a token has expired', async () => {
    const saved: TokenSet[] = [];
    const tokens = await tokensOf(client, 'zhaoyichen', 'basic');
    const source = new TokenSource(client, { tokens, save: (renewed) => void saved.push(renewed) });
    emulator.advance(accessTokenLifetime + 1);

    const profiles = await Promise.all([1, 2, 3].map(() => client.profile({ accessToken: source })));

    expect(profiles.map(({ id }) => id)).to.deep.equal(['zhaoyichen', 'zhaoyichen', 'zhaoyichen']);
    expect(saved).to.have.length(1);
  });

  it('sends the browser to a logout that ends the session at jAccount', async () => {
    const agent = new UserAgent();
    await consent(client, 'zhaoyichen', {}, agent);
    const { url } = client.authorizationURL({ redirectURI, scope: 'openid' });
    const silent = await agent.follow(await agent.get(url), redirectURI);

    const returnAddress = 'http://localhost:9/bye?from=jaccount';
    const logout = await agent.get(client.logoutURL({ postLogoutRedirectURI: returnAddress }));
    const asked = await agent.follow(await agent.get(url), redirectURI);

    expect(silent.location).to.include(`${redirectURI}?code=`);
    expect(logout.location).to.equal(returnAddress);
    expect(asked.url).to.include('/jaccount/jalogin');
  });

  describe('with requests that somebody else sends', () => {
    it('exchanges a code', async () => {
      const { code } = await consent(client, 'zhaoyichen');

      const { url, ...request } = client.tokenRequest({ code, redirectURI });
      const answer = await fetch(url, request as RequestInit);

      expect(await answer.json()).to.include({ token_type: 'Bearer' });
    });

    it('fetches a profile', async () => {
      const { accessToken } = await tokensOf(client, 'zhaoyichen', 'basic');

      const { url, ...request } = client.apiRequest('/me/profile', { accessToken });
      const { errno, entities } = (await (await fetch(url, request)).json()) as any;

      expect(errno).to.equal(0);
      expect(entities[0]).to.include({ account: 'zhaoyichen' });
    });

    it('begins a login', async () => {
      const { method, url } = client.authorizationRequest({ redirectURI, scope: 'openid' });

      const answer = await fetch(url, { method, redirect: 'manual' });

      expect(answer.status).to.equal(302);
      expect(answer.headers.get('location')).to.include('/jaccount/jalogin');
    });
  });
});
