import type { Request } from 'express';
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
} from '../strategy/verdict';
import type { BearerClaims } from './claims';

/** Everything that is known once a bearer token has passed every check. */
export interface BearerContext {
  /** The claims of the token. */
  claims: BearerClaims;
  /** The words of its scope. None for an ID Token, which grants nothing. */
  scope: readonly string[];
  /** The user, where the token is an ID Token of jAccount's. */
  profile?: JaccountProfile;
  /** The client, where the token speaks for a client of its own: then `claims.sub` is no user. */
  client?: string;
  /** The token itself. Keep it out of logs: whoever has it can use it. */
  token: string;
  req: Request;
}

/** Finds the user that a token speaks for; returns, or resolves with, the user, or false to refuse. */
export type BearerContextVerifyFunction = (context: BearerContext) => VerifiedUser | Promise<VerifiedUser>;

export type BearerVerifyFunction = (claims: BearerClaims, done: VerifyDone) => VerifyResult;

export type BearerVerifyFunctionWithRequest = (
  req: Request,
  claims: BearerClaims,
  done: VerifyDone,
) => VerifyResult;

/** Any verify callback, as one that resolves once with a verdict, whatever the callback does. */
export type BearerVerifier = (context: BearerContext) => Promise<Verdict>;

/**
 * Tells the forms of a verify callback apart by their number of parameters: 1 is the context, with `done` behind it for
 * wrappers such as Midway's; 2, or 3 with `passReqToCallback`, is positional. No parameters at all (a rest argument, as
 * Nest's) count as the positional form.
 *
 * `timeout` is in milliseconds.
 *
 * @throws TypeError for a callback of another form.
 */
export function createBearerVerifier(
  verify: unknown,
  passReqToCallback: boolean,
  timeout: number,
): BearerVerifier {
  const verifier = dispatcherOf(verify, passReqToCallback);
  return (context) => within(timeout, verifier(context));
}

type Callback = (...args: unknown[]) => unknown;

function dispatcherOf(verify: unknown, passReqToCallback: boolean): BearerVerifier {
  if (typeof verify !== 'function') throw new TypeError('JaccountBearerStrategy requires a verify callback');
  const callback = verify as Callback;
  const positional = passReqToCallback ? 3 : 2;
  switch (verify.length) {
    case 1:
      return (context) => verdictOf((done) => callback(context, done), anyValue);
    case 0:
      return positionalVerifier(callback, passReqToCallback, plainValue);
    case positional:
      return positionalVerifier(callback, passReqToCallback, promisedValue);
    default:
      throw new TypeError(
        `JaccountBearerStrategy requires a verify callback of 1 or ${positional} parameters, not ${verify.length}`,
      );
  }
}

function positionalVerifier(verify: Callback, passReqToCallback: boolean, read: Reading): BearerVerifier {
  return ({ req, claims }) =>
    verdictOf((done) => verify(...(passReqToCallback ? [req] : []), claims, done), read);
}
