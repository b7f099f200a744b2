// Nest on Fastify. Run it with `node --import tsx examples/nest-fastify.ts`.
//
// @nestjs/passport hands Fastify's requests and replies to Passport, which is made for those of Express. What is
// missing for that is added in `speakExpress` below; all else is as in nest.ts.
import 'reflect-metadata';
import { promisify } from 'node:util';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Post,
  Redirect,
  Req,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Request } from 'express';
import type { FastifyInstance, FastifyReply } from 'fastify';
import passport from 'passport';
import { type JaccountProfile, JaccountStrategy, type JaccountStrategyOptions } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret = '', PORT = 3000 } = process.env;
const url = `http://localhost:${PORT}`;

async function jaccountOptions(): Promise<JaccountStrategyOptions> {
  const callbackURL = `${url}/callback`;
  if (clientID) return { clientID, clientSecret, callbackURL };
  const emulator = await startEmulator();
  return { ...emulator.client, ...emulator.endpoints, callbackURL };
}

@Injectable()
class JaccountLogin extends PassportStrategy(JaccountStrategy) {
  constructor(@Inject('jaccount options') options: JaccountStrategyOptions) {
    super(options);
  }

  async validate(_accessToken: string, _refreshToken: string | undefined, profile: JaccountProfile) {
    return { account: profile.id, name: profile.displayName, userType: profile.userType };
  }
}

@Injectable()
class UserSerializer extends PassportSerializer {
  serializeUser(user: object, done: (error: null, stored: object) => void) {
    done(null, user);
  }

  deserializeUser(stored: object, done: (error: null, user: object) => void) {
    done(null, stored);
  }
}

@Injectable()
class JaccountGuard extends AuthGuard('jaccount') {
  override async canActivate(context: ExecutionContext) {
    await super.canActivate(context);
    await super.logIn(context.switchToHttp().getRequest());
    return true;
  }

  // Nest's own answers 401 to every failure, without its reason.
  override handleRequest<User>(
    error: Error | null,
    user: User | false,
    info: { message: string } | undefined,
    _context: ExecutionContext,
    status = 401,
  ): User {
    if (error) throw error;
    if (!user) throw new HttpException({ problem: info?.message, signIn: '/login' }, status);
    return user;
  }
}

@Controller()
class Pages {
  constructor(@Inject(JaccountLogin) private readonly jaccount: JaccountLogin) {}

  @Get()
  home(@Req() req: Request) {
    return req.user ?? { signIn: '/login' };
  }

  // The guard sends the browser to jAccount: this is never reached.
  @Get('login')
  @UseGuards(JaccountGuard)
  login() {}

  @Get('callback')
  @UseGuards(JaccountGuard)
  @Redirect('/', 303)
  callback() {}

  @Post('logout')
  @Redirect('/', 303)
  async logout(@Req() req: Request) {
    await promisify(req.logout.bind(req))();
    return { url: this.jaccount.logoutURL(`${url}/`) };
  }
}

@Module({
  controllers: [Pages],
  providers: [JaccountLogin, UserSerializer, { provide: 'jaccount options', useFactory: jaccountOptions }],
})
class Application {}

// Passport redirects by methods of Node's own response that a reply lacks. They must end in `send`, not in `raw.end`:
// the session is saved on the way out. And as a middleware, Passport would see Node's request, which has no session, so
// it runs in a hook.
function speakExpress(fastify: FastifyInstance) {
  const restoreUser = passport.session();
  fastify.decorateReply('setHeader', function (this: FastifyReply, name: string, value: string) {
    this.header(name, value);
  });
  fastify.decorateReply('end', function (this: FastifyReply) {
    this.send();
  });
  fastify.addHook('preValidation', (request, reply, done) => {
    restoreUser(request, reply, done);
  });
}

async function main() {
  const adapter = new FastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(Application, adapter, {
    logger: ['error', 'warn'],
  });
  // To TypeScript, the Fastify that Nest brings along and the one that the plugins are made for are two.
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRequest', async (_request, reply) => {
    // The address of the callback holds a code.
    reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  });
  await fastify.register(fastifyCookie);
  await fastify.register(fastifySession, {
    secret: 'a long random text of 32 characters',
    saveUninitialized: false,
    // `true` behind https.
    cookie: { secure: false, sameSite: 'lax' },
  });
  speakExpress(fastify);
  await app.listen(PORT);
  console.log(url);
}

void main();
