import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import OpenIDConnectStrategy from 'passport-openidconnect';
import { type Application, startApplication } from '../../support/application';
import { comeBack, signIn } from '../../support/emulated-login';
import { oddClient } from '../../support/odd-client';
import { UserAgent } from '../../support/user-agent';

describe('passport-openidconnect at the emulator', () => {
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

  async function startWith(options: object = {}): Promise<Application> {
    const { issuer, authorizationURL, tokenURL } = emulator.endpoints;
    const provider = { issuer, authorizationURL, tokenURL, nonce: true };
    const application = await startApplication({
      strategy: (callbackURL) =>
        new OpenIDConnectStrategy(
          { ...provider, ...emulator.client, callbackURL, ...options },
          (from, { id, displayName }, done) => done(null, { from, id, displayName }),
        ),
    });
    running.push(application);
    return application;
  }

  it('signs a person in', async () => {
    const { url } = await startWith();

    const end = await signIn(`${url}/login`);

    expect(end.json().user).to.deep.equal({
      from: emulator.endpoints.issuer,
      id: 'zhaoyichen',
      displayName: '赵一辰',
    });
  });

  it('signs in with an id and a secret full of -, _, % and +', async () => {
    const { url } = await startWith(oddClient);

    const end = await signIn(`${url}/login`);

    expect(end.json().user).to.include({ id: 'zhaoyichen' });
  });

  it('hears that the client secret is wrong', async () => {
    const { url } = await startWith({ clientSecret: `${emulator.client.clientSecret}x` });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.include({ exit: 'error', name: 'TokenError', code: 'invalid_client' });
  });

  it('hears that the code has expired', async () => {
    const { url, callbackURL } = await startWith();
    const browser = new UserAgent();
    const callback = await comeBack(browser, `${url}/login`, callbackURL);
    emulator.advance(61);

    const end = await browser.follow(callback);

    expect(end.json()).to.include({ exit: 'error', name: 'TokenError', code: 'invalid_grant' });
  });

  it('hears that the user declined', async () => {
    const { url } = await startWith();
    emulator.fault('callback', { error: 'access_denied' });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.include({ exit: 'fail' });
    expect(end.status).to.equal(401);
  });

  // What it checks of an ID Token. It never looks at the signature.
  const forgeries = [
    { claims: 'the nonce of another login', idToken: { nonce: 'another' }, exit: 'fail' },
    { claims: 'no nonce', idToken: { nonce: null }, exit: 'fail' },
    { claims: 'another issuer', idToken: { iss: 'https://evil.example/' }, exit: 'fail' },
    { claims: 'another audience', idToken: { aud: 'library' }, exit: 'fail' },
    { claims: 'an expiry that is past', idToken: { exp: 1_000_000_000 }, exit: 'fail' },
    { claims: 'no subject', idToken: { sub: null }, exit: 'error' },
  ];
  for (const { claims, idToken, exit } of forgeries) {
    it(`refuses an ID Token with ${claims}`, async () => {
      const { url } = await startWith();
      emulator.fault('token', { idToken });

      const end = await signIn(`${url}/login`);

      expect(end.json()).to.include({ exit });
      expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 200 });
    });
  }

  it('refuses an answer to a request that this browser never made', async () => {
    const { url, callbackURL } = await startWith();
    const { location } = await comeBack(new UserAgent(), `${url}/login`, callbackURL);

    const end = await new UserAgent().get(location!);

    expect(end.json()).to.include({ exit: 'fail', status: 403 });
  });

  it('refuses a login without an ID Token', async () => {
    const { url } = await startWith();
    emulator.behave({ idToken: 'never' });

    const end = await signIn(`${url}/login`);

    expect(end.json()).to.include({ exit: 'error' });
  });
});
