// Nest on Express. Run it with `node --import tsx examples/nest.ts`.
import 'reflect-metadata';
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
  Redirect,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, NestFactory } from '@nestjs/core';
import { AuthGuard, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import type { Request, Response } from 'express';
import session from 'express-session';
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

// #region login
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

// #endregion
@Injectable()
class UserSerializer extends PassportSerializer {
  serializeUser(user: object, done: (error: null, stored: object) => void) {
    done(null, user);
  }

  deserializeUser(stored: object, done: (error: null, user: object) => void) {
    done(null, stored);
  }
}

// #region login
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

  // On /login, the guard sends the browser to jAccount, and this method is not called.
  @Get(['login', 'callback'])
  @UseGuards(JaccountGuard)
  @Redirect('/', 303)
  signedIn() {}

  @Get('students')
  @UseGuards({ canActivate: requireUserType('student') })
  students(@Req() req: Request & { user: { name: string } }) {
    return { hello: req.user.name };
  }

  @All('logout')
  logout(@Req() req: Request, @Res() res: Response) {
    return signOut(this.jaccount, { returnTo: `${url}/` })(req, res);
  }
}
// #endregion

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
