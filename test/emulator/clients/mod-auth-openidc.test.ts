import { expect } from 'chai';
import { type Emulator, type Fault, startEmulator } from 'passport-jaccount/emulator';
import { type Apache, apacheMissing, startApache } from '../../support/apache';
import { oddClient } from '../../support/odd-client';
import { UserAgent, type Visit } from '../../support/user-agent';

const missing = apacheMissing && ` (skipped: ${apacheMissing})`;

describe(`Apache with mod_auth_openidc at the emulator, over TLS${missing}`, () => {
  let emulator: Emulator;
  let apache: Apache;
  let browser: UserAgent;

  before(async function () {
    if (missing) return this.skip();
    emulator = await startEmulator({ tls: true, clients: [oddClient] });
    apache = await startApache(emulator, emulator.client);
  });
  beforeEach(() => {
    browser = new UserAgent();
  });
  afterEach(() => emulator?.reset());
  after(async () => {
    await apache?.stop();
    await emulator?.stop();
  });

  async function callbackFor({ url }: Apache): Promise<string> {
    const { location } = await browser.get(`${url}/secure/`);
    return emulator.approve(location!, 'zhaoyichen');
  }

  async function signInAt(server: Apache): Promise<Visit> {
    return browser.follow(await browser.get(await callbackFor(server)), emulator.url);
  }

  async function isSignedIn({ url } = apache): Promise<boolean> {
    return (await browser.get(`${url}/secure/`)).status === 200;
  }

  it('shows a page to a person who signs in, whose claims it has verified', async () => {
    const page = await signInAt(apache);
    const info = await browser.get(`${apache.url}/secure/callback?info=json`);

    expect(page.text).to.equal('for those who are signed in\n');
    expect(info.json().id_token).to.include({ sub: 'zhaoyichen', name: '赵一辰', type: 'student' });
  });

  const ways = ['client_secret_basic', 'client_secret_post'];
  for (const way of ways) {
    it(`signs in with an id and a secret full of -, _, % and +, with ${way}`, async () => {
      const odd = await startApache(emulator, oddClient, [`OIDCProviderTokenEndpointAuth ${way}`]);

      const page = await signInAt(odd).finally(() => odd.stop());

      expect(page.status).to.equal(200);
    });

    it(`signs in with PKCE, with ${way}`, async () => {
      const directives = ['OIDCPKCEMethod S256', `OIDCProviderTokenEndpointAuth ${way}`];
      const server = await startApache(emulator, emulator.client, directives);

      const page = await signInAt(server).finally(() => server.stop());

      expect(page.status).to.equal(200);
    });
  }

  it('hears that the client secret is wrong', async () => {
    const wrong = await startApache(emulator, { ...emulator.client, clientSecret: 'wrong' });

    await signInAt(wrong);
    const signedIn = await isSignedIn(wrong).finally(() => wrong.stop());

    expect(signedIn).to.equal(false);
    expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 401 });
  });

  it('hears that the code has expired', async () => {
    const callback = await callbackFor(apache);
    emulator.advance(61);

    await browser.get(callback);

    expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 400 });
    expect(await isSignedIn()).to.equal(false);
  });

  it('hears that the user declined', async () => {
    const callback = new URL(await callbackFor(apache));
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');

    const page = await browser.get(callback.href);

    expect(page.text).to.include('access_denied');
    expect(await isSignedIn()).to.equal(false);
  });

  it('refuses an answer to a request that this browser never made', async () => {
    const callback = await callbackFor(apache);

    await new UserAgent().get(callback);

    expect(emulator.requests.filter(({ path }) => path === '/oauth2/token')).to.be.empty;
  });

  // It takes one that is not signed at all, since it comes straight from a TLS server: OpenID Connect Core 1.0,
  // section 3.1.3.7, item 6.
  const forgeries: { token: string; fault: Fault }[] = [
    { token: 'signed with another key', fault: { sign: 'other-key' } },
    { token: 'with the nonce of another login', fault: { idToken: { nonce: 'another' } } },
    { token: 'without a nonce', fault: { idToken: { nonce: null } } },
    { token: 'of another issuer', fault: { idToken: { iss: 'https://evil.example/' } } },
    { token: 'for another audience', fault: { idToken: { aud: 'library' } } },
    { token: 'that has expired', fault: { idToken: { exp: 1_000_000_000 } } },
    { token: 'issued long ago', fault: { idToken: { iat: 1_000_000_000 } } },
    { token: 'without a subject', fault: { idToken: { sub: null } } },
  ];
  for (const { token, fault } of forgeries) {
    it(`refuses an ID Token ${token}`, async () => {
      emulator.fault('token', fault);

      await signInAt(apache);

      expect(emulator.requests.at(-1)).to.include({ path: '/oauth2/token', status: 200 });
      expect(await isSignedIn()).to.equal(false);
    });
  }

  const outages: { answer: string; fault: Fault }[] = [
    { answer: 'that is a page of maintenance', fault: { status: 503 } },
    { answer: 'that breaks off', fault: { truncate: true } },
    { answer: 'that never comes', fault: { drop: true } },
  ];
  for (const { answer, fault } of outages) {
    it(`signs nobody in by an answer of the token endpoint ${answer}`, async () => {
      emulator.fault('token', { ...fault, times: Number.POSITIVE_INFINITY });

      await signInAt(apache);

      expect(await isSignedIn()).to.equal(false);
    });
  }
});
