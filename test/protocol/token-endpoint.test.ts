import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { IdTokenError, MalformedResponseError, TokenResponseError } from 'passport-jaccount';
import { createTransport } from '../../dist/protocol/http.js';
import {
  buildTokenRequest,
  exchangeGrant,
  parseTokenResponse,
  type TokenClient,
} from '../../dist/protocol/token-endpoint.js';
import { type Listener, listen, ok, response } from '../support/faulty-server';

const client: TokenClient = {
  tokenURL: 'https://jaccount.sjtu.edu.cn/oauth2/token',
  clientID: 's6BhdRkqt3',
  clientSecret: '7Fjfp0ZBr1KtDRbnfVdmIw',
  clientAuthMethod: 'client_secret_basic',
};
const grant = {
  grant_type: 'authorization_code',
  code: '0123456789abcdef0123456789abcdef',
  redirect_uri: 'https://app.example/callback?tenant=1',
};
const jsonType = 'application/json;charset=UTF-8';

describe('buildTokenRequest()', () => {
  const post: TokenClient = { ...client, clientAuthMethod: 'client_secret_post' };
  const formOf = (body: string) => Object.fromEntries(new URLSearchParams(body));

  it('posts a form to the token endpoint', () => {
    const { method, url, headers } = buildTokenRequest(client, grant);

    expect({ method, url }).to.deep.equal({ method: 'POST', url: client.tokenURL });
    expect(headers).to.include({
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'application/json',
    });
  });

  it('sends the parameters of the grant', () => {
    expect(formOf(buildTokenRequest(client, grant).body)).to.deep.equal(grant);
  });

  // RFC 6749, section 2.3.1, and the example of jAccount's documentation.
  const credentials: [clientID: string, clientSecret: string, header: string][] = [
    ['s6BhdRkqt3', '7Fjfp0ZBr1KtDRbnfVdmIw', 'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3'],
    ['s6BhdRkqt3', 'gX1fBat3bV', 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW'],
  ];
  for (const [clientID, clientSecret, header] of credentials) {
    it(`authenticates ${clientID} with ${header} [TK-02]`, () => {
      const { headers } = buildTokenRequest({ ...client, clientID, clientSecret }, grant);

      expect(headers.Authorization).to.equal(header);
    });
  }

  // Those of RFC 7617, which RFC 6749 has form-encoded before they are joined.
  const encoded: [clientID: string, clientSecret: string, joined: string][] = [
    ['Aladdin', 'open sesame', 'Aladdin:open+sesame'],
    ['test', '123£', 'test:123%C2%A3'],
    ['a:b', 'c:d', 'a%3Ab:c%3Ad'],
    ['a+b', 'c%d', 'a%2Bb:c%25d'],
    ['客户', '密钥', '%E5%AE%A2%E6%88%B7:%E5%AF%86%E9%92%A5'],
    ['a\r\nb', 'c&d=e', 'a%0D%0Ab:c%26d%3De'],
    ['a-b_c.d*e', "f~g!h'i()", 'a-b_c.d*e:f%7Eg%21h%27i%28%29'],
  ];
  for (const [clientID, clientSecret, joined] of encoded) {
    it(`joins id with secret as ${joined} [TK-02]`, () => {
      const { headers } = buildTokenRequest({ ...client, clientID, clientSecret }, grant);

      const [scheme, credentials = ''] = (headers.Authorization as string).split(' ');
      expect(scheme).to.equal('Basic');
      expect(Buffer.from(credentials, 'base64').toString()).to.equal(joined);
    });
  }

  it('has no secret in its body when it is in the header [TK-02]', () => {
    const form = formOf(buildTokenRequest(client, grant).body);

    expect(form).not.to.have.any.keys('client_id', 'client_secret');
  });

  it('has id with secret in its body when that is asked for [TK-02]', () => {
    const form = formOf(buildTokenRequest(post, grant).body);

    expect(form).to.deep.equal({
      ...grant,
      client_id: client.clientID,
      client_secret: client.clientSecret,
    });
  });

  it('has no secret in its header when it is in the body [TK-02]', () => {
    expect(buildTokenRequest(post, grant).headers).not.to.have.property('Authorization');
  });

  it('lets no grant take the place of the client', () => {
    const { body } = buildTokenRequest(post, { ...grant, client_id: 'evil', client_secret: 'evil' });

    expect(new URLSearchParams(body).getAll('client_id')).to.deep.equal([client.clientID]);
    expect(new URLSearchParams(body).getAll('client_secret')).to.deep.equal([client.clientSecret]);
  });

  for (const code of ['a&client_id=evil', 'a=b', 'a b', 'a+b', 'a%26b', 'a"b', '~!*()', '张']) {
    it(`sends the code ${code} as one value [CQ-16]`, () => {
      const form = [...new URLSearchParams(buildTokenRequest(client, { ...grant, code }).body)];

      expect(form).to.deep.equal(Object.entries({ ...grant, code }));
    });
  }

  it('puts nothing into the address', () => {
    expect(new URL(buildTokenRequest(post, grant).url).search).to.equal('');
  });

  it('leaves client or grant as they were', () => {
    const frozen = Object.freeze({ ...grant });

    expect(() => buildTokenRequest(Object.freeze({ ...post }), frozen)).not.to.throw();
  });
});

describe('parseTokenResponse()', () => {
  const right = { access_token: '0123456789abcdef0123456789abcdef', token_type: 'Bearer' };
  const answer = (body: unknown, status = 200, contentType: string | undefined = jsonType) => ({
    status,
    contentType,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });
  const parse = (body: unknown, status?: number, contentType?: string) =>
    parseTokenResponse(answer(body, status, contentType));

  it('returns what a right answer holds', () => {
    const whole = { ...right, expires_in: 1799, refresh_token: 'r', id_token: 'a.b.c', scope: 'openid' };

    expect(parse(whole)).to.deep.equal(whole);
  });

  it('returns only what is known', () => {
    expect(parse({ ...right, account: 'zhangsan', example_parameter: 1 })).to.deep.equal(right);
  });

  it('asks for no more than a token of a known type', () => {
    expect(parse(right)).to.deep.equal(right);
  });

  const refusals: [error: string, httpStatus: number, status: number, row: string][] = [
    ['invalid_grant', 200, 401, 'TR-01'],
    ['invalid_grant', 400, 401, 'TR-02'],
    ['invalid_client', 401, 500, 'TR-02'],
    ['invalid_client', 400, 500, 'TR-02'],
    ['unauthorized_client', 400, 500, 'TR-02'],
    ['redirect_uri_mismatch', 400, 500, 'TR-02'],
    ['invalid_request', 400, 502, 'TR-02'],
    ['invalid_scope', 400, 502, 'TR-02'],
    ['unsupported_grant_type', 400, 502, 'TR-02'],
    ['something_new', 400, 502, 'TR-02'],
    ['server_error', 500, 502, 'TR-02'],
    ['constructor', 400, 502, 'TR-14'],
  ];
  for (const [error, httpStatus, status, row] of refusals) {
    it(`makes ${status} of ${httpStatus} with ${error} [${row}, TK-04]`, () => {
      expect(() => parse({ error }, httpStatus))
        .to.throw(TokenResponseError)
        .that.includes({ error, status, providerStatus: httpStatus });
    });
  }

  it('believes an error rather than the token beside it [TR-01, TK-03]', () => {
    expect(() => parse({ ...right, error: 'invalid_grant' })).to.throw(TokenResponseError);
  });

  const errors: [what: string, error: unknown][] = [
    ['empty', ''],
    ['null', null],
    ['false', false],
    ['a number', 5],
    ['an object', { code: 'invalid_grant' }],
    ['an array', ['invalid_grant']],
    ['a sentence', 'The code has expired'],
    ['in capitals', 'INVALID_GRANT'],
    ['two lines', 'invalid_grant\r\nX: 1'],
    ['a line end behind a word', 'invalid_grant\n'],
    ['markup', '<b>invalid</b>'],
    ['Chinese', '错误'],
    ['too long', 'a'.repeat(65)],
    ['of an odd name', '__proto__'],
  ];
  for (const [what, error] of errors) {
    for (const status of [200, 400]) {
      it(`refuses a ${status} whose error is ${what} [TR-02, TK-04]`, () => {
        expect(() => parse({ ...right, error }, status)).to.throw(MalformedResponseError);
      });
    }
  }

  it('takes an error of 64 characters', () => {
    const error = 'a'.repeat(64);

    expect(() => parse({ error }, 400))
      .to.throw(TokenResponseError)
      .with.property('error', error);
  });

  it('keeps the description of an error as data [TK-04]', () => {
    const body = { error: 'invalid_grant', error_description: 'code\r\nexpired', error_uri: 'javascript:x' };

    const error = refusalOf(answer(body, 400));

    expect(error.errorDescription).to.match(/^code +expired$/);
    expect(inspect(error)).not.to.contain('javascript');
  });

  for (const error_description of [null, 5, ['a'], { a: 1 }, '']) {
    it(`keeps no description out of ${JSON.stringify(error_description)} [TR-02]`, () => {
      const error = refusalOf(answer({ error: 'invalid_grant', error_description }, 400));

      expect(error.errorDescription).to.equal(undefined);
    });
  }

  it('keeps no description that repeats what was sent [TK-04, ER-01]', () => {
    const body = { error: 'invalid_grant', error_description: 'the code canary-1 is unknown' };

    const error = refusalOf(answer(body, 400), ['canary-0', 'canary-1']);

    expect(error.errorDescription).to.equal(undefined);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.to.contain('canary');
  });

  const tokens: [what: string, token: unknown, row: string][] = [
    ['none', undefined, 'TR-03'],
    ['an empty one', '', 'TR-03'],
    ['null', null, 'TR-03'],
    ['a number', 5, 'TR-03'],
    ['true', true, 'TR-03'],
    ['an array', ['t'], 'TR-03'],
    ['an object', { t: 1 }, 'TR-03'],
    ['a space', ' ', 'TR-03'],
    ['one with a space', 'a b', 'TR-04'],
    ['one with a space behind it', 'a ', 'TR-04'],
    ['one with a line end in it', 'a\r\nX-Evil: 1', 'TR-04'],
    ['one with a line end behind it', 'a\n', 'TR-04'],
    ['one with a tab', 'a\tb', 'TR-04'],
    ['one with NUL', 'a\0', 'TR-04'],
    ['one with DEL', 'a\u007f', 'TR-04'],
    ['one outside ASCII', 'té', 'TR-04'],
    ['one of 4097 characters', 'a'.repeat(4097), 'TR-04'],
    ['one of a megabyte', 'a'.repeat(2 ** 20), 'TR-04'],
  ];
  for (const [what, access_token, row] of tokens) {
    it(`refuses ${what} for an access token [${row}, TK-03]`, () => {
      expect(() => parse({ ...right, access_token })).to.throw(MalformedResponseError);
    });
  }

  it('takes an access token of 4096 characters [TR-04]', () => {
    const access_token = 'a'.repeat(4096);

    expect(parse({ ...right, access_token })).to.include({ access_token });
  });

  for (const token_type of ['Bearer', 'bearer', 'bEARER', 'BEARER', ' Bearer ', 'bearer ']) {
    it(`takes ${JSON.stringify(token_type)} for Bearer [TR-05, TK-06]`, () => {
      expect(parse({ ...right, token_type }).token_type).to.equal('Bearer');
    });
  }

  for (const token_type of [
    undefined,
    null,
    '',
    ' ',
    'mac',
    'DPoP',
    'N_A',
    'Bearer token',
    'Bear er',
    5,
    ['Bearer'],
  ]) {
    it(`refuses ${JSON.stringify(token_type)} for a token type [TR-06, TK-06]`, () => {
      expect(() => parse({ ...right, token_type })).to.throw(MalformedResponseError);
    });
  }

  // As JSON, for not every number of the wire can be written in JavaScript.
  const lifetimes: [json: string, seconds: number | undefined][] = [
    ['1800', 1800],
    ['1799', 1799],
    ['"1800"', 1800],
    ['0', 0],
    ['2147483647', 2_147_483_647],
    ['1.8e3', 1800],
    ['2147483648', undefined],
    ['-1', undefined],
    ['1e400', undefined],
    ['-1e400', undefined],
    ['1e15', undefined],
    ['1800.5', undefined],
    ['"abc"', undefined],
    ['""', undefined],
    ['" 1800"', undefined],
    ['"1800s"', undefined],
    ['"0x10"', undefined],
    ['"1e3"', undefined],
    ['"-1"', undefined],
    ['"9999999999"', undefined],
    ['"99999999999"', undefined],
    ['null', undefined],
    ['true', undefined],
    ['[1800]', undefined],
    ['{}', undefined],
  ];
  for (const [json, seconds] of lifetimes) {
    it(`makes ${seconds} of a lifetime of ${json} [TR-07, TK-07]`, () => {
      const parsed = parse(`{"access_token":"t","token_type":"Bearer","expires_in":${json}}`);

      expect(parsed.expires_in).to.equal(seconds);
    });
  }

  it('does not read the lifetime under its misspelt name [TR-08]', () => {
    expect(parse({ ...right, expire_in: 1800 })).to.deep.equal(right);
  });

  it('leaves it to the caller whether an ID Token had to come [TR-09]', () => {
    expect(parse(right)).not.to.have.property('id_token');
  });

  for (const id_token of [null, {}, [], '', 5, false, ['a.b.c']]) {
    it(`refuses ${JSON.stringify(id_token)} for an ID Token [TR-10]`, () => {
      expect(() => parse({ ...right, id_token }))
        .to.throw(IdTokenError)
        .with.property('fault', 'malformed');
    });
  }

  for (const refresh_token of ['', null, 5, {}, ['r'], true]) {
    it(`takes ${JSON.stringify(refresh_token)} for no refresh token [TR-11]`, () => {
      expect(parse({ ...right, refresh_token })).to.deep.equal(right);
    });
  }

  const json = JSON.stringify(right);
  const bodies: [what: string, body: string | Buffer][] = [
    ['null', 'null'],
    ['an array', '[]'],
    ['an array with an answer in it', `[${json}]`],
    ['a string', '"x"'],
    ['a number', '1'],
    ['nothing', ''],
    ['white space', ' \n'],
    ['an empty object', '{}'],
    ['UTF-16', Buffer.from(json, 'utf16le')],
    ['Latin-1', Buffer.from(json.replace('}', ',"name":"é"}'), 'latin1')],
    ['an answer to each line', `${json}\n${json}\n`],
    ['an answer with something behind it', `${json}x`],
    ['half an answer', json.slice(0, -1)],
    ['an answer in single quotes', json.replaceAll('"', "'")],
    ['an answer with two access tokens', `{"access_token":"evil",${json.slice(1)}`],
    ['an answer that is wrapped', JSON.stringify({ data: right })],
  ];
  for (const [what, body] of bodies) {
    it(`refuses ${what} [TR-12]`, () => {
      const parse = () =>
        parseTokenResponse({ status: 200, contentType: jsonType, body: Buffer.from(body as string) });

      expect(parse).to.throw(MalformedResponseError);
    });
  }

  it('reads an answer behind a byte order mark [TR-12]', () => {
    expect(parse(`\ufeff${json}`)).to.deep.equal(right);
  });

  const form = 'access_token=a&token_type=bearer';
  const types: [what: string, body: unknown, contentType: string | undefined][] = [
    ['a form', form, 'application/x-www-form-urlencoded'],
    ['a form that is called JSON', form, 'application/json'],
    ['a right answer that is called a page', right, 'text/html'],
    ['a right answer that is called plain text', right, 'text/plain'],
    ['a right answer that is called text/json', right, 'text/json'],
    ['a right answer in GBK', right, 'application/json; charset=gbk'],
    ['a right answer of an empty type', right, ''],
  ];
  for (const [what, body, contentType] of types) {
    it(`refuses ${what} [TR-13]`, () => {
      expect(() => parse(body, 200, contentType)).to.throw(MalformedResponseError);
    });
  }

  it('refuses a right answer of no type [TR-13]', () => {
    const untyped = { status: 200, contentType: undefined, body: Buffer.from(json) };

    expect(() => parseTokenResponse(untyped)).to.throw(MalformedResponseError);
  });

  const inherited = [
    '{"__proto__":{"access_token":"x","token_type":"Bearer"}}',
    '{"constructor":{"prototype":{"access_token":"x","token_type":"Bearer"}}}',
    '{"toString":1,"hasOwnProperty":1}',
    '{"__proto__":{"error":"invalid_grant"}}',
  ];
  for (const body of inherited) {
    it(`refuses ${body} [TR-14, TK-05]`, () => {
      expect(() => parse(body)).to.throw(MalformedResponseError);
      expect({}).not.to.have.any.keys('access_token', 'error');
    });
  }

  it('is not led astray by members of odd names [TR-14, TK-05]', () => {
    const body = `{"__proto__":{"refresh_token":"x","error":"y"},"hasOwnProperty":1,${json.slice(1)}`;

    expect(parse(body)).to.deep.equal(right);
  });

  const scopes: [sent: unknown, scope: string | undefined][] = [
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    [['openid', 'basic'], undefined],
    [5, undefined],
    ['openid basic', 'openid basic'],
    ['openid basic more_than_asked', 'openid basic more_than_asked'],
  ];
  for (const [sent, scope] of scopes) {
    it(`makes ${scope} of the scope ${JSON.stringify(sent)} [TR-15, TK-08]`, () => {
      expect(parse({ ...right, scope: sent }).scope).to.equal(scope);
    });
  }

  for (const status of [201, 202, 203, 204, 206, 302, 304, 400, 401, 403, 500, 503]) {
    it(`refuses a right answer with the status ${status} [TR-16, TK-03]`, () => {
      expect(() => parse(right, status))
        .to.throw(MalformedResponseError)
        .that.includes({ providerStatus: status });
    });
  }

  for (const status of [200, 204, 500, 503]) {
    it(`refuses a page with the status ${status} [FI-09, FI-10]`, () => {
      const parse = () => parseTokenResponse(answer('<h1>维护</h1>', status, 'text/html'));

      expect(parse).to.throw(MalformedResponseError);
    });
  }

  it('says nothing of a token that it refuses [ER-01]', () => {
    const parse = () => parseTokenResponse(answer({ ...right, access_token: 'canary canary' }));

    expect(parse).to.throw(MalformedResponseError);
    try {
      parse();
    } catch (error) {
      expect(inspect(error, { showHidden: true, depth: 9 })).not.to.contain('canary');
    }
  });
});

function refusalOf(
  response: Parameters<typeof parseTokenResponse>[0],
  sent: string[] = [],
): TokenResponseError {
  try {
    parseTokenResponse(response, sent);
  } catch (error) {
    assert(error instanceof TokenResponseError);
    return error;
  }
  throw new assert.AssertionError({ message: 'the response was not refused' });
}

describe('exchangeGrant()', () => {
  let server: Listener;
  let reply: string;
  let received: string;
  const transport = createTransport({ response: 500, deadline: 1000 });
  const secret = 'canary secret+1';
  const local = () => ({
    ...client,
    tokenURL: `http://127.0.0.1:${server.port}/oauth2/token`,
    clientSecret: secret,
  });

  beforeEach(async () => {
    received = '';
    server = await listen((socket) => {
      socket.on('data', (chunk) => {
        received += chunk;
        if (received.includes('\r\n\r\n')) socket.end(reply);
      });
    });
  });

  afterEach(() => server.stop());

  it('resolves with the tokens', async () => {
    reply = ok('{"access_token":"t","token_type":" Bearer ","expires_in":1800}');

    expect(await exchangeGrant(local(), grant, transport)).to.deep.equal({
      ...{ access_token: 't', token_type: 'Bearer', expires_in: 1800 },
    });
  });

  const sent = {
    ...grant,
    code: 'canary-code',
    code_verifier: 'canary-verifier',
    refresh_token: 'canary-refresh',
  };
  const basic = Buffer.from('s6BhdRkqt3:canary+secret%2B1').toString('base64');
  const echoes: [what: string, text: string][] = [
    ['the secret', `bad secret: ${secret}`],
    ['the code', 'unknown code: canary-code'],
    ['the code verifier', 'canary-verifier does not match'],
    ['the refresh token', 'canary-refresh is spent'],
    ['the encoded secret', 'bad request: client_secret=canary+secret%2B1'],
    ['the credentials of the Authorization header', `bad credentials: ${basic}`],
    ['the Authorization header', `bad header: Basic ${basic}`],
  ];
  for (const [what, error_description] of echoes) {
    it(`drops a description that repeats ${what} [ER-01, TK-04]`, async () => {
      reply = response(
        '400 Bad Request',
        ['Content-Type: application/json'],
        JSON.stringify({ error: 'invalid_grant', error_description }),
      );

      const error = await exchangeGrant(local(), sent, transport).catch((refused: unknown) => refused);

      expect(error).to.be.instanceOf(TokenResponseError);
      const text = inspect(error, { showHidden: true, depth: 9 });
      expect(text).not.to.contain('canary');
      expect(text).not.to.contain(basic);
    });
  }

  it('sends a grant once, whatever becomes of it [TK-09]', async () => {
    reply = 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{';

    await assert.rejects(exchangeGrant(local(), grant, transport), { code: 'ERR_JACCOUNT_NETWORK' });

    expect(server.connections()).to.equal(1);
  });

  it('sends a grant nowhere else [TK-01, TR-16]', async () => {
    const other = await listen((socket) => socket.end(ok('{}')));
    reply = response('307 Temporary', [`Location: http://127.0.0.1:${other.port}/`]);

    await assert.rejects(exchangeGrant(local(), grant, transport), {
      code: 'ERR_JACCOUNT_RESPONSE',
      providerStatus: 307,
    });

    expect(other.connections()).to.equal(0);
    await other.stop();
  });

  for (const [octets, code] of [
    [64 * 1024, undefined],
    [64 * 1024 + 1, 'ERR_JACCOUNT_RESPONSE'],
  ] as const) {
    it(`${code ? 'refuses' : 'reads'} an answer of ${octets} octets [TK-03, FI-07]`, async () => {
      const bare = '{"access_token":"t","token_type":"Bearer","pad":""}';
      reply = ok(bare.replace('""', `"${'x'.repeat(octets - bare.length)}"`));

      const tokens = exchangeGrant(local(), grant, transport);

      if (code === undefined) expect(await tokens).to.include({ access_token: 't' });
      else await assert.rejects(tokens, { code });
    });
  }
});
