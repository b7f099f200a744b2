import { expect } from 'chai';
import express from 'express';
import { type Api, sendRaw, startApi } from '../support/api';
import { type ApiIssuer, startApiIssuer } from '../support/api-issuer';

describe('the credentials of a request', () => {
  let issuer: ApiIssuer;
  let api: Api;
  let lenient: Api;

  before(async () => {
    issuer = await startApiIssuer();
    const issuers = [issuer.entry];
    const before = [express.urlencoded({ extended: true }), express.json()];
    api = await startApi({ options: { issuers }, before });
    lenient = await startApi({ options: { issuers, acceptFormBody: true }, before });
  });
  after(() => Promise.all([api.stop(), lenient.stop(), issuer.stop()]));

  const none = 'Bearer realm="api"';

  it('are asked for where there are none [BH-01, RS-01]', async () => {
    const { status, challenge } = await api.call();

    expect({ status, challenge }).to.deep.equal({ status: 401, challenge: none });
  });

  for (const foreign of [
    'Basic dXNlcjpwYXNz',
    'Digest username="x"',
    'Negotiate abc',
    'BearerX t',
    'DPoP t',
  ]) {
    it(`are not ours in the scheme of ${foreign} [BH-02]`, async () => {
      const { status, challenge } = await api.call(foreign);

      expect({ status, challenge }).to.deep.equal({ status: 401, challenge: none });
    });
  }

  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEARER']) {
    it(`are taken in the scheme ${scheme} [BH-04, RS-06]`, async () => {
      const { status } = await api.call(`${scheme} ${issuer.token()}`);

      expect(status).to.equal(200);
    });
  }

  it('are taken behind several spaces [RS-06]', async () => {
    expect((await api.call(`Bearer   ${issuer.token()}`)).status).to.equal(200);
  });

  it('are taken before white space at the end of the line, which HTTP drops', async () => {
    const answer = await sendRaw(api.url, ['GET / HTTP/1.1', `Authorization: Bearer ${issuer.token()}  `]);

    expect(answer).to.match(/^HTTP\/1.1 200 /);
  });

  const malformed: [id: string, value: string][] = [
    ['BH-03', 'Bearer'],
    ['BH-03', 'Bearer '],
    ['BH-03', 'Bearer\t x'],
    ['BH-03', 'Bearer\tx'],
    ['BH-03', 'Bearer,x'],
    ['BH-05', 'Bearer t1 t2'],
    ['BH-05', 'Bearer t,'],
    ['BH-05', 'Bearer "t"'],
    ['BH-05', 'Bearer t; x'],
    ['BH-05', 'Bearer =t'],
    ['BH-06', 'Bearer t, Bearer u'],
    ['BH-07', 'Bearer %E0%A4%A'],
    ['BH-07', 'Bearer ù'],
    ['BH-07', 'Bearer [object Object]'],
  ];
  for (const [id, value] of malformed) {
    it(`are malformed in ${JSON.stringify(value)} [${id}, RS-02]`, async () => {
      const { status, challenge } = await api.call(value);

      expect(status).to.equal(400);
      expect(challenge).to.match(
        /^Bearer realm="api", error="invalid_request", error_description="[ -!#-~]+"$/,
      );
    });
  }

  for (const word of ['null', 'undefined', 'a', 'a.b', '..', 'a==']) {
    it(`are a bad token in "Bearer ${word}" [BH-07]`, async () => {
      const { status, challenge } = await api.call(`Bearer ${word}`);

      expect(status).to.equal(401);
      expect(challenge).to.match(/^Bearer realm="api", error="invalid_token", /);
    });
  }

  const twice: [what: string, lines: (token: string) => string[]][] = [
    ['two equal lines', (token) => [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`]],
    ['a bad line first', (token) => ['authorization: Bearer x', `AUTHORIZATION: Bearer ${token}`]],
    ['another scheme first', (token) => ['Authorization: Basic eDp5', `Authorization: Bearer ${token}`]],
    ['another scheme behind', (token) => [`Authorization: Bearer ${token}`, 'Authorization: Basic eDp5']],
  ];
  for (const [what, lines] of twice) {
    it(`are refused in two lines of header: ${what} [BH-06, RS-02]`, async () => {
      const answer = await sendRaw(api.url, ['GET / HTTP/1.1', ...lines(issuer.token())]);

      expect(answer)
        .to.match(/^HTTP\/1.1 400 /)
        .and.to.match(/^WWW-Authenticate: .*invalid_request/m);
    });
  }

  it('are sent once beside a header whose value is "authorization"', async () => {
    const lines = ['X-Names: authorization', `Authorization: Bearer ${issuer.token()}`];

    const answer = await sendRaw(api.url, ['GET / HTTP/1.1', ...lines]);

    expect(answer).to.match(/^HTTP\/1.1 200 /);
  });

  const huge: [what: string, token: string][] = [
    ['16 KiB and one letter', 'a'.repeat(16 * 1024 + 1)],
    ['60 000 segments', 'a.'.repeat(60_000)],
    ['three large segments', ['a', 'b', 'c'].map((letter) => letter.repeat(100_000)).join('.')],
    ['many signs of equality', `a${'='.repeat(100_000)}`],
  ];
  for (const [what, token] of huge) {
    it(`are a bad token of ${what}, for which no key is fetched [BH-08]`, async () => {
      const before = issuer.fetches;

      const { status } = await api.call(`Bearer ${token}`);

      expect(status).to.equal(401);
      expect(issuer.fetches).to.equal(before);
    });
  }

  const form = (body: string, headers: object = {}): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
  const json = (body: object): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

  const together: [what: string, init: RequestInit, path: string][] = [
    ['the form', form('access_token=t'), '/'],
    ['the form, as an array', form('access_token[]=t'), '/'],
    ['the form, empty', form('access_token='), '/'],
    ['the query', {}, '/?access_token=t'],
    ['the query, as an array', {}, '/?a=1&access_token[]=t'],
    ['a JSON body', json({ access_token: 't' }), '/'],
  ];
  for (const [what, init, path] of together) {
    it(`are refused in the header and ${what} [BH-09, RS-02]`, async () => {
      const { status, challenge } = await api.call(`Bearer ${issuer.token()}`, init, path);

      expect(status).to.equal(400);
      expect(challenge).to.include('error="invalid_request"');
    });
  }

  it('may stand beside a query and a body that hold no token', async () => {
    const { status } = await api.call(
      `Bearer ${issuer.token()}`,
      form('a=access_token'),
      '/?b=access_token&%',
    );

    expect(status).to.equal(200);
  });

  it('are not looked for in the query [BH-10, RS-05]', async () => {
    const answers = await Promise.all(
      [api, lenient].map((one) => one.call(undefined, {}, `/?access_token=${issuer.token()}`)),
    );

    expect(answers.map(({ status, challenge }) => ({ status, challenge }))).to.deep.equal([
      { status: 401, challenge: none },
      { status: 401, challenge: none },
    ]);
  });

  it('are not looked for in a form by default [BH-10, RS-05]', async () => {
    const { status, challenge } = await api.call(undefined, form(`access_token=${issuer.token()}`));

    expect({ status, challenge }).to.deep.equal({ status: 401, challenge: none });
  });

  it('are taken from a form where that was asked for [RS-05]', async () => {
    const { status } = await lenient.call(undefined, form(`access_token=${issuer.token()}`));

    expect(status).to.equal(200);
  });

  const badForms: [what: string, body: string, path: string, status: number][] = [
    ['sent twice', 'access_token=t&access_token=u', '/', 400],
    ['an array of one', 'access_token[]=t', '/', 400],
    ['an object', 'access_token[a]=t', '/', 400],
    ['empty', 'access_token=', '/', 400],
    ['two words', 'access_token=t+u', '/', 400],
    ['in the query, too', 'access_token=t', '/?access_token=t', 400],
    ['a bad token', 'access_token=t', '/', 401],
    ['of another name', '__proto__[access_token]=t&token=t', '/', 401],
  ];
  for (const [what, body, path, expected] of badForms) {
    it(`are refused in a form: ${what} [BH-10]`, async () => {
      expect((await lenient.call(undefined, form(body), path)).status).to.equal(expected);
    });
  }

  it('are not taken from JSON [BH-10]', async () => {
    const { status, challenge } = await lenient.call(undefined, json({ access_token: issuer.token() }));

    expect({ status, challenge }).to.deep.equal({ status: 401, challenge: none });
  });

  for (const method of ['GET', 'HEAD']) {
    it(`are not taken from the form of a ${method} [BH-10]`, async () => {
      const body = `access_token=${issuer.token()}`;
      const lines = [
        `${method} / HTTP/1.1`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
      ];

      const answer = await sendRaw(lenient.url, lines, body);

      expect(answer)
        .to.match(/^HTTP\/1.1 400 /)
        .and.to.include('error="invalid_request"');
    });
  }

  it('let nobody in who was refused', () => {
    const users = [...api.admitted, ...lenient.admitted];

    expect(new Set(users.map((user) => JSON.stringify(user)))).to.deep.equal(new Set(['{"id":"user-17"}']));
  });
});
