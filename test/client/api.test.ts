import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  type JaccountApi,
  JaccountClient,
  type JaccountClientOptions,
  type RequestOptions,
  TokenSource,
} from 'passport-jaccount';
import { refused, type ScriptedServer, served, startScriptedServer } from '../support/scripted-server';

const accessToken = 'canary-access-token';

describe("JaccountClient's REST API", () => {
  let server: ScriptedServer;
  let client: JaccountClient;

  const connect = (options: Partial<JaccountClientOptions> = {}) =>
    new JaccountClient({ ...server.client, ...server.endpoints, ...options });
  const lines = () =>
    server.requests.map(({ method, path, query }) => `${method} ${path}${query.size ? `?${query}` : ''}`);

  beforeEach(async () => {
    server = await startScriptedServer();
    server.api = () => served([]);
    client = connect();
  });
  afterEach(() => server.stop());

  describe('request()', () => {
    it('resolves with the entities', async () => {
      server.api = () => served([{ id: '03000' }, { id: '03300' }]);

      expect(await client.request('/enterprise/organizes')).to.deep.equal([{ id: '03000' }, { id: '03300' }]);
    });

    it('leaves numbers and ids as they are', async () => {
      const json = '{"errno":0,"entities":[{"cardNo":"0012345","amount":-10.10,"code":"","hours":32}]}';
      server.api = () => ({ json });

      expect(await client.request('/me/card')).to.deep.equal([
        { cardNo: '0012345', amount: -10.1, code: '', hours: 32 },
      ]);
    });

    for (const [what, more] of [
      ['no entities', { entities: undefined }],
      ['null for entities', { entities: null }],
    ] as const) {
      it(`resolves with nothing where jAccount sends ${what}`, async () => {
        server.api = () => served([], more);

        expect(await client.request('/v2/task/message', { method: 'POST' })).to.deep.equal([]);
      });
    }

    it('sends the access token in the header, never in the address', async () => {
      await client.request('/me/lessons', { accessToken });

      expect(server.requests[0]?.headers.authorization).to.equal(`Bearer ${accessToken}`);
      expect(lines()).to.deep.equal(['GET /v1/me/lessons']);
    });

    it('sends none where none is given', async () => {
      await client.request('/enterprise/organizes');

      expect(server.requests[0]?.headers).not.to.have.property('authorization');
    });

    const paths: [path: string, sent: string][] = [
      ['/me/lessons', '/v1/me/lessons'],
      ['me/lessons', '/v1/me/lessons'],
      ['/v1/me/lessons', '/v1/me/lessons'],
      ['v1/me/lessons', '/v1/me/lessons'],
      ['/v2/task/message', '/v2/task/message'],
      ['/profile/%E5%BC%A0', '/v1/profile/%E5%BC%A0'],
      ['/enterprise/position/03000:dean/users', '/v1/enterprise/position/03000:dean/users'],
    ];
    for (const [path, sent] of paths) {
      it(`calls ${sent} for ${path}`, async () => {
        await client.request(path);

        expect(lines()).to.deep.equal([`GET ${sent}`]);
      });
    }

    it('sends a query, a list repeated, undefined left out', async () => {
      await client.request('/me/lessons', {
        query: { classes: false, n: 0, q: 'a b&c', ids: [1, 'x'], u: undefined },
      });

      expect(server.requests[0]?.query.toString()).to.equal('classes=false&n=0&q=a+b%26c&ids=1&ids=x');
    });

    it('sends JSON', async () => {
      await client.request('/calendar/event', { method: 'POST', body: { title: '会议' } });

      const [{ method, headers, body } = assert.fail()] = server.requests;
      expect({ method, type: headers['content-type'], body }).to.deep.equal({
        ...{ method: 'POST', type: 'application/json', body: '{"title":"会议"}' },
      });
    });

    it('sends a form', async () => {
      const body = new URLSearchParams({ lost: 'true' });

      await client.request('/me/card', { method: 'POST', body });

      expect(server.requests[0]).to.include({ body: 'lost=true' });
      expect(server.requests[0]?.headers['content-type']).to.match(/^application\/x-www-form-urlencoded/);
    });

    it('sends PUT and DELETE', async () => {
      await client.request('/me/card', { method: 'PUT' });
      await client.request('/calendar/event/1', { method: 'DELETE' });

      expect(lines()).to.deep.equal(['PUT /v1/me/card', 'DELETE /v1/calendar/event/1']);
    });

    for (const status of [200, 403]) {
      it(`believes errno and not the status ${status} [PR-01]`, async () => {
        server.api = () => refused(10003, 'success', status);

        await assert.rejects(client.request('/gpa', { accessToken }), {
          ...{ code: 'ERR_JACCOUNT_API', errno: 10003, errnoName: 'ENTITLE_FAILURE', providerStatus: status },
        });
      });
    }

    it('says which scope is missing', async () => {
      server.api = () => refused(10010, 'AUTHENTICATION_SCOPE_FAILED');

      await assert.rejects(client.request('/me/lessons/2025-2026-1', { accessToken }), {
        requiredScopes: ['lessons'],
        message: /GET \/v1\/me\/lessons\[\/\{term\}\] needs the scope "lessons"/,
      });
    });

    const failures: [what: string, script: ScriptedServer['api'], code: string, retryable: boolean][] = [
      ['errno -1', () => refused(-1, 'UNKNOWN_ERROR'), 'ERR_JACCOUNT_API', true],
      ['errno 10001', () => refused(10001, 'BAD_PARAMETERS'), 'ERR_JACCOUNT_API', false],
      ['a login page', () => html(200), 'ERR_JACCOUNT_RESPONSE', false],
      ['a maintenance page', () => html(503), 'ERR_JACCOUNT_RESPONSE', true],
      [
        'a redirect',
        () => (res) => void res.writeHead(302, { location: '/' }).end(),
        'ERR_JACCOUNT_RESPONSE',
        false,
      ],
      ['a broken connection', () => (res) => void res.destroy(), 'ERR_JACCOUNT_NETWORK', true],
      ['a list for an envelope', () => ({ json: [] }), 'ERR_JACCOUNT_RESPONSE', false],
      [
        'an errno in a string',
        () => ({ json: { errno: '0', entities: [] } }),
        'ERR_JACCOUNT_RESPONSE',
        false,
      ],
      ['entities without an errno', () => ({ json: { entities: [] } }), 'ERR_JACCOUNT_RESPONSE', false],
      ['an object for entities', () => served([], { entities: {} }), 'ERR_JACCOUNT_RESPONSE', false],
      [
        'success with 500',
        () => ({ status: 500, json: { errno: 0, entities: [] } }),
        'ERR_JACCOUNT_RESPONSE',
        true,
      ],
      ['too much', () => served(['x'.repeat(1024 * 1024)]), 'ERR_JACCOUNT_RESPONSE', false],
    ];
    for (const [what, script, code, retryable] of failures) {
      it(`rejects ${what}, which ${retryable ? 'may' : 'must not'} be tried again`, async () => {
        server.api = script;

        await assert.rejects(client.request('/me/card', { accessToken }), { code, retryable });
        expect(server.requests).to.have.length(1);
      });

      it(`does not let ${what} be tried again after a POST`, async () => {
        server.api = script;

        await assert.rejects(client.request('/me/card', { accessToken, method: 'POST' }), {
          ...{ code, retryable: false },
        });
        expect(server.requests).to.have.length(1);
      });
    }

    it('gives up in time', async () => {
      server.api = () => () => undefined;

      await assert.rejects(connect({ timeout: { deadline: 50 } }).request('/gpa'), {
        ...{ code: 'ERR_JACCOUNT_NETWORK', timedOut: true, retryable: true },
      });
    });

    it('keeps token, path values and query out of its errors [ER-01]', async () => {
      server.api = () => (response) => void response.destroy();

      const error = await client
        .request('/gpa', { accessToken, query: { q: 'canary-query' } })
        .catch((refusal: unknown) => refusal);

      expect(inspect(error, { showHidden: true, depth: 9 })).not.to.match(/canary/);
    });

    const bad: [what: string, path: unknown, options?: object][] = [
      ['no path', undefined],
      ['an empty path', ''],
      ['the root', '/'],
      ['another host', 'https://evil.example/v1/me'],
      ['another host without a scheme', '//evil.example/me'],
      ['a step up', '/me/../card'],
      ['an encoded step up', '/me/%2e%2E/card'],
      ['an encoded slash', '/profile/a%2Fb'],
      ['a backslash', '/profile\\a'],
      ['an encoded NUL', '/profile/%00'],
      ['a query in the path', '/me/lessons?classes=false'],
      ['a fragment', '/me/lessons#x'],
      ['a space', '/profile/zhang san'],
      ['characters that are not encoded', '/profile/张三'],
      ['a line end', '/me\r\n/card'],
      ['a URL object', new URL('https://api.sjtu.edu.cn/v1/me')],
      ['a method of another name', '/me/card', { method: 'PATCH' }],
      ['a method in small letters', '/me/card', { method: 'post' }],
      ['a GET with a body', '/me/card', { body: {} }],
      ['a body that JSON cannot hold', '/me/card', { method: 'POST', body: () => 1 }],
      ['an access token in the query', '/me/card', { query: { access_token: 'x' } }],
      ['an object in the query', '/me/card', { query: { a: {} } }],
      ['NaN in the query', '/me/card', { query: { a: Number.NaN } }],
      ['an empty access token', '/me/card', { accessToken: '' }],
      ['an access token with a line end', '/me/card', { accessToken: 'a\r\nX-Evil: 1' }],
      ['a token set for an access token', '/me/card', { accessToken: { accessToken: 'a' } }],
    ];
    for (const [what, path, options] of bad) {
      it(`sends nothing for ${what}`, async () => {
        await assert.rejects(client.request(path as string, options as RequestOptions), TypeError);
        expect(server.requests).to.deep.equal([]);
      });
    }
  });

  describe('as()', () => {
    it('calls with the token each time', async () => {
      const user = client.as('token-of-zhangsan');

      await user.request('/me/card');
      await user.lessons();

      expect(server.requests.map(({ headers }) => headers.authorization)).to.deep.equal([
        ...['Bearer token-of-zhangsan', 'Bearer token-of-zhangsan'],
      ]);
    });

    it('lets a call have a token of its own', async () => {
      await client.as('token-of-zhangsan').request('/me/card', { accessToken: 'token-of-lisi' });

      expect(server.requests[0]?.headers.authorization).to.equal('Bearer token-of-lisi');
    });

    it('leaves the client without a token', async () => {
      client.as('token-of-zhangsan');

      await client.request('/enterprise/organizes');

      expect(server.requests[0]?.headers).not.to.have.property('authorization');
    });
  });

  describe('call()', () => {
    const calls: [operation: string, params: Record<string, string> | undefined, sent: string][] = [
      ['GET /v1/gpa', undefined, 'GET /v1/gpa'],
      ['GET /v1/lesson/{code}', { code: 'CS 101' }, 'GET /v1/lesson/CS%20101'],
      ['GET /v1/me/lessons[/{term}]', undefined, 'GET /v1/me/lessons'],
      ['GET /v1/me/lessons[/{term}]', { term: '2025-2026-1' }, 'GET /v1/me/lessons/2025-2026-1'],
      ['GET /v1/me/lessons', undefined, 'GET /v1/me/lessons'],
      ['GET /v1/profile/zhangsan', undefined, 'GET /v1/profile/zhangsan'],
      [
        'PUT /v1/enterprise/position/{dept}:{post}/users',
        { dept: '03000', post: 'dean' },
        'PUT /v1/enterprise/position/03000:dean/users',
      ],
      ['POST /v2/task/message', undefined, 'POST /v2/task/message'],
    ];
    for (const [operation, params, sent] of calls) {
      it(`sends ${sent} for ${operation}`, async () => {
        await client.call(operation, { accessToken, ...(params && { params }) });

        expect(lines()).to.deep.equal([sent]);
      });
    }

    const bad: [what: string, operation: unknown, params?: object][] = [
      ['an operation that is not documented', 'GET /v1/secrets'],
      ['an operation with another method', 'POST /v1/gpa'],
      ['a path alone', '/v1/gpa'],
      ['no operation', ''],
      ['a parameter that is missing', 'GET /v1/lesson/{code}'],
      ['a parameter that is inherited', 'GET /v1/lesson/{code}', Object.create({ code: 'x' })],
      ['a parameter with a slash', 'GET /v1/lesson/{code}', { code: 'a/../b' }],
      ['a parameter that is a step up', 'GET /v1/lesson/{code}', { code: '..' }],
      ['a parameter that is empty', 'GET /v1/lesson/{code}', { code: '' }],
      ['a parameter that nobody asked for', 'GET /v1/gpa', { term: '2025-2026-1' }],
    ];
    for (const [what, operation, params] of bad) {
      it(`sends nothing for ${what}`, async () => {
        const options = { params: params as Record<string, string> };

        await assert.rejects(client.call(operation as string, params ? options : {}), TypeError);
        expect(server.requests).to.deep.equal([]);
      });
    }
  });

  it('gives a call as a request that is not sent', () => {
    const { url, ...request } = client.apiRequest('/me/lessons', { accessToken, query: { classes: false } });

    expect(url).to.equal(`${server.endpoints.apiURL}/me/lessons?classes=false`);
    expect(request).to.deep.equal({
      method: 'GET',
      headers: { Accept: 'application/json', Authorization: `Bearer ${accessToken}` },
    });
    expect(server.requests).to.deep.equal([]);
  });

  describe('pages()', () => {
    const collect = async (pages: AsyncIterable<unknown[]>) => {
      const all: unknown[][] = [];
      for await (const page of pages) all.push(page);
      return all;
    };
    /** Pages of two numbers each, up to `last`. */
    const numbers = (first: number, last: number) =>
      [first, first + 1].filter((number) => number <= last).map((number) => ({ number }));

    it('goes on by nextToken until there is none', async () => {
      const next: Record<string, string> = { '': 'p2', p2: 'p3' };
      server.api = ({ query }) => {
        const token = query.get('pageToken') ?? '';
        return served([{ token }], { nextToken: next[token] });
      };

      const pages = await collect(client.pages('/me/circles', { accessToken, limit: 1, query: { q: 'x' } }));

      expect(pages).to.deep.equal([[{ token: '' }], [{ token: 'p2' }], [{ token: 'p3' }]]);
      expect(lines()).to.deep.equal([
        'GET /v1/me/circles?q=x&limit=1',
        'GET /v1/me/circles?q=x&limit=1&pageToken=p2',
        'GET /v1/me/circles?q=x&limit=1&pageToken=p3',
      ]);
    });

    it('goes on by position until a page is empty', async () => {
      server.api = ({ query }) => served(numbers(Number(query.get('start')), 3));

      const pages = await collect(client.pages('/me/circles', { start: 1, limit: 50 }));

      expect(pages.flat()).to.deep.equal([{ number: 1 }, { number: 2 }, { number: 3 }]);
      expect(server.requests.map(({ query }) => query.get('start'))).to.deep.equal(['1', '3', '4']);
    });

    it('fetches nothing before it is wanted', async () => {
      server.api = ({ query }) => served(numbers(Number(query.get('start')), 99));

      for await (const _page of client.pages('/me/circles', { start: 0 })) break;

      expect(server.requests).to.have.length(1);
    });

    it('ends where there is nothing', async () => {
      expect(await collect(client.pages('/me/circles'))).to.deep.equal([]);
    });

    it('goes on after a page that is empty but for a token', async () => {
      server.api = ({ query }) =>
        query.has('pageToken') ? served([{ number: 1 }]) : served([], { nextToken: 'p2' });

      expect(await collect(client.pages('/me/circles'))).to.deep.equal([[{ number: 1 }]]);
    });

    it('does not leave out silently what is beyond maxPages', async () => {
      server.api = ({ query }) => served(numbers(Number(query.get('start')), 99));

      await assert.rejects(collect(client.pages('/me/circles', { start: 0, maxPages: 3 })), {
        code: 'ERR_JACCOUNT_RESPONSE',
        message: /maxPages/,
      });
    });

    it('gives as many pages as maxPages', async () => {
      server.api = ({ query }) => served(numbers(Number(query.get('start')), 5));

      expect(await collect(client.pages('/me/circles', { start: 0, maxPages: 3 }))).to.have.length(3);
    });

    it('stops where the same token comes again', async () => {
      server.api = () => served([{}], { nextToken: 'p2' });

      await assert.rejects(collect(client.pages('/me/circles')), { code: 'ERR_JACCOUNT_RESPONSE' });
      expect(server.requests).to.have.length(2);
    });

    it('stops where the API does not look at start', async () => {
      server.api = () => served([{ number: 1 }]);

      await assert.rejects(collect(client.pages('/me/circles', { start: 0 })), {
        code: 'ERR_JACCOUNT_RESPONSE',
      });
      expect(server.requests).to.have.length(2);
    });

    for (const token of [5, null, {}, '']) {
      it(`takes ${JSON.stringify(token)} for no token`, async () => {
        server.api = () => served([{}], { nextToken: token });

        expect(await collect(client.pages('/me/circles'))).to.have.length(1);
      });
    }

    it('passes on what a later page is refused with', async () => {
      server.api = ({ query }) =>
        query.has('pageToken') ? refused(10004, 'x') : served([{}], { nextToken: 'p2' });

      await assert.rejects(collect(client.pages('/me/circles')), { errno: 10004, retryable: true });
    });

    for (const [name, value] of [
      ['limit', 0],
      ['start', -1],
      ['maxPages', Number.NaN],
      ['maxPages', '3'],
    ] as const) {
      it(`throws a TypeError for ${value} as ${name}`, () => {
        expect(() => client.pages('/me/circles', { [name]: value })).to.throw(TypeError, name);
      });
    }
  });

  describe('the named operations', () => {
    const entity = { account: 'ZhangSan', name: '张三', code: '0052', userType: 'fs' };
    const lesson = { name: '编译原理', bsid: '001', code: '(2025-2026-1)-CS101-1' };
    const position = { post: { postCode: 'BuiltInStudent' }, dept: { organizeId: '03000' } };
    const rows: [
      name: string,
      call: (user: JaccountApi) => Promise<unknown>,
      sent: string,
      entities: object[],
      result: unknown,
    ][] = [
      [
        'positions()',
        (user) => user.positions(),
        '/enterprise/user/positions',
        [{ account: 'a', positions: [position] }],
        [position],
      ],
      [
        'positions() of nobody',
        (user) => user.positions(),
        '/enterprise/user/positions',
        [{ account: 'a' }],
        [],
      ],
      ['rights()', (user) => user.rights(), '/enterprise/user/rights', [{}], [{}]],
      [
        'rights({ account })',
        (user) => user.rights({ account: 'lisi' }),
        '/enterprise/user/rights?account=lisi',
        [],
        [],
      ],
      [
        'organizations()',
        (user) => user.organizations(),
        '/enterprise/organizes',
        [{ id: '03000' }],
        [{ id: '03000' }],
      ],
      ['lessons()', (user) => user.lessons(), '/me/lessons', [lesson], [lesson]],
      ['lessons(term)', (user) => user.lessons('2025-2026-1'), '/me/lessons/2025-2026-1', [], []],
      [
        'lessons without classes',
        (user) => user.lessons(undefined, { classes: false }),
        '/me/lessons?classes=false',
        [],
        [],
      ],
      ['lesson(id)', (user) => user.lesson(lesson.code), '/lesson/(2025-2026-1)-CS101-1', [lesson], lesson],
      ['examinations()', (user) => user.examinations(), '/me/examinations', [{}], [{}]],
      [
        'examinations(term)',
        (user) => user.examinations('2024-2025-3'),
        '/me/examinations/2024-2025-3',
        [],
        [],
      ],
      [
        'calendar(from, to)',
        (user) => user.calendar('2026-02-16', '2026-06-30'),
        '/enterprise/calendar?from=2026-02-16&to=2026-06-30',
        [{}],
        [{}],
      ],
      ['card()', (user) => user.card(), '/me/card', [{ cardNo: '0012345' }], [{ cardNo: '0012345' }]],
    ];
    for (const [name, call, sent, entities, result] of rows) {
      it(`${name} asks for ${sent}`, async () => {
        server.api = () => served(entities);

        expect(await call(client.as(accessToken))).to.deep.equal(result);
        expect(lines()).to.deep.equal([`GET /v1${sent}`]);
      });
    }

    it('profile() resolves with the profile as a login has it', async () => {
      server.api = () => served([entity]);

      expect(await client.profile({ accessToken })).to.deep.include({
        ...{ id: 'zhangsan', username: 'ZhangSan', code: '0052', userType: 'fsyyjzg', _json: entity },
      });
    });

    it('profile() takes an entity without its envelope', async () => {
      server.api = () => ({ json: entity });

      expect(await client.profile({ accessToken })).to.include({ id: 'zhangsan' });
    });

    it('profile() adds no mailbox where that is turned off', async () => {
      server.api = () => served([{ ...entity, userType: 'student' }]);

      expect(await connect({ deriveEmail: false }).profile({ accessToken })).not.to.have.property('emails');
      expect(await client.profile({ accessToken })).to.have.property('emails');
    });

    it('profileOf() asks for another account', async () => {
      server.api = () => served([entity]);

      expect(await client.profileOf('zhang.san', { accessToken })).to.include({ id: 'zhangsan' });
      expect(lines()).to.deep.equal(['GET /v1/profile/zhang.san']);
    });

    for (const [what, entities] of [
      ['no entity', []],
      ['two', [entity, entity]],
      ['one without an account', [{ name: '张三' }]],
      ['one with a path for an account', [{ account: '../x' }]],
    ] as const) {
      it(`profile() rejects ${what} [PR-03, PR-06]`, async () => {
        server.api = () => served([...entities]);

        await assert.rejects(client.profile({ accessToken }), { code: 'ERR_JACCOUNT_RESPONSE' });
      });
    }

    it('lesson() rejects where there is none', async () => {
      server.api = () => served([]);

      await assert.rejects(client.lesson('x', { accessToken }), { code: 'ERR_JACCOUNT_RESPONSE' });
    });

    it('cardTransactions() goes through them a hundred at a time', async () => {
      const all = Array.from({ length: 150 }, (_, index) => ({ dateTime: index, amount: -1 - index }));
      server.api = ({ query }) => {
        const start = Number(query.get('start'));
        return served(all.slice(start, start + Number(query.get('limit'))), { total: 150 });
      };
      const range = { from: new Date(1000), to: 2000, cardNo: '0012345' };
      const got: unknown[] = [];

      for await (const transaction of client.cardTransactions(range, { accessToken })) got.push(transaction);

      expect(got).to.deep.equal(all);
      expect(lines()).to.deep.equal(
        [0, 100, 150].map(
          (start) =>
            `GET /v1/me/card/transactions?cardNo=0012345&beginDate=1000&endDate=2000&limit=100&start=${start}`,
        ),
      );
    });

    const bad: [what: string, call: () => Promise<unknown>][] = [
      ['a term of another form', () => client.lessons('2025-1')],
      ['a term over three years', () => client.lessons('2025-2027-1')],
      ['a fourth term', () => client.examinations('2025-2026-4')],
      ['an account with a slash', () => client.profileOf('../me/card')],
      ['no account', () => client.profileOf(undefined as never)],
      ['an account that is half a character', () => client.profileOf('\ud800')],
      ['an empty lesson', () => client.lesson('')],
      ['a date that is none', () => client.cardTransactions({ from: new Date('x') }).next()],
      ['a date in a string', () => client.cardTransactions({ to: '2026-01-01' as never }).next()],
    ];
    for (const [what, call] of bad) {
      it(`send nothing for ${what}`, async () => {
        await assert.rejects(call(), TypeError);
        expect(server.requests).to.deep.equal([]);
      });
    }
  });

  describe('for a TokenSource', () => {
    const tokens = { accessToken: 'old', refreshToken: 'refresh-0' };
    const renewTo = (access_token: string) => {
      server.token = () => ({ json: { access_token, token_type: 'Bearer', expires_in: 1800 } });
    };
    const unless = (token: string, errno: number) => {
      server.api = ({ headers }) =>
        headers.authorization === `Bearer ${token}` ? served([{ token }]) : refused(errno, 'x');
    };

    it('renews once after errno 10007, and calls again', async () => {
      renewTo('new');
      unless('new', 10007);

      const entities = await client.request('/gpa', { accessToken: new TokenSource(client, { tokens }) });

      expect(entities).to.deep.equal([{ token: 'new' }]);
      expect(lines()).to.deep.equal(['GET /v1/gpa', 'POST /oauth2/token', 'GET /v1/gpa']);
    });

    it('calls a POST again too: errno 10007 says that nothing was done', async () => {
      renewTo('new');
      unless('new', 10007);
      const source = new TokenSource(client, { tokens });

      await client.request('/me/card', { accessToken: source, method: 'POST', body: { a: 1 } });

      expect(
        server.requests.filter(({ path }) => path === '/v1/me/card').map(({ body }) => body),
      ).to.deep.equal([...['{"a":1}', '{"a":1}']]);
    });

    it('does not go on renewing', async () => {
      renewTo('new');
      unless('never', 10007);

      await assert.rejects(client.as(new TokenSource(client, { tokens })).request('/gpa'), { errno: 10007 });
      expect(server.requests).to.have.length(3);
    });

    for (const errno of [10002, 10003, 10010, -1]) {
      it(`does not renew after errno ${errno}`, async () => {
        unless('never', errno);

        await assert.rejects(client.as(new TokenSource(client, { tokens })).request('/gpa'), { errno });
        expect(server.requests).to.have.length(1);
      });
    }

    it('goes on where another call has renewed the token meanwhile, which is then worth nothing', async () => {
      renewTo('new');
      unless('new', 10002);
      const source = new TokenSource(client, { tokens });
      const used = await source.tokens();
      const call = client.as(source).request('/gpa');
      await source.renew(used);

      expect(await call).to.deep.equal([{ token: 'new' }]);
      expect(lines().filter((line) => line.startsWith('POST'))).to.have.length(1);
    });

    it('passes errno 10007 on where there is no refresh token', async () => {
      unless('never', 10007);
      const source = new TokenSource(client, { tokens: { accessToken: 'old' } });

      await assert.rejects(client.as(source).request('/gpa'), { errno: 10007 });
      expect(server.requests).to.have.length(1);
    });

    it('fetches no token for a call that cannot be sent', async () => {
      const source = new TokenSource(client, { tokens: { ...tokens, expiresAt: 1 } });

      await assert.rejects(client.as(source).request('/me/../card'), TypeError);
      expect(server.requests).to.deep.equal([]);
    });
  });
});

function html(status: number) {
  return (response: import('node:http').ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>jAccount</h1>');
}
