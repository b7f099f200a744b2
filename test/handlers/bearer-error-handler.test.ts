import { expect } from 'chai';
import express from 'express';
import { bearerErrorHandler, requireScope } from 'passport-jaccount';
import { type Api, startApi } from '../support/api';
import { type ApiIssuer, createKey, signJwt, startApiIssuer } from '../support/api-issuer';
import { serve } from '../support/serve';

describe('bearerErrorHandler()', () => {
  let issuer: ApiIssuer;
  let api: Api;
  let chinese: Api;

  before(async () => {
    issuer = await startApiIssuer();
    const setting = {
      options: { issuers: [issuer.entry] },
      verify: async ({ claims }: any) => claims.sub !== 'stranger' && claims,
      authenticate: { failWithError: true },
      after: [requireScope('read:messages')],
    };
    api = await startApi({ ...setting, onError: bearerErrorHandler() });
    chinese = await startApi({ ...setting, onError: bearerErrorHandler({ language: 'zh' }) });
  });
  after(() => Promise.all([api, chinese, issuer].map((one) => one.stop())));

  const token = (different: Record<string, unknown> = {}, header = {}) =>
    `Bearer ${issuer.token(different, header)}`;

  // The scenes of the guide, and what RFC 6750 makes of them.
  const scenes: [
    scene: string,
    value: () => string | undefined,
    status: number,
    code: string,
    error: RegExp,
  ][] = [
    ['no header', () => undefined, 401, 'authorization_header_missing', /^Bearer realm="api"$/],
    ['another scheme', () => 'Basic dXNlcjpwYXNz', 401, 'invalid_header', /^Bearer realm="api"$/],
    ['a header without a token', () => 'Bearer', 400, 'invalid_header', /"invalid_request"/],
    ['a header of three words', () => 'Bearer a b', 400, 'invalid_header', /"invalid_request"/],
    ['a token that cannot be parsed', () => 'Bearer a.b.c', 401, 'invalid_header', /"invalid_token"/],
    ['an opaque token', () => 'Bearer 0123456789abcdef', 401, 'invalid_header', /"invalid_token"/],
    ['a token under HS256', () => token({}, { alg: 'HS256' }), 401, 'invalid_header', /"invalid_token"/],
    ['a token of an unknown key', () => token({}, { kid: 'x' }), 401, 'invalid_header', /"invalid_token"/],
    [
      'a forged token',
      () => `Bearer ${signJwt(issuer.claims(), createKey('first'))}`,
      401,
      'invalid_header',
      /"invalid_token"/,
    ],
    ['a token that expired', () => token({ exp: 1 }), 401, 'token_expired', /"invalid_token"/],
    ['a token for another audience', () => token({ aud: 'x' }), 401, 'invalid_claims', /"invalid_token"/],
    ['a token of another issuer', () => token({ iss: 'x' }), 401, 'invalid_claims', /"invalid_token"/],
    ['the token of a stranger', () => token({ sub: 'stranger' }), 401, 'invalid_claims', /"invalid_token"/],
    [
      'a token without the scope',
      () => token({ scope: 'x' }),
      403,
      'Unauthorized',
      /"insufficient_scope".*scope="read:messages"$/,
    ],
  ];
  for (const [scene, value, status, code, error] of scenes) {
    it(`answers ${status} ${code} to ${scene} [RS-03]`, async () => {
      const answer = await api.call(value());

      expect(answer.status).to.equal(status);
      expect(answer.json()).to.include({ code }).and.have.all.keys('code', 'description');
      expect(answer.challenge).to.match(error);
      expect(answer.headers.get('content-type')).to.match(/^application\/json/);
    });

    it(`says the same in Chinese to ${scene}`, async () => {
      const { status: itsStatus, json } = await chinese.call(value());

      expect([itsStatus, json().code]).to.deep.equal([status, code]);
      expect(json().description).to.match(/\p{Script=Han}/u);
    });
  }

  it('lets a right token pass', async () => {
    expect((await api.call(token())).status).to.equal(200);
  });

  it('leaves other errors to the next handler', async () => {
    const app = express();
    app.get('/', () => {
      throw Object.assign(new Error('mine'), { name: 'AuthenticationError' });
    });
    app.use(bearerErrorHandler());
    app.use(
      ((error: Error, _req: unknown, res: express.Response, _next: unknown) =>
        void res.status(418).end(error.message)) as express.ErrorRequestHandler,
    );
    const { url, stop } = await serve(app);

    const { status } = await fetch(url);
    await stop();

    expect(status).to.equal(418);
  });

  it('leaves an answer that has begun to Express', async () => {
    const app = express();
    app.set('env', 'test');
    app.get('/', (_req, res, next) => {
      res.write('begun');
      requireScope('a')(_req, res, next);
    });
    app.use(bearerErrorHandler());
    const { url, stop } = await serve(app);

    const failed = await fetch(url)
      .then((response) => response.text())
      .catch(() => 'closed');
    await stop();

    expect(failed).to.equal('closed');
  });

  it('keeps the challenges of a whole chain', async () => {
    const basic = {
      name: 'basic',
      authenticate(this: any) {
        this.fail('Basic realm="Users"');
      },
    };
    const chain = await startApi({
      options: { issuers: [issuer.entry] },
      chain: { last: [basic as any] },
      authenticate: { failWithError: true },
      onError: bearerErrorHandler(),
    });

    const { challenge, json } = await chain.call();
    await chain.stop();

    expect(challenge).to.equal('Bearer realm="api", Basic realm="Users"');
    expect(json().code).to.equal('authorization_header_missing');
  });

  it('leaves what fails behind a later strategy of the chain to the next handler', async () => {
    const open = {
      name: 'open',
      authenticate(this: any) {
        this.success({ id: 'anybody' });
      },
    };
    const chain = await startApi({
      options: { issuers: [issuer.entry] },
      chain: { last: [open as any] },
      after: [(_req, _res, next) => next(Object.assign(new Error('mine'), { status: 418 }))],
      onError: bearerErrorHandler(),
    });

    const { status, headers } = await chain.call('Bearer a.b.c');
    await chain.stop();

    expect(status).to.equal(418);
    expect(headers.get('content-type')).to.match(/^text\/html/);
  });

  it('refuses a language it has no words of', () => {
    expect(() => bearerErrorHandler({ language: 'fr' as 'en' })).to.throw(TypeError, 'language');
  });
});
