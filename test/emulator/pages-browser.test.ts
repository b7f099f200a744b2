import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { JaccountStrategy } from 'passport-jaccount';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type Application, startApplication } from '../support/application';
import { launchBrowser } from '../support/browser';
import { faintTexts, namelessControls, smallButtons } from '../support/page-audits';

const { SCREENSHOTS } = process.env;
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const hostile = `"'><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`;
const people: Account[] = [
  { account: 'zhouming', name: '周明', userType: 'student', code: '520030910099', password: 'open-sesame' },
  { account: 'hostile', name: hostile, userType: hostile, code: hostile },
  { account: 'a-long-account.'.repeat(8), name: 'A Name That Never Ends '.repeat(6), userType: 'student' },
];

describe('pages of the emulator, in a browser', () => {
  let browser: Browser;
  let emulator: Emulator;
  let application: Application;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  let elsewhere: string[];

  before(async function () {
    this.timeout(60_000);
    const launched = await launchBrowser();
    if (!launched) {
      console.warn('no browser: set CHROME to a Chromium, or put one on the PATH');
      return this.skip();
    }
    browser = launched;
    emulator = await startEmulator({ accounts: people });
    const { client, endpoints } = emulator;
    application = await startApplication({
      strategy: (callbackURL) =>
        new JaccountStrategy({ ...client, ...endpoints, callbackURL }, async ({ profile }) => profile),
    });
  });

  after(async () => {
    await browser?.close();
    await application?.stop();
    await emulator?.stop();
  });

  async function startAfresh(): Promise<void> {
    emulator.reset();
    await openBrowser();
  }

  async function openBrowser(options: BrowserContextOptions = {}): Promise<void> {
    await context?.close();
    context = await browser.newContext({ viewport: desktop, locale: 'en-GB', ...options });
    page = await context.newPage();
    page.setDefaultTimeout(8_000);
    complaints = [];
    elsewhere = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const own = [emulator.url, application.url, 'data:'].some((start) => request.url().startsWith(start));
      if (!own) elsewhere.push(request.url());
    });
  }

  const card = (name: string | RegExp) => page.locator('.people').getByRole('button', { name });
  const accountField = () => page.getByRole('textbox', { name: 'Account' });
  const passwordField = () => page.getByLabel('Password', { exact: true });
  const toLogin = () => page.goto(`${application.url}/login`);
  // A page is read before the browser moves the focus to the field that was wrong.
  const focused = (name: string) => page.locator(`[name="${name}"]:focus`).waitFor();

  /** How the login ended, as the application tells it. */
  async function outcome(): Promise<any> {
    await page.waitForURL(/\/callback\?/);
    return JSON.parse((await page.locator('body').textContent()) ?? '');
  }

  describe('a login', () => {
    beforeEach(startAfresh);

    it('takes one click', async () => {
      await toLogin();
      await card('赵一辰').click();

      expect(await outcome()).to.have.nested.property('user.id', 'zhaoyichen');
    });

    it('takes the keyboard alone', async () => {
      await toLogin();
      await tabTo('赵一辰');
      await page.keyboard.press('Enter');

      expect(await outcome()).to.have.nested.property('user.id', 'zhaoyichen');
    });

    it('takes a typed account', async () => {
      await toLogin();
      await accountField().fill('zhaoyichen');
      await page.keyboard.press('Enter');

      expect(await outcome()).to.have.nested.property('user.id', 'zhaoyichen');
    });

    it('goes on after an account that nobody has', async () => {
      await toLogin();
      await accountField().fill('nobody');
      await page.keyboard.press('Enter');

      expect(await page.getByRole('alert').textContent()).to.equal('There is no such account.');
      await focused('account');
      await card('赵一辰').click();
      expect(await outcome()).to.have.nested.property('user.id', 'zhaoyichen');
    });

    it('asks for the password of who has one', async () => {
      await toLogin();
      await card('周明').click();
      expect(await accountField().inputValue()).to.equal('zhouming');
      await page.keyboard.type('open-sesame');
      await page.keyboard.press('Enter');

      expect(await outcome()).to.have.nested.property('user.id', 'zhouming');
    });

    it('refuses a wrong password, and takes the right one thereafter', async () => {
      await toLogin();
      await accountField().fill('zhouming');
      await passwordField().fill('sesame');
      await page.keyboard.press('Enter');

      expect(await page.getByRole('alert').textContent()).to.equal('This account needs its right password.');
      await focused('password');
      await page.keyboard.type('open-sesame');
      await page.keyboard.press('Enter');
      expect(await outcome()).to.have.nested.property('user.id', 'zhouming');
    });

    it('works in Chinese', async () => {
      await openBrowser({ locale: 'zh-CN' });
      await toLogin();
      await page.getByRole('textbox', { name: '账号' }).fill('zhaoyichen');
      await page.getByRole('button', { name: '登录', exact: true }).click();

      expect(await outcome()).to.have.nested.property('user.id', 'zhaoyichen');
    });
  });

  describe('search and filter', () => {
    beforeEach(startAfresh);

    const shown = async () => {
      const names = await page.locator('.people li:visible b').allTextContents();
      return names.map((name) => name.trim());
    };

    const searches = [
      { by: 'name', typed: '林慕', found: '林慕青' },
      { by: 'account, in any case', typed: 'ROBOT.', found: '机器人俱乐部' },
      { by: 'number', typed: '523030910417', found: '赵一辰' },
      { by: 'type in English', typed: 'postdoc', found: '江远河' },
      { by: 'type in Chinese', typed: '博士后', found: '江远河' },
    ];
    for (const { by, typed, found } of searches) {
      it(`find by ${by}`, async () => {
        await toLogin();
        await page.getByRole('searchbox', { name: 'Search' }).fill(typed);

        expect(await shown()).to.deep.equal([found]);
        expect(await page.getByRole('status').textContent()).to.equal('1 shown');
      });
    }

    it('filter by type, together with a search', async () => {
      await toLogin();
      await page.getByRole('button', { name: 'Staff', exact: true }).click();
      const staff = await shown();
      await page.getByRole('searchbox').fill('tang');

      expect(staff).to.include('林慕青').and.not.include('赵一辰');
      expect(await shown()).to.deep.equal(['唐仁杰']);
      const pressed = page.locator('.chips [aria-pressed=true]');
      expect(await pressed.allTextContents()).to.deep.equal(['Staff']);
    });

    it('say when nobody is found, and show everybody again', async () => {
      await toLogin();
      const everybody = await shown();
      await page.getByRole('searchbox').fill('nobody at all');

      expect(await shown()).to.deep.equal([]);
      await page.getByText('Nobody is like that.').waitFor();
      await page.getByRole('searchbox').fill('');
      expect(await shown()).to.deep.equal(everybody);
    });
  });

  describe('consent', () => {
    beforeEach(async () => {
      await startAfresh();
      emulator.behave({ consent: 'first' });
      await page.goto(`${application.url}/login?scope=openid+essential`);
      await card('赵一辰').click();
      await page.waitForURL(/\/jaccount\/consent/);
    });

    it('gives all that is ticked', async () => {
      await page.getByRole('button', { name: 'Allow' }).click();

      expect(await outcome())
        .to.include({ exit: 'success' })
        .and.have.nested.property('user.code', '523030910417');
    });

    it('keeps back what is unticked', async () => {
      await page.getByLabel('read your number').uncheck();
      await page.getByRole('button', { name: 'Allow' }).click();

      const { user } = await outcome();
      expect(user).to.include({ id: 'zhaoyichen' }).and.not.have.property('organization');
    });

    it('can be denied', async () => {
      await page.getByRole('button', { name: 'Deny' }).click();

      expect(await outcome()).to.include({ exit: 'fail' });
    });

    it('is remembered', async () => {
      await page.getByRole('button', { name: 'Allow' }).click();
      await outcome();

      await page.goto(`${application.url}/login?scope=openid+essential`);

      expect(await outcome()).to.include({ exit: 'success' });
    });

    it('is asked again where it was not to be remembered', async () => {
      await page.getByLabel('Remember my choice').uncheck();
      await page.getByRole('button', { name: 'Allow' }).click();
      await outcome();

      await page.goto(`${application.url}/login?scope=openid+essential`);

      await page.waitForURL(/\/jaccount\/consent/);
    });
  });

  describe('the dashboard', () => {
    beforeEach(startAfresh);

    async function login(): Promise<any> {
      const application = page;
      page = await context.newPage();
      await toLogin();
      if (page.url().startsWith(emulator.url)) await card('赵一辰').click();
      const ended = await outcome();
      await page.close();
      page = application;
      return ended;
    }

    it('shows requests as they come, decodes the ID Token and tells who is signed in', async () => {
      await page.goto(emulator.url);
      await page.getByText('None yet.').waitFor();

      await login();

      await page.locator('tr[data-summary="POST /oauth2/token: 200"]').waitFor();
      await page.locator('.members').getByText('"zhaoyichen"').waitFor();
      await page.locator('#signed-in').getByText('zhaoyichen').waitFor();
    });

    it('reads the latest request out', async () => {
      await page.goto(emulator.url);
      await login();

      await page.getByRole('log').getByText('POST /oauth2/token: 200').waitFor({ state: 'attached' });
    });

    it('does not take its own looking for a request', async () => {
      await page.goto(emulator.url);
      await context.request.get(emulator.endpoints.logoutURL);
      await page.locator('tr[data-summary="GET /oauth2/logout: 200"]').waitFor();
      const loads: string[] = [];
      page.on('request', (request) => loads.push(new URL(request.url()).pathname));

      await page.waitForResponse(/\/emulator\/state/);
      await page.waitForResponse(/\/emulator\/state/);

      expect([...new Set(loads)]).to.deep.equal(['/emulator/state']);
      expect(await page.locator('tr[data-summary]').count()).to.equal(1);
    });

    it('breaks a login by a switch, and mends it by the same', async () => {
      await page.goto(emulator.url);
      const broken = page.getByRole('switch', { name: 'The token endpoint answers 500' });
      await broken.click();
      await page.locator('[role=switch][aria-checked=true]').waitFor();
      const withFault = await login();
      await broken.click();
      await page.locator('[role=switch][aria-checked=true]').waitFor({ state: 'detached' });

      expect(withFault).to.include({ exit: 'error', code: 'ERR_JACCOUNT_RESPONSE' });
      expect(await login()).to.include({ exit: 'success' });
    });

    it('is operated by the keyboard, which stays where it was', async () => {
      await page.goto(emulator.url);
      await tabTo('Wrong nonce');
      await page.keyboard.press('Space');
      await page.locator('#wrong-nonce[aria-checked=true]').waitFor();

      expect(await page.evaluate('document.activeElement.id')).to.equal('wrong-nonce');
      expect(await login()).to.include({ exit: 'error', fault: 'nonce' });
    });

    it('changes a behaviour without losing the place', async () => {
      await page.goto(emulator.url);
      await page.getByLabel('An ID Token comes').selectOption('never');
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.locator('.changed #behaviour-idToken').waitFor();

      expect(emulator.behaviour.idToken).to.equal('never');
      expect(await login()).to.include({ exit: 'error', fault: 'missing' });
    });

    it('makes a fault of one’s own, and clears it', async () => {
      await page.goto(emulator.url);
      await page.getByText('Another fault').click();
      await page.getByLabel('Where').selectOption('callback');
      await page.getByLabel('parameters').fill('{"code":null}');
      await page.getByRole('button', { name: 'Add' }).click();
      const clear = page.getByRole('button', { name: 'Clear: callback' });
      await clear.waitFor();
      await clear.click();

      await clear.waitFor({ state: 'detached' });
      expect(await login()).to.include({ exit: 'success' });
    });

    it('says what is wrong with a fault', async () => {
      await page.goto(emulator.url);
      await page.getByText('Another fault').click();
      await page.getByRole('textbox', { name: 'idToken' }).fill('not JSON');
      await page.getByRole('button', { name: 'Add' }).click();

      await page.getByRole('alert').getByText('idToken is not JSON', { exact: true }).waitFor();
      complaints = [];
    });

    it('puts the clock forward, and everything back', async () => {
      await page.goto(emulator.url);
      await page.getByRole('button', { name: '+1800 s' }).click();
      await page.getByText('1800 s ahead').waitFor();

      await page.getByRole('button', { name: 'Reset' }).click();

      await page.getByText('0 s ahead', { exact: true }).waitFor();
    });

    it('copies a value', async () => {
      await openBrowser({ permissions: ['clipboard-read', 'clipboard-write'] });
      await page.goto(emulator.url);

      await page.getByRole('button', { name: 'Copy tokenURL' }).click();

      await page.getByText('Copied tokenURL').waitFor({ state: 'attached' });
      expect(await page.evaluate('navigator.clipboard.readText()')).to.equal(emulator.endpoints.tokenURL);
    });

    it('tells when the emulator is gone', async () => {
      const other = await startEmulator();
      await page.goto(other.url);
      await page.waitForResponse(/\/emulator\/state/);

      await other.stop();

      await page.getByText('The emulator does not answer').waitFor();
      complaints = [];
    });

    it('shows hostile text as text, when it comes live too', async () => {
      await page.goto(emulator.url);
      emulator.fault('api', { body: hostile, times: Number.POSITIVE_INFINITY });
      await context.request.get(`${emulator.url}/oauth2/authorize?scope=${encodeURIComponent(hostile)}`);

      await page.locator('.pending').getByText(hostile).waitFor();
      await page.locator('.parameters').getByText(hostile).waitFor();
      expect(await page.title()).to.match(/^Dashboard/);
      expect(await page.locator('main img, main script').count()).to.equal(0);
    });
  });

  describe('without JavaScript', () => {
    beforeEach(async () => {
      emulator.reset();
      await openBrowser({ javaScriptEnabled: false });
    });

    it('a login takes one click', async () => {
      await toLogin();
      await card('赵一辰').click();

      expect(await outcome()).to.have.nested.property('user.id', 'zhaoyichen');
    });

    it('somebody with a password is asked for it on the next page', async () => {
      await toLogin();
      await card('周明').click();
      expect(await accountField().inputValue()).to.equal('zhouming');
      await passwordField().fill('open-sesame');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();

      expect(await outcome()).to.have.nested.property('user.id', 'zhouming');
      complaints = [];
    });

    it('nothing is shown that would not work', async () => {
      await toLogin();
      expect(await page.getByRole('searchbox').count()).to.equal(0);
      expect(await page.getByRole('button', { name: 'Students' }).count()).to.equal(0);

      await page.goto(emulator.url);
      expect(await page.getByRole('button', { name: 'Copy' }).count()).to.equal(0);
      expect(await page.getByText('Live').isVisible()).to.equal(false);
    });

    it('a fault is switched on and off', async () => {
      await page.goto(emulator.url);
      await page.getByRole('switch', { name: 'The token endpoint answers 500' }).click();
      const on = page.locator('[role=switch][aria-checked=true]');
      await on.waitFor();

      await on.click();

      await on.waitFor({ state: 'detached' });
      expect(page.url()).to.equal(`${emulator.url}/`);
    });
  });

  const views: Record<string, () => Promise<unknown>> = {
    login: () => toLogin(),
    'login-refused': async () => {
      await toLogin();
      await page
        .getByLabel(/Account|账号/)
        .last()
        .fill('zhouming');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      complaints = [];
    },
    consent: async () => {
      emulator.behave({ consent: 'always' });
      await page.goto(`${application.url}/login?scope=openid+essential+lessons`);
      await card('赵一辰').click();
      await page.waitForURL(/\/jaccount\/consent/);
    },
    'signed-out': () => page.goto(emulator.endpoints.logoutURL),
    dashboard: async () => {
      emulator.fault('token', { status: 500, times: 2 });
      emulator.fault('profile', { errno: 10007, times: Number.POSITIVE_INFINITY });
      for (const path of ['login', 'login', 'login']) {
        await page.goto(`${application.url}/${path}`);
        if (page.url().startsWith(emulator.url)) await card('赵一辰').click();
        await outcome();
      }
      await page.goto(emulator.url);
      complaints = [];
    },
  };
  for (const [view, openView] of Object.entries(views)) {
    for (const locale of ['zh-CN', 'en-GB']) {
      describe(`the page "${view}" in ${locale}`, () => {
        before(async () => {
          emulator.reset();
          await openBrowser({ locale });
          await openView();
        });

        it('names everything that can be operated', async () => {
          const unnamed = await page.evaluate(namelessControls);

          expect(unnamed).to.deep.equal([]);
        });

        it('has a language, a title, one main heading and one main part', async () => {
          expect(await page.evaluate('document.documentElement.lang')).to.equal(
            locale.slice(0, 2) === 'zh' ? 'zh-CN' : 'en',
          );
          expect(await page.title()).to.contain('jAccount');
          expect(await page.getByRole('heading', { level: 1 }).count()).to.equal(1);
          expect(await page.getByRole('main').count()).to.equal(1);
        });

        for (const colorScheme of ['light', 'dark'] as const) {
          it(`can be read in ${colorScheme} [WCAG 2.2, 1.4.3]`, async () => {
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            await photograph(`${view}.${locale}.${colorScheme}.desktop`);

            expect(await page.evaluate(faintTexts)).to.deep.equal([]);
          });
        }

        it('fits a phone, with controls that a finger finds [WCAG 2.2, 2.5.5]', async () => {
          await page.emulateMedia({ colorScheme: 'light' });
          await page.setViewportSize(phone);
          await photograph(`${view}.${locale}.light.phone`);

          expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(phone.width);
          expect(await page.evaluate(smallButtons)).to.deep.equal([]);
        });

        it('asks nobody else for anything, and has nothing to complain of', () => {
          expect(elsewhere).to.deep.equal([]);
          expect(complaints).to.deep.equal([]);
        });
      });
    }
  }

  it('lets the keyboard skip to the content', async () => {
    await startAfresh();
    await toLogin();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).to.equal('Skip to the content');

    await page.keyboard.press('Enter');

    expect(await page.evaluate('document.activeElement.id')).to.equal('main');
  });

  async function tabTo(text: string): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus-visible');
      if ((await focused.count()) === 1 && (await focused.innerText()).includes(text)) {
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).to.equal(
          'solid',
        );
        return;
      }
    }
    throw new Error(`Tab does not reach "${text}"`);
  }

  async function photograph(name: string): Promise<void> {
    if (!SCREENSHOTS) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: `${SCREENSHOTS}/emulator-${name}.png`, fullPage: true });
  }
});
