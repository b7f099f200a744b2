import { expect } from 'chai';
import { CookieTransactions, type CookieTransactionsOptions, type Transaction } from 'passport-jaccount';
import { CookieJar } from 'tough-cookie';
import type { Application } from './application';
import { type Setting, sessionlessFrameworks } from './frameworks';
import { strategyOf } from './login-steps';
import { type Provider, startProvider } from './provider';
import { cookieSecret, pairOf, seal, unseal } from './sealed-cookies';
import { UserAgent, type Visit } from './user-agent';

/** Where the browser of these tests sees the application: https, which decides the names of the cookies. */
export const origin = 'https://app.example';

/** A login that was begun: its cookie, and the query that the browser comes back with. */
export interface Begun {
  name: string;
  value: string;
  search: string;
  transaction: Transaction;
}

export interface CookieLogins {
  provider: Provider;
  /** Applications to stop after the test. */
  applications: Application[];
  /** Starts an application in Express, without sessions, that has the strategies `jaccount` and `campus`. */
  start(options?: CookieTransactionsOptions, setting?: Partial<Setting>): Promise<Application>;
  begin(application: Application, query?: string, secret?: string): Promise<Begun>;
  finish(application: Application, begun: Begun, cookie: string, path?: string): Promise<Visit>;
  expectRefusal(application: Application, begun: Begun, cookie: string, reason?: string): Promise<void>;
}

/** For a `describe` whose tests put the `Cookie` header together by hand: a provider for each test, and what runs at it. */
export function useCookieLogins(): CookieLogins {
  const applications: Application[] = [];
  const logins = { applications, start, begin, finish, expectRefusal } as CookieLogins;

  beforeEach(async () => {
    logins.provider = await startProvider();
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    await logins.provider.stop();
  });

  async function start(
    options: CookieTransactionsOptions = { secret: cookieSecret },
    setting: Partial<Setting> = {},
  ): Promise<Application> {
    const transactions = new CookieTransactions(options);
    const { provider } = logins;
    const application = await sessionlessFrameworks[0].start({
      strategies: () => [
        strategyOf(provider, `${origin}/callback`, { transactions }),
        strategyOf(provider, `${origin}/callback/campus`, { transactions, name: 'campus' }),
      ],
      ...setting,
    });
    applications.push(application);
    return application;
  }

  async function begin({ url }: Application, query = '', secret = cookieSecret): Promise<Begun> {
    const agent = new UserAgent();
    const sent = await agent.get(`${url}/login${query}`);
    const [cookie = ''] = sent.headers.getSetCookie();
    const { name, value } = pairOf(cookie);
    const { location } = await agent.follow(sent, origin);
    return { name, value, search: new URL(location as string).search, transaction: unseal(value, secret) };
  }

  function finish({ url }: Application, { search }: Begun, cookie: string, path = '/callback') {
    return new UserAgent().get(url + path + search, { headers: { cookie } });
  }

  async function expectRefusal(application: Application, begun: Begun, cookie: string, reason = 'unknown') {
    const end = await finish(application, begun, cookie);

    expect(end.status).to.equal(403);
    expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason });
    expect(logins.provider.tokenRequests).to.have.length(0);
  }

  return logins;
}

/** A browser at {@link origin}, whose requests another server answers. */
export class Jar {
  private readonly jar = new CookieJar(undefined, { prefixSecurity: 'strict' });

  async visit(url: string): Promise<Visit> {
    const visit = await new UserAgent().get(url, { headers: { cookie: await this.header() } });
    for (const header of visit.headers.getSetCookie()) await this.set(header);
    return visit;
  }

  async set(header: string): Promise<void> {
    await this.jar.setCookie(header, origin);
  }

  header(): Promise<string> {
    return this.jar.getCookieString(origin);
  }

  cookies() {
    return this.jar.getCookies(origin);
  }
}

/** The value of a login's cookie with other members in it, sealed as the package does. */
export function resealed(members: object): (begun: { transaction: Transaction }) => string {
  return ({ transaction }) => seal(JSON.stringify({ ...transaction, ...members }));
}

/** The cookie of a login that was begun so many milliseconds ago. */
export function aged(milliseconds: number): (begun: Begun) => string {
  return (begun) => {
    const createdAt = begun.transaction.createdAt - milliseconds;
    return `${begun.name}=${resealed({ createdAt })(begun)}`;
  };
}
