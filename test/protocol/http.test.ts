import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { MalformedResponseError, NetworkError } from 'passport-jaccount';
import {
  createTransport,
  type HttpResponse,
  ownMember,
  parseJsonObject,
  sendRequest,
  type Transport,
} from '../../dist/protocol/http.js';
import { type Listener, listen, ok, response } from '../support/faulty-server';

const maxOctets = 64 * 1024;
const body = 'grant_type=authorization_code';
const json = '{"access_token":"canary"}';

type Answer = (socket: net.Socket, request: string) => void;

let server: Listener;
let transport: Transport;
let answer: Answer;
let requests: string[];
let url: string;

// Answers each request once it is there whole; the requests of these tests all end alike.
function converse(socket: net.Socket): void {
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    if (!received.endsWith(body)) return;
    const request = received;
    received = '';
    requests.push(request);
    answer(socket, request);
  });
}

function exchange(limit = maxOctets): Promise<HttpResponse> {
  return sendRequest(
    { method: 'POST', url, headers: { Accept: 'application/json' }, body },
    transport,
    limit,
  );
}

// Writes as long as anybody listens.
function pour(socket: net.Socket, chunk: string | Buffer): void {
  const more = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function drip(socket: net.Socket, text: string, milliseconds: number): void {
  const octets = [...text];
  const timer = setInterval(() => {
    const octet = octets.shift();
    if (octet === undefined || !socket.writable) clearInterval(timer);
    else socket.write(octet);
  }, milliseconds);
  socket.on('close', () => clearInterval(timer));
}

const chunked = (...chunks: string[]) =>
  response('200 OK', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], chunks.join(''));
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const head = (...headers: string[]) => response('200 OK', ['Content-Type: application/json', ...headers]);

describe('sendRequest()', function () {
  this.timeout(5000);

  beforeEach(async () => {
    requests = [];
    server = await listen(converse);
    url = `http://127.0.0.1:${server.port}/oauth2/token`;
    transport = createTransport({ response: 2000, deadline: 4000 });
  });

  afterEach(async () => {
    transport.agentFor(url).destroy();
    await server.stop();
  });

  it('sends the request as it was built', async () => {
    answer = (socket) => socket.write(ok(json));

    await exchange();

    const [header = '', sent] = (requests[0] as string).split('\r\n\r\n');
    expect(header.split('\r\n')).to.include.members([
      'POST /oauth2/token HTTP/1.1',
      'Accept: application/json',
      `Content-Length: ${body.length}`,
    ]);
    expect(sent).to.equal(body);
  });

  it('counts the octets of its body, not the characters', async () => {
    answer = (socket) => socket.write(ok(json));
    const name = `name=张三&${body}`;

    await sendRequest({ method: 'POST', url, headers: {}, body: name }, transport, maxOctets);

    expect(requests[0]).to.contain(`Content-Length: ${Buffer.byteLength(name)}`);
  });

  it('resolves with status, content type, octets', async () => {
    answer = (socket) => socket.write(response('418 Teapot', ['Content-Type: text/plain'], '茶'));

    expect(await exchange()).to.deep.equal({
      status: 418,
      contentType: 'text/plain',
      body: Buffer.from('茶'),
    });
  });

  const right = ok(json);
  const successes: [what: string, ids: string, answer: Answer][] = [
    [
      'resets after a whole answer',
      'FI-03',
      (s) => s.write(right, () => setTimeout(() => s.resetAndDestroy(), 20)),
    ],
    ['closes after a whole answer', 'FI-03', (s) => s.end(right)],
    [
      'tells no length but closes',
      'FI-04',
      (s) => s.end(head('Connection: close').replace(/Content-Length.*\r\n/, '') + json),
    ],
    [
      'comes in chunks',
      'FI-05',
      (s) => s.write(chunked(chunk(json.slice(0, 5)), chunk(json.slice(5)), '0\r\n\r\n')),
    ],
    ['comes in chunks of one octet', 'FI-05', (s) => s.write(chunked(...[...json].map(chunk), '0\r\n\r\n'))],
    [
      'has extensions to its chunks',
      'FI-05',
      (s) => s.write(chunked(chunk(json).replace('\r\n', ';a=b\r\n'), '0\r\n\r\n')),
    ],
    ['has trailers', 'FI-05', (s) => s.write(chunked(chunk(json), '0\r\nX-Trailer: 1\r\n\r\n'))],
    ['is told to be identical', 'FI-06', (s) => s.write(ok(json, 'Content-Encoding: identity'))],
    ['follows a 100', 'FI-12', (s) => s.write(`HTTP/1.1 100 Continue\r\n\r\n${right}`)],
    ['follows a 103', 'FI-12', (s) => s.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${right}`)],
    [
      'follows a hundred of 1xx',
      'FI-12',
      (s) => s.write(`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)}${right}`),
    ],
    ['comes octet by octet, but in time', 'FI-17', (s) => drip(s, right, 1)],
    ['has a header of 12 KiB', 'FI-13', (s) => s.write(ok(json, `X-Long: ${'a'.repeat(12 * 1024)}`))],
  ];
  for (const [what, ids, wanted] of successes) {
    it(`resolves with an answer that ${what} [${ids}]`, async () => {
      answer = wanted;

      expect((await exchange()).body.toString()).to.equal(json);
    });
  }

  it('resolves with a hundred thousand chunks of one octet [FI-05]', async () => {
    transport = createTransport({ response: 1000, deadline: 4000 });
    answer = (socket) => socket.write(chunked('1\r\na\r\n'.repeat(100_000), '0\r\n\r\n'));

    expect((await exchange(100_000)).body).to.have.lengthOf(100_000);
  });

  it('resolves with no more than the length that was told [FI-04]', async () => {
    answer = (socket) => socket.end(`${head('Content-Length: 5')}{"a":1}`);

    const short = await exchange();

    expect(short.body.toString()).to.equal('{"a":');
    expect(() => parseJsonObject(short)).to.throw(MalformedResponseError);
  });

  const unanswered: [what: string, ids: string, answer: Answer, timedOut: boolean][] = [
    ['never comes', 'FI-02, HT-01', () => undefined, true],
    ['stops within its headers', 'FI-02', (s) => s.write(right.slice(0, 30)), true],
    ['stops after its headers', 'FI-02, HT-01', (s) => s.write(head('Content-Length: 20')), true],
    ['stops at its last octet', 'FI-02', (s) => s.write(right.slice(0, -1)), true],
    ['comes at an octet now or then', 'FI-02', (s) => drip(s, right, 50), true],
    [
      'comes at an octet now or then once the headers are there',
      'FI-02',
      (s) => s.write(head('Content-Length: 99'), () => drip(s, 'a'.repeat(99), 50)),
      true,
    ],
    ['is reset before it begins', 'FI-03', (s) => s.resetAndDestroy(), false],
    [
      'is reset in its headers',
      'FI-03',
      (s) => s.write(right.slice(0, 30), () => s.resetAndDestroy()),
      false,
    ],
    ['is reset in its body', 'FI-03', (s) => s.write(right.slice(0, -9), () => s.resetAndDestroy()), false],
    ['ends before it begins', 'FI-03', (s) => s.end(), false],
    ['ends in its headers', 'FI-03', (s) => s.end(right.slice(0, 30)), false],
    ['ends in its body', 'FI-03', (s) => s.end(right.slice(0, -9)), false],
    [
      'is shorter than it says, then silent',
      'FI-04',
      (s) => s.write(head('Content-Length: 99') + json),
      true,
    ],
    ['is shorter than it says, then ends', 'FI-04', (s) => s.end(head('Content-Length: 99') + json), false],
    ['has a negative length', 'FI-04', (s) => s.write(head('Content-Length: -1') + json), false],
    ['has a length that is no number', 'FI-04', (s) => s.write(head('Content-Length: all') + json), false],
    [
      'has two lengths',
      'FI-04',
      (s) => s.write(head('Content-Length: 5', `Content-Length: ${json.length}`) + json),
      false,
    ],
    [
      'has a length although it comes in chunks',
      'FI-04',
      (s) => s.write(head('Content-Length: 5', 'Transfer-Encoding: chunked') + chunk(json)),
      false,
    ],
    ['has a chunk whose size is no number', 'FI-05', (s) => s.write(chunked('zz\r\nx\r\n')), false],
    ['has a chunk longer than its size', 'FI-05', (s) => s.write(chunked('2\r\nabcd\r\n0\r\n\r\n')), false],
    ['lacks its last chunk, then ends', 'FI-05', (s) => s.end(chunked(chunk(json))), false],
    ['lacks its last chunk, then is silent', 'FI-05', (s) => s.write(chunked(chunk(json))), true],
    ['is a flood of 1xx', 'FI-12', (s) => pour(s, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)), true],
    ['is 1xx, then nothing', 'FI-12', (s) => s.write('HTTP/1.1 100 Continue\r\n\r\n'), true],
    ['has headers of 32 KiB', 'FI-13', (s) => s.write(ok(json, `X-Bomb: ${'a'.repeat(32 * 1024)}`)), false],
    [
      'has headers without end',
      'FI-13',
      (s) => s.write('HTTP/1.1 200 OK\r\n', () => pour(s, 'X-Bomb: a\r\n'.repeat(100))),
      false,
    ],
    ['has NUL in a header', 'FI-13', (s) => s.write(ok(json, 'X-Nul: a\0b')), false],
    [
      'has a bare line feed in a header',
      'FI-13',
      (s) => s.write(ok(json, 'X-Split: a\nContent-Length: 1')),
      false,
    ],
    ['has a header without a colon', 'FI-13', (s) => s.write(ok(json, 'canary')), false],
    ['is not HTTP', 'FI-13', (s) => s.write('SSH-2.0-OpenSSH\r\n'), false],
    ['is of another HTTP', 'FI-13', (s) => s.write(right.replace('HTTP/1.1', 'HTTP/3.0')), false],
  ];
  for (const [what, ids, wanted, timedOut] of unanswered) {
    it(`rejects with a NetworkError when the answer ${what} [${ids}]`, async () => {
      if (timedOut) transport = createTransport({ response: 150, deadline: 300 });
      answer = wanted;

      await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_NETWORK', url, timedOut });
      await server.deserted();
    });
  }

  it('rejects when it is asked to switch protocols [FI-12]', async () => {
    answer = (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');

    await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_NETWORK' });
    await server.deserted();
  });

  it('waits no longer than the deadline for a first octet that may take longer', async () => {
    transport = createTransport({ response: 60_000, deadline: 100 });
    answer = () => undefined;

    await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_NETWORK', timedOut: true });
  });

  it('lets the body take longer than the first octet may', async () => {
    transport = createTransport({ response: 100, deadline: 3000 });
    answer = (socket) => socket.write(head('Content-Length: 4'), () => drip(socket, 'abcd', 60));

    expect((await exchange()).body.toString()).to.equal('abcd');
  });

  const huge = ok(`"${'a'.repeat(50_000_000)}"`);
  const tooLong: [what: string, ids: string, answer: Answer][] = [
    ['is 50 MB of JSON', 'FI-07, HT-02', (s) => s.write(huge)],
    [
      'never ends',
      'FI-07, HT-02',
      (s) => s.write(head('Transfer-Encoding: chunked'), () => pour(s, chunk('a'.repeat(1000)))),
    ],
    ['is one octet too long', 'FI-07', (s) => s.write(ok('a'.repeat(maxOctets + 1)))],
    [
      'never ends in chunks of one octet',
      'FI-05',
      (s) => s.write(head('Transfer-Encoding: chunked'), () => pour(s, '1\r\na\r\n'.repeat(1000))),
    ],
    [
      'is too long an error',
      'FI-09',
      (s) => s.write(response('500 Oops', ['Content-Type: text/html'], 'a'.repeat(maxOctets + 1))),
    ],
  ];
  for (const [what, ids, wanted] of tooLong) {
    it(`rejects an answer that ${what} [${ids}]`, async () => {
      answer = wanted;

      await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_RESPONSE' });
      await server.deserted();
    });
  }

  it('resolves with an answer of the greatest length [FI-07]', async () => {
    answer = (socket) => socket.write(ok('a'.repeat(maxOctets)));

    expect((await exchange()).body).to.have.lengthOf(maxOctets);
  });

  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const encoded: [what: string, encoding: string, octets: Buffer | string][] = [
    ['gzip', 'gzip', gzipSync(json)],
    ['gzip that is cut short', 'gzip', gzipSync(json).subarray(0, -9)],
    ['gzip that is none', 'gzip', json],
    ['a bomb', 'gzip', bomb.subarray(0, maxOctets)],
    ['gzip a hundred times over', Array(100).fill('gzip').join(', '), json],
    ['deflate', 'deflate', json],
    ['Brotli', 'br', json],
    ['Zstandard', 'zstd', json],
    ['a coding that nobody knows', 'rot13', json],
    ['no name at all', '', json],
  ];
  for (const [what, encoding, octets] of encoded) {
    it(`rejects a coding that it did not ask for: ${what} [FI-06]`, async () => {
      answer = (socket) => {
        socket.write(head(`Content-Encoding: ${encoding}`, `Content-Length: ${octets.length}`));
        socket.write(octets);
      };

      await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_RESPONSE', providerStatus: 200 });
    });
  }

  it('drops a bomb before it is whole [FI-06, HT-02]', async () => {
    answer = (socket) => {
      socket.write(head('Content-Encoding: gzip', 'Transfer-Encoding: chunked'));
      pour(socket, Buffer.concat([Buffer.from('3e8\r\n'), Buffer.alloc(1000), Buffer.from('\r\n')]));
    };

    await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_RESPONSE' });
    await server.deserted();
  });

  describe('redirected', () => {
    let other: Listener;

    beforeEach(async () => {
      other = await listen((socket) => socket.end(ok(json)));
    });

    afterEach(() => other.stop());

    const statuses = [
      '301 Moved',
      '302 Found',
      '303 See Other',
      '307 Temporary',
      '308 Permanent',
      '300 Choices',
    ];
    for (const status of statuses) {
      it(`does not follow a ${status} to another host [FI-08, HT-03, TK-01]`, async () => {
        const location = `http://127.0.0.1:${other.port}/`;
        answer = (socket) => socket.write(response(status, [`Location: ${location}`]));

        const answered = await exchange();

        expect(answered.status).to.equal(Number.parseInt(status, 10));
        expect(other.connections()).to.equal(0);
        expect(() => parseJsonObject(answered)).to.throw(MalformedResponseError);
      });
    }

    const targets = ['/oauth2/token', '', 'file:///etc/passwd', 'http://[', '//', 'javascript:alert(1)'];
    for (const location of targets) {
      it(`does not follow a 307 to ${JSON.stringify(location)} [FI-08]`, async () => {
        answer = (socket) => socket.write(response('307 Temporary', [`Location: ${location}`]));

        expect((await exchange()).status).to.equal(307);
        expect(requests).to.have.lengthOf(1);
      });
    }
  });

  it('uses a connection again', async () => {
    answer = (socket) => socket.write(ok(json));

    for (let count = 0; count < 3; count++) await exchange();

    expect(server.connections()).to.equal(1);
  });

  it('does not repeat a request whose connection broke when it was used again [FI-15, TK-09]', async () => {
    answer = (socket) => socket.write(ok(json));
    await exchange();
    answer = (socket) => socket.resetAndDestroy();

    await assert.rejects(exchange(), { code: 'ERR_JACCOUNT_NETWORK', timedOut: false });

    expect(requests).to.have.lengthOf(2);
  });

  it('has no use for a second answer to one request [FI-22]', async () => {
    answer = (socket) => socket.write(ok(json) + ok('{"access_token":"stranger"}'));
    await exchange();
    answer = (socket) => socket.write(ok('{"access_token":"next"}'));

    expect((await exchange()).body.toString()).to.equal('{"access_token":"next"}');
  });

  it('sends no cookie that an answer set [FI-13, HT-03]', async () => {
    answer = (socket) => socket.write(ok(json, 'Set-Cookie: JAAuthCookie=canary; Path=/'));

    await exchange();
    await exchange();

    expect(requests.join('\n')).not.to.match(/cookie/i);
  });

  it('works again after it failed', async () => {
    answer = (socket) => socket.resetAndDestroy();
    await assert.rejects(exchange());
    answer = (socket) => socket.write(ok(json));

    expect((await exchange()).status).to.equal(200);
  });

  it('names the cause without the octets that were received [ER-01]', async () => {
    answer = (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n${json}`);

    const error = await exchange().catch((refused: unknown) => refused);

    expect(error).to.be.instanceOf(NetworkError);
    expect((error as NetworkError).cause)
      .to.have.property('code')
      .that.matches(/^HPE_/);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.contain('canary');
  });

  it('keeps the query of the address out of its error [ER-01]', async () => {
    url = 'http://127.0.0.1:1/oauth2/token?canary=1';

    const error = await exchange().catch((refused: unknown) => refused);

    expect(error).to.be.instanceOf(NetworkError);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.contain('canary');
  });

  it('leaves no timer behind [HT-01]', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    transport = createTransport({ response: 60_000, deadline: 60_000 }, new http.Agent());
    answer = (socket) => socket.end(ok(json));
    await exchange();
    const before = timers();

    await exchange();

    expect(timers()).to.equal(before);
  });
});

describe('createTransport()', () => {
  const timeout = { response: 1, deadline: 2 };

  it('keeps an agent for each of the two schemes', () => {
    const { agentFor } = createTransport(timeout);

    expect(agentFor('https://a.example/')).to.be.instanceOf(https.Agent);
    expect(agentFor('http://127.0.0.1/')).not.to.be.instanceOf(https.Agent);
  });

  it('shares its agents between requests', () => {
    const { agentFor } = createTransport(timeout);

    expect(agentFor('https://a.example/')).to.equal(agentFor('https://b.example/'));
  });

  it("uses the application's agent for everything", () => {
    const agent = new https.Agent();
    const { agentFor } = createTransport(timeout, agent);

    expect([agentFor('https://a.example/'), agentFor('http://127.0.0.1/')]).to.deep.equal([agent, agent]);
  });

  it('does not see what becomes of the timeouts it was given', () => {
    const given = { ...timeout };
    const transport = createTransport(given);

    given.deadline = 0;

    expect(transport.timeout).to.deep.equal(timeout);
  });
});

describe('parseJsonObject()', () => {
  const answered = (contentType: string | undefined, text: string | Buffer = '{"a":1}', status = 200) => ({
    status,
    contentType,
    body: Buffer.from(text as Buffer),
  });

  const types = [
    'application/json',
    'application/json;charset=UTF-8',
    'application/json; charset=utf-8',
    'application/json ; charset=utf8',
    'application/json; charset="utf-8"',
    'application/json; charset=utf-8; profile=x',
    'application/json; profile="x"',
    'APPLICATION/JSON',
    'application/problem+json',
    'application/vnd.sjtu.v1+json; charset=utf-8',
  ];
  for (const type of types) {
    it(`reads ${type} [FI-11, TK-03]`, () => {
      expect(parseJsonObject(answered(type))).to.deep.equal({ a: 1 });
    });
  }

  const foreign = [
    undefined,
    '',
    'text/html',
    'text/plain',
    'text/json',
    'application/jsonp',
    'application/javascript',
    'application/x-www-form-urlencoded',
    'xapplication/json',
    'text/html; a=application/json',
    'application/json, text/html',
    'application/json; charset=gbk',
    'application/json; charset="gb18030"',
    'application/json;charset=iso-8859-1',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json; CHARSET=GBK',
    'application/json; charset=utf-8; charset=gbk',
    'application/json; charset=',
  ];
  for (const type of foreign) {
    it(`refuses ${JSON.stringify(type)} [FI-11, TK-03]`, () => {
      expect(() => parseJsonObject(answered(type))).to.throw(MalformedResponseError);
    });
  }

  const bodies: [what: string, body: string | Buffer][] = [
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['a number', '1'],
    ['a page', '<!doctype html><title>维护</title>'],
    ['half an object', '{"a":'],
    ['two objects', '{"a":1}{"a":2}'],
    ['an object to each line', '{"a":1}\n{"a":2}\n'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['Latin-1', Buffer.from('{"a":"é"}', 'latin1')],
    ['GBK', Buffer.from([...Buffer.from('{"a":"'), 0xd5, 0xc5, 0xc8, 0xfd, ...Buffer.from('"}')])],
    ['UTF-8 cut in a character', Buffer.from('{"a":"张"}').subarray(0, 8)],
    ['an encoded surrogate', Buffer.from([...Buffer.from('{"a":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
  ];
  for (const [what, octets] of bodies) {
    it(`refuses ${what} [FI-10, TK-03]`, () => {
      expect(() => parseJsonObject(answered('application/json', octets))).to.throw(MalformedResponseError);
    });
  }

  it('reads JSON behind a byte order mark', () => {
    expect(parseJsonObject(answered('application/json', '\ufeff{"a":1}'))).to.deep.equal({ a: 1 });
  });

  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

  it('reads JSON nested 128 deep [PR-14]', () => {
    expect(parseJsonObject(answered('application/json', nested(128)))).to.have.property('a');
  });

  for (const depth of [129, 100_000]) {
    it(`refuses JSON nested ${depth} deep [PR-14]`, () => {
      const parse = () => parseJsonObject(answered('application/json', nested(depth)));

      expect(parse).to.throw(MalformedResponseError);
    });
  }

  const flat: [what: string, value: unknown][] = [
    ['brackets in a string', '['.repeat(1000)],
    ['brackets behind a quote in a string', `"${'['.repeat(1000)}`],
    ['brackets behind a backslash in a string', `\\${'{'.repeat(1000)}`],
    ['a thousand lists beside each other', Array(1000).fill([])],
  ];
  for (const [what, value] of flat) {
    it(`does not take ${what} for nesting [PR-14]`, () => {
      const json = JSON.stringify({ a: value });

      expect(parseJsonObject(answered('application/json', json))).to.deep.equal({ a: value });
    });
  }

  it('says nothing of what it could not read [ER-01]', () => {
    const read = () => parseJsonObject(answered('application/json', '{"access_token":"canary",}'));

    expect(read).to.throw(MalformedResponseError);
    try {
      read();
    } catch (error) {
      expect(inspect(error, { showHidden: true, depth: 9 })).not.to.contain('canary');
    }
  });

  const failures: [status: number, retryable: boolean][] = [
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [404, false],
    [302, false],
    [204, false],
  ];
  for (const [status, retryable] of failures) {
    it(`refuses the page of a ${status} ${retryable ? 'for now' : 'for good'} [FI-09, FI-10]`, () => {
      const parse = () => parseJsonObject(answered('text/html', '<h1>维护</h1>', status));

      expect(parse).to.throw(MalformedResponseError).that.includes({ providerStatus: status, retryable });
    });
  }
});

describe('ownMember()', () => {
  it('reads a member', () => {
    expect(ownMember({ a: 1 }, 'a')).to.equal(1);
  });

  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
    it(`does not find ${name} in every object [TK-05]`, () => {
      expect(ownMember({}, name)).to.equal(undefined);
    });
  }

  it('finds what was sent under the name of hasOwnProperty [TK-05]', () => {
    expect(ownMember(JSON.parse('{"hasOwnProperty":1}'), 'hasOwnProperty')).to.equal(1);
  });
});
