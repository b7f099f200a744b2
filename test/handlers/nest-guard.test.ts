import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Inject,
  Module,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, type IAuthGuard, PassportModule } from '@nestjs/passport';
import { expect } from 'chai';
import type { Response } from 'express';
import passport from 'passport';
import {
  CallbackError,
  JaccountBearerStrategy,
  JaccountStrategy,
  jaccountGuard,
  messageFor,
} from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type ApiIssuer, startApiIssuer } from '../support/api-issuer';
import { serve } from '../support/serve';
import { UserAgent } from '../support/user-agent';

describe('jaccountGuard()', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  /** A route behind a guard, which shows what the guard threw. */
  async function guarded(
    guard: Type<IAuthGuard>,
    { property = 'user', filters = true } = {},
  ): Promise<string> {
    @Controller()
    class Pages {
      @Get()
      @UseGuards(guard)
      home(@Req() req: Record<string, unknown>) {
        return { user: req[property] };
      }
    }

    @Module({
      imports: [PassportModule.register({ property })],
      controllers: [Pages],
      providers: [{ provide: 'greeting', useValue: 'hello' }],
    })
    class Application {}

    const app = await NestFactory.create(Application, { logger: false });
    if (filters) app.useGlobalFilters(new ShowError());
    await app.init();
    const { url, stop } = await serve(app.getHttpAdapter().getInstance());
    stops.push(stop, () => app.close());
    return url;
  }

  /** A strategy of another package, under the name `odd`. */
  function useOdd(authenticate: (this: any) => void): void {
    passport.use({ name: 'odd', authenticate } as never);
    stops.push(async () => passport.unuse('odd'));
  }

  const shownBy = async (url: string) => (await fetch(url)).json();

  describe('around a login', () => {
    let emulator: Emulator;

    before(async () => {
      emulator = await startEmulator();
    });
    after(() => emulator.stop());

    class LoginGuard extends jaccountGuard(AuthGuard('jaccount')) {
      override getAuthenticateOptions() {
        return { returnTo: '/grades', appState: { theme: 'dark' } };
      }
    }

    async function start(settings: object = {}): Promise<string> {
      const url = await guarded(LoginGuard, settings);
      const options = { ...emulator.client, ...emulator.endpoints, callbackURL: `${url}/` };
      passport.use(new JaccountStrategy(options, async ({ profile }) => ({ account: profile.id })));
      stops.push(async () => passport.unuse('jaccount'));
      return url;
    }

    it('throws what is known of a login that the user declined', async () => {
      const url = await start();
      const agent = new UserAgent();
      const { location = '' } = await agent.get(url);
      const state = new URL(location).searchParams.get('state') ?? '';

      const answer = await agent.get(`${url}/?${new URLSearchParams({ error: 'access_denied', state })}`);

      expect(answer.json()).to.deep.include({
        ...{ name: 'LoginFailure', status: 401, statusCode: 401, expose: true },
        ...{ code: 'ERR_JACCOUNT_AUTHORIZATION', error: 'access_denied' },
        ...{ returnTo: '/grades', appState: { theme: 'dark' } },
      });
      expect(answer.json()).not.to.have.property('reason');
    });

    it('lets Nest answer with the status of the strategy', async () => {
      const url = await start({ filters: false });

      const answers = await Promise.all([
        fetch(`${url}/?code=A&state=x`),
        fetch(`${url}/?code=A&code=B&state=x`),
      ]);

      expect(answers.map(({ status }) => status)).to.deep.equal([403, 400]);
      expect(await answers[1]?.json()).to.deep.equal({
        statusCode: 400,
        message: messageFor(new CallbackError('of this form'), 'zh'),
      });
    });

    it('returns the user', async () => {
      const url = await start();
      const agent = new UserAgent();
      const loginPage = await agent.follow(await agent.get(url));

      const home = await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));

      expect(home.json()).to.deep.equal({ user: { account: 'zhaoyichen' } });
    });
  });

  describe('around an API', () => {
    let issuer: ApiIssuer;

    beforeEach(async () => {
      issuer = await startApiIssuer();
      passport.use(
        new JaccountBearerStrategy({ issuers: [issuer.entry] }, ({ claims }) => ({ id: claims.sub })),
      );
      stops.push(
        async () => passport.unuse('jaccount-bearer'),
        () => issuer.stop(),
      );
    });

    it('throws the error behind a failure', async () => {
      const url = await guarded(jaccountGuard(AuthGuard('jaccount-bearer')));

      expect(await shownBy(url)).to.include({ code: 'ERR_JACCOUNT_BEARER', fault: 'missing', status: 401 });
    });

    it('throws an error of the strategy as it is', async () => {
      const url = await guarded(jaccountGuard(AuthGuard('jaccount-bearer')));
      issuer.answer = { status: 500 } as never;

      const answer = await fetch(url, { headers: { authorization: `Bearer ${issuer.token()}` } });

      expect(await answer.json()).to.include({ code: 'ERR_JACCOUNT_KEYS', status: 503 });
    });

    it('keeps what Nest injects: options of the module, and what the subclass asks for', async () => {
      class Greeting extends jaccountGuard(AuthGuard('jaccount-bearer')) {
        constructor(@Inject('greeting') private readonly greeting: string) {
          super({ property: 'account' });
        }

        override handleRequest(
          error: any,
          user: any,
          info: any,
          context: ExecutionContext,
          status?: any,
        ): any {
          return { ...super.handleRequest(error, user, info, context, status), greeting: this.greeting };
        }
      }
      const plain = await guarded(jaccountGuard(AuthGuard('jaccount-bearer')), { property: 'account' });
      const greeting = await guarded(Greeting, { property: 'account' });
      const headers = { authorization: `Bearer ${issuer.token()}` };

      const answers = await Promise.all(
        [plain, greeting].map(async (url) => (await fetch(url, { headers })).json()),
      );

      expect(answers).to.deep.equal([
        { user: { id: 'user-17' } },
        { user: { id: 'user-17', greeting: 'hello' } },
      ]);
    });

    it('throws the error of the bearer token in a chain of strategies', async () => {
      useOdd(function () {
        this.fail('Basic realm="Users"');
      });
      const url = await guarded(jaccountGuard(AuthGuard(['odd', 'jaccount-bearer'])));

      expect(await shownBy(url)).to.include({ code: 'ERR_JACCOUNT_BEARER', fault: 'missing' });
    });

    it('tells a failure of another strategy from that of the token before it', async () => {
      useOdd(function () {
        this.fail({ message: 'no' }, 418);
      });
      const AnyToken = jaccountGuard(AuthGuard('jaccount-bearer'));
      const Odd = jaccountGuard(AuthGuard('odd'));
      class OddWithoutToken extends Odd {
        override async canActivate(context: ExecutionContext) {
          await (new AnyToken().canActivate(context) as Promise<boolean>).catch(() => undefined);
          return super.canActivate(context) as Promise<boolean>;
        }
      }

      expect(await shownBy(await guarded(OddWithoutToken))).to.include({ message: 'no', status: 418 });
    });

    it('looks at the request that the subclass names', async () => {
      class Graph extends jaccountGuard(AuthGuard('jaccount-bearer')) {
        override getRequest(context: ExecutionContext) {
          return context.getArgByIndex(0);
        }
      }

      expect(await shownBy(await guarded(Graph))).to.include({ code: 'ERR_JACCOUNT_BEARER' });
    });
  });

  describe('around another strategy', () => {
    const failures: [what: string, parameters: unknown[], shown: object][] = [
      ['a challenge', [{ message: 'no' }, 418], { message: 'no', status: 418 }],
      ['text', ['no', 400], { message: 'no', status: 400 }],
      ['an Error', [new Error('jwt expired')], { message: 'jwt expired', status: 401 }],
      ['a status alone', [403], { message: 'the user is not signed in', status: 403 }],
      ['nothing', [], { message: 'the user is not signed in', status: 401 }],
      ['a status that is none of an error', ['no', 200], { message: 'no', status: 401 }],
      ['a status of the server', ['no', 503], { message: 'no', status: 503, expose: false }],
    ];
    for (const [what, parameters, shown] of failures) {
      it(`makes an error of a failure with ${what}`, async () => {
        useOdd(function () {
          this.fail(...parameters);
        });

        expect(await shownBy(await guarded(jaccountGuard(AuthGuard('odd'))))).to.include(shown);
      });
    }

    it('takes the first challenge and the first status of several strategies', async () => {
      useOdd(function () {
        this.fail({ message: 'first' });
      });
      passport.use({ name: 'other', authenticate: useOther } as never);
      stops.push(async () => passport.unuse('other'));

      const url = await guarded(jaccountGuard(AuthGuard(['odd', 'other'])));

      expect(await shownBy(url)).to.include({ message: 'first', status: 418 });
    });

    function useOther(this: any) {
      this.fail({ message: 'second' }, 418);
    }
  });

  const others: [what: string, value: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['an object', {}],
    ['a class without handleRequest()', class {}],
    ['AuthGuard, which is not called', AuthGuard],
  ];
  for (const [what, value] of others) {
    it(`refuses ${what}`, () => {
      expect(() => jaccountGuard(value as never)).to.throw(TypeError, 'AuthGuard()');
    });
  }
});

@Catch()
class ShowError implements ExceptionFilter {
  catch(error: Error & { status: number }, host: ArgumentsHost): void {
    const { name, message, status } = error;
    const response = host.switchToHttp().getResponse<Response>();
    response.status(status).json({ ...error, name, message });
  }
}
