import { spawn } from 'node:child_process';
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type http from 'node:http';
import path from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import {
  CookieTransactions,
  type JaccountStrategyOptions,
  SessionTransactions,
  type TransactionStore,
} from 'passport-jaccount';
import { type Application, startApplication } from './support/application';
import { type Provider, type Answer as ProviderAnswer, type Script, startProvider } from './support/provider';
import { UserAgent, type Visit } from './support/user-agent';
import { WitnessedStrategy } from './support/witness';

// Every octet of it is one that forms and Basic credentials escape, or that is telling by itself.
const clientSecret = 'CANARY+client/secret=of%20the&tests:0123456789';
const clientID = 'canary-client';
const cookieSecret = 'CANARY cookie secret of more than 32 characters';
const signingSecret = 'CANARY signing secret of somebody else, 48 long';

/** What a login must not tell anybody, by name. */
type Canaries = Record<string, string>;

interface Leak {
  /** The error, or the challenge of a failure, every answer before it, and what the channels were told. */
  told: unknown[];
  code: unknown;
  canaries: Canaries;
  page: string;
}

interface Case {
  what: string;
  code: string;
  script?: (canaries: () => Canaries) => Script;
  options?: Partial<JaccountStrategyOptions>;
  /** What becomes of the callback's address on its way back. */
  callback?: (url: URL, canaries: Canaries) => void;
  /** Instead of one visit. */
  visit?: (agent: UserAgent, url: string) => Promise<Visit>;
}

// A provider that talks: all that it was sent, and all that it gave.
const everything = (canaries: Canaries) => Object.values(canaries).join(' ');
const json = (status: number, body: unknown): ProviderAnswer => ({ status, json: body });
const text = (status: number, type: string, body: string): ProviderAnswer => ({ status, type, json: body });

const profileScope = { scope: 'openid basic' };
const response = 'ERR_JACCOUNT_RESPONSE';
const network = 'ERR_JACCOUNT_NETWORK';
const idToken = 'ERR_JACCOUNT_ID_TOKEN';

const refusals: Case[] = ['invalid_grant', 'invalid_client', 'invalid_request', 'server_error'].flatMap(
  (error) => [
    {
      what: `${error}, described by all that was sent`,
      code: 'ERR_JACCOUNT_TOKEN',
      script: (canaries) => ({
        token: () => json(400, { error, error_description: everything(canaries()) }),
      }),
    },
  ],
);

// One at a time: a description that is dropped for one secret must be dropped for each.
const echoes: Case[] = [
  'clientSecret',
  'encodedSecret',
  'credentials',
  'code',
  'codeVerifier',
  'state',
  'nonce',
].map((name) => ({
  what: `a refusal that repeats the ${name}`,
  code: 'ERR_JACCOUNT_TOKEN',
  script: (canaries) => ({
    token: () => json(400, { error: 'invalid_request', error_description: `bad: ${canaries()[name]}` }),
  }),
}));

const authorizationEchoes: Case[] = ['state', 'nonce', 'clientSecret'].map((name) => ({
  what: `a callback whose error repeats the ${name}`,
  code: 'ERR_JACCOUNT_AUTHORIZATION',
  callback: (url, canaries) => {
    url.searchParams.delete('code');
    url.searchParams.set('error', 'server_error');
    url.searchParams.set('error_description', `bad: ${canaries[name]}`);
  },
}));

const tokenBodies: Case[] = [
  ['HTML', (all: string) => text(200, 'text/html', `<pre>${all}</pre>`)],
  ['HTML with 500', (all: string) => text(500, 'text/html', `<pre>${all}</pre>`)],
  ['JSON that breaks off', (all: string) => text(200, 'application/json', `{"access_token":"${all}`)],
  ['a JSON string', (all: string) => text(200, 'application/json', JSON.stringify(all))],
  ['JSON with a member too many', (all: string) => json(200, { [all]: all })],
  ['an error that is none', (all: string) => json(400, { error: all })],
  ['an error of another type', (all: string) => json(400, { error: { all } })],
  ['an access token with a line end', (all: string) => json(200, { access_token: `${all}\r\n` })],
  ['a strange token type', (all: string) => json(200, { access_token: 'a', token_type: all })],
].map(([what, answer]) => ({
  what: `tokens that are ${what}`,
  code: response,
  script: (canaries) => ({
    token: () => (answer as (all: string) => ProviderAnswer)(everything(canaries())),
  }),
}));

const badTokens: Case[] = [
  ['signed by another', { secret: signingSecret }],
  ['of another issuer', { claims: () => ({ iss: 'https://evil.example/' }) }],
  ['for another client', { claims: () => ({ aud: 'library' }) }],
  ['with another nonce', { claims: () => ({ nonce: 'n-2' }) }],
  ['that has expired', { claims: () => ({ exp: 1, iat: 0 }) }],
  ['of tomorrow', { claims: () => ({ iat: 2 ** 33, exp: 2 ** 34 }) }],
  ['of nobody', { claims: () => ({ sub: 5 }) }],
  ['for another access token', { claims: () => ({ at_hash: 'x' }) }],
  ['without a signature', { header: { alg: 'none' } }],
  ['with an extension', { header: { crit: ['exp'] } }],
  ['that is cut', { idToken: (right: string) => right.slice(0, -1) }],
  ['with a space', { idToken: (right: string) => `${right} ` }],
  ['that is no string', { idToken: (right: string) => [right] }],
  ['that is left out', { idToken: () => undefined }],
].map(([what, script]) => ({
  what: `an ID Token ${what}`,
  code: idToken,
  script: () => script as Script,
}));

const profileBodies: Case[] = [
  ['HTML', response, (all: string) => text(200, 'text/html', `<pre>${all}</pre>`)],
  [
    'JSON that breaks off',
    response,
    (all: string) => text(200, 'application/json', `{"errno":0,"e":"${all}`),
  ],
  ['an errno with text', 'ERR_JACCOUNT_API', (all: string) => json(200, { errno: 10002, error: all })],
  ['an errno with 403', 'ERR_JACCOUNT_API', (all: string) => json(403, { errno: 10010, error: all })],
  ['an errno of text', response, (all: string) => json(200, { errno: all })],
  ['two entities', response, (all: string) => json(200, { errno: 0, entities: [{ account: all }, {}] })],
  ['an account with spaces', response, (all: string) => json(200, { account: all })],
  [
    'somebody else’s',
    'ERR_JACCOUNT_ACCOUNT_MISMATCH',
    (all: string) => json(200, { errno: 0, entities: [{ account: 'lisi', name: all }] }),
  ],
].map(([what, code, answer]) => ({
  what: `a profile that is ${what}`,
  code: code as string,
  options: profileScope,
  script: (canaries) => ({
    profile: () => (answer as (all: string) => ProviderAnswer)(everything(canaries())),
  }),
}));

const silence = () => undefined;
const cut = (_response: http.ServerResponse, request: http.IncomingMessage) => request.socket.destroy();
const moved = (canaries: () => Canaries) => (answer: http.ServerResponse) =>
  answer.writeHead(302, { location: `/?${new URLSearchParams(canaries())}` }).end();

// Node keeps the octets that it could not parse on the error.
const garbled = (canaries: () => Canaries) => (answer: http.ServerResponse) =>
  void answer.socket?.end(`HTTP/1.1 200 OK\r\n${everything(canaries())}\r\n\r\n`);

const failures: Case[] = [
  {
    what: 'a token endpoint that garbles its headers',
    code: network,
    script: (canaries) => ({ token: () => garbled(canaries) }),
  },
  {
    what: 'a profile endpoint that garbles its headers',
    code: network,
    script: (canaries) => ({ profile: () => garbled(canaries) }),
    options: profileScope,
  },
  { what: 'a token endpoint that hangs up', code: network, script: () => ({ token: () => cut }) },
  {
    what: 'a token endpoint that is silent',
    code: network,
    script: () => ({ token: () => silence }),
    options: { timeout: { response: 50 } },
  },
  {
    what: 'a token endpoint that redirects',
    code: response,
    script: (canaries) => ({ token: () => moved(canaries) }),
  },
  {
    what: 'a token endpoint where nobody listens, with a query',
    code: network,
    options: { tokenURL: `http://127.0.0.1:1/token?key=${encodeURIComponent(clientSecret)}` },
  },
  {
    what: 'a profile endpoint that hangs up',
    code: network,
    script: () => ({ profile: () => cut }),
    options: profileScope,
  },
  {
    what: 'a profile endpoint that is silent',
    code: network,
    script: () => ({ profile: () => silence }),
    options: { ...profileScope, timeout: { response: 50 } },
  },
  {
    what: 'a profile endpoint that redirects',
    code: response,
    script: (canaries) => ({ profile: () => moved(canaries) }),
    options: profileScope,
  },
  {
    what: 'a profile endpoint that talks without end',
    code: response,
    script: (canaries) => ({
      profile: () => (answer) =>
        answer
          .writeHead(200, { 'content-type': 'application/json' })
          .end(everything(canaries()).repeat(3000)),
    }),
    options: profileScope,
  },
];

const callbacks: Case[] = [
  {
    what: 'a code beside an error',
    code: 'ERR_JACCOUNT_CALLBACK',
    callback: (url) => url.searchParams.set('error', 'x'),
  },
  {
    what: 'an issuer of all',
    code: 'ERR_JACCOUNT_CALLBACK',
    callback: (url, canaries) => url.searchParams.set('iss', everything(canaries)),
  },
  {
    what: 'a code with a line end',
    code: 'ERR_JACCOUNT_CALLBACK',
    callback: (url, { code }) => url.searchParams.set('code', `${code}\n`),
  },
  {
    what: 'a code twice',
    code: 'ERR_JACCOUNT_CALLBACK',
    callback: (url, { code = '' }) => url.searchParams.append('code', code),
  },
  {
    what: 'a token in the query',
    code: 'ERR_JACCOUNT_CALLBACK',
    callback: (url, canaries) => url.searchParams.set('id_token', everything(canaries)),
  },
  {
    what: 'a state that was changed',
    code: 'ERR_JACCOUNT_STATE',
    callback: (url, { state }) => url.searchParams.set('state', `${state}x`),
  },
  {
    what: 'a user who declines',
    code: 'ERR_JACCOUNT_AUTHORIZATION',
    callback: (url, canaries) => {
      url.searchParams.delete('code');
      url.searchParams.set('error', 'access_denied');
      url.searchParams.set('error_description', everything(canaries));
    },
  },
  {
    what: 'an error of all',
    code: 'ERR_JACCOUNT_AUTHORIZATION',
    callback: (url, canaries) => {
      url.searchParams.delete('code');
      url.searchParams.set('error', everything(canaries));
    },
  },
  {
    what: 'a callback that was used',
    code: 'ERR_JACCOUNT_STATE',
    script: () => ({ token: () => json(400, { error: 'invalid_grant' }) }),
    visit: async (agent, url) => {
      await agent.get(url);
      return agent.get(url);
    },
  },
  {
    what: 'a callback in another browser',
    code: 'ERR_JACCOUNT_STATE',
    visit: (_agent, url) => new UserAgent().get(url),
  },
  {
    what: 'a callback after somebody else has signed in',
    code: 'ERR_JACCOUNT_STATE',
    script: () => {
      let users = 0;
      return { user: () => `CANARY-user-${users++}` };
    },
    visit: async (agent, url) => {
      await agent.follow(await agent.get(new URL('/login', url).href));
      return agent.get(url);
    },
  },
];

const cases = [
  ...[...refusals, ...echoes, ...authorizationEchoes, ...tokenBodies],
  ...[...badTokens, ...profileBodies, ...failures, ...callbacks],
];

describe('a secret', () => {
  let provider: Provider;
  let application: Application;
  let published: { code?: unknown }[];
  const channels = ['login', 'refused', 'request'].map((name) => `passport-jaccount:${name}`);
  const listener = (message: unknown) => void published.push(message as object);

  beforeEach(async () => {
    published = [];
    for (const name of channels) subscribe(name, listener);
    provider = await startProvider();
  });
  afterEach(async () => {
    for (const name of channels) unsubscribe(name, listener);
    await application.stop();
    await provider.stop();
  });

  async function login(
    { script, options, callback, visit }: Case,
    { store = 'the default', maker = () => undefined, sealedWith = clientSecret }: Partial<Kept> = {},
  ): Promise<Leak> {
    const canaries: Canaries = { clientSecret, cookieSecret, ...encodings(), ...keysFrom(sealedWith) };
    provider.script = { secret: clientSecret, ...script?.(() => ({ ...canaries, ...sent(provider) })) };
    const sessions = new MemoryStore();
    const transactions = maker();
    let strategy: WitnessedStrategy | undefined;
    application = await startApplication({
      session: { store: sessions },
      strategy: (callbackURL) => {
        const kept = transactions && { transactions };
        const settings = { ...provider.endpoints, clientID, clientSecret, callbackURL, ...kept, ...options };
        strategy = new WitnessedStrategy(settings, async ({ profile }) => profile);
        return strategy;
      },
    });
    const agent = new UserAgent();
    const away = await agent.get(`${application.url}/login?returnTo=/wanted`);
    const asked = new URL(away.location as string).searchParams;
    const back = new URL((await agent.follow(away, application.url)).location as string);
    Object.assign(canaries, {
      state: asked.get('state'),
      nonce: asked.get('nonce'),
      code: back.searchParams.get('code'),
      accessToken: `token-${back.searchParams.get('code')}`,
      refreshToken: `refresh-${back.searchParams.get('code')}`,
    });
    Object.assign(canaries, await cookiesOf(agent));
    const { codeVerifier, nonce } =
      store === 'SessionTransactions'
        ? await pendingIn(sessions)
        : unsealed(canaries['cookie jaccount-'] as string, sealedWith);
    expect(nonce).to.equal(canaries.nonce);
    canaries.codeVerifier = codeVerifier;
    callback?.(back, { ...canaries });
    const { answers } = strategy as WitnessedStrategy;
    const end = await (visit ?? ((one, url) => one.get(url)))(agent, back.href);
    const later = Object.entries(await cookiesOf(agent)).map(([name, value]) => [`later ${name}`, value]);
    // The way to jAccount carries state and nonce: that is no leak.
    const told = [
      ...published,
      ...answers.filter(({ exit }) => exit !== 'redirect').map(({ value }) => value),
    ];
    const { code } = (told.at(-1) ?? {}) as { code?: unknown };
    expect(published.at(-1)).to.include({ code });
    return {
      ...{ told, code, page: end.text },
      canaries: { ...Object.fromEntries(later), ...canaries, ...sent(provider) },
    };
  }

  /** Their values, and of a sealed one each part that tells something. */
  async function cookiesOf({ jar }: UserAgent): Promise<Canaries> {
    const cookies = (await jar.getCookies(application.url)).map(({ key, value }) => {
      const name = key.replace(/^jaccount-.*/, 'jaccount-');
      return { name: `cookie ${name}`, value };
    });
    const named = cookies.flatMap(({ name, value }) => [
      [name, value],
      ...value
        .split('.')
        .slice(2)
        .map((part, index) => [`part ${index} of ${name}`, part]),
    ]);
    return Object.fromEntries(named);
  }

  interface Kept {
    store: string;
    maker: () => TransactionStore | undefined;
    /** The secret whose key seals the cookies. */
    sealedWith: string;
    /** The cookie that leads to the pending login. */
    cookie: string;
  }

  /** Where pending logins wait. */
  const stores: Kept[] = [
    {
      store: 'the default',
      maker: () => undefined,
      sealedWith: clientSecret,
      cookie: 'cookie jaccount-',
    },
    {
      store: 'CookieTransactions',
      maker: () => new CookieTransactions({ secret: cookieSecret }),
      sealedWith: cookieSecret,
      cookie: 'cookie jaccount-',
    },
    {
      store: 'SessionTransactions',
      maker: () => new SessionTransactions(),
      sealedWith: clientSecret,
      cookie: 'cookie connect.sid',
    },
  ];

  function encodings(): Canaries {
    const encoded = new URLSearchParams({ '': clientSecret }).toString().slice(1);
    const credentials = Buffer.from(`${clientID}:${encoded}`).toString('base64');
    return { encodedSecret: encoded, credentials };
  }

  const known = ['clientSecret', 'cookieSecret', 'code', 'state', 'nonce', 'codeVerifier'];
  for (const kept of stores) {
    for (const one of cases) {
      it(`stays out of ${one.what}, with ${kept.store} [ER-01]`, async () => {
        const { told, code, canaries, page } = await login(one, kept);

        expect(code).to.equal(one.code);
        expect(Object.keys(canaries)).to.include.members([...known, kept.cookie]);
        expect(leaksIn([page, ...told.flatMap((one) => shownOf(one))], canaries)).to.deep.equal([]);
      });
    }
  }

  it('is not alone: the provider’s text stays a bounded, printable member [ER-02]', async () => {
    const error_description = `<script>\r\n\u202e${'x'.repeat(10_000)}`;
    const { told } = await login({
      what: '',
      code: '',
      script: () => ({ token: () => json(400, { error: 'invalid_client', error_description }) }),
    });
    const error = told.at(-1) as { message: string; stack: string; errorDescription: string };

    expect(error.errorDescription).to.have.length(256);
    expect(error.errorDescription).to.match(/^<script> {3}x+$/);
    expect(error.message + error.stack).not.to.include('<script>');
  });

  for (const { store, maker, sealedWith } of stores) {
    it(`is not printed with the strategy, with ${store}`, () => {
      const transactions = maker();
      const settings = { ...provider.endpoints, clientID, clientSecret, callbackURL: 'http://localhost/' };
      const strategy = new WitnessedStrategy(
        { ...settings, ...(transactions && { transactions }) },
        async () => false,
      );

      const printed = [
        inspect(strategy, { depth: 9 }),
        JSON.stringify(strategy),
        ...[inspect(transactions, { depth: 9, showHidden: true }), JSON.stringify(transactions) ?? ''],
      ];

      const canaries = { clientSecret, cookieSecret, ...encodings(), ...keysFrom(sealedWith) };
      expect(leaksIn(printed, canaries)).to.deep.equal([]);
    });
  }

  describe('in a process of its own', () => {
    // A whole login without a framework, against the provider of this process; "warning" makes the secret short.
    const login = `
      const http = require('node:http');
      const { JaccountStrategy } = require('passport-jaccount');
      const { endpoints, secret, store } = JSON.parse(process.env.LOGIN);
      const strategy = new JaccountStrategy(
        { ...endpoints, clientID: 'canary-client', clientSecret: secret, callbackURL: 'http://localhost/callback', scope: 'openid basic' },
        async ({ profile }) => profile,
      );
      const cookies = [];
      const res = {
        appendHeader: (_name, cookie) => cookies.push(cookie.split(';')[0]),
        setHeader: () => undefined,
      };
      const kept = store === 'the session' ? { session: {} } : { res };
      const run = (query) => new Promise((resolve) => {
        const child = Object.create(strategy);
        for (const exit of ['success', 'fail', 'error', 'redirect', 'pass']) child[exit] = (value) => resolve({ exit, value });
        child.authenticate({ method: 'GET', url: '/', headers: { cookie: cookies.join('; ') }, query, ...kept }, {});
      });
      (async () => {
        const { value } = await run({});
        http.get(value, async (response) => {
          const { headers } = response.resume();
          const end = await run(Object.fromEntries(new URL(headers.location).searchParams));
          process.exitCode = end.exit === 'error' ? 3 : 0;
          await run({ code: 'CANARY-code', state: 'CANARY-state' });
        });
      })();
    `;

    function run(
      store: string,
      secret: string,
      NODE_DEBUG: string,
    ): Promise<{ output: string; exitCode: number | null }> {
      const env = {
        ...process.env,
        NODE_DEBUG,
        LOGIN: JSON.stringify({ endpoints: provider.endpoints, secret, store }),
      };
      const child = spawn(process.execPath, ['-e', login], { cwd: path.join(__dirname, '..'), env });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
        });
      }
      return new Promise((resolve) => child.on('close', (exitCode) => resolve({ output, exitCode })));
    }

    // The application of the other tests, so that there is one to stop.
    beforeEach(async () => {
      application = { url: '', callbackURL: '', stop: async () => undefined };
    });

    for (const store of ['cookies', 'the session']) {
      it(`is not in what NODE_DEBUG=passport-jaccount prints, with logins in ${store} [ER-01]`, async () => {
        provider.script = { secret: signingSecret };

        const { output, exitCode } = await run(store, clientSecret, 'passport-jaccount');

        expect(exitCode).to.equal(3);
        expect(output)
          .to.match(/ERR_JACCOUNT_ID_TOKEN: /)
          .and.match(/ERR_JACCOUNT_STATE: /);
        // Every JSON Web Token and every sealed cookie begins like this.
        const sealed = { sealed: 'eyJ', ...keysFrom(clientSecret) };
        const canaries = {
          ...{ clientSecret, ...encodings(), ...sent(provider), ...sealed },
          CANARY: 'CANARY',
        };
        expect(Object.keys(canaries)).to.include.members(['codeVerifier', 'authorization']);
        expect(leaksIn([output], canaries)).to.deep.equal([]);
      });

      it(`is not in the warning of a short one, with logins in ${store} [ER-01]`, async () => {
        provider.script = { secret: 'CANARY-short' };

        const { output, exitCode } = await run(store, 'CANARY-short', '');

        expect(exitCode).to.equal(0);
        expect(output).to.match(/Warning: .*clientSecret/);
        expect(output).not.to.match(/CANARY|eyJ/);
      });

      it(`is not printed at all where nothing is wrong, with logins in ${store}`, async () => {
        provider.script = { secret: clientSecret };

        const { output, exitCode } = await run(store, clientSecret, '');

        expect(exitCode).to.equal(0);
        expect(output).to.equal('');
        expect(provider.tokenRequests).to.have.length(1);
      });
    }
  });
});

const purpose = 'passport-jaccount transaction cookie';
const keyFrom = (secret: string) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));

/** The key that is derived from a secret, as it may be written. */
function keysFrom(secret: string): Canaries {
  const key = keyFrom(secret);
  const written = (['hex', 'base64', 'base64url', 'latin1'] as const).map((form) => [
    `key in ${form}`,
    key.toString(form),
  ]);
  return { ...Object.fromEntries(written), 'key in a list': [...key].join(', ') };
}

/** What a cookie holds, opened without the code that sealed it. */
function unsealed(value: string, secret: string): { codeVerifier: string; nonce: string } {
  const [header = '', , iv = '', ciphertext = '', tag = ''] = value.split('.');
  const decipher = createDecipheriv('aes-256-gcm', keyFrom(secret), Buffer.from(iv, 'base64url'));
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'));
  return JSON.parse(decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8'));
}

/** The one login that is pending in the one session of a store. */
async function pendingIn(store: MemoryStore): Promise<{ codeVerifier: string; nonce: string }> {
  const sessions = await new Promise<object>((resolve) => store.all((_error, all) => resolve(all ?? {})));
  const [session] = Object.values(sessions);
  return session['passport-jaccount'].pending[0];
}

/** What the provider was sent in the last login. */
function sent({ tokenRequests }: Provider): Canaries {
  const { authorization, form } = tokenRequests.at(-1) ?? {};
  const codeVerifier = form?.get('code_verifier');
  return {
    ...(codeVerifier && { codeVerifier }),
    ...(authorization && { authorization }),
  };
}

/** Everything by which a value shows itself, and so do its causes. */
function shownOf(value: unknown, seen = new Set<unknown>()): string[] {
  const shown = [inspect(value, { showHidden: true, depth: 9 }), String(value), JSON.stringify(value) ?? ''];
  if (typeof value !== 'object' || value === null || seen.has(value)) return shown;
  seen.add(value);
  const members = [...Object.getOwnPropertyNames(value), ...Object.getOwnPropertySymbols(value)];
  const inner = members.map((name) => (value as Record<PropertyKey, unknown>)[name]);
  return [...shown, ...members.map(String), ...inner.flatMap((one) => shownOf(one, seen))];
}

function leaksIn(shown: string[], canaries: Canaries): string[] {
  return Object.entries(canaries)
    .filter(([, secret]) => shown.some((one) => one.includes(secret)))
    .map(([name]) => name);
}
