import { debuglog } from 'node:util';
import { isNativeError } from 'node:util/types';
import type { Request } from 'express';
import OAuth2Strategy from 'passport-oauth2';
import { type JaccountLoginMessage, publishLogin, publishRefusal } from '../diagnostics';
import { CallbackError, JaccountError, type LoginContext, StateError } from '../errors';
import type { TokenResponse } from '../jaccount/wire';
import type { JaccountProfile } from '../profile/profile';
import { randomValue } from '../protocol/authorization-request';
import type { GrantParameters } from '../protocol/token-endpoint';
import { type AuthenticateOptions, assertOurs, returnPathOf } from './authenticate-options';
import { type AuthorizationResponse, parseAuthorizationResponse } from './callback';
import { parseScope, type StrategySettings } from './options';
import { challengeOf, codesOf, isFailure, type RefusalCodes, refusalOf } from './outcome';
import { sanitizeReturnTo } from './return-to';
import { assertUsable, handleOf, signedInUser, type Transaction } from './transaction';
import { errorOf } from './verdict';
import type { Verifier } from './verify-callback';

/** Exchanges a grant at the strategy's token endpoint. */
export type GrantExchange = (grant: GrantParameters, secrets?: readonly string[]) => Promise<TokenResponse>;

/** What every attempt of one strategy shares, and none changes. */
export interface Collaborators {
  strategy: OAuth2Strategy;
  settings: StrategySettings;
  /** Digest of who the strategy is, for its transactions. */
  binding: string;
  exchange: GrantExchange;
  verifier: Verifier;
}

const debug = debuglog('passport-jaccount');

/**
 * One half of one login: its start, or the browser's return. It is where the strategy and passport-oauth2 meet, and
 * the only file that knows the latter's underscored members.
 *
 * The base class keeps its state store, its token client and its answers on `this`, which
 * `passport.authenticate(instance)` shares between requests. So each request runs on a child of the strategy with
 * its own view of those members, and what one login knows lives here.
 */
export class LoginAttempt {
  scope: readonly string[];
  nonce: string | undefined;
  /** Set once the token endpoint has answered. */
  tokens: TokenResponse | undefined;
  /** Where the profile came from. */
  road: JaccountLoginMessage['road'] = 'none';
  private transaction: Transaction | undefined;
  private settled = false;
  private readonly began = performance.now();
  // As they are now: on a shared instance they belong to the next request a moment later.
  private readonly actions: Actions;

  constructor(
    private readonly shared: Collaborators,
    private readonly req: Request,
    private readonly options: AuthenticateOptions,
  ) {
    this.actions = actionsOf(shared.strategy);
    this.scope = shared.settings.scope;
  }

  /** Runs to one answer of the five that Passport knows; what goes wrong is one of them, never a rejection. */
  async run(): Promise<void> {
    try {
      assertMethod(this.req, ['GET', 'POST']);
      const response = parseAuthorizationResponse(this.req, this.shared.settings.issuer);
      if (response) await this.finish(response);
      else this.start();
    } catch (error) {
      this.refuse(error);
    }
  }

  private start(): void {
    const { scope } = this.options;
    assertOurs(this.options);
    if (scope !== undefined) this.scope = parseScope(scope);
    if (this.scope.includes('openid')) this.nonce = randomValue();
    const state = randomValue();
    this.delegate({
      query: {},
      // Five parameters: the base class tells the forms of a store apart by their number.
      store: (_req, codeVerifier, _state, _meta, stored) => {
        this.remember(state, codeVerifier)
          .then(() => stored(null, state))
          .catch((error) => this.refuse(error));
      },
    });
  }

  private async remember(state: string, codeVerifier: string | undefined): Promise<void> {
    const { returnTo, appState } = this.options;
    const { callbackURL, transactions } = this.shared.settings;
    const user = signedInUser(this.req);
    this.transaction = {
      handle: handleOf(state),
      binding: this.shared.binding,
      redirectURI: callbackURL,
      scope: [...this.scope],
      createdAt: Date.now(),
      ...(user !== undefined && { user }),
      ...(this.nonce !== undefined && { nonce: this.nonce }),
      ...(codeVerifier !== undefined && { codeVerifier }),
      ...(returnTo !== undefined && {
        returnTo: returnPathOf(returnTo, [callbackURL, this.req.originalUrl]),
      }),
      ...(appState !== undefined && { appState }),
    };
    await transactions.put(this.req, this.transaction);
  }

  private async finish(response: AuthorizationResponse): Promise<void> {
    assertMethod(this.req, ['GET']);
    const { state, code, error } = response;
    const transaction = await this.take(handleOf(state));
    this.transaction = transaction;
    this.scope = transaction.scope;
    this.nonce = transaction.nonce;
    // Believed only now that the state is known to be ours: RFC 6749, section 4.1.2.1.
    if (error !== undefined) throw refusalOf(error, response.errorDescription, this.secretsOf(state));
    this.delegate({
      query: { code, state },
      verify: (_req, _state, loaded) => loaded(null, transaction.codeVerifier ?? true),
    });
  }

  private async take(handle: string): Promise<Transaction> {
    const { settings, binding } = this.shared;
    const { transactions, callbackURL } = settings;
    const transaction = await transactions.take(this.req, handle);
    const user = signedInUser(this.req);
    assertUsable(transaction, { handle, binding, redirectURI: callbackURL, user });
    return transaction;
  }

  // Runs the base class on a child. It sees the checked parameters and no body: it would take "error" for true
  // before the state is known, and a login form's field "code" for a callback.
  private delegate({ query, store, verify }: { query: Query; store?: Store; verify?: Verify }): void {
    const { strategy } = this.shared;
    const base = strategy as unknown as Base;
    const child = Object.assign(Object.create(strategy), {
      ...this.answers(),
      attempt: this,
      _stateStore: { store, verify },
      _oauth2: Object.assign(Object.create(base._oauth2), { getOAuthAccessToken: this.exchangeCode(query) }),
      _verify: this.decide(),
      _passReqToCallback: true,
      // The base class would not call userProfile, and with it goes the check of the ID Token.
      _skipUserProfile: false,
    });
    const options = {
      ...this.options,
      scope: this.scope.join(' '),
      state: undefined,
      callbackURL: undefined,
    };
    OAuth2Strategy.prototype.authenticate.call(child, { query } as Request, options);
  }

  private answers(): Actions {
    return {
      success: (user, info) => this.succeed(user, info),
      fail: (challenge, status) => this.fail(challenge, status),
      redirect: (url, status) => this.settle(() => this.actions.redirect(url, status)),
      pass: () => this.settle(() => this.actions.pass()),
      error: (error) => this.refuse(error),
    };
  }

  private exchangeCode({ state }: Query): BaseExchange {
    return (code, parameters, done) => {
      this.shared
        .exchange({ ...parameters, code }, this.secretsOf(state))
        .then((tokens) => {
          this.tokens = tokens;
          done(null, tokens.access_token, tokens.refresh_token, tokens);
        })
        .catch((error) => this.refuse(error));
    };
  }

  // Six parameters, so that the base class hands over all it has.
  private decide(): BaseVerify {
    return (_req, _accessToken, _refreshToken, tokens, profile, verified) => {
      this.shared
        .verifier({
          profile,
          tokens,
          req: this.req,
          ...(profile?.claims && { claims: profile.claims }),
          ...this.context(),
        })
        .then(({ user, info }) => {
          // What looks like a user to Passport must not be the trace of a mistake.
          if (isNativeError(user)) throw user;
          verified(null, user, info);
        })
        .catch((error) => this.refuse(error));
    };
  }

  private succeed(user: unknown, info: unknown): void {
    const tell = () => publishLogin(() => ({ ...this.course(), road: this.road }));
    this.settle(() => this.actions.success(user, this.infoOf(info)), tell);
  }

  /** Ends the login without a user: by `fail` for what the user or the browser did, by `error` for all else. */
  refuse(error: unknown): void {
    if (!(error instanceof JaccountError)) return this.abandon(errorOf(error));
    debug('%s: %s', error.code, error.message);
    const known = this.context();
    if (this.transaction) error.transaction = known;
    if (this.isReload(error)) return this.sendOn(error.transaction);
    if (isFailure(error)) return this.fail(challengeOf(error), error.status, codesOf(error));
    this.abandon(error, codesOf(error));
  }

  private abandon(error: Error, codes: RefusalCodes = {}): void {
    const tell = () => publishRefusal(() => ({ ...this.course(), exit: 'error', ...codes }));
    this.settle(() => this.actions.error(error), tell);
  }

  // Passport takes what is left of a second argument for 401.
  private fail(challenge?: unknown, status?: number, codes: RefusalCodes = { status: 401 }): void {
    const { message = 'the application did not accept this user', ...rest } = this.infoOf(challenge);
    const tell = () => publishRefusal(() => ({ ...this.course(), exit: 'fail', ...codes }));
    this.settle(() => this.actions.fail({ message, ...rest }, status), tell);
  }

  private course(): Omit<JaccountLoginMessage, 'road'> {
    const { createdAt } = this.transaction ?? {};
    return {
      strategy: this.shared.settings.name,
      scope: this.scope.join(' '),
      duration: performance.now() - this.began,
      // Another machine may have begun it, whose clock is a little ahead.
      ...(createdAt !== undefined && { sinceStart: Math.max(0, Date.now() - createdAt) }),
    };
  }

  // Reloading the page after a login is not an attack: who is signed in goes on to where that login led.
  private isReload(error: JaccountError): boolean {
    const linking = this.options.assignProperty !== undefined;
    return error instanceof StateError && error.reason === 'used' && Boolean(this.req.user) && !linking;
  }

  private sendOn(login: LoginContext | undefined): void {
    const { successReturnToOrRedirect, successRedirect } = this.options;
    const url = login?.returnTo ?? successReturnToOrRedirect ?? successRedirect ?? '/';
    this.settle(() => this.actions.redirect(String(url)));
  }

  private infoOf(info: unknown): Record<string, unknown> {
    const given = typeof info === 'string' ? { message: info } : info;
    return { ...(given as object | undefined), ...this.context() };
  }

  // What of this login must not get into an error, should the provider repeat it.
  private secretsOf(state: string | undefined): string[] {
    const { nonce, codeVerifier } = this.transaction ?? {};
    return [state, nonce, codeVerifier, this.shared.settings.clientSecret].filter(
      (secret) => secret !== undefined,
    );
  }

  /** What the application gave to this login, and nothing else of it. */
  private context(): LoginContext {
    const { returnTo, appState } = this.transaction ?? {};
    return {
      ...(returnTo !== undefined && { returnTo: sanitizeReturnTo(returnTo) }),
      ...(appState !== undefined && { appState }),
    };
  }

  // The first answer counts. An application whose own callback throws hears of it, instead of hanging.
  private settle(action: () => void, tell = () => {}): void {
    if (this.settled) return;
    this.settled = true;
    tell();
    try {
      action();
    } catch (error) {
      this.report(error);
    }
  }

  // If it throws at that too, there is no answer left to give: a closed connection says more than a silent one.
  private report(error: unknown): void {
    try {
      this.actions.error(errorOf(error));
    } catch (again) {
      process.emitWarning(errorOf(again));
      this.req.socket?.destroy();
    }
  }
}

interface Query {
  code?: string | undefined;
  state?: string | undefined;
}

interface Actions {
  success(user: unknown, info?: unknown): void;
  fail(challenge?: unknown, status?: number): void;
  redirect(url: string, status?: number): void;
  pass(): void;
  error(error: unknown): void;
}

type Done = (error: unknown, ...values: unknown[]) => void;
type Store = (
  req: Request,
  codeVerifier: string | undefined,
  state: unknown,
  meta: unknown,
  stored: Done,
) => void;
type Verify = (req: Request, state: string, loaded: Done) => void;
type BaseExchange = (code: string, parameters: GrantParameters, done: Done) => void;
type BaseVerify = (
  req: Request,
  accessToken: string,
  refreshToken: string | undefined,
  tokens: TokenResponse,
  profile: JaccountProfile,
  verified: Done,
) => void;

/** The members of passport-oauth2 and oauth that its types leave out. A test holds that they are there. */
interface Base {
  _oauth2: { getOAuthAccessToken: BaseExchange; _clientSecret: string };
}

/**
 * Replaces the token request of `oauth`, which never ends when a connection breaks. passport-oauth2-refresh copies
 * the function to an object of its own, so it must not need `this`.
 */
export function replaceTokenRequest(strategy: OAuth2Strategy, exchange: GrantExchange): void {
  const { _oauth2 } = strategy as unknown as Base;
  const getOAuthAccessToken: BaseExchange = (token, parameters, done) => {
    const name = parameters.grant_type === 'refresh_token' ? 'refresh_token' : 'code';
    exchange({ ...parameters, [name]: token }).then(
      ({ refresh_token, ...rest }) => done(null, rest.access_token, refresh_token, rest),
      (error) => done(error),
    );
  };
  Object.assign(_oauth2, { getOAuthAccessToken });
  // Still readable for that package, but not printed with the strategy.
  Object.defineProperty(_oauth2, '_clientSecret', { enumerable: false });
}

function actionsOf(strategy: OAuth2Strategy): Actions {
  const { success, fail, redirect, pass, error } = strategy as unknown as Actions;
  return {
    success: success.bind(strategy),
    fail: fail.bind(strategy),
    redirect: redirect.bind(strategy),
    pass: pass.bind(strategy),
    error: error.bind(strategy),
  };
}

// A link preview's HEAD must not spend a code.
function assertMethod({ method = 'GET' }: Request, allowed: string[]): void {
  if (!allowed.includes(method)) throw new CallbackError('a login takes GET only', 405);
}
