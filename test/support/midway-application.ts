import type { Server } from 'node:http';
import {
  App,
  Catch,
  Config,
  Configuration,
  Controller,
  destroyGlobalApplicationContext,
  Get,
  HTTP_SERVER_KEY,
  Inject,
  initializeGlobalApplicationContext,
  Middleware,
  Post,
} from '@midwayjs/core';
import * as koa from '@midwayjs/koa';
import { loggers } from '@midwayjs/logger';
import * as passport from '@midwayjs/passport';
import { JaccountStrategy, type JaccountStrategyOptions } from 'passport-jaccount';
import { freePort } from './free-port';
import type { HabitApplication, Validate } from './nest-application';

/** An application of Midway 3 as its documentation shows it, without anything that is made for jAccount. */
export async function startMidway(
  client: Omit<JaccountStrategyOptions, 'callbackURL'>,
  validate: Validate,
): Promise<HabitApplication> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const container = await initializeGlobalApplicationContext({
    loggerFactory: loggers,
    imports: [{ Application, JaccountLogin, JaccountMiddleware, Pages, Problems }],
    globalConfig: { koa: { port }, jaccount: { ...client, callbackURL: `${url}/callback` }, validate },
  });
  const stop = async () => {
    container.get<Server>(HTTP_SERVER_KEY).closeAllConnections();
    await destroyGlobalApplicationContext(container);
  };
  return { url, stop };
}

const silent = { console: false, file: false, error: false };

@passport.CustomStrategy()
class JaccountLogin extends passport.PassportStrategy(JaccountStrategy, 'jaccount') {
  @Config('jaccount')
  options!: JaccountStrategyOptions;

  // From the configuration, because @midwayjs/passport reads the length of this function.
  @Config('validate')
  override validate!: Validate;

  getStrategyOptions() {
    return this.options;
  }

  serializeUser(user: object, done: (error: null, stored: object) => void) {
    done(null, user);
  }

  deserializeUser(stored: object, done: (error: null, user: object) => void) {
    done(null, stored);
  }
}

@Middleware()
class JaccountMiddleware extends passport.PassportMiddleware(JaccountLogin) {
  getAuthenticateOptions() {
    return { failureMessage: true };
  }
}

@Controller('/')
class Pages {
  @Inject()
  ctx!: koa.Context;

  @Get('/login', { middleware: [JaccountMiddleware] })
  @Get('/callback', { middleware: [JaccountMiddleware] })
  login() {
    this.ctx.redirect('/me');
  }

  @Get('/me')
  me() {
    return { user: this.ctx.session?.user?.user ?? null };
  }

  @Post('/logout', { middleware: [JaccountMiddleware] })
  async logout() {
    await this.ctx.logout();
    this.ctx.redirect('/me');
  }
}

@Catch()
class Problems {
  catch({ status = 500, message }: Error & { status?: number }, ctx: koa.Context) {
    ctx.status = status;
    return { status, reason: ctx.session?.messages?.at(-1) ?? message };
  }
}

@Configuration({
  imports: [koa, passport],
  detector: false,
  importConfigs: [
    { default: { keys: ['a secret of the tests'], midwayLogger: { default: { transports: silent } } } },
  ],
})
class Application {
  @App()
  app!: koa.Application;

  async onReady() {
    this.app.useFilter(Problems);
  }
}
