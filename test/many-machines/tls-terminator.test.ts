import { expect } from 'chai';
import { CookieTransactions, JaccountStrategy, SessionTransactions } from 'passport-jaccount';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { type RoundRobin, startRoundRobin } from '../support/round-robin';
import { localhostTLS, TLSUserAgent } from '../support/tls';
import type { Visit } from '../support/user-agent';

/** What a browser may say of itself to be taken for another one, or for one on another road. */
const spoofed = {
  Host: 'evil.example',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-For': '203.0.113.6',
  'X-Forwarded-Port': '80',
  Forwarded: 'for=203.0.113.6;host=evil.example;proto=http',
};

interface Setup {
  careless?: boolean;
  trustProxy?: number | boolean;
  /** Where pending logins wait; "default" for an application that has sessions, and does not say. */
  keptIn: 'session' | 'cookies' | 'default';
}

const transactionsIn = {
  session: () => ({ transactions: new SessionTransactions() }),
  cookies: () => ({ transactions: new CookieTransactions({ secret: 's'.repeat(32) }) }),
  default: () => ({}),
};

describe('an application behind a TLS terminator', () => {
  let provider: Provider;
  let terminator: RoundRobin;
  let application: Application;

  async function start({ careless = false, trustProxy = false, keptIn }: Setup): Promise<void> {
    terminator = await startRoundRobin({ tls: localhostTLS, careless });
    const options = {
      ...provider.client,
      ...provider.endpoints,
      callbackURL: `${terminator.url}/callback`,
      ...transactionsIn[keptIn](),
    };
    application = await startApplication({
      trustProxy,
      session: keptIn !== 'cookies' && { cookie: { secure: true, httpOnly: true, sameSite: 'lax' } },
      strategy: () => new JaccountStrategy(options, async ({ profile }) => ({ id: profile.id })),
    });
    terminator.targets = [application.url];
  }
  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => Promise.all([application.stop(), terminator.stop(), provider.stop()]));

  async function signIn(
    headers: Record<string, string> = {},
  ): Promise<{ start: Visit; end: Visit; agent: TLSUserAgent }> {
    const agent = new TLSUserAgent();
    const start = await agent.get(`${terminator.url}/login?returnTo=/wanted`, { headers });
    const { location } = await agent.get(start.location as string);
    return { start, end: await agent.get(location as string, { headers }), agent };
  }

  const redirectURI = ({ location }: Visit) => new URL(location as string).searchParams.get('redirect_uri');
  const cookies = (...visits: Visit[]) => visits.flatMap(({ headers }) => headers.getSetCookie());

  const honest: Setup[] = [
    { keptIn: 'session', trustProxy: 1 },
    { keptIn: 'default', trustProxy: 1 },
    { keptIn: 'cookies', trustProxy: 1 },
    { keptIn: 'cookies', trustProxy: false },
  ];
  for (const setup of honest) {
    it(`signs in with Secure cookies, ${JSON.stringify(setup)} [TX-04]`, async () => {
      await start(setup);

      const { start: begun, end } = await signIn();

      expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/wanted' } });
      expect(cookies(begun)).to.have.length(1);
      for (const cookie of cookies(begun, end)) {
        expect(cookie)
          .to.match(/; Secure/)
          .and.match(/; HttpOnly/)
          .and.match(/; SameSite=Lax/);
      }
    });
  }

  const attacked: Setup[] = [
    { keptIn: 'session', trustProxy: 1 },
    { keptIn: 'default', trustProxy: 1 },
    { keptIn: 'cookies', trustProxy: 1 },
    { keptIn: 'cookies', trustProxy: false },
    { keptIn: 'cookies', trustProxy: true, careless: true },
    { keptIn: 'cookies', trustProxy: false, careless: true },
  ];
  for (const setup of attacked) {
    it(`is not misled by a browser's own headers, ${JSON.stringify(setup)} [CQ-24, CB-09]`, async () => {
      await start(setup);

      const { start: begun, end } = await signIn(spoofed);

      expect(redirectURI(begun)).to.equal(`${terminator.url}/callback`);
      expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/wanted' } });
      expect(provider.tokenRequests[0]?.form.get('redirect_uri')).to.equal(`${terminator.url}/callback`);
      for (const cookie of cookies(begun, end))
        expect(cookie)
          .to.match(/; Secure/)
          .and.not.match(/Domain=/);
    });
  }

  it('gives a browser that lies its way past a careless terminator no login [CQ-24, CB-09]', async () => {
    await start({ keptIn: 'session', trustProxy: true, careless: true });

    const { start: begun, end } = await signIn(spoofed);

    expect(redirectURI(begun)).to.equal(`${terminator.url}/callback`);
    expect(cookies(begun, end)).to.deep.equal([]);
    expect(end.json().challenge).to.include({ reason: 'no-transaction' });
  });

  it('keeps a browser that lies its way past a careless terminator signed out, by default [CQ-24, CB-09]', async () => {
    await start({ keptIn: 'default', trustProxy: true, careless: true });

    const { start: begun, end, agent } = await signIn(spoofed);

    expect(redirectURI(begun)).to.equal(`${terminator.url}/callback`);
    for (const cookie of cookies(begun, end)) expect(cookie).to.match(/^__Host-jaccount-.*; Secure$/);
    expect(await agent.jar.getCookieString(terminator.url)).to.match(/^__Host-jaccount-[\w-]{16}=[^;]+$/);
    expect((await agent.get(`${terminator.url}/me`)).json()).to.deep.equal({ user: null });
  });

  it('says what to set when it does not trust the terminator, and its session cookie is Secure', async () => {
    await start({ keptIn: 'session', trustProxy: false });

    const { start: begun, end } = await signIn();

    expect(cookies(begun)).to.deep.equal([]);
    expect(end.status).to.equal(403);
    expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'no-transaction' });
    expect(end.json().challenge.detail).to.match(/^the session cookie is Secure.*"trust proxy"$/);
  });
});
