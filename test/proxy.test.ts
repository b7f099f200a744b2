import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { HttpsProxyAgent } from 'hpagent';
import { bearerErrorOf, JaccountClient, NetworkError } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { startApi } from './support/api';
import { type Application, startApplication } from './support/application';
import { type ConnectProxy, refuse, startConnectProxy } from './support/connect-proxy';
import { redirectURI } from './support/consent';
import { localhostTLS } from './support/tls';
import { UserAgent, type Visit } from './support/user-agent';
import { WitnessedStrategy } from './support/witness';

// Characters that an address must escape, and one outside ASCII.
const name = 'campus-proxy';
const password = 'CANARY:p@ss/wörd%';
const credentials = `${name}:${password}`;

const agents: [name: string, create: (proxy: string, ca: string[]) => https.Agent][] = [
  ['hpagent', (proxy, ca) => new HttpsProxyAgent({ proxy, ca, keepAlive: true, timeout: 15_000 })],
];
if (hasProxyEnv()) {
  agents.push([
    'node:https',
    (proxy, ca) => {
      const options = { proxyEnv: { HTTPS_PROXY: proxy }, ca, keepAlive: true, timeout: 15_000 };
      return new https.Agent(options);
    },
  ]);
}

function hasProxyEnv(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

for (const [library, create] of agents) {
  describe(`behind an outbound proxy, with the agent of ${library}`, () => {
    let emulator: Emulator;
    let ca: string[];
    let proxy: ConnectProxy;
    let agent: https.Agent;
    let strategy: WitnessedStrategy;
    /** The remote ports of the connections that the emulator accepted. */
    let accepted: number[];
    /** What went to the agent. */
    let requests: ClientRequest[];
    let codes: string[];
    const stops: (() => Promise<void>)[] = [];

    const watchConnections = (message: unknown) => {
      const { localPort, remotePort = 0 } = (message as { socket: Socket }).socket;
      if (localPort === Number(new URL(emulator.url).port)) accepted.push(remotePort);
    };
    const direct = () => accepted.filter((port) => !proxy.ports.has(port));
    const paths = () => emulator.requests.map(({ method, path }) => `${method} ${path}`);

    before(async () => {
      emulator = await startEmulator({ tls: true });
      ca = [readFileSync(emulator.caFile ?? '', 'utf8')];
    });
    after(() => emulator.stop());
    beforeEach(async () => {
      proxy = await startConnectProxy();
      [accepted, requests, codes] = [[], [], []];
      use(create(proxy.url, ca));
      subscribe('net.server.socket', watchConnections);
    });
    afterEach(async () => {
      unsubscribe('net.server.socket', watchConnections);
      agent.destroy();
      await Promise.all([...stops.splice(0), proxy.stop].map((stop) => stop()));
      emulator.reset();
    });

    function use(next: https.Agent): void {
      agent = next;
      const { addRequest } = agent as any;
      Object.assign(agent, {
        addRequest: (request: ClientRequest, ...rest: unknown[]) => {
          requests.push(request);
          return addRequest.call(agent, request, ...rest);
        },
      });
    }

    function giveCredentials(): void {
      proxy.credentials = credentials;
      use(create(proxy.url.replace('//', `//${name}:${encodeURIComponent(password)}@`), ca));
    }

    async function start(scope: string): Promise<Application> {
      const application = await startApplication({
        strategy: (callbackURL) => {
          const options = { ...emulator.client, ...emulator.endpoints, callbackURL, scope, agent };
          strategy = new WitnessedStrategy(options, async ({ profile }) => ({ id: profile.id }));
          return strategy;
        },
      });
      stops.push(application.stop);
      return application;
    }

    async function signIn({ url }: Application): Promise<Visit> {
      const browser = new UserAgent();
      const { location = '' } = await browser.get(`${url}/login`);
      const callback = emulator.approve(location, 'zhaoyichen');
      codes.push(new URL(callback).searchParams.get('code') as string);
      return browser.get(callback);
    }

    // The token request goes out by node:https, the profile request by superagent.
    const token = 'POST /oauth2/token';
    const profile = 'GET /v1/me/profile';
    const scopes: [scope: string, requests: string[]][] = [
      ['openid', [token]],
      ['basic', [token, profile]],
      ['essential', [token, profile]],
      ['openid essential', [token, profile]],
    ];
    for (const [scope, requests] of scopes) {
      for (const asks of [false, true]) {
        it(`signs in with the scope ${scope} through a proxy that asks for ${asks ? 'a password' : 'none'}`, async () => {
          if (asks) giveCredentials();

          const end = await signIn(await start(scope));

          expect(end.json()).to.deep.include({ exit: 'success', user: { id: 'zhaoyichen' } });
          expect(paths()).to.deep.equal(requests);
          expect(proxy.tunnels).to.not.be.empty;
          expect(new Set(proxy.tunnels)).to.deep.equal(new Set([new URL(emulator.url).host]));
          expect(direct()).to.deep.equal([]);
        });
      }
    }

    it('shows a connection past the proxy to these tests', async () => {
      use(new https.Agent({ ca }));

      const end = await signIn(await start('openid'));

      expect(end.json()).to.include({ exit: 'success' });
      expect(direct()).to.have.length(1);
      expect(proxy.tunnels).to.deep.equal([]);
    });

    it('shows the proxy a host and a port, no header of jAccount', async () => {
      giveCredentials();

      await signIn(await start('openid essential'));

      for (const headers of proxy.requests) expect(headers).to.not.have.any.keys('authorization', 'cookie');
    });

    it('uses a tunnel for several logins', async () => {
      const application = await start('openid');

      const ends = [await signIn(application), await signIn(application)];

      expect(ends.map((end) => end.json().exit)).to.deep.equal(['success', 'success']);
      expect(proxy.tunnels).to.have.length(1);
    });

    it('brings the requests of a JaccountClient through the proxy', async () => {
      giveCredentials();
      const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints, agent });

      const { url, nonce } = client.authorizationURL({ redirectURI, scope: 'openid basic' });
      const code = new URL(emulator.approve(url, 'zhaoyichen')).searchParams.get('code') as string;

      const tokens = await client.exchangeCode({ code, redirectURI, nonce: nonce as string });
      const { id } = await client.profile(tokens);

      expect(id).to.equal('zhaoyichen');
      expect(proxy.tunnels).to.not.be.empty;
      expect(direct()).to.deep.equal([]);
    });

    describe('a JaccountBearerStrategy', () => {
      const audience = 'https://api.example/';

      async function call(): Promise<{ status: number; error: any }> {
        let error: unknown;
        const issuer = `${emulator.url}/`;
        const jwksURL = `${emulator.url}/.well-known/jwks.json`;
        const api = await startApi({
          options: { issuers: [{ issuer, jwksURL, audience, algorithms: ['RS256'] }], agent },
          onError: (thrown, req, res, _next) => {
            error = bearerErrorOf(req) ?? thrown;
            res.status(thrown.status ?? 500).end();
          },
        });
        stops.push(api.stop);
        const times = { iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 60 };
        const claims = {
          iss: issuer,
          aud: audience,
          sub: 'zhaoyichen',
          client_id: 'app',
          jti: '1',
          ...times,
        };
        const { status } = await api.call(`Bearer ${emulator.signApiToken(claims)}`);
        return { status, error };
      }

      it('fetches the keys of an issuer through the proxy', async () => {
        giveCredentials();

        const { status } = await call();

        expect(status).to.equal(200);
        expect(proxy.tunnels).to.have.length(1);
        expect(direct()).to.deep.equal([]);
      });

      it('is unavailable while the proxy refuses, without telling its password', async () => {
        giveCredentials();
        proxy.script = [refuse(502)];

        const { status, error } = await call();

        expect(status).to.equal(503);
        expect(error).to.include({ code: 'ERR_JACCOUNT_KEYS' });
        expectNoSecretIn(error);
      });
    });

    function expectNoSecretIn(error: unknown): void {
      const sent = requests.flatMap((request) =>
        String(request.getHeader('authorization') ?? '')
          .split(' ')
          .slice(1),
      );
      const secrets = [
        ...[password, encodeURIComponent(password), Buffer.from(credentials).toString('base64')],
        ...[emulator.client.clientSecret, ...codes, ...sent],
      ];
      const told = `${inspect(error, { depth: 9, showHidden: true })}\n${JSON.stringify(error)}`;
      expect(secrets.filter((secret) => told.includes(secret))).to.deep.equal([]);
    }

    const forged = JSON.stringify({ access_token: 'forged', token_type: 'bearer', expires_in: 3600 });
    const refusals: [what: string, act: (socket: Socket) => void][] = [
      ['asks for other credentials', refuse(407)],
      ['cannot reach jAccount', refuse(502)],
      ['forbids the host', refuse(403, '{"error":"invalid_grant"}')],
      ['answers in the place of jAccount', refuse(201, forged)],
      [
        'answers in the place of jAccount, an interim response first',
        (socket) => {
          socket.write('HTTP/1.1 100 Continue\r\n\r\n');
          refuse(200, forged)(socket);
        },
      ],
      ['closes the connection', (socket) => socket.end()],
      ['resets the connection', (socket) => void socket.resetAndDestroy()],
      ['speaks another protocol', (socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
      [
        'answers without TLS in the tunnel',
        (socket) => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          socket.once('data', () => refuse(200, forged)(socket));
        },
      ],
    ];
    const endpoints: [request: string, before: undefined[], made: string[]][] = [
      [token, [], []],
      [profile, [undefined], [token]],
    ];
    for (const [request, tunnels, made] of endpoints) {
      for (const [what, act] of refusals) {
        it(`gives a NetworkError without a secret when the proxy ${what} at ${request}`, async () => {
          giveCredentials();
          // Without keepAlive the profile request needs a tunnel of its own.
          Object.assign(agent, { keepAlive: false });
          proxy.script = [...tunnels, act];

          const end = await signIn(await start('basic'));

          expect(end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_NETWORK', status: 502 });
          expect(strategy.lastError).to.be.instanceOf(NetworkError);
          expect(strategy.lastError.cause).to.be.instanceOf(Error);
          expect(requests).to.have.length(made.length + 1);
          expectNoSecretIn(strategy.lastError);
          expect(paths()).to.deep.equal(made);
        });
      }
    }

    it('gives a NetworkError when the proxy is away', async () => {
      await proxy.stop();

      const end = await signIn(await start('openid'));

      expect(end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_NETWORK', status: 502 });
      expect(strategy.lastError.cause).to.include({ code: 'ECONNREFUSED' });
      expect(direct()).to.deep.equal([]);
    });

    describe('where the tunnel leads to another server', () => {
      let impostor: https.Server;
      let received: string[];
      beforeEach(async () => {
        received = [];
        impostor = https.createServer(localhostTLS, (request, response) => {
          received.push(`${request.method} ${request.url}`);
          response.writeHead(200, { 'Content-Type': 'application/json' }).end(forged);
        });
        await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
        proxy.detour = `127.0.0.1:${(impostor.address() as AddressInfo).port}`;
      });
      afterEach(() => {
        impostor.closeAllConnections();
        return new Promise((resolve) => impostor.close(resolve));
      });

      it('refuses its certificate before it sends the request', async () => {
        const end = await signIn(await start('openid'));

        expect(end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_NETWORK', status: 502 });
        expect(strategy.lastError.cause).to.include({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
        expect(received).to.deep.equal([]);
      });

      it('would send it to a certificate in the option ca', async () => {
        use(create(proxy.url, [...ca, localhostTLS.cert]));

        await signIn(await start('openid'));

        expect(received).to.deep.equal([token]);
      });
    });

    it('refuses a certificate of an authority that the agent was not given', async () => {
      use(create(proxy.url, [localhostTLS.cert]));

      const end = await signIn(await start('openid'));

      expect(end.json()).to.include({ exit: 'error', code: 'ERR_JACCOUNT_NETWORK' });
      expect(strategy.lastError.cause).to.include({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    });
  });
}

describe('the variable HTTPS_PROXY', () => {
  it('is not read', async () => {
    const proxy = await startConnectProxy();
    const before = process.env.HTTPS_PROXY;
    process.env.HTTPS_PROXY = proxy.url;
    try {
      const client = new JaccountClient({
        clientID: 'app',
        clientSecret: 's'.repeat(32),
        tokenURL: 'https://127.0.0.1:1/oauth2/token',
      });

      const error = await client.clientCredentials({ scope: 'basic' }).catch((thrown) => thrown);

      expect(error).to.include({ code: 'ERR_JACCOUNT_NETWORK' });
      expect(error.cause).to.include({ code: 'ECONNREFUSED' });
      expect(proxy.requests).to.deep.equal([]);
    } finally {
      if (before === undefined) delete process.env.HTTPS_PROXY;
      else process.env.HTTPS_PROXY = before;
      await proxy.stop();
    }
  });
});
