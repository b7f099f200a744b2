import { isNativeError } from 'node:util/types';
import type { Request } from 'express';
import type { Strategy } from 'passport';
import { BearerError } from '../errors';
import { rawHeadersOf, responseHeadOf } from '../frameworks';
import type { JaccountProfile } from '../profile/profile';
import { loadJose } from '../protocol/jws';
import { type Actions, Answer } from '../strategy/answer';
import { errorOf } from '../strategy/verdict';

import { buildChallenge } from './challenge';
import type { BearerClaims } from './claims';
import { hasAuthorization, parseCredentials, type RequestParts } from './credentials';
import type { VerifiedToken } from './issuer';
import { type BearerSettings, type JaccountBearerStrategyOptions, parseBearerOptions } from './options';
import { rememberAttempt } from './refusals';
import { keepPrivate, setChallenge } from './response-headers';
import {
  type BearerContextVerifyFunction,
  type BearerVerifier,
  type BearerVerifyFunction,
  type BearerVerifyFunctionWithRequest,
  createBearerVerifier,
} from './verify-callback';
import { verifyJwt } from './verify-jwt';

/** What is left on `req.authInfo` for a request whose token was accepted. */
export interface BearerAuthInfo {
  claims: BearerClaims;
  /** The words of the token's scope. */
  scope: readonly string[];
  /** The user, where the token is an ID Token of jAccount's. */
  profile?: JaccountProfile;
  /** The client, where the token speaks for a client of its own and no user. */
  client?: string;
}

// Passport's own types do not know what a strategy leaves on the request.
declare global {
  namespace Express {
    interface AuthInfo extends Partial<BearerAuthInfo> {}
  }
}

type Exit = (actions: Actions) => void;

/**
 * Protects an API: lets requests through whose bearer token one of the configured issuers signed for this API.
 *
 * - Access tokens in the form of JWTs: each issuer has its own keys, algorithms and audience.
 * - ID Tokens of jAccount's, with `acceptIdTokens: true`, for a mobile or single-page application that has nothing else.
 *
 * The opaque access tokens of jAccount's are never accepted, and jAccount is not asked about them: they do not say for
 * whom they were issued, so any other site that your user signed in to could send its own here.
 *
 * A request without a token *fails* with a challenge and leaves the word to the next strategy; a malformed one fails with
 * 400, a bad token with 401, and one text for every cause. An issuer whose keys were never to be had is an *error*: a
 * {@link KeySetError} with 503. Give `passport.authenticate()` the option `session: false`, and `failWithError: true` for
 * {@link bearerErrorHandler}.
 *
 * @throws TypeError for an option that is missing, malformed or unknown.
 *
 * @example
 * ```ts
 * import passport from 'passport';
 * import { JaccountBearerStrategy } from 'passport-jaccount';
 *
 * passport.use(
 *   new JaccountBearerStrategy(
 *     {
 *       issuers: [
 *         {
 *           issuer: 'https://tenant.example/',
 *           jwksURL: 'https://tenant.example/.well-known/jwks.json',
 *           audience: 'https://api.example/',
 *         },
 *       ],
 *     },
 *     async ({ claims, client }) => ({ id: claims.sub, isClient: client !== undefined }),
 *   ),
 * );
 *
 * const protect = passport.authenticate('jaccount-bearer', { session: false });
 * ```
 *
 * @see [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750) and [RFC 9068, section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4)
 */
export class JaccountBearerStrategy implements Strategy {
  name: string;
  private readonly settings: BearerSettings;
  private readonly verifier: BearerVerifier;

  constructor(options: JaccountBearerStrategyOptions, verify: BearerContextVerifyFunction);
  constructor(
    options: JaccountBearerStrategyOptions & { passReqToCallback: true },
    verify: BearerVerifyFunctionWithRequest,
  );
  constructor(options: JaccountBearerStrategyOptions, verify: BearerVerifyFunction);
  constructor(options: JaccountBearerStrategyOptions, verify: unknown) {
    this.settings = parseBearerOptions(options);
    const { name, passReqToCallback, timeout } = this.settings;
    this.name = name;
    this.verifier = createBearerVerifier(verify, passReqToCallback, timeout);
    // What the first request would otherwise wait for. If it cannot be loaded, the first request says so.
    setImmediate(() => void loadJose().catch(() => undefined)).unref();
  }

  /** Judges one request; Passport calls it. The promise fulfils, whatever comes of the request. */
  async authenticate(req: Request): Promise<void> {
    const answer = new Answer(this, req);
    rememberAttempt(req, { realm: this.settings.realm });
    answer.settle(await this.judge(req).catch((failure) => this.refuse(req, failure)));
  }

  private async judge(req: Request): Promise<Exit> {
    keepPrivate(responseHeadOf(req));
    const parts = partsOf(req);
    const token = parseCredentials(parts, this.settings.acceptFormBody);
    if (token === undefined) throw new BearerError(hasAuthorization(parts) ? 'scheme' : 'missing');
    const verified = await verifyJwt(token, this.settings.issuers);
    const { user, info } = await this.verifier({ ...verified, token, req });
    // What looks like a user to Passport must not be the trace of a mistake.
    if (isNativeError(user)) throw user;
    if (!user) throw new BearerError('user');
    return ({ success }) => success(user, authInfoOf(verified, info));
  }

  private refuse(req: Request, failure: unknown): Exit {
    if (!(failure instanceof BearerError)) return ({ error }) => error(errorOf(failure));
    const { realm } = this.settings;
    const challenge = buildChallenge({ realm, error: failure.error });
    const refusal = new BearerError(failure.fault, { challenge, cause: failure.cause });
    rememberAttempt(req, { realm, refusal });
    // Without a token nobody is at fault yet: a later strategy in the chain may decide on the status.
    if (refusal.error === undefined) return ({ fail }) => fail(challenge);
    if (refusal.status === 400) setChallenge(req, challenge);
    return ({ fail }) => fail(challenge, refusal.status);
  }
}

function partsOf(req: Request): RequestParts {
  const { headers, method, url, body } = req;
  return { headers, method, url, body, rawHeaders: rawHeadersOf(req) };
}

function authInfoOf(verified: VerifiedToken, info: object | string | undefined): BearerAuthInfo {
  return { ...(typeof info === 'string' ? { message: info } : info), ...verified };
}
