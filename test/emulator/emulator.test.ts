import assert from 'node:assert/strict';
import http from 'node:http';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { type Emulator, type EmulatorOptions, startEmulator } from 'passport-jaccount/emulator';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

const callback = 'http://localhost:3000/callback';

describe('startEmulator()', () => {
  const running: Emulator[] = [];
  afterEach(async () => {
    for (const emulator of running.splice(0)) await emulator.stop().catch(() => undefined);
  });

  async function start(options?: EmulatorOptions): Promise<Emulator> {
    const emulator = await startEmulator(options);
    running.push(emulator);
    return emulator;
  }

  async function codeFrom(emulator: Emulator, browser: UserAgent, parameters = {}): Promise<string | null> {
    const usual = { response_type: 'code', client_id: emulator.client.clientID, redirect_uri: callback };
    const query = new URLSearchParams({ ...usual, ...parameters });
    const visit = await browser.get(`${emulator.endpoints.authorizationURL}?${query}`);
    return new URL(visit.location ?? 'about:blank').searchParams.get('code');
  }

  async function signedIn(emulator: Emulator): Promise<UserAgent> {
    const browser = new UserAgent();
    await browser.post(`${emulator.url}/jaccount/ulogin`, { account: 'zhaoyichen', returl: '/' });
    return browser;
  }

  async function redeem(emulator: Emulator, code: string | null): Promise<Response> {
    const { clientID, clientSecret } = emulator.client;
    const form = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: callback };
    const body = new URLSearchParams({ ...form, client_id: clientID, client_secret: clientSecret });
    return fetch(emulator.endpoints.tokenURL, { method: 'POST', body });
  }

  describe('on its own', () => {
    it('listens on a free port of the loopback interface [E-19]', async () => {
      const { url } = await start();

      expect(url).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    });

    it('shows on its home page what an application needs', async () => {
      const emulator = await start();

      const { text } = await new UserAgent().get(emulator.url);

      for (const value of Object.values({ ...emulator.endpoints, ...emulator.client }))
        expect(text).to.contain(value);
    });

    it('has the five endpoints at its own origin', async () => {
      const { url, endpoints } = await start();

      expect(endpoints).to.deep.equal({
        issuer: `${url}/oauth2/`,
        authorizationURL: `${url}/oauth2/authorize`,
        tokenURL: `${url}/oauth2/token`,
        logoutURL: `${url}/oauth2/logout`,
        apiURL: `${url}/v1`,
      });
    });

    it('never names the issuer of the real jAccount [E-19]', async () => {
      expect((await start()).endpoints.issuer).not.to.contain('sjtu');
    });

    it('has a client with a secret long enough for HS256 [E-19]', async () => {
      const { client } = await start();

      expect(client).to.have.all.keys(['clientID', 'clientSecret']);
      expect(Buffer.byteLength(client.clientSecret)).to.be.at.least(32);
    });

    it('starts beside another', async () => {
      const [first, second] = [await start(), await start()];

      expect(second.url).not.to.equal(first.url);
    });

    it('shares no session with another', async () => {
      const [first, second] = [await start(), await start()];

      const browser = await signedIn(first);

      expect(await codeFrom(second, browser)).to.equal(null);
    });

    it('shares no code with another', async () => {
      const [first, second] = [await start(), await start()];
      const code = await codeFrom(first, await signedIn(first));

      expect((await redeem(second, code)).status).to.equal(400);
    });
  });

  describe('where it starts', () => {
    async function takenPort(): Promise<{ port: number; free(): void }> {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      return { port: typeof address === 'object' && address ? address.port : 0, free: () => server.close() };
    }

    it('is the port asked for', async () => {
      const { port, free } = await takenPort();
      free();

      const { url } = await start({ port });

      expect(url).to.equal(`http://127.0.0.1:${port}`);
    });

    it('is not a port that is taken', async () => {
      const { port, free } = await takenPort();

      await assert.rejects(start({ port }), { code: 'EADDRINUSE' }).finally(free);
    });

    it('may be a port that an emulator has left', async () => {
      const first = await start();
      await first.stop();

      const second = await start({ port: Number(new URL(first.url).port) });

      expect(second.url).to.equal(first.url);
    });

    it('may be the name of the loopback interface', async () => {
      const { url } = await start({ host: 'localhost' });

      expect(url).to.match(/^http:\/\/localhost:\d+$/);
      expect((await fetch(url)).status).to.equal(200);
    });
  });

  describe('options', () => {
    const mistakes: [what: string, options: object, named: RegExp][] = [
      ['an option that does not exist', { prot: 8930 }, /"prot"/],
      ['a port in words', { port: 'http' }, /port/],
      ['a port beyond the last', { port: 65_536 }, /port/],
      ['a host that is no text', { host: 127 }, /host/],
      ['an empty host', { host: '' }, /host/],
      ['a client without an id', { clients: [{ clientSecret: 'secret' }] }, /clientID/],
      ['a client without a secret', { clients: [{ clientID: 'id' }] }, /clientSecret/],
      [
        'clients that are no array',
        { clients: { clientID: 'id', clientSecret: 's' } },
        /clients must be an array/,
      ],
      ['accounts that are no array', { accounts: { account: 'zhangsan' } }, /accounts must be an array/],
      ['an account without a name', { accounts: [{ name: '张三' }] }, /requires account/],
      ['an account that is none', { accounts: [null] }, /requires account/],
      [
        'a client with an option that does not exist',
        { clients: [{ clientID: 'id', clientSecret: 's', redirectURI: 'x' }] },
        /"redirectURI"/,
      ],
    ];
    for (const [what, options, named] of mistakes) {
      it(`refuse ${what} [CF-01]`, async () => {
        const refused = startEmulator(options).then((emulator) => emulator.stop());

        await assert.rejects(
          refused,
          (error: Error) => error instanceof TypeError && named.test(error.message),
        );
      });
    }
  });

  describe('in production', () => {
    const environment = process.env.NODE_ENV;
    beforeEach(() => {
      process.env.NODE_ENV = 'production';
    });
    afterEach(() => {
      if (environment === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = environment;
    });

    it('does not start [E-19]', async () => {
      await assert.rejects(start(), /NODE_ENV=production/);
    });

    it('does not start on another host either', async () => {
      await assert.rejects(start({ host: '0.0.0.0' }), /NODE_ENV=production/);
    });

    it('starts by force', async () => {
      expect(await start({ force: true })).to.have.property('url');
    });
  });

  describe('warning', () => {
    async function warningsOf(options: EmulatorOptions): Promise<string[]> {
      const warnings: string[] = [];
      const listener = ({ message }: Error) => void warnings.push(message);
      process.on('warning', listener);
      await start(options);
      // Warnings are emitted on the next tick.
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', listener);
      return warnings.filter((message) => message.includes('jAccount emulator'));
    }

    it('tells what it means to leave the loopback interface [E-19]', async () => {
      const [warning] = await warningsOf({ host: '0.0.0.0' });

      expect(warning).to.contain('0.0.0.0').and.contain('sign in as anybody');
    });

    for (const host of ['127.0.0.1', 'localhost', '127.0.0.2']) {
      it(`is not given on ${host}`, async () => {
        expect(await warningsOf({ host })).to.deep.equal([]);
      });
    }

    it('is given to those who force it, too', async () => {
      expect(await warningsOf({ host: '0.0.0.0', force: true })).to.have.length(1);
    });

    it('comes with an address that can be opened', async () => {
      const { url } = await start({ host: '0.0.0.0' });

      expect((await fetch(url)).status).to.equal(200);
    });
  });

  describe('advance()', () => {
    it('lets a code expire', async () => {
      const emulator = await start();
      const code = await codeFrom(emulator, await signedIn(emulator));

      emulator.advance(60);

      expect((await redeem(emulator, code)).status).to.equal(400);
    });

    it('adds up', async () => {
      const emulator = await start();
      const code = await codeFrom(emulator, await signedIn(emulator));

      emulator.advance(30);
      emulator.advance(30);

      expect((await redeem(emulator, code)).status).to.equal(400);
    });

    it('leaves another emulator alone', async () => {
      const [emulator, another] = [await start(), await start()];
      const code = await codeFrom(emulator, await signedIn(emulator));

      another.advance(3600);

      expect((await redeem(emulator, code)).status).to.equal(200);
    });
  });

  describe('reset()', () => {
    it('ends the sessions', async () => {
      const emulator = await start();
      const browser = await signedIn(emulator);

      emulator.reset();

      expect(await codeFrom(emulator, browser)).to.equal(null);
    });

    it('forgets the codes', async () => {
      const emulator = await start();
      const code = await codeFrom(emulator, await signedIn(emulator));

      emulator.reset();

      expect((await redeem(emulator, code)).status).to.equal(400);
    });

    for (const [token, path] of [
      ['access_token', '/v1/me/profile'],
      ['refresh_token', '/oauth2/token'],
    ] as const) {
      it(`forgets the ${token}`, async () => {
        const emulator = await start();
        const { clientID, clientSecret } = emulator.client;
        const reply = await redeem(emulator, await codeFrom(emulator, await signedIn(emulator)));
        const tokens = (await reply.json()) as Record<string, string>;

        emulator.reset();

        const headers = { authorization: `Bearer ${tokens[token]}` };
        const form = { grant_type: 'refresh_token', refresh_token: tokens[token] ?? '' };
        const body = new URLSearchParams({ ...form, client_id: clientID, client_secret: clientSecret });
        const init = token === 'access_token' ? { headers } : { method: 'POST', body };
        expect((await fetch(emulator.url + path, init)).status).to.be.oneOf([400, 403]);
      });
    }

    it('puts the clock right', async () => {
      const emulator = await start();
      emulator.advance(86_400);

      emulator.reset();

      const reply = await redeem(emulator, await codeFrom(emulator, await signedIn(emulator)));
      const { id_token } = (await reply.json()) as { id_token: string };
      const { iat } = JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString('utf8'));
      expect(iat).to.be.closeTo(Date.now() / 1000, 10);
    });

    it('forgets the requests', async () => {
      const emulator = await start();
      await fetch(emulator.url);

      emulator.reset();

      expect(emulator.requests).to.deep.equal([]);
    });

    it('keeps clients, accounts', async () => {
      const emulator = await start();

      emulator.reset();

      expect(await codeFrom(emulator, await signedIn(emulator))).to.match(/^[0-9a-f]{32}$/);
    });
  });

  describe('requests', () => {
    it('are in the order they were answered', async () => {
      const emulator = await start();
      await fetch(emulator.endpoints.logoutURL);
      await fetch(emulator.endpoints.tokenURL, { method: 'POST' });

      const seen = emulator.requests.map(({ method, path, status }) => `${method} ${path} ${status}`);
      expect(seen).to.deep.equal(['GET /oauth2/logout 200', 'POST /oauth2/token 400']);
    });

    it('tell nothing of what was sent [ER-01]', async () => {
      const emulator = await start();
      const code = await codeFrom(emulator, await signedIn(emulator), {
        state: 'canary-state',
        nonce: 'canary-nonce',
      });
      const { access_token } = (await (await redeem(emulator, code)).json()) as { access_token: string };
      await fetch(`${emulator.endpoints.apiURL}/me/profile?access_token=${access_token}`);

      const log = JSON.stringify(emulator.requests);

      for (const secret of ['canary', '?', String(code), access_token, emulator.client.clientSecret]) {
        expect(log).not.to.contain(secret);
      }
    });

    it('are at most 500, the latest', async () => {
      const emulator = await start();
      for (let batch = 0; batch < 6; batch++) {
        await Promise.all(Array.from({ length: 85 }, (_, i) => fetch(`${emulator.url}/${batch}-${i}`)));
      }
      await fetch(`${emulator.url}/last`);

      expect(emulator.requests).to.have.length(500);
      expect(emulator.requests.at(-1)).to.include({ method: 'GET', path: '/last', status: 404 });
    });
  });

  describe('clients', () => {
    it('stand beside the built-in one', async () => {
      const emulator = await start({ clients: [{ clientID: 'mine', clientSecret: 'a secret of mine' }] });
      const browser = await signedIn(emulator);

      expect(await codeFrom(emulator, browser, { client_id: 'mine' })).to.match(/^[0-9a-f]{32}$/);
      expect(await codeFrom(emulator, browser)).to.match(/^[0-9a-f]{32}$/);
    });

    it('are not known to an emulator that was not told of them', async () => {
      const emulator = await start();

      expect(await codeFrom(emulator, await signedIn(emulator), { client_id: 'mine' })).to.equal(null);
    });
  });

  describe('strange requests', () => {
    for (const path of [
      '/nothing',
      '/oauth2',
      '/oauth2/authorize/',
      '/OAUTH2/AUTHORIZE',
      '/v1/me',
      '/__proto__',
    ]) {
      it(`finds nothing at ${path}`, async () => {
        const emulator = await start();

        expect((await fetch(emulator.url + path)).status).to.equal(404);
      });
    }

    // Raw, for fetch would mend them.
    const targets = ['//', '///', 'http://[', 'http://', '/%', '/%E0%A4%A', '*', '//evil.example/', '/\\'];
    for (const target of targets) {
      it(`survives the request target ${target} [ER-03]`, async () => {
        const emulator = await start();

        const status = await new Promise((resolve, reject) => {
          const { hostname, port } = new URL(emulator.url);
          const request = http.request({ hostname, port, path: target, timeout: 2000 });
          request.on('response', (response) => resolve(response.resume().statusCode));
          request.on('timeout', () => request.destroy(new Error('no answer')));
          request.on('error', reject).end();
        });

        expect(status).to.be.within(200, 499);
      });
    }

    it('serves on after a client has hung up', async () => {
      const emulator = await start();
      await new Promise<void>((resolve) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': 100 };
        const request = http.request(emulator.endpoints.tokenURL, { method: 'POST', headers });
        request.on('error', () => resolve()).on('close', () => resolve());
        request.write('code=', () => request.destroy());
      });

      expect((await fetch(emulator.url)).status).to.equal(200);
    });
  });

  describe('stop()', () => {
    it('frees the port', async () => {
      const emulator = await start();

      await emulator.stop();

      await assert.rejects(fetch(emulator.url));
    });

    it('does not wait for connections that are kept alive', async () => {
      const emulator = await start();
      const agent = new http.Agent({ keepAlive: true });
      await new Promise((resolve, reject) => {
        http
          .get(emulator.url, { agent }, (response) => response.resume().on('end', resolve))
          .on('error', reject);
      });

      await emulator.stop();

      agent.destroy();
    });

    it('does not wait for a request that never ends', async () => {
      const emulator = await start();
      const headers = { 'content-type': 'application/x-www-form-urlencoded', expect: '100-continue' };
      const request = http.request(emulator.endpoints.tokenURL, { method: 'POST', headers });
      const closed = new Promise((resolve) => request.on('error', () => undefined).on('close', resolve));
      // The server has begun to read once it says so.
      await new Promise((resolve) => request.on('continue', resolve).flushHeaders());

      await emulator.stop();

      await closed;
    });

    it('may be called once more', async () => {
      const emulator = await start();
      await emulator.stop();

      await emulator.stop();
    });

    it('leaves other servers alone', async () => {
      const application = await serve((_request, response) => response.end());
      await (await start()).stop();

      const { status } = await fetch(application.url);

      await application.stop();
      expect(status).to.equal(200);
    });
  });
});
