import type { Request } from 'express';
import type { IdTokenClaims, TokenResponse } from '../jaccount/wire';
import type { JaccountProfile } from '../profile/profile';
import {
  anyValue,
  plainValue,
  promisedValue,
  type Reading,
  type Verdict,
  type VerifiedUser,
  type VerifyDone,
  type VerifyResult,
  verdictOf,
  within,
} from './verdict';

/** Everything that is known once a login has passed every check. */
export interface VerifyContext {
  profile: JaccountProfile;
  /** As jAccount sent them, checked. Keep them out of the session: whoever reads it could use them. */
  tokens: TokenResponse;
  claims?: IdTokenClaims;
  req: Request;
  returnTo?: string;
  appState?: unknown;
}

/** Finds or creates the application's user; returns, or resolves with, the user, or false to refuse. */
export type ContextVerifyFunction = (context: VerifyContext) => VerifiedUser | Promise<VerifiedUser>;

/** The same with a callback, for who prefers one, and for `PassportStrategy(JaccountStrategy, 'jaccount', true)` of Nest. */
export type ContextVerifyFunctionWithDone = (context: VerifyContext, done: VerifyDone) => VerifyResult;

// As methods, because TypeScript compares the parameters of methods less strictly: `refreshToken: string`, and a profile and
// `done` of other packages, are what people who come from another strategy have written.
interface PositionalForms {
  short(
    accessToken: string,
    refreshToken: string | undefined,
    profile: JaccountProfile,
    done: VerifyDone,
  ): VerifyResult;
  long(
    accessToken: string,
    refreshToken: string | undefined,
    params: TokenResponse,
    profile: JaccountProfile,
    done: VerifyDone,
  ): VerifyResult;
  shortWithRequest(
    req: Request,
    accessToken: string,
    refreshToken: string | undefined,
    profile: JaccountProfile,
    done: VerifyDone,
  ): VerifyResult;
  longWithRequest(
    req: Request,
    accessToken: string,
    refreshToken: string | undefined,
    params: TokenResponse,
    profile: JaccountProfile,
    done: VerifyDone,
  ): VerifyResult;
}

/** The positional form of passport-oauth2. */
export type VerifyFunction = PositionalForms['short'];

/** The positional form with the token response, without its refresh token, as `params`. */
export type VerifyFunctionWithParams = PositionalForms['long'];

/** The positional form with `passReqToCallback: true`. */
export type VerifyFunctionWithRequest = PositionalForms['shortWithRequest'];

/** The positional form with `passReqToCallback: true` and `params`. */
export type VerifyFunctionWithRequestAndParams = PositionalForms['longWithRequest'];

/** Any verify callback, as one that resolves once with a verdict, whatever the callback does. */
export type Verifier = (context: VerifyContext) => Promise<Verdict>;

/**
 * Tells the forms of a verify callback apart by their number of parameters, as Passport's users are used to:
 *
 * - 1: the context. What it returns is the verdict. `done` follows all the same: Midway makes its wrapper of this length
 *   and returns nothing from it.
 * - 2: the context and `done`.
 * - 4 and 5, and one more with `passReqToCallback`: positional, with `done` as the last.
 * - 0, a rest argument: positional, as 4. Nest makes its wrapper of this length.
 *
 * `timeout` is in milliseconds.
 *
 * @throws TypeError for a callback of another form.
 */
export function createVerifier(verify: unknown, passReqToCallback: boolean, timeout: number): Verifier {
  const verifier = dispatcherOf(verify, passReqToCallback);
  return (context) => within(timeout, verifier(context));
}

/**
 * Stops an application of Nest whose `validate` takes the context, but whose `PassportStrategy()` was not told: its wrapper
 * has no parameters, so `validate` would get the access token, and each login would end in a TypeError.
 */
export function assertNestForm(verify: unknown, strategy: object): void {
  const { validate } = strategy as { validate?: unknown };
  if (typeof verify !== 'function' || verify.length > 0 || typeof validate !== 'function') return;
  if (validate.length !== 1) return;
  throw new TypeError(
    "JaccountStrategy: for validate(context), write PassportStrategy(JaccountStrategy, 'jaccount', true); " +
      'without true, validate gets (accessToken, refreshToken, profile)',
  );
}

type Callback = (...args: unknown[]) => unknown;

function dispatcherOf(verify: unknown, passReqToCallback: boolean): Verifier {
  if (typeof verify !== 'function') throw new TypeError('JaccountStrategy requires a verify callback');
  const callback = verify as Callback;
  const short = passReqToCallback ? 5 : 4;
  switch (verify.length) {
    case 1:
      return contextVerifier(callback, anyValue);
    case 2:
      return contextVerifier(callback, promisedValue);
    case 0:
      return positionalVerifier(callback, plainValue, { passReqToCallback, withParams: false });
    case short:
      return positionalVerifier(callback, promisedValue, { passReqToCallback, withParams: false });
    case short + 1:
      return positionalVerifier(callback, promisedValue, { passReqToCallback, withParams: true });
    default:
      throw new TypeError(
        'JaccountStrategy requires a verify callback (context) or (context, done), or a positional one of ' +
          `${short} or ${short + 1} parameters: this one has ${verify.length}`,
      );
  }
}

function contextVerifier(verify: Callback, read: Reading): Verifier {
  return (context) => verdictOf((done) => verify(context, done), read);
}

function positionalVerifier(
  verify: Callback,
  read: Reading,
  { passReqToCallback, withParams }: { passReqToCallback: boolean; withParams: boolean },
): Verifier {
  return ({ req, tokens, profile }) => {
    const { refresh_token, ...params } = tokens;
    return verdictOf(
      (done) =>
        verify(
          ...(passReqToCallback ? [req] : []),
          tokens.access_token,
          refresh_token,
          ...(withParams ? [params] : []),
          profile,
          done,
        ),
      read,
    );
  };
}
