import { expect } from 'chai';
import {
  AuthorizationResponseError,
  CallbackError,
  messageFor,
  StateError,
  TokenResponseError,
} from 'passport-jaccount';
import { type Form, type RunningExample, startExample } from '../support/example';
import { UserAgent, type Visit } from '../support/user-agent';

interface Row {
  title: string;
  example: string;
  form?: Form;
  /** The cookie with the id of a session that lies in a store. */
  sessionCookie?: string;
  /** Whether a login waits in the session, because the example leads from no request to its reply. */
  inSession?: boolean;
  /** Whether a refusal is told on the next page, in place of a status. */
  redirects?: boolean;
  /** Where a login begins. @default '/login' */
  login?: string;
  /** Where a login ends. @default '/callback' */
  callback?: string;
  /** The cookie with the token that a form must send along. */
  csrfCookie?: string;
  /** Whether the framework drops the second of two parameters of one name. */
  dropsSecond?: boolean;
  /** Whether /students sends a browser without a login to jAccount, in place of answering 401. */
  studentsSignIn?: boolean;
}

const nest12 = 'test/fixtures/nest12/node_modules';
const midway4 = 'test/fixtures/midway4/node_modules';
const express = { example: 'express.mjs', sessionCookie: 'connect.sid', redirects: true };
const fastify = { example: 'fastify.mjs', sessionCookie: 'sessionId', inSession: true };
const midway = { example: 'midway.ts', studentsSignIn: true };
const rows: Row[] = [
  { title: 'Express 5, ES module', ...express },
  { title: 'Express 5, compiled to CommonJS', ...express, form: { module: 'commonjs' } },
  { title: 'Express 4, CommonJS', example: 'express4.cjs', sessionCookie: 'connect.sid' },
  { title: 'Koa 3, ES module', example: 'koa.mjs' },
  { title: 'Koa 3, compiled to CommonJS', example: 'koa.mjs', form: { module: 'commonjs' } },
  { title: 'Fastify 5, ES module', ...fastify },
  { title: 'Fastify 5, compiled to CommonJS', ...fastify, form: { module: 'commonjs' } },
  {
    title: 'Fastify 5 with @fastify/secure-session, ES module',
    example: 'fastify-secure-session.mjs',
    inSession: true,
  },
  {
    title: 'Fastify 5 with @fastify/secure-session, compiled to CommonJS',
    example: 'fastify-secure-session.mjs',
    form: { module: 'commonjs' },
    inSession: true,
  },
  ...[
    { platform: 'Express', example: 'nest.ts', sessionCookie: 'connect.sid' },
    { platform: 'Fastify', example: 'nest-fastify.ts', sessionCookie: 'sessionId', inSession: true },
  ].flatMap(({ platform, ...example }) => [
    { title: `Nest 11 on ${platform}, TypeScript`, ...example },
    ...[{ nest: 'Nest 11' }, { nest: 'Nest 12', packages: nest12 }].flatMap(({ nest, ...packages }) => [
      {
        title: `${nest} on ${platform}, ES module`,
        ...example,
        form: { module: 'esm', ...packages } as const,
      },
      {
        title: `${nest} on ${platform}, CommonJS`,
        ...example,
        form: { module: 'commonjs', ...packages } as const,
      },
    ]),
  ]),
  { title: 'Midway 3 on Koa, TypeScript', ...midway },
  {
    title: 'Midway 3 on Koa, CommonJS with decorator metadata',
    ...midway,
    form: { module: 'commonjs' },
  },
  { title: 'Midway 4 on Koa, ES module', ...midway, form: { module: 'esm', packages: midway4 } },
  {
    title: 'Midway 4 on Koa, CommonJS with decorator metadata',
    ...midway,
    form: { module: 'commonjs', packages: midway4 },
  },
  {
    title: 'egg 3 with egg-passport, CommonJS',
    example: 'egg/index.js',
    login: '/passport/jaccount',
    callback: '/passport/jaccount/callback',
    csrfCookie: 'csrfToken',
    dropsSecond: true,
    studentsSignIn: true,
  },
];

for (const { title, example, form, sessionCookie, inSession = false, redirects = false, ...row } of rows) {
  describe(`examples/${example}: ${title}`, () => {
    const { login = '/login', callback = '/callback', csrfCookie, dropsSecond, studentsSignIn } = row;
    let running: RunningExample;
    let agent: UserAgent;

    before(async () => {
      running = await startExample(example, form);
    });

    beforeEach(() => {
      agent = new UserAgent();
    });

    after(() => running?.stop());

    it('signs a user in', async () => {
      const home = await signIn();

      expect(home.json()).to.deep.equal({ account: 'zhaoyichen', name: '赵一辰', userType: 'student' });
      expect((await agent.get(running.url)).json()).to.have.property('account', 'zhaoyichen');
    });

    if (sessionCookie) {
      it('gives the browser another session with each login [SE-01]', async () => {
        await signIn();
        const before = await cookie(sessionCookie);

        const home = await agent.follow(await agent.get(`${running.url}${login}`));

        expect(home.json()).to.have.property('account', 'zhaoyichen');
        expect(before).to.be.a('string');
        expect(await cookie(sessionCookie))
          .to.be.a('string')
          .that.is.not.equal(before);
      });
    }

    if (sessionCookie && inSession) {
      it('gives the browser another session than that in which the login waited [SE-01]', async () => {
        await agent.get(`${running.url}${login}`);
        const before = await cookie(sessionCookie);

        await signIn();

        expect(before).to.be.a('string');
        expect(await cookie(sessionCookie))
          .to.be.a('string')
          .that.is.not.equal(before);
      });
    }

    if (!inSession) {
      it('keeps a login that begins in a cookie of its own, and writes no session', async () => {
        await agent.get(`${running.url}${login}`);

        const cookies = await agent.jar.getCookies(running.url);
        const names = cookies.map(({ key }) => key).filter((name) => name !== csrfCookie);
        expect(names).to.have.length(1);
        expect(names[0]).to.match(/^jaccount-[\w-]{16}$/);
      });
    }

    it('tells whoever declines why nobody is signed in', async () => {
      const refused = await sentBackWith({ error: 'access_denied' });

      expect(refused.status).to.equal(redirects ? 302 : 401);
      expect(await problemOf(refused)).to.equal(
        messageFor(new AuthorizationResponseError('access_denied'), 'zh'),
      );
      expect(await signedIn()).to.equal(false);
    });

    it('refuses a state that is not of this browser [CQ-21]', async () => {
      const stranger = new UserAgent();
      const { state } = await begin(stranger);
      await begin(agent);

      const refused = await agent.get(
        `${running.url}${callback}?${new URLSearchParams({ code: 'A', state })}`,
      );

      expect(refused.status).to.equal(redirects ? 302 : 403);
      expect(await problemOf(refused)).to.equal(messageFor(new StateError('unknown'), 'zh'));
      expect(await signedIn()).to.equal(false);
    });

    it('refuses a malformed callback', async () => {
      const { state } = await begin(agent);
      const malformed = dropsSecond ? 'code=A&error=access_denied' : 'code=A&code=B';

      const refused = await agent.get(`${running.url}${callback}?${malformed}&state=${state}`);

      expect(refused.status).to.equal(redirects ? 302 : 400);
      expect(await problemOf(refused)).to.equal(messageFor(new CallbackError('of this form'), 'zh'));
    });

    it('refuses a code that jAccount does not know', async () => {
      const refused = await sentBackWith({ code: 'A'.repeat(32) });

      expect(refused.status).to.equal(redirects ? 302 : 401);
      expect(await problemOf(refused)).to.equal(
        messageFor(new TokenResponseError('invalid_grant', 400), 'zh'),
      );
    });

    it('answers 503 while jAccount is unavailable, and says so in its log', async () => {
      const failed = await sentBackWith({ error: 'temporarily_unavailable' });

      expect(failed.status).to.equal(503);
      expect(failed.text).to.not.be.empty;
      await running.logged('ERR_JACCOUNT_AUTHORIZATION');
      expect(await signedIn()).to.equal(false);
    });

    if (!redirects) {
      it('keeps the code of the callback out of caches and of the Referer header [CB-12]', async () => {
        const { headers } = await sentBackWith({ error: 'access_denied' });

        expect(headers.get('cache-control')).to.equal('no-store');
        expect(headers.get('referrer-policy')).to.equal('no-referrer');
      });
    }

    it('signs in after a login that was given up', async () => {
      await begin(agent);

      const home = await signIn();

      expect(home.json()).to.have.property('account', 'zhaoyichen');
    });

    it('signs in after a login that failed', async () => {
      await sentBackWith({ error: 'access_denied' });

      const home = await signIn();

      expect(home.json()).to.have.property('account', 'zhaoyichen');
    });

    it('finishes the login of a second tab after that of the first', async () => {
      const tab = await begin(agent);
      await signIn();

      const home = await agent.follow(await agent.follow(await agent.get(tab.location)));

      expect(home.json()).to.have.property('account', 'zhaoyichen');
    });

    it('sends whoever reloads the callback on, and nobody else', async () => {
      const callback = await callbackOf('zhaoyichen');
      await agent.get(callback);

      const reload = await agent.get(callback);
      const replay = await new UserAgent().get(callback);

      expect(reload.location).to.equal(`${running.url}/`);
      expect(replay.status).to.equal(redirects ? 302 : 403);
    });

    it('signs out, and signs nobody in silently afterwards [LO-01]', async () => {
      await signIn();

      const home = await agent.follow(await agent.post(`${running.url}/logout`, await csrfToken()));
      const next = await agent.follow(await agent.get(`${running.url}${login}`));

      expect(home.url).to.equal(`${running.url}/`);
      expect(home.json()).to.deep.equal({ signIn: login });
      expect(next.url).to.include('/jaccount/jalogin');
    });

    it('does not sign out by a link [LO-01]', async () => {
      await signIn();

      const { status } = await agent.get(`${running.url}/logout`);

      expect(status).to.equal(405);
      expect(await signedIn()).to.equal(true);
    });

    if (studentsSignIn) {
      it('sends a browser without a login from /students to jAccount', async () => {
        const page = await agent.follow(await agent.get(`${running.url}/students`));

        expect(page.url).to.include('/jaccount/jalogin');
      });
    } else {
      it('answers /students with 401 and a text for people before the login', async () => {
        const page = await agent.get(`${running.url}/students`);

        expect(page.status).to.equal(401);
        expect(await problemOf(page)).to.match(/^您还没有登录。/);
      });
    }

    it('shows /students to a student', async () => {
      await signIn();

      const page = await agent.get(`${running.url}/students`);

      expect([page.status, page.json()]).to.deep.equal([200, { hello: '赵一辰' }]);
    });

    it('answers /students with 403 and a text for people to an alumnus', async () => {
      await signIn('xuguilai');

      const page = await agent.get(`${running.url}/students`);

      expect(page.status).to.equal(403);
      expect(await problemOf(page)).to.match(/^这里只对.*学生/);
    });

    async function begin(browser: UserAgent): Promise<{ location: string; state: string }> {
      const { location = '' } = await browser.get(`${running.url}${login}`);
      return { location, state: new URL(location).searchParams.get('state') ?? '' };
    }

    async function sentBackWith(answer: Record<string, string>): Promise<Visit> {
      const { state } = await begin(agent);
      return agent.get(`${running.url}${callback}?${new URLSearchParams({ ...answer, state })}`);
    }

    async function problemOf(refused: Visit): Promise<string> {
      const { problem, problems = [problem] } = (await agent.follow(refused)).json();
      return problems.at(-1);
    }

    async function callbackOf(account: string): Promise<string> {
      const loginPage = await agent.follow(await agent.get(`${running.url}${login}`));
      const { location = '' } = await agent.follow(await agent.choose(loginPage, account), running.url);
      return location;
    }

    async function signIn(account = 'zhaoyichen'): Promise<Visit> {
      return agent.follow(await agent.get(await callbackOf(account)));
    }

    async function signedIn(): Promise<boolean> {
      return 'account' in (await agent.get(running.url)).json();
    }

    async function csrfToken(): Promise<Record<string, string>> {
      return csrfCookie ? { _csrf: String(await cookie(csrfCookie)) } : {};
    }

    async function cookie(name: string): Promise<string | undefined> {
      return (await agent.jar.getCookies(running.url)).find(({ key }) => key === name)?.value;
    }
  });
}
