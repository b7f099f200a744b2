import { expect } from 'chai';
import express from 'express';
import { bearerErrorHandler, requireScope } from 'passport-jaccount';
import { type Api, startApi } from '../support/api';
import { type ApiIssuer, startApiIssuer } from '../support/api-issuer';
import { serve } from '../support/serve';

const challengeFor = (scope: string) =>
  `Bearer realm="api", error="insufficient_scope", error_description="The token does not cover this request", scope="${scope}"`;

describe('requireScope()', () => {
  let issuer: ApiIssuer;
  const apis: Api[] = [];

  before(async () => {
    issuer = await startApiIssuer();
  });
  afterEach(() => Promise.all(apis.splice(0).map((api) => api.stop())));
  after(() => issuer.stop());

  async function start(...needed: Parameters<typeof requireScope>): Promise<Api> {
    const options = { issuers: [issuer.entry] };
    const api = await startApi({ options, after: [requireScope(...needed)], onError: bearerErrorHandler() });
    apis.push(api);
    return api;
  }

  const rows: [scope: unknown, status: number][] = [
    ['read:messages', 200],
    ['a read:messages b', 200],
    ['read:messages  b', 200],
    ['read:messages-all', 403],
    ['readread:messages', 403],
    ['READ:MESSAGES', 403],
    ['read', 403],
    ['a\tread:messages', 403],
    ['a,read:messages', 403],
    ['', 403],
    [undefined, 403],
    [['read:messages'], 403],
    [{ 'read:messages': true }, 403],
    ['__proto__', 403],
  ];
  for (const [scope, expected] of rows) {
    it(`answers ${expected} to the scope ${JSON.stringify(scope)} [BH-19, RS-04, RS-11]`, async () => {
      const api = await start('read:messages');

      const { status, challenge } = await api.call(`Bearer ${issuer.token({ scope })}`);

      expect(status).to.equal(expected);
      expect(challenge).to.equal(expected === 200 ? null : challengeFor('read:messages'));
    });
  }

  const several: [scope: string, all: number, any: number][] = [
    ['a b', 200, 200],
    ['b c a', 200, 200],
    ['a', 403, 200],
    ['b', 403, 200],
    ['c', 403, 403],
  ];
  for (const [scope, all, any] of several) {
    it(`of two words answers ${all} to "${scope}", and ${any} where one is enough [BH-19]`, async () => {
      const [strict, lenient] = [await start('a', 'b'), await start('a', 'b', { any: true })];

      const answers = await Promise.all(
        [strict, lenient].map((api) => api.call(`Bearer ${issuer.token({ scope })}`)),
      );

      expect(answers.map(({ status }) => status)).to.deep.equal([all, any]);
    });
  }

  it('names every word in its challenge, in its realm [RS-04]', async () => {
    const api = await startApi({
      options: { issuers: [issuer.entry], realm: 'messages' },
      after: [requireScope('a', 'b')],
      onError: bearerErrorHandler(),
    });
    apis.push(api);

    const { challenge } = await api.call(`Bearer ${issuer.token()}`);

    expect(challenge).to.equal(challengeFor('a b').replace('"api"', '"messages"'));
  });

  it('passes on what it requires', () => {
    let passedOn: unknown;
    const req = { user: { id: 'zhangsan' } } as unknown as express.Request;

    requireScope('a', 'b')(req, {} as express.Response, (error) => {
      passedOn = error;
    });

    expect(passedOn).to.deep.include({
      code: 'ERR_JACCOUNT_FORBIDDEN',
      fault: 'scope',
      required: ['a', 'b'],
    });
  });

  it('is answered rightly by Express alone', async () => {
    const api = await startApi({ options: { issuers: [issuer.entry] }, after: [requireScope('a')] });
    apis.push(api);

    const { status, challenge } = await api.call(`Bearer ${issuer.token()}`);

    expect([status, challenge]).to.deep.equal([403, challengeFor('a')]);
  });

  const sessions: [what: string, user: object | undefined, authInfo: object | undefined, status: number][] = [
    ['nobody', undefined, undefined, 401],
    ['somebody by a session', { id: 'zhangsan' }, undefined, 403],
    ['somebody who has just signed in [TK-08, TR-15]', { id: 'zhangsan' }, { returnTo: '/' }, 403],
    ['a user with a scope of its own', { id: 'zhangsan', scope: ['a'] }, undefined, 403],
    ['a scope that is text', { id: 'zhangsan' }, { scope: 'a' }, 403],
    ['somebody by a token, in another property', undefined, { scope: ['a'], claims: {} }, 200],
    ['a scope without anybody', undefined, { scope: ['a'] }, 401],
  ];
  for (const [what, user, authInfo, expected] of sessions) {
    it(`answers ${expected} to ${what}`, async () => {
      const app = express();
      app.use((req, _res, next) => {
        Object.assign(req, { user, authInfo });
        next();
      });
      app.get('/', requireScope('a'), (_req, res) => void res.end());
      app.use(bearerErrorHandler());
      const { url, stop } = await serve(app);

      const { status, headers } = await fetch(url);
      await stop();

      expect(status).to.equal(expected);
      expect(headers.get('www-authenticate')).to.equal(
        { 200: null, 401: 'Bearer realm="api"', 403: challengeFor('a') }[expected],
      );
    });
  }

  const misuses: unknown[][] = [
    [],
    [{ any: true }],
    [''],
    ['a b'],
    ['a', 'b c'],
    ['a"b'],
    ['消息'],
    [null],
    [['a']],
    [5],
    ['a', { all: true }],
    ['a', { any: 'yes' }],
    ['a', { any: true }, 'b'],
  ];
  for (const needed of misuses) {
    it(`refuses to be called with ${JSON.stringify(needed)}`, () => {
      expect(() => requireScope(...(needed as [string]))).to.throw(TypeError, 'requireScope');
    });
  }
});
