// Nest on Express. Run it with `node --import tsx examples/nest.ts`.
import 'reflect-metadata';
import { promisify } from 'node:util';
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
import type { Request, Response } from 'express';
import session from 'express-session';
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

async function main() {
  const app = await NestFactory.create(Application, { logger: ['error', 'warn'] });
  app.use((_req: Request, res: Response, next: () => void) => {
    // The address of the callback holds a code.
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    next();
  });
  app.use(
    session({
      secret: 'a long random text',
      resave: false,
      saveUninitialized: false,
      cookie: { sameSite: 'lax' },
    }),
  );
  app.use(passport.session());
  await app.listen(PORT);
  console.log(url);
}

void main();
