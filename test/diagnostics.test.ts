import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import {
  CookieTransactions,
  JaccountStrategy,
  type JaccountStrategyOptions,
  SessionTransactions,
  type Transaction,
  type TransactionStore,
  type VerifyContext,
} from 'passport-jaccount';
import { observeRequest } from '../dist/diagnostics.js';
import { type Application, startApplication } from './support/application';
import { type FaultyServer, response, startFaultyServer } from './support/faulty-server';
import { type Provider, type Script, startProvider } from './support/provider';
import { UserAgent, type Visit } from './support/user-agent';

type Name = 'login' | 'refused' | 'request';

const names: Name[] = ['login', 'refused', 'request'];

/** What was published since the test began. */
let told: Record<Name, any[]>;

const listeners = Object.fromEntries(
  names.map((name) => [name, (message: unknown) => void told[name].push(message)]),
);

function listen(): void {
  told = { login: [], refused: [], request: [] };
  for (const name of names) channel(`passport-jaccount:${name}`).subscribe(listeners[name]!);
}

function stopListening(): void {
  for (const name of names) channel(`passport-jaccount:${name}`).unsubscribe(listeners[name]!);
}

type Verify = (context: VerifyContext) => any;

/** Stores whose logins seem to have begun so many milliseconds earlier. */
const aged: [string, (milliseconds: number) => TransactionStore][] = [
  [
    'the default',
    (milliseconds) =>
      new (class extends CookieTransactions {
        override async take(...parameters: Parameters<CookieTransactions['take']>): Promise<Transaction> {
          return older(await super.take(...parameters), milliseconds);
        }
      })(),
  ],
  [
    'SessionTransactions',
    (milliseconds) =>
      new (class extends SessionTransactions {
        override async take(...parameters: Parameters<SessionTransactions['take']>): Promise<Transaction> {
          return older(await super.take(...parameters), milliseconds);
        }
      })(),
  ],
];

function older(transaction: Transaction, milliseconds: number): Transaction {
  return { ...transaction, createdAt: transaction.createdAt - milliseconds };
}

const accept: Verify = ({ profile }) => profile ?? { account: 'zhangsan' };

describe('the channels of node:diagnostics_channel', () => {
  let provider: Provider;
  let application: Application;

  beforeEach(async () => {
    provider = await startProvider();
    listen();
  });
  afterEach(async () => {
    stopListening();
    await application.stop();
    await provider.stop();
  });

  async function start(
    options: Partial<JaccountStrategyOptions> = {},
    verify = accept,
    before: RequestHandler[] = [],
  ): Promise<void> {
    application = await startApplication({
      before,
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL, ...options },
          async (context) => verify(context),
        ),
    });
  }

  /** The address that a login comes back to. */
  async function callback(agent: UserAgent): Promise<string> {
    const away = await agent.get(`${application.url}/login`);
    return (await agent.follow(away, application.url)).location as string;
  }

  async function signIn(agent = new UserAgent()): Promise<Visit> {
    return agent.get(await callback(agent));
  }

  describe('passport-jaccount:login', () => {
    const roads: { scope: string; idToken: boolean; skipUserProfile?: boolean; road: string }[] = [
      { scope: 'openid', idToken: true, road: 'id-token' },
      { scope: 'basic', idToken: false, road: 'profile' },
      { scope: 'basic', idToken: true, road: 'both' },
      { scope: 'openid basic', idToken: true, road: 'both' },
      { scope: 'openid basic', idToken: true, skipUserProfile: true, road: 'id-token' },
      { scope: 'basic', idToken: false, skipUserProfile: true, road: 'none' },
    ];
    for (const { scope, idToken, skipUserProfile = false, road } of roads) {
      const how = `${scope}, ${idToken ? 'an' : 'no'} ID Token${skipUserProfile ? ', skipUserProfile' : ''}`;
      it(`tells once of a login by the road "${road}" (${how})`, async () => {
        if (!idToken) provider.script = { idToken: () => undefined };
        await start({ name: 'sjtu', scope, skipUserProfile });

        await signIn();

        expect(told.login).to.have.length(1);
        const [{ duration, sinceStart, ...rest }] = told.login;
        expect(rest).to.deep.equal({ strategy: 'sjtu', scope, road });
        expect([duration, sinceStart]).to.satisfy((times: number[]) => times.every((time) => time >= 0));
        expect(told.refused).to.deep.equal([]);
      });
    }

    for (const [store, agedBy] of aged) {
      it(`counts the time since the login began, on whichever machine, with ${store}`, async () => {
        await start({ transactions: agedBy(5000) });

        await signIn();

        expect(told.login[0].sinceStart).to.be.within(5000, 60_000);
        expect(told.login[0].duration).to.be.below(5000);
      });

      it(`tells no negative time where the other machine is ahead, with ${store}`, async () => {
        await start({ transactions: agedBy(-30_000) });

        await signIn();

        expect(told.login[0].sinceStart).to.equal(0);
      });
    }

    for (const { scope, requests } of [
      { scope: 'openid', requests: 1 },
      { scope: 'openid basic', requests: 2 },
    ]) {
      it(`counts the time of jAccount and of the verify callback in duration (${scope})`, async () => {
        provider.script = { delay: () => 100 };
        await start({ scope }, async ({ profile }) => {
          await new Promise((resolve) => setTimeout(resolve, 200));
          return profile;
        });
        const agent = new UserAgent();
        const url = await callback(agent);
        const began = performance.now();

        await agent.get(url);

        const visit = performance.now() - began;
        // Timers may fire a millisecond early.
        const least = requests * 100 + 200 - 5;
        expect(told.login[0].duration).to.be.within(least, visit);
        expect(told.request).to.have.length(requests);
        for (const { duration } of told.request) expect(duration).to.be.within(95, visit - 195);
      });
    }

    it('tells once of a login whose callback came twice at once, with the duration of the first', async () => {
      provider.script = { delay: () => 200 };
      await start();
      const agent = new UserAgent();
      const url = await callback(agent);

      const ends = await Promise.all([agent.get(url), agent.get(url)]);

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(told.login).to.have.length(1);
      expect(told.login[0].duration).to.be.at.least(195);
      expect(told.refused).to.deep.equal([]);
      expect(told.request).to.have.length(1);
    });

    it('says nothing when a login begins', async () => {
      await start();

      await callback(new UserAgent());

      expect(told).to.deep.equal({ login: [], refused: [], request: [] });
    });

    it('says nothing of a reload that is sent on, nor does :refused', async () => {
      await start();
      const agent = new UserAgent();
      const url = await callback(agent);
      await agent.get(url);

      const reload = await agent.get(url);

      expect(reload.status).to.equal(302);
      expect(told.login).to.have.length(1);
      expect(told.refused).to.deep.equal([]);
      expect(told.request).to.have.length(1);
    });

    it('tells once of a login in which the application itself throws afterwards', async () => {
      const strategy = new JaccountStrategy(
        { ...provider.client, ...provider.endpoints, callbackURL: 'http://localhost/callback' },
        async ({ profile }) => profile,
      );
      application = await startApplication({ strategy: () => strategy });
      const begun = await run(strategy, {});
      const { headers } = await fetch(begun.value as string, { redirect: 'manual' });
      const query = Object.fromEntries(new URL(headers.get('location') as string).searchParams);

      const { exits } = await run(strategy, query, begun.session, () => {
        throw new Error('the application stumbles');
      });

      expect(exits).to.deep.equal(['success', 'error']);
      expect(told.login).to.have.length(1);
      expect(told.refused).to.deep.equal([]);
    });

    it('does not let a subscriber into the login’s own scope', async () => {
      await start({ scope: ['openid', 'basic'] });
      const meddle = (message: any) => {
        message.scope = 'lessons';
      };
      channel('passport-jaccount:login').subscribe(meddle);

      await signIn();
      await signIn();

      channel('passport-jaccount:login').unsubscribe(meddle);
      expect(new URL((await new UserAgent().get(`${application.url}/login`)).location!).search).to.include(
        'scope=openid%20basic',
      );
      expect(told.request.map(({ endpoint }) => endpoint)).to.deep.equal([
        ...['token', 'profile'],
        ...['token', 'profile'],
      ]);
    });
  });

  describe('passport-jaccount:refused', () => {
    interface Refusal {
      what: string;
      expected: object;
      script?: Script;
      options?: Partial<JaccountStrategyOptions>;
      verify?: Verify;
      visit?: (agent: UserAgent) => Promise<unknown>;
    }

    const json = (status: number, body: unknown) => ({ status, json: body });
    const basic = { scope: 'openid basic' };
    const throwing = () => {
      throw Object.assign(new Error('the database is away'), { code: 'zhangsan', status: 418 });
    };

    const refusals: Refusal[] = [
      {
        what: 'a user whom the verify callback refused',
        verify: () => false,
        expected: { exit: 'fail', status: 401 },
      },
      {
        what: 'a verify callback that throws, with nothing of its error',
        verify: throwing,
        expected: { exit: 'error' },
      },
      {
        what: 'a verify callback that does not answer',
        verify: () => new Promise(() => undefined),
        options: { timeout: { verify: 20 } },
        expected: { exit: 'error' },
      },
      {
        what: 'a store that keeps no login',
        options: { transactions: { put: async () => throwing(), take: async () => null } },
        visit: (agent) => agent.get(`${application.url}/login`),
        expected: { exit: 'error' },
      },
      {
        what: 'an option that passport.authenticate() does not take',
        visit: (agent) => agent.get(`${application.url}/login?callbackURL=/elsewhere`),
        expected: { exit: 'error' },
      },
      {
        what: 'a callback that this browser did not begin',
        visit: async () => new UserAgent().get(await callback(new UserAgent())),
        expected: { exit: 'fail', code: 'ERR_JACCOUNT_STATE', status: 403, reason: 'no-transaction' },
      },
      {
        what: 'a callback that was used, where nobody is signed in',
        verify: () => false,
        visit: async (agent) => {
          const url = await callback(agent);
          await agent.get(url);
          told.refused = [];
          return agent.get(url);
        },
        expected: { exit: 'fail', code: 'ERR_JACCOUNT_STATE', status: 403, reason: 'used' },
      },
      {
        what: 'a malformed callback',
        visit: async (agent) => agent.get(`${await callback(agent)}&code=A`),
        expected: { exit: 'fail', code: 'ERR_JACCOUNT_CALLBACK', status: 400 },
      },
      {
        what: 'a HEAD request',
        visit: (agent) => agent.get(`${application.url}/login`, { method: 'HEAD' }),
        expected: { exit: 'fail', code: 'ERR_JACCOUNT_CALLBACK', status: 405 },
      },
      {
        what: 'a user who declines',
        script: { response: { code: '', error: 'access_denied' } },
        expected: { exit: 'fail', code: 'ERR_JACCOUNT_AUTHORIZATION', status: 401, error: 'access_denied' },
      },
      {
        what: 'a scope that jAccount refuses',
        script: { response: { code: '', error: 'invalid_scope' } },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_AUTHORIZATION', status: 502, error: 'invalid_scope' },
      },
      {
        what: 'an authorization error of no specification',
        script: { response: { code: '', error: 'zhangsan' } },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_AUTHORIZATION', status: 502, error: 'server_error' },
      },
      {
        what: 'a code that has expired',
        script: { token: () => json(400, { error: 'invalid_grant' }) },
        expected: { exit: 'fail', code: 'ERR_JACCOUNT_TOKEN', status: 401, error: 'invalid_grant' },
      },
      {
        what: 'a client secret that jAccount does not know',
        script: { token: () => json(401, { error: 'invalid_client' }) },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_TOKEN', status: 500, error: 'invalid_client' },
      },
      {
        what: 'an ID Token that another signed',
        script: { secret: 'somebody else, more than 32 octets long' },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_ID_TOKEN', status: 502, fault: 'signature' },
      },
      {
        what: 'a profile that the API refuses',
        options: basic,
        script: { profile: () => json(403, { errno: 10010 }) },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_API', status: 502, errno: 10010 },
      },
      {
        what: 'a profile of somebody else',
        options: basic,
        script: { profile: () => json(200, { errno: 0, entities: [{ account: 'lisi' }] }) },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_ACCOUNT_MISMATCH', status: 502 },
      },
      {
        what: 'tokens in HTML',
        script: { token: () => ({ status: 503, json: '<h1>', type: 'text/html' }) },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_RESPONSE', status: 503 },
      },
      {
        what: 'a token endpoint that hangs up',
        script: { token: () => (_answer, request) => request.socket.destroy() },
        expected: { exit: 'error', code: 'ERR_JACCOUNT_NETWORK', status: 502 },
      },
    ];
    for (const { what, expected, script = {}, options = {}, verify, visit = signIn } of refusals) {
      it(`tells once of ${what}`, async () => {
        provider.script = script;
        await start(options, verify);

        await visit(new UserAgent());

        expect(told.refused).to.have.length(1);
        const [{ duration, sinceStart, ...rest }] = told.refused;
        expect(rest).to.deep.equal({
          strategy: 'jaccount',
          scope: options.scope ?? 'openid',
          ...expected,
        });
        expect(duration).to.be.at.least(0);
        expect(told.login).to.deep.equal([]);
      });
    }

    for (const [store, agedBy] of aged) {
      it(`knows since when, once the login was found, with ${store}`, async () => {
        await start({ transactions: agedBy(5000) }, () => false);

        await signIn();

        expect(told.refused[0].sinceStart).to.be.at.least(5000);
      });
    }

    it('counts the time of jAccount in duration', async () => {
      provider.script = {
        delay: () => 100,
        token: () => ({ status: 400, json: { error: 'invalid_grant' } }),
      };
      await start();
      const agent = new UserAgent();
      const url = await callback(agent);
      const began = performance.now();

      await agent.get(url);

      expect(told.refused[0].duration).to.be.within(95, performance.now() - began);
    });

    for (const [what, script, verify] of [
      ['that jAccount refused', { token: () => json(400, { error: 'invalid_grant' }) }, accept],
      ['that the verify callback refused', {}, () => false],
    ] as [string, Script, Verify][]) {
      it(`tells once of a login ${what}, whose callback came twice at once`, async () => {
        provider.script = { ...script, delay: () => 200 };
        await start({}, verify);
        const agent = new UserAgent();
        const url = await callback(agent);

        const ends = await Promise.all([agent.get(url), agent.get(url)]);

        expect(ends.map(({ status }) => status)).to.deep.equal([401, 401]);
        expect(told.refused).to.have.length(1);
        expect(told.login).to.deep.equal([]);
        expect(told.request).to.have.length(1);
      });
    }

    it('tells of a login that began as another account signed in since', async () => {
      let users = 0;
      provider.script = { user: () => `user${users++}` };
      await start();
      const agent = new UserAgent();
      const url = await callback(agent);
      await signIn(agent);

      await agent.get(url);

      expect(told.login).to.have.length(1);
      expect(told.refused).to.have.length(1);
      expect(told.refused[0]).to.include({ exit: 'fail', code: 'ERR_JACCOUNT_STATE', reason: 'user' });
    });

    it('does not know since when of a login that was not found', async () => {
      await start();

      await new UserAgent().get(`${application.url}/callback?code=A&state=of-nobody`);

      expect(told.refused[0]).to.include({ code: 'ERR_JACCOUNT_STATE' }).and.not.have.property('sinceStart');
    });
  });

  describe('passport-jaccount:request', () => {
    it('tells of each request of a login', async () => {
      await start({ scope: 'openid basic' });

      await signIn();

      const [token, profile] = told.request;
      const { tokenURL, apiURL } = provider.endpoints;
      expect(told.request).to.have.length(2);
      expect(token).to.include({ endpoint: 'token', method: 'POST', url: tokenURL, status: 200 });
      expect(profile).to.include({ endpoint: 'profile', method: 'GET', url: `${apiURL}/me/profile` });
      expect(profile.octets).to.be.above(Buffer.byteLength('{"errno":0}'));
      expect(token.duration).to.be.at.least(0);
      expect(token).not.to.have.any.keys('code', 'cause');
    });

    it('tells of a refusal as of an answer', async () => {
      provider.script = { token: () => ({ status: 400, json: { error: 'invalid_grant' } }) };
      await start();

      await signIn();

      expect(told.request).to.have.length(1);
      expect(told.request[0]).to.include({ status: 400 }).and.not.have.property('code');
    });

    it('leaves the query out', async () => {
      await start({ tokenURL: `${provider.endpoints.tokenURL}?key=of-a-gateway` });

      await signIn();

      expect(told.request[0].url).to.equal(provider.endpoints.tokenURL);
    });

    it('tells of a machine where nobody listens', async () => {
      await start({ tokenURL: 'http://127.0.0.1:1/oauth2/token' });

      await signIn();

      const [{ duration, ...rest }] = told.request;
      expect(rest).to.deep.equal({
        endpoint: 'token',
        method: 'POST',
        url: 'http://127.0.0.1:1/oauth2/token',
        code: 'ERR_JACCOUNT_NETWORK',
        cause: 'ECONNREFUSED',
      });
    });

    it('tells once of each of several logins at a time', async () => {
      await start({ scope: 'openid basic' });

      await Promise.all([signIn(), signIn(), signIn()]);

      expect(told.login).to.have.length(3);
      expect(told.request).to.have.length(6);
    });

    it('tells in the asynchronous context of the request to the application, as do the others', async () => {
      const requestIds = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      const note = (_message: unknown, name: string | symbol) =>
        void seen.push([name, requestIds.getStore()]);
      await start({ scope: 'openid basic' }, accept, [
        (req, _res, next) => requestIds.run(req.get('x-request-id') ?? '', next),
      ]);
      const agent = new UserAgent();
      const url = await callback(agent);
      for (const name of names) channel(`passport-jaccount:${name}`).subscribe(note);

      await agent.get(url, { headers: { 'x-request-id': 'r-1' } });

      for (const name of names) channel(`passport-jaccount:${name}`).unsubscribe(note);
      expect(seen).to.deep.equal([
        ['passport-jaccount:request', 'r-1'],
        ['passport-jaccount:request', 'r-1'],
        ['passport-jaccount:login', 'r-1'],
      ]);
    });
  });

  describe('personal data', () => {
    const person = {
      account: 'canary-account',
      spelling: 'CANARY-Account',
      name: '金丝雀',
      number: '520021910000',
      guid: 'CANARY-0000-GUID',
      mail: 'canary@elsewhere.example',
      mobile: '13800000000',
      agent: 'Canary/1.0',
      returnTo: '/of-the-canary',
      appState: 'state-of-the-canary',
    };
    const entity = {
      account: person.spelling,
      name: person.name,
      code: person.number,
      id: person.guid,
      email: person.mail,
      mobile: person.mobile,
    };
    const profileOf = (answer: object) => ({ profile: () => ({ json: answer }) });
    const right = profileOf({ errno: 0, entities: [entity] });
    const mismatch = profileOf({ errno: 0, entities: [{ ...entity, account: 'lisi' }] });

    const ends: { end: string; script: Script; verify?: Verify; exit: Name }[] = [
      { end: 'that succeeds', script: right, exit: 'login' },
      { end: 'that verify refuses', script: right, verify: () => false, exit: 'refused' },
      {
        end: 'that the application drops',
        script: right,
        verify: ({ profile }) => {
          throw Object.assign(new Error(profile.id), profile, { code: profile.id, reason: profile.id });
        },
        exit: 'refused',
      },
      { end: 'of two accounts', script: mismatch, exit: 'refused' },
      { end: 'without a profile', script: profileOf({ errno: 10003, error: person.name }), exit: 'refused' },
    ];
    for (const { end, script, verify, exit } of ends) {
      it(`is in no message of a login ${end} [ER-01]`, async () => {
        provider.endpoints = Object.fromEntries(
          Object.entries(provider.endpoints).map(([name, url]) => [
            name,
            url.replace('127.0.0.1', 'localhost'),
          ]),
        ) as unknown as typeof provider.endpoints;
        provider.script = {
          ...script,
          user: () => person.spelling,
          claims: () => ({ name: person.name, code: person.number }),
        };
        await start({ scope: 'openid profile' }, verify);
        const agent = new UserAgent();
        const { returnTo, appState } = person;
        const query = new URLSearchParams({ returnTo, appState });
        const away = await agent.get(`${application.url}/login?${query}`);
        const { searchParams } = new URL(away.location as string);
        const back = (await agent.follow(away, application.url)).location as string;
        const [cookie] = await agent.jar.getCookies(application.url);

        await agent.get(back, { headers: { 'user-agent': person.agent } });

        const code = new URL(back).searchParams.get('code') as string;
        const { authorization, form } = provider.tokenRequests[0]!;
        const canaries = {
          ...person,
          ...provider.client,
          code,
          tokens: `-${code}`,
          state: searchParams.get('state')!,
          nonce: searchParams.get('nonce')!,
          verifier: form.get('code_verifier')!,
          credentials: authorization!.replace('Basic ', ''),
          cookie: cookie!.value,
          address: '127.0.0.1',
        };
        const shown = JSON.stringify(told) + inspect(told, { depth: 9, showHidden: true });
        const leaks = Object.entries(canaries).filter(([, value]) => shown.includes(value));
        expect(leaks.map(([name]) => name)).to.deep.equal([]);
        expect(told[exit]).to.have.length(1);
        expect(told.request).to.have.length(2);
      });
    }
  });

  describe('a subscriber that throws', () => {
    afterEach(() => process.setUncaughtExceptionCaptureCallback(null));

    for (const name of names) {
      it(`to :${name} does not touch the login: Node reports it as an uncaught exception`, async () => {
        await start({}, name === 'refused' ? () => false : accept);
        const error = new Error('the subscriber stumbles');
        const throwing = () => {
          throw error;
        };
        const caught: unknown[] = [];
        process.setUncaughtExceptionCaptureCallback((uncaught) => caught.push(uncaught));
        channel(`passport-jaccount:${name}`).subscribe(throwing);

        const end = await signIn();

        channel(`passport-jaccount:${name}`).unsubscribe(throwing);
        expect(end.json().exit).to.equal(name === 'refused' ? 'fail' : 'success');
        expect(caught).to.deep.equal([error]);
      });
    }
  });
});

describe('passport-jaccount:request, of a provider that misbehaves', () => {
  let server: FaultyServer;
  let application: Application;

  beforeEach(async () => {
    server = await startFaultyServer();
    application = await startApplication({
      strategy: (callbackURL) =>
        new JaccountStrategy(
          {
            ...server.client,
            ...server.endpoints,
            callbackURL,
            scope: 'openid basic',
            timeout: { response: 300 },
          },
          async ({ profile }) => profile,
        ),
    });
    listen();
  });
  afterEach(async () => {
    stopListening();
    await application.stop();
    await server.stop();
  });

  const network = 'ERR_JACCOUNT_NETWORK';
  const html = response('503 Service Unavailable', ['Content-Type: text/html'], '<h1>维护中</h1>');
  const packed = response('200 OK', ['Content-Type: application/json', 'Content-Encoding: gzip'], 'x');
  const faults = [
    { what: 'is silent', octets: '', expected: { code: network } },
    { what: 'hangs up', octets: undefined, expected: { code: network, cause: 'ECONNRESET' } },
    {
      what: 'speaks no HTTP',
      octets: 'I am no server\r\n\r\n',
      expected: { code: network, cause: 'HPE_INVALID_CONSTANT' },
    },
    { what: 'answers in HTML', octets: html, expected: { status: 503, octets: 18 } },
    { what: 'compresses', octets: packed, expected: { status: 200, code: 'ERR_JACCOUNT_RESPONSE' } },
  ];
  for (const endpoint of ['token', 'profile'] as const) {
    for (const { what, octets, expected } of faults) {
      it(`tells of a ${endpoint} endpoint that ${what}`, async () => {
        server.faults[endpoint] = ({ socket }) =>
          octets === undefined ? socket.destroy() : socket.write(octets);
        const agent = new UserAgent();

        await agent.follow(await agent.get(`${application.url}/login`));

        const last = told.request.at(-1);
        expect(told.request).to.have.length(endpoint === 'token' ? 1 : 2);
        expect(last).to.include({ endpoint, ...expected });
        expect(last).to.have.property('duration').that.is.at.least(0);
        expect('octets' in last).to.equal('octets' in expected);
        expect(told.refused).to.have.length(1);
      });
    }
  }
});

describe('observeRequest()', () => {
  beforeEach(listen);
  afterEach(stopListening);

  const api = 'https://api.sjtu.edu.cn/v1';
  const urls = [
    { url: 'https://jaccount.sjtu.edu.cn/oauth2/token', endpoint: 'token' },
    { url: `${api}/me/profile`, endpoint: 'profile' },
    { url: `${api}/enterprise/user/positions`, endpoint: 'positions' },
    {
      url: `${api}/enterprise/user/rights?account=zhangsan`,
      endpoint: 'rights',
      told: `${api}/enterprise/user/rights`,
    },
    { url: `${api}/me/lessons/2025-2026-1?classes=false`, endpoint: 'lessons', told: `${api}/me/lessons` },
    { url: `${api}/profile/zhangsan`, endpoint: 'other', told: 'https://api.sjtu.edu.cn' },
    { url: `${api}/profile/zhangsan/`, endpoint: 'other', told: 'https://api.sjtu.edu.cn' },
    { url: `${api}/me/zhang.san`, endpoint: 'other', told: 'https://api.sjtu.edu.cn' },
    { url: `${api}/me/520021910000`, endpoint: 'other', told: 'https://api.sjtu.edu.cn' },
    { url: `${api}/me/profile/../../profile/lisi`, endpoint: 'other', told: 'https://api.sjtu.edu.cn' },
    { url: `${api}/finance/appointments/a/520021910000`, endpoint: 'other', told: 'https://api.sjtu.edu.cn' },
  ];
  for (const { url, endpoint, told: shown = url } of urls) {
    it(`tells of ${url} as "${endpoint}"`, async () => {
      await observeRequest({ method: 'GET', url }, async () => ({ status: 200, body: Buffer.from('{}') }));

      const [{ duration, ...rest }] = told.request;
      expect(rest).to.deep.equal({ endpoint, method: 'GET', url: shown, status: 200, octets: 2 });
    });
  }

  it('gives back what was answered, and throws what was thrown', async () => {
    const request = { method: 'GET', url: `${api}/me/profile` };
    const answer = { status: 200, body: Buffer.alloc(0) };
    const error = new TypeError('a fault of ours');

    const [given, thrown] = await Promise.allSettled([
      observeRequest(request, async () => answer),
      observeRequest(request, async () => Promise.reject(error)),
    ]);

    expect(given).to.have.property('value', answer);
    expect(thrown).to.have.property('reason', error);
    expect(told.request).to.have.length(2);
  });
});

interface Run {
  exits: string[];
  value: unknown;
  session: object;
}

/** Runs one half of a login without a framework; `onSuccess` is what an application does with its user. */
function run(strategy: JaccountStrategy, query: object, session = {}, onSuccess = () => {}): Promise<Run> {
  return new Promise((resolve) => {
    const exits: string[] = [];
    const child = Object.create(strategy);
    for (const exit of ['success', 'fail', 'error', 'redirect', 'pass']) {
      child[exit] = (value: unknown) => {
        exits.push(exit);
        if (exit === 'success') onSuccess();
        resolve({ exits, value, session });
      };
    }
    void child.authenticate({ method: 'GET', url: '/', headers: {}, query, session }, {});
  });
}
