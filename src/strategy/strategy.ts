import type { Request } from 'express';
import OAuth2Strategy from 'passport-oauth2';
import type { JaccountLoginMessage } from '../diagnostics';
import { AccountMismatchError, IdTokenError } from '../errors';
import { profileScopes } from '../jaccount/scopes';
import type { IdTokenClaims, ProfileEntity } from '../jaccount/wire';
import { profileFromEntity } from '../profile/from-entity';
import { profileFromIdToken } from '../profile/from-id-token';
import { accountKey, type JaccountProfile } from '../profile/profile';
import { fetchProfile, loadSuperagent } from '../protocol/api';
import { createTransport, type Transport } from '../protocol/http';
import { createIdTokenVerifier, type IdTokenVerifier } from '../protocol/id-token';
import { loadJose } from '../protocol/jws';
import { buildLogoutURL } from '../protocol/logout';
import { exchangeGrant } from '../protocol/token-endpoint';
import type { JaccountAuthenticateOptions } from './authenticate-options';
import { type Collaborators, LoginAttempt, replaceTokenRequest } from './login-attempt';
import { type JaccountStrategyOptions, parseOptions, type StrategySettings } from './options';
import { bindingOf } from './transaction';
import {
  type ContextVerifyFunction,
  createVerifier,
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
 * - both: both, and they must name one account.
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
  private readonly transport: Transport;
  private readonly verifyToken: IdTokenVerifier;
  private readonly shared: Omit<Collaborators, 'strategy'>;
  // On the child that each request runs on; see login-attempt.ts.
  declare private readonly attempt?: LoginAttempt;

  // TypeScript infers the parameter of the context form only: it does not choose an overload by a callback's length.
  constructor(options: JaccountStrategyOptions, verify: ContextVerifyFunction);
  constructor(options: WithRequest, verify: VerifyFunctionWithRequest);
  constructor(options: WithRequest, verify: VerifyFunctionWithRequestAndParams);
  constructor(options: JaccountStrategyOptions, verify: VerifyFunction);
  constructor(options: JaccountStrategyOptions, verify: VerifyFunctionWithParams);
  constructor(options: JaccountStrategyOptions, verify: unknown) {
    const settings = parseOptions(options);
    const verifier = createVerifier(verify, settings.passReqToCallback, settings.timeout.verify);
    const { authorizationURL, tokenURL, clientID, clientSecret, callbackURL, pkce } = settings;
    super(
      { authorizationURL, tokenURL, clientID, clientSecret, callbackURL, pkce, state: true },
      // The base class never calls it: each login attempt brings its own.
      () => undefined,
    );
    this.name = settings.name;
    this.settings = settings;
    this.transport = createTransport(settings.timeout, settings.agent);
    this.verifyToken = createIdTokenVerifier(clientSecret);
    this.shared = {
      binding: bindingOf(settings),
      settings,
      verifier,
      exchange: (grant, secrets) => exchangeGrant(settings, grant, this.transport, secrets),
    };
    replaceTokenRequest(this, this.shared.exchange);
    preload(settings.scope);
  }

  /**
   * Runs one half of a login; Passport calls it. The promise fulfils, whatever comes of the login.
   *
   * A request with `code`, `error`, `state` or `iss` in its query ends a login, any other begins one.
   */
  override async authenticate(req: Request, options: JaccountAuthenticateOptions = {}): Promise<void> {
    await new LoginAttempt({ ...this.shared, strategy: this }, req, { ...options }).run();
  }

  /** The base class asks for what goes into the authorization request beside its own. */
  override authorizationParams(options: JaccountAuthenticateOptions): object {
    const nonce = this.attempt?.nonce;
    return { ...options.authorizationParams, ...(nonce !== undefined && { nonce }) };
  }

  /**
   * Gives the profile of the user that `accessToken` belongs to: from the verified ID Token, from the profile API, or
   * from both. Outside of a login there is no ID Token, and the API is asked.
   */
  override userProfile(
    accessToken: string,
    done: (error?: unknown, profile?: JaccountProfile) => void,
  ): void {
    this.loadProfile(accessToken).then(
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
    const { logoutURL, clientID } = this.settings;
    return buildLogoutURL({ logoutURL, clientID, postLogoutRedirectURI });
  }

  private async loadProfile(accessToken: string): Promise<JaccountProfile | undefined> {
    const { attempt, settings } = this;
    // First the ID Token: nothing else of a response is used before its nonce is known to be ours.
    const claims = attempt && (await this.verifiedClaims(attempt, accessToken));
    const wanted = !attempt || (asksProfile(attempt.scope) && !settings.skipUserProfile);
    const entity = wanted ? await fetchProfile(settings.apiURL, accessToken, this.transport) : undefined;
    if (attempt) attempt.road = roadOf(claims, entity);
    if (claims && entity && accountKey(claims.sub) !== accountKey(entity.account))
      throw new AccountMismatchError();
    if (entity) return { ...profileFromEntity(entity, settings.deriveEmail), ...(claims && { claims }) };
    return claims && profileFromIdToken(claims, settings.deriveEmail);
  }

  // Demanded with the scope `openid`; verified whenever one comes.
  private async verifiedClaims(
    attempt: LoginAttempt,
    accessToken: string,
  ): Promise<IdTokenClaims | undefined> {
    const idToken = attempt.tokens?.id_token;
    if (idToken === undefined) {
      if (attempt.scope.includes('openid')) throw new IdTokenError('missing');
      return undefined;
    }
    const { issuer, clientID, clockTolerance, allowMissingNonce } = this.settings;
    const nonce = attempt.nonce ?? null;
    return this.verifyToken(idToken, {
      issuer,
      clientID,
      clockTolerance,
      allowMissingNonce,
      nonce,
      accessToken,
    });
  }
}

function roadOf(claims?: IdTokenClaims, entity?: ProfileEntity): JaccountLoginMessage['road'] {
  if (claims) return entity ? 'both' : 'id-token';
  return entity ? 'profile' : 'none';
}

function asksProfile(scope: readonly string[]): boolean {
  return !scope.includes('openid') || scope.some((name) => profileScopes.includes(name));
}

// What the first login would otherwise wait for. If it cannot be loaded, the first login says so.
function preload(scope: readonly string[]): void {
  setImmediate(() => {
    if (scope.includes('openid')) loadJose().catch(() => undefined);
    if (asksProfile(scope)) preloadSuperagent();
  }).unref();
}

function preloadSuperagent(): void {
  try {
    loadSuperagent();
  } catch {
    // Told at first use.
  }
}
