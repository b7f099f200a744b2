// Midway 3 on Koa. Run it with `node --import tsx examples/midway.ts`.
import { Bootstrap } from '@midwayjs/bootstrap';
import {
  App,
  Catch,
  Config,
  Configuration,
  Controller,
  Get,
  Guard,
  type IGuard,
  type ILogger,
  type IMiddleware,
  Inject,
  Logger,
  Middleware,
  MidwayHttpError,
  Post,
  UseGuard,
} from '@midwayjs/core';
import * as koa from '@midwayjs/koa';
import * as passport from '@midwayjs/passport';
import type { Request } from 'express';
import {
  JaccountStrategy,
  type JaccountStrategyOptions,
  messageFor,
  type VerifyContext,
} from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

const {
  JACCOUNT_CLIENT_ID: clientID,
  JACCOUNT_CLIENT_SECRET: clientSecret = '',
  PORT = '3000',
} = process.env;
const url = `http://localhost:${PORT}`;

async function jaccountOptions(): Promise<JaccountStrategyOptions> {
  const callbackURL = `${url}/callback`;
  if (clientID) return { clientID, clientSecret, callbackURL };
  const emulator = await startEmulator();
  return { ...emulator.client, ...emulator.endpoints, callbackURL };
}

// @midwayjs/passport answers 401 to every failure and 500 to every error. A MidwayHttpError keeps its status and reason.
class MidwayJaccountStrategy extends JaccountStrategy {
  override authenticate(req: Request, options?: object) {
    const { error } = this;
    this.fail = (challenge, status = 401) =>
      error(new MidwayHttpError(challenge as { message: string }, status));
    this.error = (cause) => error(new MidwayHttpError(cause, cause.status ?? 500, cause.code, { cause }));
    return super.authenticate(req, options);
  }
}

@passport.CustomStrategy()
class JaccountLogin extends passport.PassportStrategy(MidwayJaccountStrategy, 'jaccount') {
  @Config('jaccount')
  options!: JaccountStrategyOptions;

  // The types of @midwayjs/passport leave this method out.
  declare getStrategy: () => JaccountStrategy;

  getStrategyOptions() {
    return this.options;
  }

  // validate(...payload) works too, with the context as payload[0]. Return your user, not the payload: it holds the tokens.
  async validate({ profile }: VerifyContext) {
    return { account: profile.id, name: profile.displayName, userType: profile.userType };
  }

  serializeUser(user: object, done: (error: null, stored: object) => void) {
    done(null, user);
  }

  deserializeUser(stored: object, done: (error: null, user: object) => void) {
    done(null, stored);
  }
}

// Lets a signed-in user through, and sends every other browser to jAccount.
@Middleware()
class JaccountMiddleware extends passport.PassportMiddleware(JaccountLogin) {
  getAuthenticateOptions() {
    return {};
  }
}

@Middleware()
class NoStore implements IMiddleware<koa.Context, koa.NextFunction> {
  resolve() {
    return async (ctx: koa.Context, next: koa.NextFunction) => {
      // The address of the callback holds a code.
      ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
      return next();
    };
  }
}

@Guard()
class StudentGuard implements IGuard<koa.Context> {
  async canActivate({ state }: koa.Context) {
    return state.user.userType === 'student';
  }
}

@Controller('/', { middleware: [NoStore] })
class Pages {
  @Inject()
  ctx!: koa.Context;

  @Inject()
  jaccountLogin!: JaccountLogin;

  @Get('/')
  home() {
    return this.ctx.session?.user?.user ?? { signIn: '/login' };
  }

  @Get('/login', { middleware: [JaccountMiddleware] })
  @Get('/callback', { middleware: [JaccountMiddleware] })
  signedIn() {
    this.ctx.redirect('/');
  }

  @Get('/students', { middleware: [JaccountMiddleware] })
  @UseGuard(StudentGuard)
  students() {
    return { hello: this.ctx.state.user.name };
  }

  @Post('/logout')
  signOut() {
    // null ends the session, though its type does not say so.
    this.ctx.session = null as never;
    this.ctx.status = 303;
    this.ctx.redirect(this.jaccountLogin.getStrategy().logoutURL(`${url}/`));
  }
}

@Catch()
class Problems {
  @Logger()
  logger!: ILogger;

  catch(error: Error & { status?: number }, ctx: koa.Context) {
    const { status = 500, message, cause } = error;
    // Not ctx.logger, because it writes the address of the callback.
    if (status >= 500) this.logger.error(cause ?? error);
    ctx.status = status;
    const problem = status < 500 ? message : messageFor(cause instanceof Error ? cause : error, 'zh');
    return { problem, signIn: '/login' };
  }
}

@Configuration({
  imports: [koa, passport],
  detector: false,
  importConfigs: [
    {
      default: {
        keys: ['a long random text'],
        koa: { port: Number(PORT) },
        session: { sameSite: 'lax' },
        midwayLogger: { default: { transports: { console: {}, file: false, error: false } } },
      },
    },
  ],
})
class Application {
  @App()
  app!: koa.Application;

  async onReady() {
    this.app.useFilter(Problems);
  }

  async onServerReady() {
    console.log(url);
  }
}

async function main() {
  await Bootstrap.configure({
    imports: [{ Application, JaccountLogin, JaccountMiddleware, StudentGuard, Pages, NoStore, Problems }],
    globalConfig: { jaccount: await jaccountOptions() },
  }).run();
}

void main();
