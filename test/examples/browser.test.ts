import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser';
import { type RunningExample, startExample } from '../support/example';

// Its forms, its cookies across sites, and a redirect to jAccount that follows a POST: a browser has the last word.
describe('examples/several-providers.mjs, in a browser', () => {
  let browser: Browser;
  let running: RunningExample;
  let context: BrowserContext;
  let page: Page;

  before(async function () {
    this.timeout(60_000);
    const launched = await launchBrowser();
    if (!launched) return this.skip();
    browser = launched;
    running = await startExample('several-providers.mjs');
  });

  after(async () => {
    await browser?.close();
    await running?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(8_000);
    await page.goto(running.url);
  });

  afterEach(() => context?.close());

  const heading = () => page.getByRole('heading').first().textContent();

  it('signs in with jAccount, and asks who it is after signing out', async () => {
    await page.getByRole('link', { name: 'jAccount' }).click();
    await page.getByRole('button', { name: '赵一辰' }).click();
    await page.waitForURL(`${running.url}/`);
    expect(await heading()).to.equal('赵一辰');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${running.url}/`);
    await page.getByRole('link', { name: 'jAccount' }).click();

    await page.getByRole('button', { name: '赵一辰' }).waitFor();
    expect(page.url()).to.include('/jaccount/jalogin');
  });

  it('adds a jAccount to whoever signed in by password', async () => {
    await page.locator('[name=username]').fill('wang');
    await page.locator('[name=password]').fill('correct horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Add a jAccount' }).click();

    await page.getByRole('button', { name: '林慕青' }).click();

    await page.getByRole('listitem').waitFor();
    expect(await heading()).to.equal('王');
    expect(await page.getByRole('listitem').allTextContents()).to.deep.equal(['jaccount#linmuqing']);
  });

  it('signs in with the OpenID provider', async () => {
    await page.getByRole('link', { name: 'OpenID' }).click();
    await page.locator('[name=login]').fill('emma');
    await page.locator('[name=password]').fill('x');
    await page.getByRole('button', { name: /sign-in/i }).click();

    await page.getByRole('button', { name: /continue/i }).click();

    await page.waitForURL(`${running.url}/`);
    expect(await heading()).to.equal('emma');
  });
});
