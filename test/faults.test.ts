import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { JaccountStrategyOptions } from 'passport-jaccount';
import { type Application, startApplication } from './support/application';
import {
  type Endpoint,
  endpointsAt,
  type Fault,
  type FaultyServer,
  type Listener,
  listen,
  listenSecurely,
  ok,
  response,
  type SecureListener,
  startFaultyServer,
} from './support/faulty-server';
import { UserAgent } from './support/user-agent';
import { WitnessedStrategy } from './support/witness';

// Section C of the security catalogue, FI-01 to FI-24, on the wire. Shown elsewhere, or not here to show:
//
// - FI-18, FI-20, the browser that leaves and the store that fails: application-faults.test.ts.
// - FI-19, the verify callback: strategy/verify-callback.test.ts.
// - FI-21, clocks: login.test.ts.
// - FI-23, a process that dies and one that comes back with another key: many-machines.
// - Of FI-14, revocation and renegotiation: Node's TLS looks up no revocation list, and answers no renegotiation that
//   TLS 1.3 does not have.
// - The JWKS endpoint: a login asks none.

type Outcome = { code: string; status: number; retryable?: boolean; timedOut?: boolean };

const network: Outcome = { code: 'ERR_JACCOUNT_NETWORK', status: 502, timedOut: false };
const late: Outcome = { code: 'ERR_JACCOUNT_NETWORK', status: 504, timedOut: true, retryable: true };
const malformed: Outcome = { code: 'ERR_JACCOUNT_RESPONSE', status: 502 };
const busy: Outcome = { code: 'ERR_JACCOUNT_RESPONSE', status: 502, retryable: true };
const unavailable: Outcome = { code: 'ERR_JACCOUNT_RESPONSE', status: 503, retryable: true };

const impatient = { response: 150, deadline: 300 };
const patient = { response: 5000, deadline: 10_000 };

const endpoints: Endpoint[] = ['token', 'profile'];
const paths = { token: '/oauth2/token', profile: '/v1/me/profile' };

interface End {
  status: number;
  json: any;
  user: any;
  answers: string[];
  error: any;
  /** Since the login began. */
  requests: Record<Endpoint, number>;
  verified: number;
  milliseconds: number;
}

let server: FaultyServer;
let application: Application | undefined;
let agent: http.Agent | https.Agent;
let signIn: () => Promise<End>;

beforeEach(async () => {
  server = await startFaultyServer();
});
afterEach(async () => {
  await application?.stop();
  application = undefined;
  await server.stop();
});

/** An application that asks both endpoints in a login, through an agent whose sockets can be counted. */
async function start(options: Partial<JaccountStrategyOptions>, { with: given = keepingAgent() } = {}) {
  agent = given;
  let verified = 0;
  let strategy: WitnessedStrategy | undefined;
  application = await startApplication({
    strategy: (callbackURL) => {
      const settings = { ...server.client, ...server.endpoints, callbackURL, agent, scope: 'openid basic' };
      strategy = new WitnessedStrategy({ ...settings, ...options }, async ({ profile }) => {
        verified++;
        return profile;
      });
      return strategy;
    },
  });
  const { url } = application;
  const { answers } = strategy as WitnessedStrategy;
  signIn = async () => {
    const [before, requests] = [verified, server.requests.length];
    const since = (endpoint: Endpoint) =>
      server.requests.slice(requests).filter(({ line }) => line.endsWith(paths[endpoint])).length;
    answers.length = 0;
    const browser = new UserAgent();
    const callback = await browser.follow(await browser.get(`${url}/login?returnTo=/wanted`), url);
    const began = performance.now();
    const end = await browser.get(callback.location as string);
    const milliseconds = performance.now() - began;
    const me = await browser.get(`${url}/me`);
    return {
      status: end.status,
      json: end.json(),
      user: me.json().user,
      answers: answers.map(({ exit }) => exit),
      error: strategy?.lastError,
      requests: { token: since('token'), profile: since('profile') },
      verified: verified - before,
      milliseconds,
    };
  };
}

function keepingAgent(options: http.AgentOptions = {}): http.Agent {
  return new http.Agent({ keepAlive: true, ...options });
}

function expectRefusal(end: End, outcome: Outcome, endpoint: Endpoint): void {
  expect(end.error, end.error?.message).to.include(outcome);
  expect(end.error.statusCode).to.equal(end.status);
  expect(end.answers).to.deep.equal(['redirect', 'error']);
  expect(end.json.transaction).to.deep.equal({ returnTo: '/wanted' });
  expect(end.user).to.equal(null);
  expect(end.verified).to.equal(0);
  expect(end.requests.token, 'the code is sent once').to.be.at.most(1);
  expect(end.requests.profile).to.be.at.most(endpoint === 'token' ? 0 : 1);
}

function expectSuccess(end: End): void {
  expect(end.error).to.equal(undefined);
  expect(end.answers).to.deep.equal(['redirect', 'success']);
  expect(end.user.id).to.equal('zhangsan');
  expect(end.requests).to.deep.equal({ token: 1, profile: 1 });
}

async function expectReleased(): Promise<void> {
  expect(Object.keys(agent.sockets), 'sockets in use').to.deep.equal([]);
  agent.destroy();
  await server.deserted();
}

const headOf = (octets: string) => octets.slice(0, octets.indexOf('\r\n\r\n') + 4);
const json = 'Content-Type: application/json';
const html = ['Content-Type: text/html'];
const maintenance = '<!doctype html><h1>系统维护中</h1>';

function pour(socket: net.Socket, octets: string | Buffer): void {
  if (!socket.destroyed) socket.write(octets, () => pour(socket, octets));
}

function drip(socket: net.Socket, octets: string): void {
  const left = [...octets];
  const timer = setInterval(() => socket.write(left.shift() ?? ' '), 20);
  socket.on('close', () => clearInterval(timer));
}

const chunked = (body: string, size: number, trailer = '') =>
  [
    `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...(body.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map(
      (chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`,
    ),
    `0\r\n${trailer}\r\n`,
  ].join('');

const encoded =
  (coding: string, body: (json: string) => string | Buffer): Fault =>
  ({ socket, json: right }) => {
    const octets = Buffer.from(body(right));
    const head = ['HTTP/1.1 200 OK', json, `Content-Encoding: ${coding}`, `Content-Length: ${octets.length}`];
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), octets]));
  };

// The four octets before the last four are the CRC.
function badlySummed(body: string): Buffer {
  const zipped = gzipSync(body);
  return zipped.fill(0, zipped.length - 8, zipped.length - 4);
}

const answers =
  (status: string, headers: readonly string[], body?: string): Fault =>
  ({ socket, json: right }) =>
    socket.write(response(status, headers, body ?? right));

interface Row {
  id: string;
  what: string;
  fault: Fault;
  outcome: Outcome | 'success';
  /** Where the profile endpoint, which superagent reads, ends otherwise. */
  profile?: Outcome | 'success';
  timeout?: typeof patient;
}

const rows: Row[] = [
  { id: 'FI-01', what: 'hangs up at once', fault: ({ socket }) => socket.end(), outcome: network },

  { id: 'FI-02', what: 'never answers', fault: () => undefined, outcome: late },
  {
    id: 'FI-02',
    what: 'sends headers only',
    fault: ({ socket, right }) => socket.write(headOf(right)),
    outcome: late,
  },
  {
    id: 'FI-02',
    what: 'drips its headers',
    fault: ({ socket, right }) => drip(socket, right),
    outcome: late,
  },
  {
    id: 'FI-02',
    what: 'drips its body',
    fault: ({ socket, right }) => {
      socket.write(headOf(right));
      drip(socket, right.slice(headOf(right).length));
    },
    outcome: late,
  },
  {
    id: 'FI-02',
    what: 'keeps the last octet',
    fault: ({ socket, right }) => socket.write(right.slice(0, -1)),
    outcome: late,
  },

  {
    id: 'FI-03',
    what: 'resets before the headers',
    fault: ({ socket }) => socket.resetAndDestroy(),
    outcome: network,
  },
  {
    id: 'FI-03',
    what: 'resets in its headers',
    fault: ({ socket }) => socket.write('HTTP/1.1 200 OK\r\nConte', () => socket.resetAndDestroy()),
    outcome: network,
  },
  {
    id: 'FI-03',
    what: 'resets in its body',
    fault: ({ socket, right }) => socket.write(right.slice(0, -10), () => socket.resetAndDestroy()),
    outcome: network,
  },
  {
    id: 'FI-03',
    what: 'ends in its body',
    fault: ({ socket, right }) => socket.end(right.slice(0, -10)),
    outcome: network,
  },
  {
    id: 'FI-03',
    what: 'resets after a right answer',
    // Not on a connection that another request may have taken over by then: that is FI-15.
    fault: ({ socket, json: right }) =>
      socket.write(ok(right, 'Connection: close'), () => setTimeout(() => socket.resetAndDestroy(), 20)),
    outcome: 'success',
  },

  {
    id: 'FI-04',
    what: 'promises more octets than it sends',
    fault: ({ socket, json: right }) => socket.write(ok(right, `Content-Length: ${right.length + 1}`)),
    outcome: late,
  },
  {
    id: 'FI-04',
    what: 'promises fewer octets than it sends',
    fault: ({ socket, json: right }) => socket.write(ok(right, `Content-Length: ${right.length - 1}`)),
    outcome: malformed,
    profile: network,
  },
  {
    id: 'FI-04',
    what: 'promises a negative number of octets',
    fault: ({ socket, json: right }) => socket.write(ok(right, 'Content-Length: -1')),
    outcome: network,
  },
  {
    id: 'FI-04',
    what: 'promises two lengths',
    fault: ({ socket, json: right }) =>
      socket.write(ok(right, `Content-Length: ${right.length}`, 'Content-Length: 5')),
    outcome: network,
  },
  {
    id: 'FI-04',
    what: 'promises a length beside chunks',
    fault: ({ socket, json: right }) =>
      socket.write(ok(right, `Content-Length: ${right.length}`, 'Transfer-Encoding: chunked')),
    outcome: network,
  },

  {
    id: 'FI-05',
    what: 'sends a bad chunk size',
    fault: ({ socket }) => socket.write(chunked('', 1).replace('\r\n0\r\n', '\r\nzz\r\n')),
    outcome: network,
  },
  {
    id: 'FI-05',
    what: 'sends no last chunk',
    fault: ({ socket, json: right }) => socket.write(chunked(right, 50).slice(0, -5)),
    outcome: late,
  },
  {
    id: 'FI-05',
    what: 'hangs up before the last chunk',
    fault: ({ socket, json: right }) => socket.end(chunked(right, 50).slice(0, -5)),
    outcome: network,
  },
  {
    id: 'FI-05',
    what: 'sends chunks of one octet',
    fault: ({ socket, json: right }) => socket.write(chunked(right.padEnd(10_000), 1)),
    outcome: 'success',
  },
  {
    id: 'FI-05',
    what: 'sends trailers',
    fault: ({ socket, json: right }) => socket.write(chunked(right, 50, 'X-Checksum: 1\r\n')),
    outcome: 'success',
  },

  {
    id: 'FI-06',
    what: 'compresses without being asked',
    fault: encoded('gzip', gzipSync),
    outcome: malformed,
  },
  {
    id: 'FI-06',
    what: 'compresses and stops half-way',
    fault: encoded('gzip', (right) => gzipSync(right).subarray(0, 40)),
    outcome: malformed,
  },
  {
    id: 'FI-06',
    what: 'compresses with a wrong checksum',
    fault: encoded('gzip', (right) => badlySummed(right)),
    outcome: malformed,
    profile: network,
  },
  {
    id: 'FI-06',
    what: 'compresses a bomb',
    fault: encoded('gzip', () => gzipSync(Buffer.alloc(20_000_000, ' '))),
    outcome: malformed,
  },
  {
    id: 'FI-06',
    what: 'says gzip of plain JSON',
    fault: encoded('gzip', (right) => right),
    outcome: malformed,
    profile: network,
  },
  {
    id: 'FI-06',
    what: 'says gzip a hundred times',
    fault: encoded(Array(100).fill('gzip').join(', '), gzipSync),
    outcome: malformed,
  },
  {
    id: 'FI-06',
    what: 'says br of plain JSON',
    fault: encoded('br', (right) => right),
    outcome: malformed,
    profile: network,
  },
  {
    id: 'FI-06',
    what: 'compresses with zstd',
    fault: encoded('zstd', () => Buffer.from('28b52ffd', 'hex')),
    outcome: malformed,
  },
  {
    id: 'FI-06',
    what: 'compresses with a coding of its own',
    fault: encoded('rot13', () => '{"npprff_gbxra":1}'),
    outcome: malformed,
  },

  {
    id: 'FI-07',
    what: 'promises 50 MB',
    fault: ({ socket }) => {
      socket.write(response('200 OK', [json, 'Content-Length: 50000000'], '{"access_token":"'));
      pour(socket, 'x'.repeat(65_536));
    },
    outcome: malformed,
  },
  {
    id: 'FI-07',
    what: 'sends a body without end',
    fault: ({ socket }) => {
      socket.write(response('200 OK', [json, 'Transfer-Encoding: chunked']));
      pour(socket, `4000\r\n${' '.repeat(0x4000)}\r\n`);
    },
    outcome: malformed,
  },

  { id: 'FI-09', what: 'is broken', fault: answers('500 Oops', html, maintenance), outcome: busy },
  { id: 'FI-09', what: 'has a bad gateway', fault: answers('502 Bad', html, maintenance), outcome: busy },
  {
    id: 'FI-09',
    what: 'is under maintenance',
    fault: answers('503 Service Unavailable', html, maintenance),
    outcome: unavailable,
  },
  {
    id: 'FI-09',
    what: 'is unavailable for two minutes',
    fault: answers('503 Service Unavailable', [...html, 'Retry-After: 120'], ''),
    outcome: unavailable,
  },
  { id: 'FI-09', what: 'is asked too often', fault: answers('429 Slow Down', html, ''), outcome: busy },

  {
    id: 'FI-10',
    what: 'shows a page with 200',
    fault: answers('200 OK', html, maintenance),
    outcome: malformed,
  },
  {
    id: 'FI-10',
    what: 'answers 200 with nothing',
    fault: answers('200 OK', [json], ''),
    outcome: malformed,
  },
  {
    id: 'FI-10',
    what: 'answers 204',
    fault: ({ socket }) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
    outcome: malformed,
  },
  { id: 'FI-10', what: 'answers 304', fault: answers('304 Not Modified', [json], ''), outcome: malformed },
  { id: 'FI-10', what: 'answers 206', fault: answers('206 Partial Content', [json]), outcome: malformed },

  { id: 'FI-11', what: 'sends no content type', fault: answers('200 OK', []), outcome: malformed },
  {
    id: 'FI-11',
    what: 'sends text/json',
    fault: answers('200 OK', ['Content-Type: text/json']),
    outcome: malformed,
  },
  {
    id: 'FI-11',
    what: 'sends JSON in GBK',
    fault: answers('200 OK', [`${json};charset=gbk`]),
    outcome: malformed,
  },
  {
    id: 'FI-11',
    what: 'sends APPLICATION/JSON',
    fault: answers('200 OK', ['CONTENT-TYPE: APPLICATION/JSON']),
    outcome: 'success',
  },
  {
    id: 'FI-11',
    what: 'sends application/problem+json',
    fault: answers('200 OK', ['Content-Type: application/problem+json']),
    outcome: 'success',
  },

  {
    id: 'FI-12',
    what: 'says 100 first',
    fault: ({ socket, right }) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${right}`),
    outcome: 'success',
  },
  {
    id: 'FI-12',
    what: 'says 103 first',
    fault: ({ socket, right }) =>
      socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${right}`),
    outcome: 'success',
  },
  {
    id: 'FI-12',
    what: 'says 103 without end',
    // At a pace that leaves this process, which is both ends, time for its timers.
    fault: ({ socket }) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)), 2);
      socket.on('close', () => clearInterval(timer));
    },
    outcome: late,
  },
  {
    id: 'FI-12',
    what: 'switches protocols',
    fault: answers('101 Switching Protocols', ['Connection: Upgrade', 'Upgrade: websocket'], ''),
    outcome: network,
    profile: late,
  },

  {
    id: 'FI-13',
    what: 'sends 20 KB of headers',
    fault: ({ socket, json: right }) => socket.write(ok(right, `X-Bomb: ${'x'.repeat(20_000)}`)),
    outcome: network,
  },
  {
    id: 'FI-13',
    what: 'sends headers without end',
    fault: ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      pour(socket, `X-Bomb: ${'x'.repeat(1000)}\r\n`);
    },
    outcome: network,
  },
  {
    id: 'FI-13',
    what: 'sends a header with NUL',
    fault: ({ socket, json: right }) => socket.write(ok(right, 'X-Name: a\0b')),
    outcome: network,
  },
  {
    id: 'FI-13',
    what: 'ends a header line with LF alone',
    fault: ({ socket, json: right }) => socket.write(ok(right, 'X-One: 1\nContent-Length: 5')),
    outcome: network,
  },
  {
    id: 'FI-13',
    what: 'sets a cookie',
    fault: ({ socket, json: right }) => socket.write(ok(right, 'Set-Cookie: spy=1; Path=/')),
    outcome: 'success',
  },
  {
    id: 'FI-13',
    what: 'speaks another protocol',
    fault: ({ socket }) => socket.write('220 smtp.example ESMTP\r\n'),
    outcome: network,
  },

  {
    id: 'FI-17',
    what: 'is slow but in time',
    fault: ({ socket, right }) => setTimeout(() => socket.write(right), 100),
    outcome: 'success',
    timeout: { response: 2000, deadline: 4000 },
  },
  {
    id: 'FI-17',
    what: 'begins in time and ends before the deadline',
    fault: ({ socket, right }) => {
      socket.write(headOf(right));
      setTimeout(() => socket.write(right.slice(headOf(right).length)), 400);
    },
    outcome: 'success',
    timeout: { response: 300, deadline: 8000 },
  },

  {
    id: 'FI-22',
    what: 'answers twice',
    fault: ({ socket, right }) =>
      socket.write(right + ok('{"errno":0,"entities":[{"account":"lisi"}],"access_token":"of-lisi"}')),
    outcome: 'success',
  },
  {
    id: 'FI-22',
    what: 'adds junk to a right answer',
    fault: ({ socket, right }) => socket.write(`${right}\r\njunk\r\n\r\n`),
    outcome: 'success',
    profile: network,
  },
];

for (const endpoint of endpoints) {
  describe(`a login whose ${endpoint} endpoint`, () => {
    for (const { id, what, fault, outcome: ofToken, timeout, ...row } of rows) {
      const outcome = endpoint === 'profile' ? (row.profile ?? ofToken) : ofToken;
      const ending = outcome === 'success' ? 'succeeds' : `ends with ${outcome.code} ${outcome.status}`;
      // FI-16: a profile that fails after tokens came.
      const ids = endpoint === 'profile' ? [id, 'FI-16'] : [id];

      it(`${what} ${ending} [${ids.join(', ')}]`, async () => {
        await start({ timeout: timeout ?? (outcome === late ? impatient : patient) });
        server.faults[endpoint] = fault;

        const end = await signIn();
        server.faults = {};
        const next = await signIn();

        if (outcome === 'success') expectSuccess(end);
        else expectRefusal(end, outcome, endpoint);
        if (outcome === late) expect(end.milliseconds).to.be.below(300 + 250);
        expectSuccess(next);
        await expectReleased();
      });
    }
  });

  describe(`a login whose ${endpoint} endpoint redirects`, () => {
    let elsewhere: Listener;

    beforeEach(async () => {
      elsewhere = await listen(() => undefined);
    });
    afterEach(() => elsewhere.stop());

    const targets: Record<string, () => string> = {
      'to its own path': () => paths[endpoint],
      'to another path': () => '/oauth2/elsewhere',
      'to another host': () => `http://127.0.0.1:${elsewhere.port}${paths[endpoint]}`,
      'to a relative host': () => `//127.0.0.1:${elsewhere.port}/`,
      'to a file': () => 'file:///etc/hostname',
    };
    for (const status of [301, 302, 303, 307, 308]) {
      for (const [target, location] of Object.entries(targets)) {
        it(`${target} with ${status} goes nowhere [FI-08, HT-03]`, async () => {
          await start({ timeout: patient });
          server.faults[endpoint] = answers(`${status} Moved`, [`Location: ${location()}`]);

          const end = await signIn();
          server.faults = {};
          const next = await signIn();

          expectRefusal(end, malformed, endpoint);
          expect(end.error.providerStatus).to.equal(status);
          expect(elsewhere.connections()).to.equal(0);
          expect(server.requests.filter(({ line }) => line.endsWith('/elsewhere'))).to.deep.equal([]);
          expectSuccess(next);
          await expectReleased();
        });
      }
    }
  });

  describe(`a login whose ${endpoint} endpoint is`, () => {
    // The endpoint in question goes by a name, which is looked up; the other by a number, which is not.
    async function startByName(lookup: net.LookupFunction, timeout = patient): Promise<void> {
      const named = endpointsAt(`http://localhost:${server.port}`);
      const { tokenURL, apiURL } = named;
      const options = endpoint === 'token' ? { tokenURL } : { apiURL };
      await start({ ...options, timeout }, { with: keepingAgent({ lookup } as http.AgentOptions) });
    }
    const right = { address: '127.0.0.1', family: 4 };
    const resolved = (addresses: { address: string; family: number }[]): net.LookupFunction =>
      ((_name: string, _options: object, done: (...values: unknown[]) => void) =>
        done(null, addresses)) as net.LookupFunction;

    const stages: {
      id: string;
      what: string;
      wrong: net.LookupFunction;
      outcome: Outcome;
      cause?: string;
    }[] = [
      {
        id: 'FI-01',
        what: 'not known to the DNS',
        wrong: (_name, _options, done) =>
          done(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), []),
        outcome: network,
        cause: 'ENOTFOUND',
      },
      {
        id: 'FI-01',
        what: 'looked up without end',
        wrong: () => undefined,
        outcome: late,
      },
      {
        id: 'FI-01',
        what: 'where nobody listens',
        wrong: resolved([{ address: '::1', family: 6 }]),
        outcome: network,
      },
    ];
    for (const { id, what, wrong, outcome, cause } of stages) {
      it(`${what} ends with ${outcome.code} ${outcome.status} [${id}]`, async () => {
        let lookup = wrong;
        await startByName((...parameters) => lookup(...parameters), outcome === late ? impatient : patient);

        const end = await signIn();
        lookup = resolved([right]);
        const next = await signIn();

        expectRefusal(end, outcome, endpoint);
        expect(end.requests[endpoint]).to.equal(0);
        if (cause) expect(end.error.cause).to.include({ code: cause });
        expectSuccess(next);
        await expectReleased();
      });
    }

    it('not reached by IPv6 is reached by IPv4 [FI-24]', async () => {
      await startByName(resolved([{ address: '::1', family: 6 }, right]));

      expectSuccess(await signIn());
      await expectReleased();
    });

    it('closing a connection as it is used again is not asked twice [FI-15, TK-09]', async () => {
      await start({ timeout: patient });
      expectSuccess(await signIn());
      server.faults[endpoint] = ({ socket }) => socket.resetAndDestroy();

      const end = await signIn();
      server.faults = {};
      const next = await signIn();

      expectRefusal(end, network, endpoint);
      expect(end.requests[endpoint]).to.equal(1);
      expectSuccess(next);
      await expectReleased();
    });
  });
}

describe('a provider that sets cookies', () => {
  it('gets none back [FI-13, HT-03]', async () => {
    await start({});
    for (const endpoint of endpoints) {
      server.faults[endpoint] = ({ socket, json: right }) => socket.write(ok(right, 'Set-Cookie: spy=1'));
    }

    expectSuccess(await signIn());
    expectSuccess(await signIn());

    const asked = server.requests.filter(({ line }) => !line.includes('authorize'));
    expect(asked).to.have.length(4);
    expect(asked.filter(({ header }) => /^cookie:/im.test(header))).to.deep.equal([]);
  });
});

const authority = `
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;

describe('a provider behind TLS', () => {
  interface Certificate {
    key: Buffer;
    cert: Buffer;
  }
  let folder: string;
  let certificates: Record<'right' | 'expired' | 'misnamed' | 'foreign', Certificate>;
  let [secure, faulty]: SecureListener[] = [];

  before(function () {
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' });
    } catch {
      console.log('        the certificates of these tests need the command openssl: skipped');
      return this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'passport-jaccount-'));
    writeFileSync(path.join(folder, 'ca.cnf'), authority);
    writeFileSync(path.join(folder, 'index'), '');
    certificates = {
      right: certificate('right', 'localhost', '20991231000000Z'),
      expired: certificate('expired', 'localhost', '20200102000000Z'),
      misnamed: certificate('misnamed', 'other.example', '20991231000000Z'),
      foreign: certificate('foreign', 'localhost', '20991231000000Z'),
    };
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  // `openssl ca` is the command that makes what has already expired.
  function certificate(file: string, name: string, end: string): Certificate {
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    const [key, request, cert] = [`${file}.key`, `${file}.csr`, `${file}.pem`];
    openssl(
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', request, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
    );
    openssl(
      ...['ca', '-batch', '-config', 'ca.cnf', '-selfsign', '-keyfile', key, '-in', request, '-out', cert],
      ...['-startdate', '20200101000000Z', '-enddate', end, '-notext'],
    );
    return { key: readFileSync(path.join(folder, key)), cert: readFileSync(path.join(folder, cert)) };
  }

  beforeEach(async () => {
    secure = await listenSecurely(server, certificates.right);
    faulty = await listenSecurely(server, certificates.right);
  });
  afterEach(() => Promise.all([secure?.stop(), faulty?.stop()]));

  async function startSecurely(endpoint: Endpoint, timeout = patient): Promise<void> {
    const { right, expired, misnamed } = certificates;
    const good = endpointsAt(`https://localhost:${secure?.port}`);
    const bad = endpointsAt(`https://localhost:${faulty?.port}`);
    const ca = [right.cert, expired.cert, misnamed.cert];
    await start(
      {
        tokenURL: (endpoint === 'token' ? bad : good).tokenURL,
        apiURL: (endpoint === 'profile' ? bad : good).apiURL,
        timeout,
      },
      { with: new https.Agent({ ca, keepAlive: true }) },
    );
  }

  const handshakes: { what: string; wrong: () => void; cause: RegExp | undefined; outcome: Outcome }[] = [
    {
      what: 'shows an expired certificate',
      wrong: () => faulty?.certify(certificates.expired),
      cause: /^CERT_HAS_EXPIRED$/,
      outcome: network,
    },
    {
      what: 'shows a certificate that it signed itself',
      wrong: () => faulty?.certify(certificates.foreign),
      cause: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
      outcome: network,
    },
    {
      what: 'shows the certificate of another',
      wrong: () => faulty?.certify(certificates.misnamed),
      cause: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
      outcome: network,
    },
    {
      what: 'speaks TLS 1.0 only',
      wrong: () =>
        faulty?.certify({
          ...certificates.right,
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1',
          ciphers: 'ALL@SECLEVEL=0',
        }),
      cause: /^(?:ERR_SSL_|EPROTO)/,
      outcome: network,
    },
    {
      what: 'stalls in the handshake',
      wrong: () => faulty && Object.assign(faulty, { handshake: 'stall' }),
      cause: undefined,
      outcome: late,
    },
    {
      what: 'resets in the handshake',
      wrong: () => faulty && Object.assign(faulty, { handshake: 'reset' }),
      cause: /^ECONNRESET$/,
      outcome: network,
    },
  ];
  for (const endpoint of endpoints) {
    it(`signs in through its ${endpoint} endpoint where nothing is wrong`, async () => {
      await startSecurely(endpoint);

      expectSuccess(await signIn());
    });

    for (const { what, wrong, cause, outcome } of handshakes) {
      it(`${what} at its ${endpoint} endpoint gets no request [FI-14, TK-01]`, async () => {
        // A right handshake takes its time as well, on a busy machine.
        await startSecurely(endpoint, outcome === late ? { response: 1000, deadline: 2000 } : patient);
        wrong();

        const end = await signIn();
        Object.assign(faulty as object, { handshake: 'right' });
        faulty?.certify(certificates.right);
        const next = await signIn();

        expectRefusal(end, outcome, endpoint);
        expect(end.requests[endpoint]).to.equal(0);
        if (cause) expect(end.error.cause.code).to.match(cause);
        expectSuccess(next);
        await expectReleased();
        await Promise.all([secure?.deserted(), faulty?.deserted()]);
      });
    }
  }
});
