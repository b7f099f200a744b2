import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { UserAgent, type Visit } from '../support/user-agent';

const home = 'http://localhost:3000/';

describe('GET /oauth2/logout', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  async function signedIn(account = 'zhaoyichen'): Promise<UserAgent> {
    const browser = new UserAgent();
    await browser.post(`${emulator.url}/jaccount/ulogin`, { account, returl: '/' });
    return browser;
  }

  function logOut(
    browser: UserAgent,
    parameters: Record<string, string> | [string, string][],
  ): Promise<Visit> {
    return browser.get(`${emulator.endpoints.logoutURL}?${new URLSearchParams(parameters)}`);
  }

  // Where the authorization endpoint sends the browser: the client's callback only if somebody is signed in.
  async function isSignedIn(browser: UserAgent): Promise<boolean> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: emulator.client.clientID,
      redirect_uri: `${home}callback`,
    });
    const visit = await browser.get(`${emulator.endpoints.authorizationURL}?${query}`);
    return visit.location?.startsWith(home) ?? false;
  }

  it('is needed, for the second login of a session is silent', async () => {
    const browser = await signedIn();

    expect(await isSignedIn(browser)).to.equal(true);
    expect(await isSignedIn(browser)).to.equal(true);
  });

  const addressed = {
    'with client_id': { client_id: 'any', post_logout_redirect_uri: home },
    'without client_id': { post_logout_redirect_uri: home },
  };
  for (const [what, parameters] of Object.entries(addressed)) {
    it(`${what} sends the browser back`, async () => {
      const visit = await logOut(await signedIn(), parameters);

      expect(visit.status).to.equal(302);
      expect(visit.location).to.equal(home);
    });

    it(`${what} ends the session`, async () => {
      const browser = await signedIn();

      await logOut(browser, parameters);

      expect(await isSignedIn(browser)).to.equal(false);
    });
  }

  it('without an address shows that the user is signed out', async () => {
    const visit = await logOut(await signedIn(), {});

    expect(visit.status).to.equal(200);
    expect(visit.headers.get('content-type')).to.match(/^text\/html/);
  });

  it('without an address ends the session', async () => {
    const browser = await signedIn();

    await logOut(browser, {});

    expect(await isSignedIn(browser)).to.equal(false);
  });

  it('takes the cookie away', async () => {
    const browser = await signedIn();

    await logOut(browser, { post_logout_redirect_uri: home });

    expect(await browser.jar.getCookies(emulator.url)).to.deep.equal([]);
  });

  it('makes a copy of the cookie worthless', async () => {
    const browser = await signedIn();
    const cookie = await browser.jar.getCookieString(emulator.url);
    await logOut(browser, { post_logout_redirect_uri: home });
    const thief = new UserAgent();

    await thief.jar.setCookie(cookie, emulator.url);

    expect(await isSignedIn(thief)).to.equal(false);
  });

  it('leaves the sessions of other browsers alone', async () => {
    const another = await signedIn();

    await logOut(await signedIn(), { post_logout_redirect_uri: home });

    expect(await isSignedIn(another)).to.equal(true);
  });

  it('lets somebody else sign in next', async () => {
    const browser = await signedIn();
    await logOut(browser, { post_logout_redirect_uri: home });

    await browser.post(`${emulator.url}/jaccount/ulogin`, { account: 'linmuqing', returl: '/' });

    expect(await isSignedIn(browser)).to.equal(true);
  });

  it('sends a browser back that nobody was signed in at', async () => {
    const visit = await logOut(new UserAgent(), { post_logout_redirect_uri: home });

    expect(visit.location).to.equal(home);
  });

  for (const state of ['st-1', 'a&b=c d+e', '登出', '"><script>']) {
    it(`echoes the state ${state}`, async () => {
      const { location = '' } = await logOut(await signedIn(), { post_logout_redirect_uri: home, state });

      expect(Object.fromEntries(new URL(location).searchParams)).to.deep.equal({ state });
    });
  }

  it('keeps the query of the address', async () => {
    const address = `${home}bye?why=done`;

    const { location } = await logOut(await signedIn(), { post_logout_redirect_uri: address, state: 's' });

    expect(location).to.equal(`${address}&state=s`);
  });

  const refused = [
    '/bye',
    'bye',
    '//evil.example/',
    'javascript:alert(1)',
    'JavaScript://localhost/%0aalert(1)',
    'data:text/html,x',
    'file:///etc/hosts',
    'http://',
    'https://[',
    'http://localhost:99999/',
  ];
  for (const address of refused) {
    it(`does not send anybody to ${address}`, async () => {
      const visit = await logOut(await signedIn(), { post_logout_redirect_uri: address });

      expect(visit.status).to.equal(400);
      expect(visit.location).to.equal(undefined);
      expect(visit.json()).to.have.property('error', 'invalid_request');
    });
  }

  for (const name of ['post_logout_redirect_uri', 'state']) {
    it(`refuses ${name} twice`, async () => {
      const visit = await logOut(await signedIn(), [
        ['post_logout_redirect_uri', home],
        ['state', 's'],
        [name, 'http://localhost:3000/other'],
      ]);

      expect(visit.status).to.equal(400);
    });
  }

  it('does not put the address into the answer of a refusal', async () => {
    const visit = await logOut(await signedIn(), { post_logout_redirect_uri: '<script>alert(1)</script>' });

    expect(visit.text).not.to.contain('<script');
  });

  it('cannot be told a header', async () => {
    const visit = await logOut(await signedIn(), {
      post_logout_redirect_uri: `${home}\r\nX-Injected: 1`,
      state: 'a\r\nX-Injected: 1',
    });

    expect(visit.headers.get('x-injected')).to.equal(null);
    expect(visit.status).to.be.oneOf([302, 400]);
  });

  it('does not answer POST', async () => {
    const browser = await signedIn();

    const visit = await browser.post(emulator.endpoints.logoutURL, { post_logout_redirect_uri: home });

    expect(visit.status).to.be.within(404, 405);
    expect(await isSignedIn(browser)).to.equal(true);
  });
});
