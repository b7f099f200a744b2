// Signs in at an application of the login benches, as a browser would.
import { LightBrowser } from './light-browser';
import type { Application } from './processes';
import type { Grant } from './provider';

/** Begins a login and gives the callback, to which the provider would send the browser. */
export async function begin(browser: LightBrowser, url: string, delay?: number): Promise<string> {
  const { status, location } = await browser.get(`${url}/login`);
  if (status !== 302) throw new Error(`a login began with ${status}`);
  const query = new URL(location).searchParams;
  const [scope, nonce] = [query.get('scope') ?? '', query.get('nonce')];
  const extra = { ...(nonce !== null && { nonce }), ...(delay !== undefined && { delay }) };
  const grant: Grant = { sub: 'zhangsan', scope, ...extra };
  const code = Buffer.from(JSON.stringify(grant)).toString('base64url');
  const answer = new URLSearchParams({ code, state: query.get('state') ?? '' });
  return `${query.get('redirect_uri')}?${answer}`;
}

export async function signIn(url: string, browser = new LightBrowser()): Promise<void> {
  const { status } = await browser.get(await begin(browser, url));
  if (status !== 200) throw new Error(`a login ended with ${status}`);
}

export async function signInTimes(logins: number, atOnce: number, url: string): Promise<void> {
  let left = logins;
  const worker = async () => {
    while (left-- > 0) await signIn(url);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export interface Burst {
  /** Logins before the counted ones, because an engine that was idle and sockets that were closed cost more. */
  lead: number;
  logins: number;
  atOnce: number;
}

/** Microseconds of CPU time that one login costs the application. */
export async function costOf(application: Application, url: string, burst: Burst): Promise<number> {
  await application.ask('clear');
  await signInTimes(burst.lead, burst.atOnce, url);
  const before = await application.ask<number>('cpu');
  await signInTimes(burst.logins, burst.atOnce, url);
  return ((await application.ask<number>('cpu')) - before) / burst.logins;
}
