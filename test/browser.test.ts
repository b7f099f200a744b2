import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from './support/browser';
import { type Demo, startDemo } from './support/demo';

const { SCREENSHOTS } = process.env;
const desktop = { width: 1280, height: 860 };
const phone = { width: 360, height: 780 };

describe('npm start, in a browser', () => {
  let browser: Browser;
  let demo: Demo;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    this.timeout(60_000);
    const launched = await launchBrowser();
    if (!launched) {
      console.warn('no browser: set CHROME to a Chromium, or put one on the PATH');
      return this.skip();
    }
    browser = launched;
    demo = await startDemo();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: desktop });
    page = await context.newPage();
    page.setDefaultTimeout(8_000);
    complaints.length = 0;
    page.on('console', (message) => complaints.push(message.text()));
  });

  afterEach(() => context?.close());

  it('signs in a student by the ID Token', async () => {
    await signIn('赵一辰');

    expect(page.url()).to.equal(`${demo.url}/`);
    expect(await facts()).to.include({
      name: '赵一辰',
      Account: 'zhaoyichen',
      'User type': '学生 student',
      Number: '523030910417',
      'SJTU mailbox': 'zhaoyichen@sjtu.edu.cn',
      Source: 'ID Token 签名已验证 signature verified',
      Scope: 'openid',
    });
  });

  it('signs in a team account, which has no number', async () => {
    await signIn('机器人俱乐部');

    expect(await facts()).to.include({
      name: '机器人俱乐部',
      Account: 'robot.club',
      'User type': '集体账号 collective account',
      Number: '未提供 not provided',
    });
  });

  it('signs in by the profile API with the scope "essential"', async () => {
    await signIn('赵一辰', 'essential');

    expect(await facts()).to.include({
      name: '赵一辰',
      'User type': '学生 student',
      Number: '523030910417',
      Organisation: '电子信息与电气工程学院',
      Source: 'Profile API 个人信息接口',
      Scope: 'essential',
    });
  });

  it('shows the address that the user typed apart from the mailbox', async () => {
    await signIn('赵一辰', 'openid profile');

    expect(await facts()).to.include({
      'SJTU mailbox': 'zhaoyichen@sjtu.edu.cn',
      Contact: 'zhaoyichen@mail.example 用户自己填写，未经验证 typed by the user, not verified',
    });
  });

  it('signs in by both with the scope "openid essential"', async () => {
    await signIn('赵一辰', 'openid essential');

    const { Source, Organisation } = await facts();
    expect(Source).to.match(/ID Token .* Profile API/);
    expect(Organisation).to.equal('电子信息与电气工程学院');
  });

  it('signs in without a question while the jAccount session lasts', async () => {
    await signIn('赵一辰');
    await context.clearCookies({ name: 'passport-jaccount-demo' });

    await page.goto(demo.url);
    await page.getByRole('link', { name: 'Sign in with jAccount' }).click();

    expect(await facts()).to.include({ Account: 'zhaoyichen' });
  });

  it('asks again who you are after signing out', async () => {
    await signIn('赵一辰');

    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(page.url()).to.equal(`${demo.url}/`);
    await page.getByRole('link', { name: 'Sign in with jAccount' }).click();

    expect(page.url()).to.match(new RegExp(`^${demo.emulatorURL}/jaccount/jalogin`));
    await page.getByRole('button', { name: '林慕青' }).click();
    expect(await facts()).to.include({ Account: 'linmuqing' });
  });

  it('goes on to the page when the callback is reloaded', async () => {
    const callback = page.waitForRequest(/\/callback\?/);
    await signIn('赵一辰');

    await page.goto((await callback).url());

    expect(page.url()).to.equal(`${demo.url}/`);
    expect(await facts()).to.include({ Account: 'zhaoyichen' });
    expect(await page.getByRole('alert').count()).to.equal(0);
  });

  for (const order of ['in the order they began', 'in the other order']) {
    it(`finishes two tabs ${order}`, async () => {
      const other = await context.newPage();
      for (const tab of [page, other]) {
        await tab.goto(demo.url);
        await tab.getByRole('link', { name: 'Sign in with jAccount' }).click();
      }
      const [first, second] = order === 'in the order they began' ? [page, other] : [other, page];

      await first.getByRole('button', { name: '赵一辰' }).click();
      await second.getByRole('button', { name: '赵一辰' }).click();

      for (const tab of [first, second]) {
        expect(tab.url()).to.equal(`${demo.url}/`);
        expect(await tab.getByRole('alert').count()).to.equal(0);
        expect(await tab.getByRole('button', { name: 'Sign out' }).count()).to.equal(1);
      }
    });
  }

  it('refuses a reloaded callback once the user has signed out', async () => {
    const callback = page.waitForRequest(/\/callback\?/);
    await signIn('赵一辰');
    await page.getByRole('button', { name: 'Sign out' }).click();

    await page.goto((await callback).url());

    expect(await page.getByRole('alert').count()).to.equal(1);
    expect(await page.getByRole('link', { name: 'Sign in with jAccount' }).count()).to.equal(1);
  });

  it('tells that the user declined', async () => {
    await page.goto(await callbackOf({ error: 'access_denied' }));

    expect(await page.getByRole('alert').textContent())
      .to.include('the user declined to sign in')
      .and.include('您取消了登录');
  });

  it('shows a failure once', async () => {
    await page.goto(await callbackOf({ error: 'access_denied' }));

    await page.reload();

    expect(await page.getByRole('alert').count()).to.equal(0);
  });

  it('tells that jAccount does not know the code', async () => {
    await page.goto(await callbackOf({ code: '0'.repeat(32) }));

    expect(await page.getByRole('alert').textContent()).to.include('the token endpoint refused the grant');
  });

  it('shows the code of an error, with nobody signed in', async () => {
    const response = await page.goto(await callbackOf({ error: 'unauthorized_client' }));

    expect(response?.status()).to.equal(502);
    expect(await facts()).to.include({ Code: 'ERR_JACCOUNT_AUTHORIZATION' });
    await page.getByRole('link', { name: 'Back to the start' }).click();
    expect(await page.getByRole('link', { name: 'Sign in with jAccount' }).count()).to.equal(1);
  });

  it('signs in by the keyboard alone', async () => {
    await page.goto(demo.url);
    await tabTo('Sign in with jAccount');
    await page.keyboard.press('Enter');
    await page.waitForURL(/jalogin/);
    await tabTo('赵一辰');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${demo.url}/`);

    expect(await facts()).to.include({ Account: 'zhaoyichen' });
    await tabTo('Sign out');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Sign in with jAccount' }).waitFor();
  });

  it('has its style, which its content security policy lets pass', async () => {
    await signIn('赵一辰');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in with jAccount' }).waitFor();

    const colour = await page.evaluate('getComputedStyle(document.querySelector(".button")).backgroundColor');

    expect(colour).to.equal('rgb(166, 25, 46)');
    expect(complaints).to.deep.equal([]);
  });

  const views: Record<string, () => Promise<unknown>> = {
    'the start page': () => page.goto(demo.url),
    'the page of a student': () => signIn('赵一辰'),
    'the page of a team account': () => signIn('机器人俱乐部'),
    'the page with the scope essential': () => signIn('赵一辰', 'essential'),
    'the page with both roads': () => signIn('赵一辰', 'openid essential'),
    'the page of a name in Latin letters': () => signIn('Emma Wales', 'essential'),
    'a failure': async () => page.goto(await callbackOf({ error: 'access_denied' })),
    'a failure beside a user': async () => {
      await signIn('赵一辰');
      await page.goto(`${demo.url}/callback?code=${'0'.repeat(32)}&state=forged`);
    },
    'an error': async () => page.goto(await callbackOf({ error: 'unauthorized_client' })),
    'the login page of the emulator': () => page.goto(`${demo.url}/login`),
    'the home page of the emulator': () => page.goto(demo.emulatorURL),
  };
  for (const [what, open] of Object.entries(views)) {
    it(`fits ${what} on a phone`, async () => {
      await open();
      await photograph(what, 'desktop');

      await page.setViewportSize(phone);

      const width = await page.evaluate('document.documentElement.scrollWidth');
      await photograph(what, 'phone');
      expect(width).to.equal(phone.width);
    });
  }

  async function signIn(name: string, scope?: string): Promise<void> {
    await page.goto(demo.url);
    // A link reads "essential 读取…".
    const link = scope ? new RegExp(`^${scope} [^a-z]`) : 'Sign in with jAccount';
    await page.getByRole('link', { name: link }).click();
    await page.getByRole('button', { name }).click();
    await page.waitForURL(`${demo.url}/`);
  }

  /** The address jAccount would send this browser back to, with an answer of our own. */
  async function callbackOf(answer: Record<string, string>): Promise<string> {
    const login = await context.request.get(`${demo.url}/login`, { maxRedirects: 0 });
    const state = new URL(login.headers().location ?? '').searchParams.get('state') ?? '';
    return `${demo.url}/callback?${new URLSearchParams({ ...answer, state })}`;
  }

  /** What the page tells, by the English label. */
  async function facts(): Promise<Record<string, string>> {
    const name = (await page.locator('h1').innerText()).trim();
    const rows = await page.locator('dl > div').all();
    const pairs = rows.map(async (row) => [
      await row.locator('dt [lang=en]').innerText(),
      (await row.locator('dd').innerText()).replace(/\s+/g, ' ').trim(),
    ]);
    return { name, ...Object.fromEntries(await Promise.all(pairs)) };
  }

  async function tabTo(text: string): Promise<void> {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus-visible');
      if ((await focused.count()) === 1 && (await focused.innerText()).includes(text)) {
        const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
        expect(outline).to.equal('solid');
        return;
      }
    }
    throw new Error(`Tab does not reach "${text}"`);
  }

  async function photograph(what: string, width: string): Promise<void> {
    if (!SCREENSHOTS) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    const name = what.replace(/^(the|a|an) /, '').replaceAll(' ', '-');
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.${width}.png`, fullPage: true });
  }
});
