// Midway 3 on Koa. Run it with `node --import tsx examples/midway.ts`.
import { Bootstrap } from '@midwayjs/bootstrap';
import {
  All,
  App,
  Catch,
  Config,
  Configuration,
  Controller,
  Get,
  type ILogger,
  type IMiddleware,
  Inject,
  Logger,
  Middleware,
  MidwayHttpError,
} from '@midwayjs/core';
import * as koa from '@midwayjs/koa';
import * as passport from '@midwayjs/passport';
import type { Request } from 'express';
import {
  JaccountStrategy,
  type JaccountStrategyOptions,
  LoginFailure,
  messageFor,
  requireUserType,
  signOut,
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

// #region login
// @midwayjs/passport answers 401 to every failure and 500 to every error, but passes a MidwayHttpError on.
class MidwayJaccountStrategy extends JaccountStrategy {
  override authenticate(req: Request, options?: object) {
    const { error } = this;
    this.error = (cause) => error(new MidwayHttpError(cause, cause.status ?? 500, cause.code, { cause }));
    this.fail = (challenge, status) => this.error(new LoginFailure(challenge, status));
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
  // #endregion

  serializeUser(user: object, done: (error: null, stored: object) => void) {
    done(null, user);
  }

  deserializeUser(stored: object, done: (error: null, user: object) => void) {
    done(null, stored);
  }
  // #region login
}

// Lets a signed-in user through, and sends every other browser to jAccount.
@Middleware()
class JaccountMiddleware extends passport.PassportMiddleware(JaccountLogin) {
  getAuthenticateOptions() {
    return {};
  }
}

// #endregion
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

// #region login
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

  @Get('/students', { middleware: [JaccountMiddleware, requireUserType('student')] })
  students() {
    return { hello: this.ctx.state.user.name };
  }

  @All('/logout')
  signOut() {
    return signOut(this.jaccountLogin.getStrategy(), { returnTo: `${url}/` })(this.ctx, async () => {});
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
    const subject = cause instanceof Error ? cause : error;
    // Without a cause, a MidwayHttpError is one of Midway itself, such as 404.
    const problem = subject instanceof MidwayHttpError ? message : messageFor(subject, 'zh');
    return { problem, signIn: '/login' };
  }
}
// #endregion

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
    imports: [{ Application, JaccountLogin, JaccountMiddleware, Pages, NoStore, Problems }],
    globalConfig: { jaccount: await jaccountOptions() },
  }).run();
}

void main();
