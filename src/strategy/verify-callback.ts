import type { Request } from 'express';
import type { IdTokenClaims, TokenResponse } from '../jaccount/wire';
import type { JaccountProfile } from '../profile/profile';
import {
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

export type VerifyFunction = (
  accessToken: string,
  refreshToken: string | undefined,
  profile: JaccountProfile,
  done: VerifyDone,
) => VerifyResult;

export type VerifyFunctionWithParams = (
  accessToken: string,
  refreshToken: string | undefined,
  params: TokenResponse,
  profile: JaccountProfile,
  done: VerifyDone,
) => VerifyResult;

export type VerifyFunctionWithRequest = (
  req: Request,
  accessToken: string,
  refreshToken: string | undefined,
  profile: JaccountProfile,
  done: VerifyDone,
) => VerifyResult;

export type VerifyFunctionWithRequestAndParams = (
  req: Request,
  accessToken: string,
  refreshToken: string | undefined,
  params: TokenResponse,
  profile: JaccountProfile,
  done: VerifyDone,
) => VerifyResult;

/** Any verify callback, as one that resolves once with a verdict, whatever the callback does. */
export type Verifier = (context: VerifyContext) => Promise<Verdict>;

/**
 * Tells the forms of a verify callback apart by their number of parameters, as Passport's users are used to. No
 * parameters at all (a rest argument, as Nest's) count as the shorter positional form.
 *
 * `timeout` is in milliseconds.
 *
 * @throws TypeError for a callback of another form.
 */
export function createVerifier(verify: unknown, passReqToCallback: boolean, timeout: number): Verifier {
  const verifier = dispatcherOf(verify, passReqToCallback);
  return (context) => within(timeout, verifier(context));
}

function dispatcherOf(verify: unknown, passReqToCallback: boolean): Verifier {
  if (typeof verify !== 'function') throw new TypeError('JaccountStrategy requires a verify callback');
  const short = passReqToCallback ? 5 : 4;
  switch (verify.length) {
    case 1:
      return contextVerifier(verify as ContextVerifyFunction);
    case 0:
    case short:
      return positionalVerifier(verify as Positional, passReqToCallback, false);
    case short + 1:
      return positionalVerifier(verify as Positional, passReqToCallback, true);
    default:
      throw new TypeError(
        `JaccountStrategy requires a verify callback of 1, ${short} or ${short + 1} parameters, not ${verify.length}`,
      );
  }
}

function contextVerifier(verify: ContextVerifyFunction): Verifier {
  return async (context) => ({ user: await verify(context) });
}

type Positional = (...args: unknown[]) => unknown;

function positionalVerifier(verify: Positional, withRequest: boolean, withParams: boolean): Verifier {
  return ({ req, tokens, profile }) => {
    const { refresh_token, ...params } = tokens;
    return verdictOf((done) =>
      verify(
        ...(withRequest ? [req] : []),
        tokens.access_token,
        refresh_token,
        ...(withParams ? [params] : []),
        profile,
        done,
      ),
    );
  };
}
