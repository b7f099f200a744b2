import { isNativeError } from 'node:util/types';
import type { Request } from 'express';
import OAuth2Strategy from 'passport-oauth2';
import { AccountMismatchError, CallbackError } from '../errors';
import { type AuthorizationResponse, parseAuthorizationResponse } from '../login/authorization-response';
import type { ExchangedLogin } from '../login/finish';
import { Login } from '../login/login';
import { preload } from '../login/preload';
import type { Transaction } from '../login/transaction';
import { accountKey, type JaccountProfile } from '../profile/profile';
import { buildLogoutURL } from '../protocol/logout';
import type { GrantParameters } from '../protocol/token-endpoint';
import { Answer } from './answer';
import {
  assertNoneMisplaced,
  assertOurs,
  type JaccountAuthenticateOptions,
  namedCallbackURL,
  returnPathOf,
} from './authenticate-options';
import { type JaccountStrategyOptions, parseOptions, parseScope, type StrategySettings } from './options';
import { contextOf, type Judged, type Known, refusing, sendOn, succeed, type Visit } from './outcome';
import type { Verdict } from './verdict';
import {
  assertNestForm,
  type ContextVerifyFunction,
  type ContextVerifyFunctionWithDone,
  createVerifier,
  type Verifier,
  type VerifyContext,
  type VerifyFunction,
  type VerifyFunctionWithParams,
  type VerifyFunctionWithRequest,
  type VerifyFunctionWithRequestAndParams,
} from './verify-callback';

type WithRequest = JaccountStrategyOptions & { passReqToCallback: true };

/**
 * Signs users in with jAccount, the single sign-on service of Shanghai Jiao Tong University.
 *
 * The strategy runs the authorization code flow with state, nonce and PKCE, and hands a {@link JaccountProfile} to
 * the verify callback. The requested scope decides where that profile comes from:
 *
 * - `openid`: the claims of the ID Token, after its signature, issuer, audience, expiry and nonce have been checked.
 *   No request follows the token request.
 * - `basic`, `essential`, `profile` or `privacy`: the answer of `GET /v1/me/profile`.
 * - both: both, and they must name one account. What the profile API does not send is taken from the claims, so adding a
 *   scope never takes a member away.
 *
 * A user who declines, or whose browser comes back with a login that it did not begin, *fails* authentication.
 * Whatever jAccount or the network gets wrong is an *error*, and always a {@link JaccountError}.
 *
 * @throws TypeError for an option that is missing, malformed or unknown.
 *
 * @example
 * ```ts
 * import passport from 'passport';
 * import { JaccountStrategy } from 'passport-jaccount';
 *
 * passport.use(
 *   new JaccountStrategy(
 *     {
 *       clientID: process.env.JACCOUNT_CLIENT_ID as string,
 *       clientSecret: process.env.JACCOUNT_CLIENT_SECRET as string,
 *       callbackURL: 'https://app.example/login/jaccount/callback',
 *     },
 *     async ({ profile }) => ({ account: profile.id, name: profile.displayName }),
 *   ),
 * );
 * ```
 *
 * @see [RFC 6749, section 4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1)
 * @see [OpenID Connect Core 1.0, section 3.1](https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth)
 */
export class JaccountStrategy extends OAuth2Strategy {
  override name: string;
  private readonly settings: StrategySettings;
  private readonly login: Login<Judged>;
  private readonly verifier: Verifier;
  // The logins whose profile is being made, by access token: a subclass may call `super.userProfile()` without `login`.
  // Several, because a provider may give one token to two tabs of a user.
  private readonly exchanged = new Map<string, readonly ExchangedLogin[]>();

  // TypeScript infers the parameter of the context form only: it does not choose an overload by a callback's length.
  constructor(options: JaccountStrategyOptions, verify: ContextVerifyFunction);
  constructor(options: JaccountStrategyOptions, verify: ContextVerifyFunctionWithDone);
  constructor(options: WithRequest, verify: VerifyFunctionWithRequest);
  constructor(options: WithRequest, verify: VerifyFunctionWithRequestAndParams);
  constructor(options: JaccountStrategyOptions, verify: VerifyFunction);
  constructor(options: JaccountStrategyOptions, verify: VerifyFunctionWithParams);
  constructor(options: JaccountStrategyOptions, verify: unknown) {
    const settings = parseOptions(options);
    assertNestForm(verify, new.target.prototype);
    const verifier = createVerifier(verify, settings.passReqToCallback, settings.timeout.verify);
    const { authorizationURL, tokenURL, clientID, clientSecret, pkce } = settings;
    const [callbackURL] = [settings.callbackURL].flat();
    super(
      { authorizationURL, tokenURL, clientID, clientSecret, callbackURL, pkce, state: true },
      // The base class never calls it.
      () => undefined,
    );
    this.name = settings.name;
    this.settings = settings;
    this.login = new Login(settings);
    this.verifier = verifier;
    replaceTokenRequest(this, this.login.exchangeGrant);
    preload(settings.scope);
  }

  /**
   * Runs one half of a login; Passport calls it. The promise fulfils, whatever comes of the login.
   *
   * A request with `code`, `error`, `state` or `iss` in its query ends a login, any other begins one.
   */
  override async authenticate(req: Request, options: JaccountAuthenticateOptions = {}): Promise<void> {
    const { name, scope, issuer } = this.settings;
    const visit: Visit = {
      strategy: name,
      req,
      options: { ...options },
      answer: new Answer(this, req),
      language: () => this.settings.language(req),
      began: performance.now(),
    };
    await refusing(visit, { scope }, async () => {
      assertMethod(req, ['GET', 'POST']);
      const response = parseAuthorizationResponse(req, issuer);
      await (response ? this.finish(visit, response) : this.begin(visit));
    });
  }

  /** Further parameters of the authorization request, for subclasses. Those that make the login safe cannot be set. */
  override authorizationParams(options: JaccountAuthenticateOptions): object {
    return options.authorizationParams ?? {};
  }

  /**
   * Gives the profile of the user that `accessToken` belongs to: from the verified ID Token, from the profile API, or
   * from both. Outside of a login there is no ID Token, and the API is asked.
   */
  override userProfile(
    accessToken: string,
    done: (error?: unknown, profile?: JaccountProfile) => void,
    login: ExchangedLogin | undefined = this.exchanged.get(accessToken)?.at(-1),
  ): void {
    this.login.profileOf(accessToken, login).then(
      (profile) => done(null, profile),
      (error) => done(error),
    );
  }

  /**
   * The address that ends the user's session at jAccount and then leads to `postLogoutRedirectURI`: absolute, https
   * (http on loopback). End your own session first. Without this second step the next click on "sign in" silently
   * brings the same user back, on a shared machine perhaps to somebody else.
   *
   * @throws TypeError for an address of another form.
   *
   * @example
   * ```ts
   * import type { RequestHandler } from 'express';
   * import type { JaccountStrategy } from 'passport-jaccount';
   *
   * const signOut = (strategy: JaccountStrategy): RequestHandler => (req, res, next) =>
   *   req.logout((error) =>
   *     error ? next(error) : res.redirect(303, strategy.logoutURL('https://app.example/')),
   *   );
   * ```
   */
  logoutURL(postLogoutRedirectURI: string): string {
    const { logoutURL, clientID, insecureHosts } = this.settings;
    return buildLogoutURL({ logoutURL, clientID, insecureHosts, postLogoutRedirectURI });
  }

  private async begin(visit: Visit): Promise<void> {
    const { req, options } = visit;
    assertOurs(options);
    // A subclass may read such an option in its own hook.
    if (this.authorizationParams === JaccountStrategy.prototype.authorizationParams)
      assertNoneMisplaced(options);
    const { returnTo, appState } = options;
    const scope = options.scope === undefined ? this.settings.scope : parseScope(options.scope);
    const chosen = this.login.callbackURLFor(req);
    const redirectURI = namedCallbackURL(options.callbackURL, this.settings.callbackURL, chosen);
    const ownPaths = [redirectURI, req.originalUrl];
    await refusing(visit, { scope }, async () => {
      const url = await this.login.begin(req, {
        scope,
        redirectURI,
        appState,
        returnTo: returnTo === undefined ? undefined : returnPathOf(returnTo, ownPaths),
        extra: { ...this.authorizationParams(options) },
      });
      visit.answer.settle(({ redirect }) => redirect(url));
    });
  }

  private async finish(visit: Visit, response: AuthorizationResponse): Promise<void> {
    const { req, options } = visit;
    assertMethod(req, ['GET']);
    // passport.authorize() sets it: the account is for a user who is signed in already. Midway has `true` there by default.
    const linking = typeof options.assignProperty === 'string';
    const taken = await this.login.take(req, response, linking);
    if (taken.reloaded) return sendOn(visit, taken.reloaded, linking);
    const { transaction, isAnswered } = taken.callback;
    const known: Known = { scope: transaction.scope, transaction, isShared: isAnswered };
    await refusing(visit, known, async () => {
      const judged = await this.login.finish(req, taken, response, {
        extra: { ...this.tokenParams(options) },
        profileOf: (login) => this.loadProfile(login),
        complete: async (login, profile) => {
          const verdict = await this.verify(req, transaction, login, profile);
          const road = await this.login.roadOf(login);
          return { value: { ...verdict, road }, isSignedIn: Boolean(verdict.user) };
        },
      });
      succeed(visit, known, judged);
    });
  }

  private async loadProfile(login: ExchangedLogin): Promise<JaccountProfile | undefined> {
    const { access_token: accessToken } = login.tokens;
    this.exchanged.set(accessToken, [...(this.exchanged.get(accessToken) ?? []), login]);
    try {
      // Whatever a subclass makes of the profile: a login whose ID Token is not verified does not go on.
      const claims = await login.claims();
      const profile = await new Promise<JaccountProfile | undefined>((resolve, reject) => {
        this.userProfile(accessToken, (error, made) => (error ? reject(error) : resolve(made)), login);
      });
      const sub = profile?.claims?.sub ?? claims?.sub;
      if (claims && accountKey(sub as string) !== accountKey(claims.sub)) throw new AccountMismatchError();
      return profile;
    } finally {
      const others = this.exchanged.get(accessToken)?.filter((one) => one !== login) ?? [];
      if (others.length > 0) this.exchanged.set(accessToken, others);
      else this.exchanged.delete(accessToken);
    }
  }

  private async verify(
    req: Request,
    transaction: Transaction,
    { tokens }: ExchangedLogin,
    profile: JaccountProfile | undefined,
  ): Promise<Verdict> {
    const context: VerifyContext = {
      profile: profile as JaccountProfile,
      tokens,
      req,
      ...(profile?.claims && { claims: profile.claims }),
      ...contextOf(transaction),
    };
    const verdict = await this.verifier(context);
    // Samples for other strategies return what they got. Passport would write the tokens into the session.
    if (verdict.user === context) throw new TypeError(contextReturned);
    // If verify gives an Error by mistake, Passport would take it for the user.
    if (isNativeError(verdict.user)) throw verdict.user;
    return verdict;
  }
}

const contextReturned =
  'the verify callback returned its context, which holds tokens: return a user, such as { account: profile.id }';

// A link preview's HEAD must not spend a code.
function assertMethod({ method = 'GET' }: Request, allowed: string[]): void {
  if (!allowed.includes(method)) throw new CallbackError('a login takes GET only', 405);
}

/** The members of passport-oauth2 and oauth that their types leave out. A test holds that they are there. */
interface Base {
  _oauth2: { getOAuthAccessToken: BaseExchange; _clientSecret: string };
}

type BaseExchange = (
  code: string,
  parameters: GrantParameters,
  done: (error: unknown, ...values: unknown[]) => void,
) => void;

/**
 * Replaces the token request of `oauth`, which never ends when a connection breaks. passport-oauth2-refresh copies
 * the function to an object of its own, so it must not need `this`.
 */
function replaceTokenRequest(strategy: OAuth2Strategy, exchange: Login<Judged>['exchangeGrant']): void {
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
