import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { createGzip, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { ApiError, NetworkError } from 'passport-jaccount';
import { profileFromEntity } from '../../dist/profile/from-entity.js';
import { fetchProfile } from '../../dist/protocol/api.js';
import { createTransport, type Transport } from '../../dist/protocol/http.js';
import { listen } from '../support/faulty-server';

type Answer = (response: http.ServerResponse, request: http.IncomingMessage) => void;

const accessToken = 'canary-0123456789abcdef';
const entity = { account: 'zhangsan', name: '张三', kind: 'canvas.profile', timeZone: 0 };
const envelope = { errno: 0, error: 'success', total: 0, entities: [entity] };
const jsonType = 'application/json;charset=UTF-8';

let server: http.Server;
let origin: string;
let answer: Answer;
let requests: http.IncomingMessage[];
let transport: Transport;

const send =
  (body: unknown, status = 200, headers: http.OutgoingHttpHeaders = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': jsonType, ...headers });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  };

const fetched = () => fetchProfile(`${origin}/v1`, accessToken, transport);
const malformed = { code: 'ERR_JACCOUNT_RESPONSE' };

describe('fetchProfile()', function () {
  this.timeout(8000);

  beforeEach(async () => {
    requests = [];
    server = http.createServer((request, response) => {
      requests.push(request);
      answer(response, request);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    transport = createTransport({ response: 3000, deadline: 6000 });
  });

  afterEach(async () => {
    transport.agentFor(origin).destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('resolves with the one entity of the envelope', async () => {
    answer = send(envelope);

    expect(await fetched()).to.deep.equal(entity);
  });

  it('resolves with an entity that came without an envelope', async () => {
    answer = send(entity);

    expect(await fetched()).to.deep.equal(entity);
  });

  it("asks for the user's own profile", async () => {
    answer = send(envelope);

    await fetched();

    expect(requests.map(({ method, url }) => `${method} ${url}`)).to.deep.equal(['GET /v1/me/profile']);
  });

  it('sends the access token in the header, not in the address [UI-01]', async () => {
    answer = send(envelope);

    await fetched();

    const [{ headers, url } = assert.fail()] = requests;
    expect(headers.authorization).to.equal(`Bearer ${accessToken}`);
    expect(url).not.to.contain('canary');
  });

  it('asks for JSON that is not compressed', async () => {
    answer = send(envelope);

    await fetched();

    expect(requests[0]?.headers).to.include({ accept: 'application/json', 'accept-encoding': 'identity' });
  });

  it('uses a connection again', async () => {
    let connections = 0;
    server.on('connection', () => connections++);
    answer = send(envelope);

    await fetched();
    await fetched();

    expect(connections).to.equal(1);
  });

  const success: [what: string, envelope: object][] = [
    ['"success" for a text', envelope],
    ['"Succeed." for a text', { ...envelope, error: 'Succeed.' }],
    ['null for a text', { ...envelope, error: null }],
    ['no text', { errno: 0, entities: [entity] }],
    ['a total of one', { ...envelope, total: 1 }],
    ['a total in a string', { ...envelope, total: '0' }],
    ['a next token', { ...envelope, nextToken: 'x' }],
  ];
  for (const [what, body] of success) {
    it(`resolves where an errno of 0 comes with ${what} [UI-02]`, async () => {
      answer = send(body);

      expect(await fetched()).to.deep.equal(entity);
    });
  }

  for (const errno of [10002, 10007, 10010, -1, 10009]) {
    for (const status of [200, 403]) {
      it(`refuses ${status} with errno ${errno}, whatever its text says [PR-01, UI-02]`, async () => {
        answer = send({ ...envelope, errno }, status);

        await assert.rejects(fetched(), { code: 'ERR_JACCOUNT_API', errno, providerStatus: status });
      });
    }
  }

  it('keeps the text of a refusal out of the error [PR-01, ER-02]', async () => {
    answer = send({ errno: 10001, error: `BAD_PARAMETERS\n\nMORE_INFORMATION: ${accessToken}` }, 400);

    const error = await fetched().catch((refused: unknown) => refused);

    expect(error).to.be.instanceOf(ApiError);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.match(/canary|MORE/);
  });

  it('takes 0.0 for success [PR-02]', async () => {
    answer = send(JSON.stringify(envelope).replace('"errno":0', '"errno":0.0'));

    expect(await fetched()).to.deep.equal(entity);
  });

  for (const errno of ['"0"', 'null', 'false', 'true', '""', '[]', '[0]', '{}', '"success"']) {
    it(`does not take ${errno} for an errno of 0 [PR-02]`, async () => {
      answer = send(JSON.stringify(envelope).replace('"errno":0', `"errno":${errno}`));

      await assert.rejects(fetched(), malformed);
    });
  }

  it('refuses entities without an errno [PR-02]', async () => {
    answer = send({ error: 'success', entities: [entity] });

    await assert.rejects(fetched(), malformed);
  });

  it('refuses a bare entity that has an errno [PR-02]', async () => {
    answer = send({ ...entity, errno: 0 });

    await assert.rejects(fetched(), malformed);
  });

  const entities: [what: string, entities: unknown][] = [
    ['none', []],
    ['no list', undefined],
    ['null', null],
    ['an object', entity],
    ['an object that looks like a list', { 0: entity, length: 1 }],
    ['two', [entity, entity]],
    ['two accounts', [entity, { ...entity, account: 'lisi' }]],
    ['a list with null', [null]],
    ['a list with a string', ['zhangsan']],
    ['a list in a list', [[entity]]],
    ['a string', 'zhangsan'],
    ['a number', 1],
  ];
  for (const [what, list] of entities) {
    it(`refuses ${what} where one entity has to be [PR-03, UI-02]`, async () => {
      answer = send({ ...envelope, entities: list });

      await assert.rejects(fetched(), malformed);
    });
  }

  it('resolves with the account as it is spelt, so that the caller can compare it [PR-04, PR-05]', async () => {
    answer = send({ ...envelope, entities: [{ ...entity, account: 'ZhangSan' }] });

    expect(await fetched()).to.include({ account: 'ZhangSan' });
  });

  for (const account of [
    'a',
    'zhang.san',
    'zhang-san_1',
    '0012345',
    '张三',
    'a'.repeat(255),
    'null@x',
    'é',
  ]) {
    it(`takes ${account.slice(0, 20)} for an account`, async () => {
      answer = send({ ...entity, account });

      expect(await fetched()).to.include({ account });
    });
  }

  const accounts: unknown[] = [
    ...[undefined, null, '', 0, 5, true, [], ['zhangsan'], {}, { account: 'zhangsan' }],
    ...[
      ' ',
      'zhang san',
      ' zhangsan',
      'zhangsan ',
      'zhangsan\n',
      'zhang\tsan',
      'zhang\0san',
      '\ufeffzhangsan',
    ],
    ...[
      '../../etc/passwd',
      'a/b',
      'a\\b',
      '/',
      '\u3000',
      '\u00a0',
      'a\u2028b',
      'a\u202eb',
      'a\u200bb',
      'a\u00adb',
    ],
    ...['\ud800', 'a\udc00', '\ue000', 'a\u0085b', 'a\u007fb', 'a'.repeat(256), 'a'.repeat(10_000)],
  ];
  for (const account of accounts) {
    it(`refuses ${JSON.stringify(account)?.slice(0, 24)} for an account [PR-06, UI-04]`, async () => {
      answer = send({ ...envelope, entities: [{ ...entity, account }] });

      await assert.rejects(fetched(), malformed);
    });
  }

  // What every profile makes of these is in the tests of profileFromEntity().
  const oddities: [row: string, members: object][] = [
    ['PR-07', { id: null }],
    ['PR-08', { code: 12345 }],
    ['PR-09', { userType: ['student'] }],
    ['PR-10', { organize: {}, birthday: null }],
    ['PR-11', { name: '<img onerror=alert(1)>' }],
  ];
  for (const [row, members] of oddities) {
    it(`leaves ${JSON.stringify(members)} to the profile [${row}]`, async () => {
      answer = send({ ...envelope, entities: [{ ...entity, ...members }] });

      expect(await fetched()).to.deep.include(members);
    });
  }

  it('pollutes nothing by members of odd names [PR-12]', async () => {
    const odd = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"hasOwnProperty":1,';
    answer = send(`${odd}"errno":0,"entities":[${odd}"account":"zhangsan"}]}`);

    const { account, admin } = await fetched();

    expect({ account, admin }).to.deep.equal({ account: 'zhangsan', admin: undefined });
    expect(({} as { admin?: unknown }).admin).to.equal(undefined);
  });

  it('does not find an account in the prototype [PR-12]', async () => {
    answer = send('{"errno":0,"entities":[{"__proto__":{"account":"zhangsan"}}]}');

    await assert.rejects(fetched(), malformed);
  });

  it('does not find an envelope in the prototype [PR-12]', async () => {
    answer = send('{"__proto__":{"errno":0,"entities":[{"account":"zhangsan"}]}}');

    await assert.rejects(fetched(), malformed);
  });

  it('refuses the page of a login with the status 200 [PR-13]', async () => {
    answer = send('<!doctype html><title>jAccount</title>', 200, { 'content-type': 'text/html' });

    await assert.rejects(fetched(), { ...malformed, providerStatus: 200, retryable: false });
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`does not follow a ${status} to another host [PR-13, FI-08, HT-03]`, async () => {
      const other = await listen((socket) => socket.end());
      answer = send('', status, { location: `http://127.0.0.1:${other.port}/` });

      await assert.rejects(fetched(), { ...malformed, providerStatus: status });

      expect(other.connections()).to.equal(0);
      await other.stop();
    });

    it(`does not follow a ${status} to itself [PR-13, FI-08]`, async () => {
      answer = send('', status, { location: '/v1/me/profile' });

      await assert.rejects(fetched(), malformed);

      expect(requests).to.have.lengthOf(1);
    });
  }

  it('is not undone by an entity nested a hundred thousand deep [PR-14]', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    answer = send(`{"errno":0,"entities":[{"account":"zhangsan","x":${deep}}]}`);

    const made = fetched().then((fetchedEntity) => profileFromEntity(fetchedEntity, true));

    await assert.rejects(made, malformed);
  });

  it('refuses a profile of 50 MB [PR-14, FI-07, HT-02]', async () => {
    answer = send({ ...entity, name: 'a'.repeat(50_000_000) });

    await assert.rejects(fetched(), { ...malformed, providerStatus: 200 });
  });

  it('refuses a profile without end [PR-14, FI-07, HT-02]', async () => {
    const closed = new Promise((resolve) => {
      answer = (response) => {
        response.on('close', resolve).writeHead(200, { 'content-type': jsonType });
        const pour = () => {
          while (!response.destroyed && response.write(' '.repeat(16_384)));
        };
        response.on('drain', pour);
        pour();
      };
    });

    await assert.rejects(fetched(), malformed);
    await closed;
  });

  it('resolves with a profile of just under a mebibyte', async () => {
    const bare = JSON.stringify({ ...entity, pad: '' }).length;
    answer = send({ ...entity, name: '张三', pad: 'a'.repeat(2 ** 20 - bare - 4) });

    expect(await fetched()).to.include({ account: 'zhangsan' });
  });

  it('refuses a profile of just over a mebibyte [UI-02]', async () => {
    answer = send({ ...entity, pad: 'a'.repeat(2 ** 20) });

    await assert.rejects(fetched(), malformed);
  });

  it('refuses a bomb of gzip before it has burst [PR-14, FI-06, HT-02]', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': jsonType, 'content-encoding': 'gzip' });
      const bomb = createGzip({ level: 9 });
      bomb.pipe(response);
      bomb.write(Buffer.alloc(200_000_000, ' '));
      bomb.end();
    };
    const before = process.memoryUsage().arrayBuffers;

    await assert.rejects(fetched(), malformed);

    expect(process.memoryUsage().arrayBuffers - before).to.be.below(250_000_000);
  });

  const codings: [what: string, encoding: string, octets: Buffer][] = [
    ['gzip that is none', 'gzip', Buffer.from(JSON.stringify(envelope))],
    ['gzip that is cut short', 'gzip', gzipSync(JSON.stringify(envelope)).subarray(0, -30)],
    ['gzip without its sum', 'gzip', gzipSync(JSON.stringify(envelope)).subarray(0, -8)],
    ['gzip with a wrong sum', 'gzip', withWrongSum(gzipSync(JSON.stringify(envelope)))],
    ['Zstandard that is none', 'zstd', Buffer.from('x'.repeat(100))],
  ];
  for (const [what, encoding, octets] of codings) {
    it(`refuses ${what} [FI-06]`, async () => {
      answer = send(octets, 200, { 'content-encoding': encoding });

      await assert.rejects(fetched(), ({ code }: { code: string }) =>
        ['ERR_JACCOUNT_RESPONSE', 'ERR_JACCOUNT_NETWORK'].includes(code),
      );
    });
  }

  it('refuses a profile in GBK [PR-15]', async () => {
    const [front = '', back = ''] = JSON.stringify(envelope).split('张三');
    answer = send(
      Buffer.concat([Buffer.from(front), Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]), Buffer.from(back)]),
    );

    await assert.rejects(fetched(), malformed);
  });

  it('refuses a profile that says it is in GBK [PR-15]', async () => {
    answer = send(envelope, 200, { 'content-type': 'application/json;charset=gbk' });

    await assert.rejects(fetched(), malformed);
  });

  for (const status of [201, 204, 206, 400, 403, 404, 500, 503]) {
    it(`refuses ${status} with a right envelope [UI-02]`, async () => {
      answer = send(envelope, status);

      await assert.rejects(fetched(), { ...malformed, providerStatus: status });
    });
  }

  const pages: [status: number, expected: object][] = [
    [429, { status: 502, retryable: true }],
    [500, { status: 502, retryable: true }],
    [502, { status: 502, retryable: true }],
    [503, { status: 503, retryable: true }],
    [404, { status: 502, retryable: false }],
  ];
  for (const [status, expected] of pages) {
    it(`refuses the page of a ${status} [FI-09]`, async () => {
      answer = send('<h1>维护</h1>', status, { 'content-type': 'text/html', 'retry-after': '60' });

      await assert.rejects(fetched(), { ...malformed, providerStatus: status, ...expected });
    });
  }

  it('does not ask again after a 503 [FI-09]', async () => {
    answer = send('', 503, { 'retry-after': '0' });

    await assert.rejects(fetched());

    expect(requests).to.have.lengthOf(1);
  });

  const bodies: [what: string, body: string][] = [
    ['nothing', ''],
    ['null', 'null'],
    ['a list', `[${JSON.stringify(entity)}]`],
    ['a string', '"zhangsan"'],
    ['half an envelope', JSON.stringify(envelope).slice(0, -2)],
    ['an envelope with something behind it', `${JSON.stringify(envelope)}x`],
    ['an empty object', '{}'],
  ];
  for (const [what, body] of bodies) {
    it(`refuses ${what} [FI-10]`, async () => {
      answer = send(body);

      await assert.rejects(fetched(), malformed);
    });
  }

  const silences: [what: string, answer: Answer][] = [
    ['nothing', () => undefined],
    ['headers alone', (response) => response.writeHead(200, { 'content-type': jsonType }).flushHeaders()],
    ['half a body', (response) => response.writeHead(200, { 'content-type': jsonType }).write('{"errno":0,')],
  ];
  for (const [what, silent] of silences) {
    it(`gives up where ${what} comes in time [FI-02, HT-01]`, async () => {
      transport = createTransport({ response: 150, deadline: 300 });
      answer = silent;

      await assert.rejects(fetched(), { code: 'ERR_JACCOUNT_NETWORK', timedOut: true, status: 504 });
    });
  }

  const breaks: [what: string, answer: Answer][] = [
    ['before the headers', (response) => response.socket?.resetAndDestroy()],
    [
      'in the body',
      (response) => {
        response.writeHead(200, { 'content-type': jsonType, 'content-length': 99 });
        response.write('{"errno":0,', () => response.socket?.destroy());
      },
    ],
    [
      'between two chunks',
      (response) => {
        response.writeHead(200, { 'content-type': jsonType });
        response.write(JSON.stringify(envelope), () => response.socket?.destroy());
      },
    ],
  ];
  for (const [what, broken] of breaks) {
    it(`rejects a connection that breaks ${what} [FI-03, FI-04]`, async () => {
      answer = broken;

      await assert.rejects(fetched(), { code: 'ERR_JACCOUNT_NETWORK', timedOut: false, status: 502 });
    });
  }

  it('rejects when it is asked to switch protocols [FI-12]', async () => {
    transport = createTransport({ response: 150, deadline: 300 });
    answer = (response) =>
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');

    await assert.rejects(fetched(), { code: 'ERR_JACCOUNT_NETWORK' });
  });

  it('says neither token nor person in the error of a broken connection [ER-01]', async () => {
    answer = (response) => response.socket?.resetAndDestroy();

    const error = await fetched().catch((refused: unknown) => refused);

    expect(error).to.be.instanceOf(NetworkError);
    expect((error as NetworkError).url).to.equal(`${origin}/v1/me/profile`);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.match(/canary|zhangsan|Bearer/);
  });

  it('says neither token nor person in the error of a malformed profile [ER-01]', async () => {
    answer = send({ ...envelope, entities: [{ ...entity, account: '', name: 'canary-name' }] });

    const error = await fetched().catch((refused: unknown) => refused);

    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.match(/canary|Bearer/);
  });

  it('works again after it failed', async () => {
    answer = (response) => response.socket?.resetAndDestroy();
    await assert.rejects(fetched());
    answer = send(envelope);

    expect(await fetched()).to.deep.equal(entity);
  });

  it('sends no cookie that an answer set [HT-03]', async () => {
    answer = send(envelope, 200, { 'set-cookie': 'a=b; Path=/' });

    await fetched();
    await fetched();

    expect(requests[1]?.headers).not.to.have.property('cookie');
  });
});

function withWrongSum(octets: Buffer): Buffer {
  const wrong = Buffer.from(octets);
  wrong[wrong.length - 8] = (wrong.at(-8) as number) ^ 1;
  return wrong;
}
