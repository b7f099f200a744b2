import 'reflect-metadata';
import {
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Post,
  Redirect,
  Req,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import session from 'express-session';
import passport from 'passport';
import { JaccountStrategy, type JaccountStrategyOptions } from 'passport-jaccount';
import { freePort } from './free-port';

/** An application that signs in at `/login`, says at `/me` who is signed in, and signs out at `/logout`. */
export interface HabitApplication {
  url: string;
  stop(): Promise<void>;
}

export type Validate = (...payload: any[]) => unknown;

/** An application of Nest 11 as its documentation shows it, without anything that is made for jAccount. */
export async function startNest(
  client: Omit<JaccountStrategyOptions, 'callbackURL'>,
  validate: Validate,
  callbackArity?: true | number,
): Promise<HabitApplication> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const options = { ...client, callbackURL: `${url}/callback` };

  @Injectable()
  class JaccountLogin extends PassportStrategy(JaccountStrategy, 'jaccount', callbackArity) {
    constructor() {
      super(options);
    }
    declare validate: Validate;
  }
  JaccountLogin.prototype.validate = validate;

  @Module({ controllers: [Pages], providers: [JaccountLogin, UserSerializer] })
  class Application {}

  const app = await NestFactory.create(Application, { logger: false, abortOnError: false });
  app.use(session({ secret: 'a secret of the tests', resave: false, saveUninitialized: false }));
  app.use(passport.session());
  await app.listen(port);
  return { url, stop: () => app.close() };
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
}

@Controller()
class Pages {
  @Get(['login', 'callback'])
  @UseGuards(JaccountGuard)
  @Redirect('/me')
  login() {}

  @Get('me')
  me(@Req() req: Request) {
    return { user: req.user ?? null };
  }

  @Post('logout')
  @Redirect('/me')
  logout(@Req() req: Request) {
    return new Promise<void>((resolve, reject) => req.logout((error) => (error ? reject(error) : resolve())));
  }
}
