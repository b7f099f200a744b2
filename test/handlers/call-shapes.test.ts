import http from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifyMiddie from '@fastify/middie';
import fastifySession from '@fastify/session';
import { type CanActivate, Controller, type MiddlewareConsumer, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect } from 'chai';
import express from 'express';
import expressSession, { MemoryStore } from 'express-session';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import Koa, { type Context } from 'koa';
import {
  type AnswerHandler,
  bearerErrorHandler,
  type ErrorHandler,
  type GuardHandler,
  JaccountClient,
  requireScope,
  requireUserType,
  signOut,
} from 'passport-jaccount';
import { serve } from '../support/serve';

const client = new JaccountClient({
  clientID: 'japp000001',
  clientSecret: '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5',
});
const returnTo = 'https://app.example/';
const student = { userType: 'student' };

const running: (() => Promise<unknown>)[] = [];

async function served(listener: http.RequestListener): Promise<string> {
  const { url, stop } = await serve(listener);
  running.push(stop);
  return url;
}

async function servedFastify(app: FastifyInstance): Promise<string> {
  await app.ready();
  running.push(() => app.close());
  return served((request, response) => app.routing(request, response));
}

function koa(...middleware: Parameters<Koa['use']>[0][]): Koa {
  const app = new Koa();
  app.silent = true;
  for (const one of middleware) app.use(one);
  return app;
}

const post = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', redirect: 'manual', headers });

afterEach(() => Promise.all(running.splice(0).map((stop) => stop())));

describe('signOut() in each framework', () => {
  const handler = signOut(client, { returnTo });

  it('answers a request and its response by hand, and fulfils once it has', async () => {
    let isAnswered: boolean | undefined;
    const url = await served(async (req, res) => {
      await handler(req, res);
      isAnswered = res.writableEnded;
    });

    const { status, headers } = await post(url);

    expect([status, headers.get('location')]).to.deep.equal([303, client.logoutURL(returnTo)]);
    expect(isAnswered).to.equal(true);
  });

  it('needs no method of Express on the response', async () => {
    const url = await served((req, res) => handler(req, res, () => res.destroy()));

    const answers = [await post(url), await fetch(url), await post(url, { 'sec-fetch-site': 'cross-site' })];

    expect(answers.map(({ status }) => status)).to.deep.equal([303, 405, 403]);
    expect(answers[1]?.headers.get('allow')).to.equal('POST');
  });

  it('works in Koa without sessions and Passport', async () => {
    const url = await served(koa(handler).callback());

    const answers = [await post(url), await fetch(url), await post(url, { 'sec-fetch-site': 'cross-site' })];

    expect(answers.map(({ status }) => status)).to.deep.equal([303, 405, 403]);
    expect(await answers[1]?.text()).to.equal('');
  });

  it('works in Fastify without sessions and Passport', async () => {
    const app = fastify();
    app.all('/', handler);
    const url = await servedFastify(app);

    const answers = [await post(url), await fetch(url), await post(url, { 'sec-fetch-site': 'cross-site' })];

    expect(answers.map(({ status }) => status)).to.deep.equal([303, 405, 403]);
  });

  it('answers as a hook of Fastify, in place of the route', async () => {
    const app = fastify();
    app.post('/', { preHandler: handler }, async () => 'not reached');
    const url = await servedFastify(app);

    const { status, headers } = await post(url);

    expect([status, headers.get('location')]).to.deep.equal([303, client.logoutURL(returnTo)]);
  });

  for (const saveUninitialized of [true, false]) {
    it(`expires the cookie of @fastify/session under any name, with saveUninitialized: ${saveUninitialized}`, async () => {
      const kept = new Map<string, unknown>();
      const app = fastify();
      await app.register(fastifyCookie);
      await app.register(fastifySession, {
        ...{ secret: 'a secret of the tests, longer than 32 characters', saveUninitialized },
        ...{
          cookieName: 'sid',
          cookiePrefix: 's:',
          cookie: { secure: false, path: '/app', domain: 'app.example' },
        },
        store: {
          get: (id, done) => done(null, kept.get(id) as never),
          set: (id, session, done) => void done(void kept.set(id, session)),
          destroy: (id, done) => void done(void kept.delete(id)),
        },
      });
      app.get('/app/', async ({ session }) => ({ seen: Boolean(Object.assign(session, { seen: true })) }));
      app.post('/app/logout', handler);
      const url = await servedFastify(app);
      const [given = ''] = (await fetch(`${url}/app/`)).headers.getSetCookie();

      const answer = await post(`${url}/app/logout`, { cookie: given.split(';')[0] as string });

      expect(given).to.match(/^sid=s%3A/);
      expect(answer.headers.getSetCookie()).to.have.length(1);
      expect(answer.headers.getSetCookie()[0]).to.match(
        /^sid=; Max-Age=0; Domain=app\.example; Path=\/app; Expires=/,
      );
      expect([...kept.keys()]).to.deep.equal([]);
    });
  }

  it('hands an error of a store on, and ends no process if the error handler throws', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const url = await served((req, res) => {
      const destroy = (done: (error: Error) => void) => done(new Error('the store does not answer'));
      Object.assign(req, { session: { destroy } });
      handler(req, res, (error) => {
        throw error;
      });
    });

    const failure = await post(url).catch((error) => error);

    expect(failure).to.be.instanceOf(TypeError);
    expect((await warned).message).to.equal('the store does not answer');
  });
});

describe('signOut() behind @fastify/middie', () => {
  const handler = signOut(client, { returnTo });

  async function fastifyWithMiddie(): Promise<FastifyInstance> {
    const app = fastify();
    await app.register(fastifyMiddie);
    return app;
  }

  it('says that it cannot end the session of Fastify there', async () => {
    const app = await fastifyWithMiddie();
    app.use('/logout', handler);
    app.post('/logout', async () => 'not reached');
    const url = await servedFastify(app);

    const answer = await post(`${url}/logout`);

    expect(answer.status).to.equal(500);
    expect(((await answer.json()) as Error).message).to.match(
      /signOut\(\) .*@fastify\/middie.*"preHandler".*Nest/,
    );
  });

  it('says so in Nest on Fastify, where it is a middleware', async () => {
    let reported: unknown;
    const app = await NestFactory.create(MiddlewareModule, new FastifyAdapter(), {
      logger: { error: (error: unknown) => (reported = error), log() {}, warn() {} } as never,
    });
    await app.listen(0, '127.0.0.1');
    running.push(() => app.close());

    const answer = await post(`${await app.getUrl()}/logout`);

    expect([answer.status, answer.headers.get('location')]).to.deep.equal([500, null]);
    expect(String(reported ?? (await answer.text()))).to.include('@fastify/middie');
  });

  it('throws if there is nothing to pass the error to', () => {
    const request = { headers: {}, id: 1, hostname: '', protocol: '', ip: '', ips: [], log: {}, query: {} };

    expect(() => handler(request, { setHeader() {}, end() {} })).to.throw(TypeError, '@fastify/middie');
  });

  for (const place of ['a middleware', 'a route of Fastify'] as const) {
    it(`ends a session of Express's kind from ${place}`, async () => {
      const store = new MemoryStore();
      const app = await fastifyWithMiddie();
      const options = { secret: 'a secret of the tests', resave: false, saveUninitialized: true, store };
      app.use(expressSession(options) as never);
      app.get('/', async () => 'home');
      if (place === 'a middleware') app.use('/logout', handler);
      app.post('/logout', handler);
      const url = await servedFastify(app);
      const [given = ''] = (await fetch(url)).headers.getSetCookie();

      const answer = await post(`${url}/logout`, { cookie: given.split(';')[0] as string });

      expect(answer.status).to.equal(303);
      expect(answer.headers.getSetCookie()[0]).to.match(/^connect\.sid=; Path=\//);
      expect(Object.keys((store as unknown as { sessions: object }).sessions)).to.deep.equal([]);
    });
  }
});

@Controller()
class LogoutController {
  @Post('logout')
  logout() {
    return 'not reached';
  }
}

@Module({ controllers: [LogoutController] })
class MiddlewareModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(signOut(client, { returnTo })).forRoutes('logout');
  }
}

describe('a guard in each framework', () => {
  const guard = requireUserType('student');
  const signedIn = (user: object) => (ctx: Context, next: () => Promise<unknown>) => {
    Object.assign(ctx.state, { user });
    return next();
  };
  const letIn = (ctx: Context) => {
    ctx.body = 'in';
  };

  it('is answered by Koa alone with status, challenge and message', async () => {
    const url = await served(koa(guard, letIn).callback());

    const answer = await fetch(url);

    expect([answer.status, answer.headers.get('www-authenticate')]).to.deep.equal([
      401,
      'Bearer realm="api"',
    ]);
    expect(await answer.text()).to.equal('the request carries no credentials');
  });

  it('throws in Koa, where what comes before it can catch', async () => {
    const url = await served(
      koa(
        async (ctx, next) => {
          await next().catch(({ code, status }) => Object.assign(ctx, { status, body: { code } }));
        },
        signedIn({ userType: 'team' }),
        guard,
        letIn,
      ).callback(),
    );

    const answer = await fetch(url);

    expect([answer.status, await answer.json()]).to.deep.equal([403, { code: 'ERR_JACCOUNT_FORBIDDEN' }]);
  });

  it('lets the error of what comes behind it pass in Koa', async () => {
    const fail = () => {
      throw Object.assign(new Error('mine'), { status: 418, expose: true });
    };
    const url = await served(koa(signedIn(student), guard, fail).callback());

    expect((await fetch(url)).status).to.equal(418);
  });

  it('finds the user of Koa under the name that the application chose', async () => {
    const rename = (ctx: Context, next: () => Promise<unknown>) => {
      Object.assign(ctx.state, { _passport: { instance: { _userProperty: 'account' } }, account: student });
      return next();
    };
    const url = await served(koa(rename, guard, letIn).callback());

    expect((await fetch(url)).status).to.equal(200);
  });

  for (const place of ['state', 'req'] as const) {
    it(`finds what a token left in ctx.${place} of Koa`, async () => {
      const authInfo = { scope: ['a'], claims: {} };
      const leave = (ctx: Context, next: () => Promise<unknown>) => {
        Object.assign(ctx[place], { authInfo });
        return next();
      };
      const url = await served(koa(leave, requireScope('a'), letIn).callback());

      expect((await fetch(url)).status).to.equal(200);
    });
  }

  it("hands Koa's context to the option of", async () => {
    const of = ({ state }: Context) => state.person as typeof student;
    const person = (ctx: Context, next: () => Promise<unknown>) => {
      Object.assign(ctx.state, { user: {}, person: student });
      return next();
    };
    const url = await served(koa(person, requireUserType('student', { of }), letIn).callback());

    expect((await fetch(url)).status).to.equal(200);
  });

  it("hands Fastify's request to the option of", async () => {
    const app = fastify();
    app.addHook('onRequest', async (request) => void Object.assign(request, { user: {}, person: student }));
    const of = (request: FastifyRequest) => (request as unknown as { person: typeof student }).person;
    app.addHook('preHandler', requireUserType('student', { of }));
    app.get('/', async () => 'in');

    expect((await fetch(await servedFastify(app))).status).to.equal(200);
  });

  it('finds the user of Fastify under the name that the application chose', async () => {
    const app = fastify();
    app.addHook(
      'onRequest',
      async (request) =>
        void Object.assign(request, { passport: { userProperty: 'account' }, account: student }),
    );
    app.get('/', { preHandler: guard }, async () => 'in');

    expect((await fetch(await servedFastify(app))).status).to.equal(200);
  });

  it('leaves the types of the Express handlers behind it as they are', async () => {
    const app = express();
    app.use((req, _res, next) => {
      Object.assign(req, { user: student });
      next();
    });
    app.get('/rooms/:id', guard, (req, res) => {
      const { id }: { id: string } = req.params;
      res.json({ id });
    });
    const url = await served(app);

    expect(await (await fetch(`${url}/rooms/7`)).json()).to.deep.equal({ id: '7' });
  });

  it('fulfils by hand for a user who is let in', async () => {
    const request = { headers: {}, user: student };

    expect(await guard(request, new http.ServerResponse(new http.IncomingMessage(null as never)))).to.equal(
      true,
    );
  });

  it('rejects by hand for others, with the challenge on the response', async () => {
    const response = new http.ServerResponse(new http.IncomingMessage(null as never));

    const refusal = await guard({ headers: {} }, response).catch((error) => error);

    expect(refusal).to.include({ code: 'ERR_JACCOUNT_BEARER', status: 401 });
    expect(response.getHeader('WWW-Authenticate')).to.equal('Bearer realm="api"');
  });

  it('is a guard of Nest', async () => {
    const guarded: CanActivate = { canActivate: guard };
    const contextOf = (user: object) => ({
      switchToHttp: () => ({
        getRequest: () => ({ headers: {}, user }),
        getResponse: () => new http.ServerResponse(new http.IncomingMessage(null as never)),
      }),
    });

    expect(await guarded.canActivate(contextOf(student) as never)).to.equal(true);
    expect(
      await (guarded.canActivate(contextOf({}) as never) as Promise<true>).catch(({ status }) => status),
    ).to.equal(403);
  });
});

describe('bearerErrorHandler() in each framework', () => {
  const onError = bearerErrorHandler({ language: 'zh' });
  const body = { code: 'authorization_header_missing', description: '缺少 Authorization 请求头' };
  const mine = Object.assign(new Error('mine'), { statusCode: 418, status: 418, expose: true });

  it('answers in Koa what is thrown behind it', async () => {
    const answer = await fetch(await served(koa(onError, requireScope('a')).callback()));

    expect([answer.status, await answer.json()]).to.deep.equal([401, body]);
    expect(answer.headers.get('www-authenticate')).to.equal('Bearer realm="api"');
  });

  it('leaves other errors to Koa', async () => {
    const fail = () => {
      throw mine;
    };

    const answer = await fetch(await served(koa(onError, fail).callback()));

    expect([answer.status, await answer.text()]).to.deep.equal([418, 'mine']);
  });

  it('leaves an answer that has begun to Koa', async () => {
    const begin = (ctx: Context, next: () => Promise<unknown>) => {
      ctx.res.write('begun');
      return next();
    };
    let thrown: unknown;
    const watch = (_ctx: Context, next: () => Promise<unknown>) =>
      next().catch((error) => {
        thrown = error;
      });

    const url = await served(koa(watch, onError, begin, requireScope('a')).callback());
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await answer.body?.cancel();

    expect(thrown).to.include({ code: 'ERR_JACCOUNT_BEARER' });
  });

  it('answers in Fastify for the whole application', async () => {
    const app = fastify();
    app.setErrorHandler(onError);
    app.get('/', { preHandler: requireScope('a') }, async () => 'in');

    const answer = await fetch(await servedFastify(app));

    expect([answer.status, await answer.json()]).to.deep.equal([401, body]);
    expect(answer.headers.get('www-authenticate')).to.equal('Bearer realm="api"');
  });

  it('answers in Fastify for one route', async () => {
    const app = fastify();
    app.get('/', { errorHandler: onError, preHandler: requireScope('a') }, async () => 'in');

    expect((await fetch(await servedFastify(app))).status).to.equal(401);
  });

  const thrown: [what: string, value: unknown, status: number, text: string][] = [
    ['another error', mine, 418, '{"statusCode":418,"error":"I\'m a Teapot","message":"mine"}'],
    ['what is no Error', 'mine', 500, 'mine'],
  ];
  for (const [what, value, status, text] of thrown) {
    it(`leaves ${what} to Fastify`, async () => {
      const app = fastify();
      app.setErrorHandler(onError);
      app.get('/', async () => {
        throw value;
      });

      const answer = await fetch(await servedFastify(app));

      expect([answer.status, await answer.text()]).to.deep.equal([status, text]);
    });
  }

  it('tells of the error to the error handler of Fastify that is behind it', async () => {
    const app = fastify();
    app.setErrorHandler((error: Error, _request, reply) => reply.code(418).send({ told: error.message }));
    app.register((api, _options, done) => {
      api.setErrorHandler(onError);
      api.get('/', async () => {
        throw mine;
      });
      done();
    });

    expect(await (await fetch(await servedFastify(app))).json()).to.deep.equal({ told: 'mine' });
  });
});

describe('a handler that is called with the arguments of no framework', () => {
  const request = new Request('https://app.example/', { method: 'POST' });
  const context = { req: request, res: {}, env: {} };
  const handlers: [name: string, handler: GuardHandler | AnswerHandler | ErrorHandler][] = [
    ['signOut', signOut(client, { returnTo })],
    ['requireUserType', requireUserType('student')],
    ['requireScope', requireScope('a')],
    ['bearerErrorHandler', bearerErrorHandler()],
  ];
  const calls: [what: string, args: unknown[]][] = [
    ['nothing', []],
    ['null', [null, null, null]],
    ['text', ['a', 'b', 'c']],
    ['a Request of the Web', [request]],
    ['a Request of the Web and an environment', [request, { KEY: 'value' }, {}]],
    ['a Request of the Web and a function', [request, {}, () => expect.fail('goes on')]],
    ["Hono's context", [context, () => expect.fail('goes on')]],
    ['objects', [{}, {}]],
    ['a request alone', [{ headers: {}, user: student }]],
    [
      'an execution context of something else than HTTP',
      [{ switchToHttp: () => ({ getRequest() {}, getResponse() {} }) }],
    ],
  ];
  for (const [name, handler] of handlers) {
    for (const [what, args] of calls) {
      it(`${name}() throws a TypeError at once for ${what}`, () => {
        expect(() => (handler as (...args: unknown[]) => unknown)(...args)).to.throw(
          TypeError,
          new RegExp(`^${name}\\(\\) was called with the arguments of no framework .*Express.*Koa.*Fastify`),
        );
      });
    }
  }
});
