import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { type Demo, demoEnding, startDemo } from './support/demo';
import { UserAgent, type Visit } from './support/user-agent';

describe('examples/demo.mjs', () => {
  let demo: Demo;
  let agent: UserAgent;

  before(async () => {
    demo = await startDemo();
  });

  beforeEach(() => {
    agent = new UserAgent();
  });

  after(() => demo?.stop());

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`stops cleanly on ${signal}`, async () => {
      const own = await startDemo();
      // A connection that is kept alive must not keep the process.
      await agent.get(own.url);

      expect(await own.stop(signal)).to.equal(0);
    });
  }

  it('says in one line that the port it was given is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;

    const { code, errors } = await demoEnding(String(port));

    squatter.close();
    expect(code).to.equal(1);
    expect(errors).to.equal(`Port ${port} is taken: set PORT to a free one.\n`);
  });

  it('says in one line that the port it was given is none', async () => {
    const { code, errors } = await demoEnding('a port');

    expect(code).to.equal(1);
    expect(errors.trim().split('\n')).to.have.lengthOf(1);
  });

  it('keeps the callback out of caches [CB-12]', async () => {
    const { headers } = await callback();

    expect(headers.get('cache-control')).to.equal('no-store');
  });

  it('keeps the code of the callback out of the Referer header [CB-12]', async () => {
    const { headers } = await callback();

    expect(headers.get('referrer-policy')).to.equal('no-referrer');
  });

  it('gives the browser a new session with each login', async () => {
    await signIn();
    const before = await sessionCookie();

    const page = await agent.follow(await agent.get(`${demo.url}/login`));

    expect(page.text).to.include('zhaoyichen');
    expect(before).to.be.a('string');
    expect(await sessionCookie())
      .to.be.a('string')
      .that.is.not.equal(before);
  });

  it('sends every page with a policy that lets no script run', async () => {
    for (const path of ['/', '/nowhere', '/login?scope=nonsense']) {
      const { headers } = await agent.get(demo.url + path);
      expect(headers.get('content-security-policy')).to.match(/^default-src 'none'; style-src 'sha256-/);
    }
  });

  const unknownScopes = ['nonsense', 'openid lessons', '', '<script>'];
  for (const scope of unknownScopes) {
    it(`refuses the scope "${scope}", which is not on its list`, async () => {
      const { status, text } = await agent.get(`${demo.url}/login?${new URLSearchParams({ scope })}`);

      expect(status).to.equal(400);
      expect(text).to.include('DEMO_SCOPE').and.not.include('<script>');
    });
  }

  it('refuses a scope that is given twice', async () => {
    const { status } = await agent.get(`${demo.url}/login?scope=openid&scope=basic`);

    expect(status).to.equal(400);
  });

  it('escapes what a callback brings', async () => {
    const begun = await agent.get(`${demo.url}/login`);
    const state = new URL(begun.location ?? '').searchParams.get('state') ?? '';
    const query = new URLSearchParams({ error: 'server_error', error_description: '<img src=x>', state });

    const { status, text } = await agent.get(`${demo.url}/callback?${query}`);

    expect(status).to.equal(502);
    expect(text).to.include('&#34;server_error&#34;').and.not.include('<img');
  });

  it('answers 404 for a page that it does not have', async () => {
    expect(await agent.get(`${demo.url}/nowhere`)).to.include({ status: 404 });
  });

  it('signs out locally before it leads on to the logout of jAccount [LO-01]', async () => {
    const page = await signIn();

    const { status, location } = await agent.post(`${demo.url}/logout`, { csrf: csrfIn(page) });

    expect(status).to.equal(303);
    const query = `client_id=jaemulator000000000001&post_logout_redirect_uri=${encodeURIComponent(`${demo.url}/`)}`;
    expect(location).to.equal(`${demo.emulatorURL}/oauth2/logout?${query}`);
    expect((await agent.get(demo.url)).text).to.include('Sign in with jAccount');
  });

  const forgeries: Record<string, Record<string, string>> = {
    'without a token': {},
    'with a token of another session': { csrf: 'A'.repeat(22) },
  };
  for (const [how, form] of Object.entries(forgeries)) {
    it(`refuses to sign out ${how}`, async () => {
      await signIn();

      const { status } = await agent.post(`${demo.url}/logout`, form);

      expect(status).to.equal(403);
      expect((await agent.get(demo.url)).text).to.include('zhaoyichen');
    });
  }

  it('leads back whoever signs out twice [LO-03]', async () => {
    expect(await agent.post(`${demo.url}/logout`, {})).to.include({ status: 303, location: `${demo.url}/` });
  });

  it('does not sign out by a link [LO-01]', async () => {
    await signIn();

    const { status } = await agent.get(`${demo.url}/logout`);

    expect(status).to.equal(404);
    expect((await agent.get(demo.url)).text).to.include('zhaoyichen');
  });

  async function callback(): Promise<Visit> {
    const loginPage = await agent.follow(await agent.get(`${demo.url}/login`));
    const chosen = await agent.choose(loginPage, 'zhaoyichen');
    const sentBack = await agent.follow(chosen, `${demo.url}/callback`);
    return agent.get(sentBack.location ?? '');
  }

  async function signIn(): Promise<Visit> {
    return agent.follow(await callback());
  }

  async function sessionCookie(): Promise<string | undefined> {
    const cookies = await agent.jar.getCookies(demo.url);
    return cookies.find(({ key }) => key === 'passport-jaccount-demo')?.value;
  }

  function csrfIn({ text }: Visit): string {
    return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
  }
});
