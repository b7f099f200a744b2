import { UserAgent, type Visit } from './user-agent';

/** Where the emulator sends a browser that began at `loginURL` and chose a person, just before it goes there. */
export async function comeBack(browser: UserAgent, loginURL: string, callbackURL: string): Promise<Visit> {
  const loginPage = await browser.follow(await browser.get(loginURL));
  return browser.follow(await browser.choose(loginPage, 'zhaoyichen'), callbackURL);
}

/** A whole login, with a browser of its own, to the page where it ends. */
export async function signIn(loginURL: string, browser = new UserAgent()): Promise<Visit> {
  const loginPage = await browser.follow(await browser.get(loginURL));
  return browser.follow(await browser.choose(loginPage, 'zhaoyichen'));
}
