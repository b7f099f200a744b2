import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import type { JaccountProfile } from '../profile/profile';
import type { IdTokenClaims, TokenResponse } from '../wire';

/** A user of the application, or false for nobody. */
export type VerifiedUser = Express.User | false | null | undefined;

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

export type VerifyDone = (error?: unknown, user?: VerifiedUser, info?: object | string) => void;

// biome-ignore lint/suspicious/noConfusingVoidType: a callback either returns a promise or nothing
export type VerifyResult = void | Promise<VerifiedUser | void>;

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

export interface Verdict {
  user: VerifiedUser;
  info?: object | string | undefined;
}

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
  return within(timeout, dispatcherOf(verify, passReqToCallback));
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

// A callback that is never called back would leave the browser waiting, and the request in memory.
function within(timeout: number, verifier: Verifier): Verifier {
  return async (context) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(
        `the verify callback did not answer within ${timeout} ms (option timeout.verify)`,
      );
      timer = setTimeout(() => reject(error), timeout);
    });
    return Promise.race([verifier(context), late]).finally(() => clearTimeout(timer));
  };
}

function contextVerifier(verify: ContextVerifyFunction): Verifier {
  return async (context) => ({ user: await verify(context) });
}

type Positional = (...args: unknown[]) => unknown;

function positionalVerifier(verify: Positional, withRequest: boolean, withParams: boolean): Verifier {
  return ({ req, tokens, profile }) =>
    new Promise<Verdict>((resolve, reject) => {
      const done: VerifyDone = (error, user, info) => (error ? reject(error) : resolve({ user, info }));
      const { refresh_token, ...params } = tokens;
      const returned = verify(
        ...(withRequest ? [req] : []),
        tokens.access_token,
        refresh_token,
        ...(withParams ? [params] : []),
        profile,
        done,
      );
      // Native promises only: a thenable of a database library would run its query a second time. What resolves with
      // nothing calls, or has called, `done`.
      if (isPromise(returned)) {
        returned.then((user) => user !== undefined && resolve({ user: user as VerifiedUser }), reject);
      }
    });
}
