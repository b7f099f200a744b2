import type http from 'node:http';
import fastifyPassport from '@fastify/passport';
import { Controller, type ExecutionContext, Get, Module, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect } from 'chai';
import fastify from 'fastify';
import Koa from 'koa';
import { KoaPassport } from 'koa-passport';
import passport from 'passport';
import { bearerErrorOf, JaccountBearerStrategy, requireScope } from 'passport-jaccount';
import { sendRaw } from '../support/api';
import { type ApiIssuer, startApiIssuer } from '../support/api-issuer';
import { serve } from '../support/serve';

const none = 'Bearer realm="api"';
const malformed = /^Bearer realm="api", error="invalid_request", /;
const bad = /^Bearer realm="api", error="invalid_token", /;

describe('JaccountBearerStrategy elsewhere than in Express', () => {
  let issuer: ApiIssuer;
  let strategy: JaccountBearerStrategy;

  before(async () => {
    issuer = await startApiIssuer();
    strategy = new JaccountBearerStrategy({ issuers: [issuer.entry] }, async ({ claims }) => ({
      id: claims.sub,
    }));
  });
  after(() => issuer.stop());

  interface Place {
    name: string;
    start(): Promise<{ url: string; stop(): Promise<unknown> }>;
    /** False where @fastify/passport, which sets a challenge for 401 alone, has the last word. */
    challengesWith400?: false;
    /** Whether the answers are kept out of caches. */
    isPrivate: boolean;
  }

  const places: Place[] = [
    { name: 'Koa', start: startKoa, isPrivate: true },
    { name: 'Koa, with errors thrown', start: startKoaThatThrows, isPrivate: true },
    { name: 'Fastify', start: startFastify, challengesWith400: false, isPrivate: false },
    { name: 'Fastify, with errors thrown', start: startFastifyThatThrows, isPrivate: false },
    { name: 'Nest on Express', start: () => startNest(new ExpressAdapter()), isPrivate: true },
    { name: 'Nest on Fastify', start: () => startNest(new FastifyAdapter()), isPrivate: false },
  ];

  for (const { name, start, challengesWith400, isPrivate } of places) {
    describe(`in ${name}`, () => {
      let running: Awaited<ReturnType<Place['start']>>;

      before(async () => {
        running = await start();
      });
      after(() => running.stop());

      const call = (authorization?: string) =>
        fetch(running.url, { headers: authorization === undefined ? {} : { authorization } });
      const challengeOf = ({ headers }: Response) => headers.get('www-authenticate');

      it('lets in whom verify finds', async () => {
        const answer = await call(`Bearer ${issuer.token()}`);

        expect(answer.status).to.equal(200);
        expect(await answer.json()).to.deep.equal({ user: { id: 'user-17' } });
      });

      it('says what it wants where nothing was sent [RS-01]', async () => {
        const answer = await call();

        expect([answer.status, challengeOf(answer)]).to.deep.equal([401, none]);
      });

      it('refuses a bad token [RS-03]', async () => {
        const answer = await call(`Bearer ${issuer.token({ exp: 1 })}`);

        expect(answer.status).to.equal(401);
        expect(challengeOf(answer)).to.match(bad);
      });

      it('refuses a malformed header [RS-02]', async () => {
        const answer = await call('Bearer a b');

        expect(answer.status).to.equal(400);
        expect(challengeOf(answer) ?? '').to.match(challengesWith400 === false ? /^$/ : malformed);
      });

      it('refuses two headers of which Node shows the first [BH-06]', async () => {
        const line = `Authorization: Bearer ${issuer.token()}`;

        const answer = await sendRaw(running.url, ['GET / HTTP/1.1', line, line]);

        expect(answer).to.match(/^HTTP\/1.1 400 /);
      });

      it('gives each of many overlapping requests its own user [HT-04]', async () => {
        const subjects = Array.from({ length: 50 }, (_, index) => `user-${index}`);

        const answers = await Promise.all(subjects.map((sub) => call(`Bearer ${issuer.token({ sub })}`)));

        const users = await Promise.all(
          answers.map(async (answer) => ((await answer.json()) as any).user.id),
        );
        expect(users).to.deep.equal(subjects);
      });

      if (isPrivate) {
        it('keeps answers out of caches [RS-14]', async () => {
          const { headers } = await call(`Bearer ${issuer.token()}`);

          expect(headers.get('cache-control')).to.equal('no-store');
          expect(headers.get('vary')).to.equal('Authorization');
        });
      }
    });
  }

  it('lets requireScope() guard a route of Fastify [RS-04]', async () => {
    const app = await fastifyApp();
    const hooks = [authenticator().authenticate('jaccount-bearer', { session: false })];
    const scoped = requireScope('write:messages');
    app.get('/', { preValidation: hooks, preHandler: scoped }, async () => ({}));
    const { url, stop } = await serveFastify(app);

    const allowed = await fetch(url, { headers: authorizationOf({ scope: 'write:messages' }) });
    const denied = await fetch(url, { headers: authorizationOf({}) });
    await stop();

    expect([allowed.status, denied.status]).to.deep.equal([200, 403]);
    expect(denied.headers.get('www-authenticate')).to.match(/"insufficient_scope".*scope="write:messages"$/);
  });

  const authorizationOf = (claims: Record<string, unknown>) => ({
    authorization: `Bearer ${issuer.token(claims)}`,
  });

  async function startKoa() {
    const { app, koaPassport } = koaApp();
    app.use(koaPassport.authenticate('jaccount-bearer', { session: false }));
    app.use((ctx) => {
      ctx.body = { user: ctx.state.user };
    });
    return serve(app.callback());
  }

  async function startKoaThatThrows() {
    const { app, koaPassport } = koaApp();
    app.use((ctx, next) =>
      koaPassport.authenticate('jaccount-bearer', { session: false }, (error, user) => {
        const refusal = error ?? bearerErrorOf(ctx);
        expect(bearerErrorOf(ctx.req)).to.equal(bearerErrorOf(ctx));
        if (refusal) throw refusal;
        ctx.body = { user };
      })(ctx, next),
    );
    return serve(app.callback());
  }

  function koaApp() {
    const koaPassport = new KoaPassport();
    koaPassport.use(strategy);
    const app = new Koa();
    // Koa prints what is thrown, unless it is told to be silent.
    app.silent = true;
    app.use(koaPassport.initialize());
    return { app, koaPassport };
  }

  function authenticator() {
    const one = new fastifyPassport.Authenticator();
    one.use(strategy);
    return one;
  }

  async function fastifyApp() {
    const app = fastify();
    // @fastify/passport brings @fastify/flash, which does not load where nothing of this name is there.
    app.decorateRequest('session', null as never);
    await app.register(authenticator().initialize());
    return app;
  }

  async function serveFastify(app: ReturnType<typeof fastify>) {
    await app.ready();
    return serve((request: http.IncomingMessage, response: http.ServerResponse) =>
      app.routing(request, response),
    );
  }

  async function startFastify() {
    const app = await fastifyApp();
    const preValidation = authenticator().authenticate('jaccount-bearer', { session: false });
    app.get('/', { preValidation }, async ({ user }) => ({ user }));
    return serveFastify(app);
  }

  async function startFastifyThatThrows() {
    const app = await fastifyApp();
    const preValidation = authenticator().authenticate(
      'jaccount-bearer',
      { session: false },
      async (request, _reply, error, user) => {
        const refusal = error ?? bearerErrorOf(request);
        if (refusal) throw refusal;
        Object.assign(request, { user });
      },
    );
    app.get('/', { preValidation }, async ({ user }) => ({ user }));
    return serveFastify(app);
  }

  async function startNest(adapter: ExpressAdapter | FastifyAdapter) {
    passport.use(strategy);
    const app = await NestFactory.create(ApiModule, adapter, { logger: false });
    await app.listen(0, '127.0.0.1');
    return {
      url: await app.getUrl(),
      stop: async () => {
        await app.close();
        passport.unuse('jaccount-bearer');
      },
    };
  }
});

class ApiGuard extends AuthGuard('jaccount-bearer') {
  override handleRequest<User>(
    error: Error | null,
    user: User,
    _info: unknown,
    context: ExecutionContext,
  ): User {
    const http = context.switchToHttp();
    const refusal = bearerErrorOf(http.getRequest());
    for (const [name, value] of Object.entries(refusal?.headers ?? {}))
      http.getResponse().header(name, value);
    if (error ?? refusal) throw error ?? refusal;
    return user;
  }
}

@Controller()
class ApiController {
  @Get()
  @UseGuards(ApiGuard)
  me(@Req() { user }: { user: unknown }) {
    return { user };
  }
}

@Module({ controllers: [ApiController] })
class ApiModule {}
