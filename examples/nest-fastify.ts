// Nest on Fastify. Run it with `node --import tsx examples/nest-fastify.ts`.
//
// @nestjs/passport hands Fastify's requests and replies to Passport, which is made for Express. `speakExpress` below
// adds what Passport needs; the rest is as in nest.ts.
import 'reflect-metadata';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  All,
  type ArgumentsHost,
  Catch,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, NestFactory } from '@nestjs/core';
import { AuthGuard, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Request } from 'express';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import passport from 'passport';
import {
  JaccountError,
  JaccountStrategy,
  type JaccountStrategyOptions,
  jaccountGuard,
  LoginFailure,
  messageFor,
  requireUserType,
  signOut,
  type VerifyContext,
} from 'passport-jaccount';
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
class JaccountLogin extends PassportStrategy(JaccountStrategy, 'jaccount', true) {
  constructor(@Inject('jaccount options') options: JaccountStrategyOptions) {
    super(options);
  }

  // Return your user, not the context: it holds the tokens.
  async validate({ profile }: VerifyContext) {
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
class JaccountGuard extends jaccountGuard(AuthGuard('jaccount')) {
  override async canActivate(context: ExecutionContext) {
    await super.canActivate(context);
    await super.logIn(context.switchToHttp().getRequest());
    return true;
  }
}

// Nest would answer an error with its English message, which is meant for administrators.
@Catch(JaccountError, LoginFailure)
class Problems extends BaseExceptionFilter {
  override catch(error: JaccountError | LoginFailure, host: ArgumentsHost) {
    if (error.status >= 500) console.error(error);
    const body = { problem: messageFor(error, 'zh'), signIn: '/login' };
    super.catch(new HttpException(body, error.status), host);
  }
}

@Controller()
class Pages {
  constructor(@Inject(JaccountLogin) private readonly jaccount: JaccountLogin) {}

  @Get()
  home(@Req() req: Request) {
    return req.user ?? { signIn: '/login' };
  }

  // On /login, the guard sends the browser to jAccount, and this method is not called. With @Redirect() and a session
  // store that answers later, Nest 11 would send the answer twice, and the process would end.
  @Get(['login', 'callback'])
  @UseGuards(JaccountGuard)
  signedIn(@Res() reply: FastifyReply) {
    return reply.redirect('/', 303);
  }

  @Get('students')
  @UseGuards({ canActivate: requireUserType('student') })
  students(@Req() req: Request & { user: { name: string } }) {
    return { hello: req.user.name };
  }

  @All('logout')
  logout(@Req() req: FastifyRequest, @Res() res: FastifyReply) {
    return signOut(this.jaccount, { returnTo: `${url}/` })(req, res);
  }
}

@Module({
  controllers: [Pages],
  providers: [
    JaccountLogin,
    UserSerializer,
    { provide: 'jaccount options', useFactory: jaccountOptions },
    { provide: APP_FILTER, useClass: Problems },
  ],
})
class Application {}

// #region reply
// Passport redirects by methods of Node's response that a reply lacks. `end` must call `send`, not `raw.end`, because
// `send` saves the session. And Passport runs in a hook: a middleware would get Node's request, which has no session.
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
// #endregion

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
