import http from 'node:http';
import { expect } from 'chai';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { UserAgent, type Visit } from '../support/user-agent';

const script = '<script>alert(1)</script>';
// Each says in its account which member attacks.
const hostile: Account[] = [
  { account: 'name-element', name: `<img src=x onerror=alert(1)>${script}` },
  { account: 'name-attribute', name: `"><b onmouseover="alert(1)">'` },
  { account: `account"'><script>alert(2)</script>&amp;`, name: 'Account' },
  { account: 'type', name: 'Type', userType: `"><script>alert(3)</script>` },
  { account: 'number', name: 'Number', code: `</code><script>alert(4)</script>` },
  { account: 'bidi', name: '\u202Eoteba' },
  { account: 'empty', name: '' },
  { account: 'nameless' },
];

describe('login page', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator({ accounts: hostile });
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  function authorizationPath(parameters: Record<string, string> = {}): string {
    const usual = {
      response_type: 'code',
      client_id: emulator.client.clientID,
      redirect_uri: 'http://localhost:3000/callback',
    };
    return `/oauth2/authorize?${new URLSearchParams({ ...usual, ...parameters })}`;
  }

  function open(returl?: string, browser = new UserAgent()): Promise<Visit> {
    const query = returl === undefined ? '' : `?${new URLSearchParams({ returl })}`;
    return browser.get(`${emulator.url}/jaccount/jalogin${query}`);
  }

  function attributes(page: string, pattern: RegExp): string[] {
    return [...page.matchAll(pattern)].map(([, value = '']) => unescaped(value));
  }

  function unescaped(text: string): string {
    const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
    return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name] ?? '');
  }

  /** The beginnings of elements that could run something, or load it. */
  function dangersIn(page: string): string[] {
    const own = '<script src="/emulator/script.js"></script>';
    return page.replace(own, '').match(/<(?:script|img|iframe|object|[a-z]+[^>"]* on[a-z]+=)/gi) ?? [];
  }

  function returlOf(visit: Visit): string | undefined {
    return attributes(visit.text, /name="returl" value="([^"]*)"/g)[0];
  }

  describe('GET /jaccount/jalogin', () => {
    it('is HTML in UTF-8', async () => {
      expect((await open()).headers.get('content-type')).to.equal('text/html; charset=utf-8');
    });

    it('offers every account', async () => {
      const offered = attributes((await open()).text, /<button name="account" value="([^"]*)"/g);

      expect(offered).to.deep.equal(emulator.accounts.map(({ account }) => account));
    });

    it('demands no password', async () => {
      const fields = (await open()).text.match(/<input[^>]* type="password"[^>]*>/g) ?? [];

      expect(fields).to.have.length(1);
      expect(fields[0]).not.to.contain('required');
    });

    it('keeps the request it came from', async () => {
      const path = authorizationPath({ state: 'a&b="c' });

      expect(returlOf(await open(path))).to.equal(path);
    });

    const foreign = [
      'https://evil.example/',
      '//evil.example/oauth2/authorize?',
      '/\\evil.example/oauth2/authorize?',
      'javascript:alert(1)',
      '/oauth2/authorize@evil.example',
      '/oauth2/authorizeevil?',
      '/oauth2/logout',
      'oauth2/authorize?',
      '',
    ];
    for (const returl of foreign) {
      it(`forgets ${returl || 'an empty address'} as the way back`, async () => {
        expect(returlOf(await open(returl))).to.equal('/');
      });
    }

    it('runs no script but its own', async () => {
      const policy = (await open()).headers.get('content-security-policy') ?? '';

      expect(policy)
        .to.contain("default-src 'none'")
        .and.contain("script-src 'self'")
        .and.not.match(/unsafe/);
    });

    it('is shown in no frame', async () => {
      expect((await open()).headers.get('content-security-policy')).to.contain("frame-ancestors 'none'");
    });

    it('is not stored', async () => {
      expect((await open()).headers.get('cache-control')).to.equal('no-store');
    });

    it('is not sniffed', async () => {
      expect((await open()).headers.get('x-content-type-options')).to.equal('nosniff');
    });
  });

  describe('markup', () => {
    it('in the members of an account stays text [UI-05]', async () => {
      expect(dangersIn((await open()).text)).to.deep.equal([]);
    });

    it('in the members of an account is shown as it is', async () => {
      const { text } = await open();

      expect(unescaped(text)).to.contain(`<img src=x onerror=alert(1)>${script}`);
    });

    it('in the members of an account ends no attribute', async () => {
      const { text } = await open();
      const cards = text.match(/<li data-group="[a-z]+" data-search="[^"<>]*">/g) ?? [];
      const buttons = text.match(/<button name="account" value="[^"<>]*"(?: data-locked)?>/g) ?? [];

      expect(cards).to.have.length(emulator.accounts.length);
      expect(buttons).to.have.length(emulator.accounts.length);
    });

    it('in a parameter stays text', async () => {
      const returl = `/oauth2/authorize?x="'><script>alert(5)</script>`;

      const visit = await open(returl);

      expect(dangersIn(visit.text)).to.deep.equal([]);
      expect(returlOf(visit)).to.equal(returl);
    });

    for (const name of ['state', 'nonce', 'client_id', 'scope', 'redirect_uri', script]) {
      it(`in ${name} of the authorization request reaches no page`, async () => {
        const browser = new UserAgent();

        const visit = await browser.get(`${emulator.url}${authorizationPath({ [name]: `"'>${script}` })}`);
        const page = visit.location?.startsWith(emulator.url) ? await browser.follow(visit) : visit;

        expect(dangersIn(page.text)).to.deep.equal([]);
      });
    }

    it('in an account does not keep it from signing in', async () => {
      const browser = new UserAgent();
      const { account } = hostile[2] as Account;

      const visit = await browser.choose(await open(authorizationPath(), browser), account);

      expect(visit.status).to.equal(303);
    });

    it('in the path of an unknown page is not shown', async () => {
      const visit = await new UserAgent().get(`${emulator.url}/<script>alert(1)</script>`);

      expect(visit.status).to.equal(404);
      expect(visit.text).not.to.contain('<script');
    });
  });

  describe('POST /jaccount/ulogin', () => {
    const loginURL = () => `${emulator.url}/jaccount/ulogin`;

    it('goes back to the authorization endpoint by GET', async () => {
      const path = authorizationPath();

      const visit = await new UserAgent().post(loginURL(), { account: 'zhaoyichen', returl: path });

      expect(visit.status).to.equal(303);
      expect(visit.location).to.equal(`${emulator.url}${path}`);
    });

    it('sets one cookie, named as at jAccount', async () => {
      const browser = new UserAgent();

      await browser.post(loginURL(), { account: 'zhaoyichen', returl: '/' });

      expect((await browser.jar.getCookies(emulator.url)).map(({ key }) => key)).to.deep.equal([
        'JAAuthCookie',
      ]);
    });

    it('sets a cookie out of the reach of scripts, for the browser session', async () => {
      const browser = new UserAgent();

      await browser.post(loginURL(), { account: 'zhaoyichen', returl: '/' });

      const [cookie] = await browser.jar.getCookies(emulator.url);
      expect(cookie).to.include({ httpOnly: true, sameSite: 'lax', path: '/', hostOnly: true, maxAge: null });
      expect(cookie?.expires).to.equal('Infinity');
    });

    it('sets another cookie every time', async () => {
      const browser = new UserAgent();
      await browser.post(loginURL(), { account: 'zhaoyichen', returl: '/' });
      const first = await browser.jar.getCookieString(emulator.url);

      await browser.post(loginURL(), { account: 'zhaoyichen', returl: '/' });

      expect(await browser.jar.getCookieString(emulator.url)).not.to.equal(first);
    });

    it('does not take over a cookie it was given [SE-01]', async () => {
      const browser = new UserAgent();
      await browser.jar.setCookie('JAAuthCookie=fixed-by-another', emulator.url);

      await browser.post(loginURL(), { account: 'zhaoyichen', returl: '/' });

      expect(await browser.jar.getCookieString(emulator.url)).not.to.contain('fixed-by-another');
    });

    it('makes the second login silent, for any client', async () => {
      const browser = new UserAgent();
      await browser.post(loginURL(), { account: 'zhaoyichen', returl: '/' });

      const visit = await browser.get(`${emulator.url}${authorizationPath()}`);

      expect(visit.location).to.match(/^http:\/\/localhost:3000\/callback\?code=/);
    });

    const refused: Record<string, [string, string][]> = {
      'no account': [['returl', '/']],
      'an empty account': [['account', '']],
      'an unknown account': [['account', 'nobody']],
      'a name of Object.prototype': [['account', '__proto__']],
      'two accounts': [
        ['account', 'zhaoyichen'],
        ['account', 'linmuqing'],
      ],
    };
    for (const [what, fields] of Object.entries(refused)) {
      it(`refuses ${what}`, async () => {
        const visit = await new UserAgent().get(loginURL(), {
          method: 'POST',
          body: new URLSearchParams(fields),
        });

        expect(visit.status).to.equal(400);
        expect(visit.headers.get('set-cookie')).to.equal(null);
      });
    }

    it('knows an account in any case, as jAccount does', async () => {
      const visit = await new UserAgent().get(loginURL(), {
        method: 'POST',
        body: new URLSearchParams({ account: 'ZHAOYICHEN' }),
      });

      expect(visit.status).to.equal(303);
      expect(visit.headers.get('set-cookie')).to.contain('JAAuthCookie=');
    });

    it('shows the unknown account it refuses as text', async () => {
      const account = `"'>${script}`;

      const visit = await new UserAgent().post(loginURL(), { account });

      expect(dangersIn(visit.text)).to.deep.equal([]);
      expect(attributes(visit.text, /<input name="account" value="([^"]*)"/g)).to.deep.equal([account]);
    });

    for (const returl of [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example',
      'javascript:alert(1)',
    ]) {
      it(`goes nowhere near ${returl} [LO-04]`, async () => {
        const visit = await new UserAgent().post(loginURL(), { account: 'zhaoyichen', returl });

        expect(visit.location).to.equal(`${emulator.url}/`);
      });
    }

    it('cannot be told a header', async () => {
      const returl = '/oauth2/authorize?a\r\nX-Injected: 1';

      const visit = await new UserAgent().post(loginURL(), { account: 'zhaoyichen', returl });

      expect(visit.headers.get('x-injected')).to.equal(null);
      expect(visit.status).to.be.below(500);
    });

    it('takes a way back in Chinese without failing', async () => {
      const returl = '/oauth2/authorize?state=登录';

      const visit = await new UserAgent().post(loginURL(), { account: 'zhaoyichen', returl });

      expect(visit.status).to.be.below(500);
    });

    it('takes a form of its own page', async () => {
      const form = { account: 'zhaoyichen', returl: '/' };

      expect((await new UserAgent().post(loginURL(), form, { origin: emulator.url })).status).to.equal(303);
    });

    it('takes a form of its own page, opened under the name localhost', async () => {
      const origin = emulator.url.replace('127.0.0.1', 'localhost');
      const form = { account: 'zhaoyichen', returl: '/' };

      const visit = await new UserAgent().post(`${origin}/jaccount/ulogin`, form, { origin });

      expect(visit.status).to.equal(303);
    });

    // An opaque origin is any page's for the asking: a sandboxed frame has it, or a form without a referrer.
    const origins = [
      'https://evil.example',
      'http://localhost:3000',
      'http://127.0.0.1',
      'http://127.0.0.1:1',
      'null',
      '',
    ];
    for (const origin of origins) {
      it(`refuses a form from the origin ${origin || 'of no text'} [CB-11]`, async () => {
        const form = { account: 'zhaoyichen', returl: '/' };

        const visit = await new UserAgent().post(loginURL(), form, { origin });

        expect(visit.status).to.equal(403);
        expect(visit.headers.get('set-cookie')).to.equal(null);
      });
    }

    it('has browsers say where its own form comes from', async () => {
      // Under no-referrer a browser sends "Origin: null" with every form.
      expect((await open()).headers.get('referrer-policy')).to.be.oneOf([
        null,
        'same-origin',
        'strict-origin',
      ]);
    });

    it('does not answer GET', async () => {
      const visit = await new UserAgent().get(`${loginURL()}?account=zhaoyichen`);

      expect(visit.status).to.be.within(404, 405);
      expect(visit.headers.get('set-cookie')).to.equal(null);
    });

    it('takes a form only', async () => {
      const body = JSON.stringify({ account: 'zhaoyichen' });

      const visit = await new UserAgent().get(loginURL(), {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });

      expect(visit.status).to.equal(400);
    });

    it('answers a form that is too large with 413', async () => {
      const status = await new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const request = http.request(loginURL(), { method: 'POST', headers, agent: false });
        request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
        request.end(`account=zhaoyichen&returl=/${'x'.repeat(1024 * 1024)}`);
      });

      expect(status).to.equal(413);
    });
  });
});
