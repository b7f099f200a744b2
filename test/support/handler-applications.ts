import { createRequire } from 'node:module';
import fastifyCookie from '@fastify/cookie';
import fastifyPassport from '@fastify/passport';
import fastifySecureSession from '@fastify/secure-session';
import fastifySession from '@fastify/session';
import type { ExecutionContext } from '@nestjs/common';
import * as nestCommon from '@nestjs/common';
import * as nestCore from '@nestjs/core';
import * as nestPassport from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type express from 'express';
import expressSession, { MemoryStore } from 'express-session';
import fastify, { type FastifyInstance } from 'fastify';
import Koa, { type Context, type Middleware } from 'koa';
import { KoaPassport } from 'koa-passport';
import { createSession } from 'koa-session';
import globalPassport, { Passport } from 'passport';
import {
  bearerErrorHandler,
  JaccountBearerStrategy,
  JaccountStrategy,
  jaccountGuard,
  requireScope,
  requireUserGroup,
  requireUserType,
  signOut,
} from 'passport-jaccount';
import type { Emulator } from 'passport-jaccount/emulator';
import type { ApiIssuer } from './api-issuer';
import { serve } from './serve';

/** The same small application in each framework, guarded and signed out of by our handlers as they are. */
export interface HandlerApplication {
  url: string;
  /** What the sessions lie in; nothing does if the browser keeps them. */
  shelf: Shelf;
  stop(): Promise<unknown>;
}

interface Providers {
  emulator: Emulator;
  issuer: ApiIssuer;
}

type Start = (providers: Providers) => Promise<HandlerApplication>;

const secret = 'a secret of the tests, longer than 32 characters';

/** What the store says when it is broken. */
export const storeFailure = 'the store does not answer';

interface Row {
  name: string;
  start: Start;
  isNest?: true;
  /** Whether its sessions are in the browser's cookie, and not in a store. */
  isInCookie?: true;
}

export const handlerApplications: readonly Row[] = [
  { name: 'Express 5', start: inExpress('express') },
  { name: 'Express 4', start: inExpress('express4') },
  { name: 'Koa 3 with koa-session in a store', start: inKoa(true) },
  { name: 'Koa 3 with koa-session in a cookie', start: inKoa(false), isInCookie: true },
  { name: 'Fastify 5 with @fastify/session', start: inFastify(true) },
  { name: 'Fastify 5 with @fastify/secure-session', start: inFastify(false), isInCookie: true },
  { name: 'Nest 11 on Express', start: inNest(() => nest11, 'express'), isNest: true },
  { name: 'Nest 11 on Fastify', start: inNest(() => nest11, 'fastify'), isNest: true },
  { name: 'Nest 12 on Express', start: inNest(nest12, 'express'), isNest: true },
  { name: 'Nest 12 on Fastify', start: inNest(nest12, 'fastify'), isNest: true },
];

/** A store of each framework's kind, over one place. */
class Shelf {
  readonly kept = new Map<string, string>();
  /** Whether it fails to destroy sessions. */
  isBroken = false;

  take(id: string): void {
    if (this.isBroken) throw new Error(storeFailure);
    this.kept.delete(id);
  }

  forKoa(): object {
    return {
      get: async (id: string) => JSON.parse(this.kept.get(id) ?? 'null'),
      set: async (id: string, value: object) => void this.kept.set(id, JSON.stringify(value)),
      destroy: async (id: string) => this.take(id),
    };
  }

  forFastify(): any {
    return {
      get: (id: string, done: (error: unknown, value?: unknown) => void) =>
        setImmediate(done, null, JSON.parse(this.kept.get(id) ?? 'null')),
      set: (id: string, value: object, done: (error?: unknown) => void) => {
        this.kept.set(id, JSON.stringify(value));
        setImmediate(done);
      },
      destroy: (id: string, done: (error?: unknown) => void) => setImmediate(() => this.destroy(id, done)),
    };
  }

  forExpress(): MemoryStore {
    const store = new MemoryStore();
    const { kept } = this;
    Object.defineProperty(store, 'sessions', {
      value: new Proxy({} as Record<string, string>, {
        get: (_, id: string) => kept.get(id),
        set: (_, id: string, value: string) => Boolean(kept.set(id, value)),
      }),
    });
    store.destroy = (id, done) => setImmediate(() => this.destroy(id, done));
    return store;
  }

  private destroy(id: string, done: (error?: unknown) => void = () => undefined): void {
    try {
      this.take(id);
    } catch (error) {
      return done(error);
    }
    done();
  }
}

function strategiesFor({ emulator, issuer }: Providers, url: string) {
  const login = new JaccountStrategy(
    { ...emulator.client, ...emulator.endpoints, callbackURL: `${url}/callback` },
    async ({ profile }) => ({ account: profile.id, userType: profile.userType }),
  );
  const bearer = new JaccountBearerStrategy({ issuers: [issuer.entry] }, async ({ claims }) => ({
    id: claims.sub,
  }));
  return { login, bearer };
}

type Listener = Parameters<typeof serve>[0];

/** Serves what is built once the address is known. */
async function serveLater(build: (url: string) => Promise<Listener>) {
  let listener: Listener = () => undefined;
  const { url, stop } = await serve((request, response) => listener(request, response));
  listener = await build(url);
  return { url, stop };
}

function inExpress(name: 'express' | 'express4'): Start {
  return async (providers) => {
    const shelf = new Shelf();
    const served = await serveLater(async (url) => {
      const make: typeof express = require(name);
      const { login, bearer } = strategiesFor(providers, url);
      const passport = new Passport();
      passport.use(login).use(bearer);
      passport.serializeUser((user, done) => done(null, user));
      passport.deserializeUser((user, done) => done(null, user as Express.User));
      const app = make();
      // Express prints errors otherwise.
      app.set('env', 'test');
      app.use(
        expressSession({ secret, resave: false, saveUninitialized: false, store: shelf.forExpress() }),
        passport.session(),
      );
      app.get('/login', passport.authenticate('jaccount'));
      app.get('/callback', passport.authenticate('jaccount', { successRedirect: '/me' }));
      app.get('/me', (req, res) => void res.json({ user: req.user ?? null }));
      app.get('/students', requireUserType('student'), (_req, res) => void res.json({ in: true }));
      app.get('/staff', requireUserGroup('staff'), (_req, res) => void res.json({ in: true }));
      const protect = passport.authenticate('jaccount-bearer', { session: false, failWithError: true });
      app.get(
        '/messages',
        protect,
        requireScope('read:messages'),
        (req, res) => void res.json({ user: req.user }),
      );
      app.all('/logout', signOut(login, { returnTo: `${url}/me` }));
      app.use(bearerErrorHandler());
      return app;
    });
    return { ...served, shelf };
  };
}

function inKoa(isStored: boolean): Start {
  return async (providers) => {
    const shelf = new Shelf();
    const served = await serveLater(async (url) => {
      const { login, bearer } = strategiesFor(providers, url);
      const passport = new KoaPassport();
      passport.use(login);
      passport.use(bearer);
      passport.serializeUser((user, done) => done(null, user));
      passport.deserializeUser((user, done) => done(null, user));
      const protect = passport.authenticate('jaccount-bearer', { session: false, failWithError: true });
      const scoped = requireScope('read:messages');
      const routes: Record<string, Middleware> = {
        '/login': passport.authenticate('jaccount', {}),
        '/callback': passport.authenticate('jaccount', { successRedirect: '/me' }),
        '/me': (ctx) => {
          ctx.body = { user: ctx.state.user ?? null };
        },
        '/students': (ctx) => requireUserType('student')(ctx, async () => letIn(ctx)),
        '/staff': (ctx) => requireUserGroup('staff')(ctx, async () => letIn(ctx)),
        '/messages': (ctx, next) =>
          protect(ctx, () =>
            scoped(ctx, async () => {
              ctx.body = { user: ctx.state.user };
              return next();
            }),
          ),
        '/logout': signOut(login, { returnTo: `${url}/me` }),
      };
      const app = new Koa();
      app.silent = true;
      app.keys = [secret];
      app.use(createSession((isStored ? { store: shelf.forKoa() } : {}) as never, app as never) as never);
      app.use(bearerErrorHandler());
      app.use(passport.initialize());
      app.use(passport.session());
      app.use((ctx, next) => routes[ctx.path]?.(ctx, next));
      return app.callback();
    });
    return { ...served, shelf };
  };
}

function letIn(ctx: Context): void {
  ctx.body = { in: true };
}

function inFastify(isStored: boolean): Start {
  return async (providers) => {
    const shelf = new Shelf();
    const served = await serveLater(async (url) => {
      const { login, bearer } = strategiesFor(providers, url);
      const passport = new fastifyPassport.Authenticator();
      passport.use(login).use(bearer);
      passport.registerUserSerializer(async (user) => user);
      passport.registerUserDeserializer(async (user) => user);
      const app = fastify();
      await registerSessions(app, isStored ? shelf : undefined);
      await app.register(passport.initialize());
      await app.register(passport.secureSession());
      app.setErrorHandler(bearerErrorHandler());
      app.get('/login', { preValidation: passport.authenticate('jaccount') }, () => undefined);
      const finish = passport.authenticate('jaccount', { successRedirect: '/me' });
      app.get('/callback', { preValidation: finish }, () => undefined);
      app.get('/me', async ({ user }) => ({ user: user ?? null }));
      app.get('/students', { preHandler: requireUserType('student') }, async () => ({ in: true }));
      app.get('/staff', { preValidation: [requireUserGroup('staff')] }, async () => ({ in: true }));
      const protect = passport.authenticate('jaccount-bearer', { session: false, failWithError: true });
      const guarded = { preValidation: protect, preHandler: requireScope('read:messages') };
      app.get('/messages', guarded, async ({ user }) => ({ user }));
      app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async () => ({}));
      app.all('/logout', signOut(login, { returnTo: `${url}/me` }));
      await app.ready();
      return (request, response) => app.routing(request, response);
    });
    return { ...served, shelf };
  };
}

async function registerSessions(app: FastifyInstance, shelf: Shelf | undefined): Promise<void> {
  await app.register(fastifyCookie);
  if (shelf)
    await app.register(fastifySession, { secret, store: shelf.forFastify(), cookie: { secure: false } });
  else await app.register(fastifySecureSession, { key: Buffer.alloc(32, 'k'), cookie: { path: '/' } });
}

interface Nest {
  common: typeof nestCommon;
  core: typeof nestCore;
  passport: typeof nestPassport;
  ExpressAdapter: typeof ExpressAdapter;
  FastifyAdapter: typeof FastifyAdapter;
}

const nest11: Nest = {
  common: nestCommon,
  core: nestCore,
  passport: nestPassport,
  ExpressAdapter,
  FastifyAdapter,
};

function nest12(): Nest {
  const load = createRequire(require.resolve('nest12/package.json'));
  return {
    common: load('@nestjs/common'),
    core: load('@nestjs/core'),
    passport: load('@nestjs/passport'),
    ...load('@nestjs/platform-express'),
    ...load('@nestjs/platform-fastify'),
  };
}

function inNest(load: () => Nest, platform: 'express' | 'fastify'): Start {
  return async (providers) => {
    const shelf = new Shelf();
    const nest = load();
    const close: (() => Promise<unknown>)[] = [];
    const served = await serveLater(async (url) => {
      const { login, bearer } = strategiesFor(providers, url);
      // @nestjs/passport knows one Passport.
      globalPassport.use(login).use(bearer);
      globalPassport.serializeUser((user, done) => done(null, user));
      globalPassport.deserializeUser((user, done) => done(null, user as Express.User));
      const adapter = platform === 'express' ? new nest.ExpressAdapter() : new nest.FastifyAdapter();
      const module = moduleOf(nest, login, `${url}/me`);
      const app = await nest.core.NestFactory.create(module, adapter as ExpressAdapter, { logger: false });
      if (platform === 'express') useExpressSessions(app, shelf);
      else await useFastifySessions(adapter.getInstance() as unknown as FastifyInstance, shelf);
      await app.init();
      close.push(() => app.close());
      if (platform === 'express') return app.getHttpAdapter().getInstance() as Listener;
      const instance = adapter.getInstance() as unknown as FastifyInstance;
      await instance.ready();
      return (request, response) => instance.routing(request, response);
    });
    const stop = async () => {
      await Promise.all([served.stop(), ...close.map((one) => one())]);
      globalPassport.unuse('jaccount').unuse('jaccount-bearer');
    };
    return { ...served, stop, shelf };
  };
}

function useExpressSessions(app: nestCommon.INestApplication, shelf: Shelf): void {
  app.use(expressSession({ secret, resave: false, saveUninitialized: false, store: shelf.forExpress() }));
  app.use(globalPassport.session());
}

type Reply = { header(name: string, value: string): void; send(): void };

// What examples/nest-fastify.ts does, so that Passport can use replies.
async function useFastifySessions(app: FastifyInstance, shelf: Shelf): Promise<void> {
  await registerSessions(app, shelf);
  const restoreUser = globalPassport.session();
  app.decorateReply('setHeader', function (this: Reply, name: string, value: string) {
    this.header(name, value);
  } as never);
  app.decorateReply('end', function (this: Reply) {
    this.send();
  } as never);
  app.addHook('preValidation', (request, reply, done) => {
    restoreUser(request as never, reply as never, done as never);
  });
}

function moduleOf(nest: Nest, login: JaccountStrategy, returnTo: string) {
  const { All, Controller, Get, Module, Req, Res, UseGuards } = nest.common;
  const { AuthGuard } = nest.passport;
  const endSession = signOut(login, { returnTo });

  class LoginGuard extends jaccountGuard(AuthGuard('jaccount')) {
    override async canActivate(context: ExecutionContext) {
      await super.canActivate(context);
      await super.logIn(context.switchToHttp().getRequest());
      return true;
    }
  }

  class ApiGuard extends jaccountGuard(AuthGuard('jaccount-bearer')) {}

  class StaffGuard implements nestCommon.CanActivate {
    canActivate(context: ExecutionContext) {
      const http = context.switchToHttp();
      return requireUserGroup('staff')(http.getRequest(), http.getResponse());
    }
  }

  @Controller()
  class Pages {
    @Get('login')
    @UseGuards(LoginGuard)
    login() {}

    // Not by `@Redirect()`: with a store that answers later, Nest 11 sends that twice on Fastify.
    @Get('callback')
    @UseGuards(LoginGuard)
    callback() {
      return { in: true };
    }

    @Get('me')
    me(@Req() { user }: { user?: unknown }) {
      return { user: user ?? null };
    }

    @Get('students')
    @UseGuards({ canActivate: requireUserType('student') })
    students() {
      return { in: true };
    }

    @Get('staff')
    @UseGuards(StaffGuard)
    staff() {
      return { in: true };
    }

    @Get('messages')
    @UseGuards(ApiGuard, { canActivate: requireScope('read:messages') })
    messages(@Req() { user }: { user: unknown }) {
      return { user };
    }

    @All('logout')
    logout(@Req() request: any, @Res() response: any) {
      return endSession(request, response);
    }
  }

  @Module({ controllers: [Pages] })
  class Application {}

  return Application;
}
