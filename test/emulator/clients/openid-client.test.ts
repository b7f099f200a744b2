import { expect } from 'chai';
import * as client from 'openid-client';
import { Strategy } from 'openid-client/passport';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Application, startApplication } from '../../support/application';
import { comeBack, signIn } from '../../support/emulated-login';
import { oddClient } from '../../support/odd-client';
import { UserAgent } from '../../support/user-agent';

// Its way to send a nonce, for a provider that does not say it takes PKCE.
class StrategyWithNonce extends Strategy {
  override authorizationRequestParams(): URLSearchParams {
    return new URLSearchParams({ nonce: client.randomNonce() });
  }
}

interface Setting {
  clientID: string;
  clientSecret: string;
  authentication?: (secret: string) => client.ClientAuth;
  strategy?: typeof Strategy;
}

describe("openid-client's Passport strategy at the emulator", () => {
  let emulator: Emulator;
  const running: Application[] = [];

  before(async () => {
    emulator = await startEmulator({ clients: [oddClient] });
  });
  afterEach(async () => {
    emulator.reset();
    for (const application of running.splice(0)) await application.stop();
  });
  after(() => emulator.stop());

  async function startWith(setting: Partial<Setting> = {}): Promise<Application> {
    const { clientID, clientSecret } = { ...emulator.client, ...setting };
    const { authentication = client.ClientSecretBasic, strategy: Which = Strategy } = setting;
    const issuer = new URL(emulator.endpoints.issuer);
    const config = await client.discovery(issuer, clientID, clientSecret, authentication(clientSecret), {
      execute: [client.allowInsecureRequests],
    });
    const application = await startApplication({
      strategy: (callbackURL) =>
        new Which({ config, callbackURL, scope: 'openid' }, (tokens, done) => {
          const { token_type, expires_in } = tokens;
          done(null, { sub: tokens.claims()?.sub, name: tokens.claims()?.name, token_type, expires_in });
        }) as any,
    });
    running.push(application);
    return application;
  }

  for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
    it(`signs a person in, by discovery and ${authentication.name}`, async () => {
      const { url } = await startWith({ authentication });

      const end = await signIn(`${url}/login`);

      expect(end.json().user).to.deep.equal({
        sub: 'zhaoyichen',
        name: '赵一辰',
        token_type: 'bearer',
        expires_in: 1800,
      });
    });

    it(`signs in with an id and a secret full of -, _, % and +, by ${authentication.name}`, async () => {
      const { url } = await startWith({ ...oddClient, authentication });

      const end = await signIn(`${url}/login`);

      expect(end.json().user).to.include({ sub: 'zhaoyichen' });
    });
  }

  it('signs a person in with a nonce in place of a state', async () => {
    const { url } = await startWith({ strategy: StrategyWithNonce });

    const end = await signIn(`${url}/login`);

    expect(end.json().user).to.include({ sub: 'zhaoyichen' });
  });

  it('hears that the client secret is wrong', async () => {
    const { url } = await startWith({ clientSecret: `${emulator.client.clientSecret}x` });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.include({ exit: 'error', name: 'WWWAuthenticateChallengeError' });
    expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 401 });
  });

  it('hears that the code has expired', async () => {
    const { url, callbackURL } = await startWith();
    const browser = new UserAgent();
    const callback = await comeBack(browser, `${url}/login`, callbackURL);
    emulator.advance(61);

    const end = await browser.follow(callback);

    expect(end.json()).to.include({ exit: 'error', name: 'ResponseBodyError' });
    expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 400 });
  });

  it('hears that the user declined', async () => {
    const { url } = await startWith();
    emulator.fault('callback', { error: 'access_denied' });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.deep.include({ exit: 'fail' });
    expect(end.json().challenge).to.include({ error: 'access_denied' });
  });

  // It leaves the HMAC alone: it has no way to check one in this flow.
  const forgeries = [
    { claims: 'the nonce of another login', fault: { idToken: { nonce: 'another' } } },
    { claims: 'no nonce', fault: { idToken: { nonce: null } } },
    { claims: 'another issuer', fault: { idToken: { iss: 'https://evil.example/' } } },
    { claims: 'another audience', fault: { idToken: { aud: 'library' } } },
    { claims: 'an expiry that is past', fault: { idToken: { exp: 1_000_000_000 } } },
    { claims: 'no subject', fault: { idToken: { sub: null } } },
    { claims: 'no signature at all', fault: { sign: 'none' as const } },
  ];
  for (const { claims, fault } of forgeries) {
    it(`refuses an ID Token with ${claims}`, async () => {
      const { url } = await startWith({ strategy: StrategyWithNonce });
      emulator.fault('token', fault);

      const end = await signIn(`${url}/login`);

      expect(end.json()).to.include({ exit: 'error' });
      expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 200 });
    });
  }

  it('refuses an answer whose state is not its own', async () => {
    const { url } = await startWith();
    emulator.fault('callback', { parameters: { state: 'another' } });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.include({ exit: 'error' });
    expect(emulator.requests.filter(({ path }) => path === '/oauth2/token')).to.be.empty;
  });

  it('refuses a token_type with the spaces that the documentation prints', async () => {
    const { url } = await startWith();
    emulator.behave({ tokenType: 'spaced' });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.include({ exit: 'error' });
  });

  it('takes an answer of the token endpoint that says "1800" for 1800', async () => {
    const { url } = await startWith();
    emulator.behave({ expiresIn: 'string' });

    const end = await signIn(`${url}/login`);

    expect(end.json().user).to.include({ expires_in: 1800 });
  });
});
