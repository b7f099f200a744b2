import { debuglog } from 'node:util';
import type { Request } from 'express';
import {
  type JaccountLoginMessage,
  type JaccountRefusedMessage,
  publishLogin,
  publishRefusal,
} from '../diagnostics';
import {
  type ApiError,
  AuthorizationResponseError,
  CallbackError,
  type IdTokenError,
  JaccountError,
  type LoginContext,
  StateError,
  TokenResponseError,
} from '../errors';
import { userOf } from '../frameworks';
import type { Language } from '../language';
import { sanitizeReturnTo } from '../login/return-to';
import type { EndedLogin, Transaction } from '../login/transaction';
import { type LoginChallenge, messageFor } from '../messages';
import { notAccepted } from '../sentences';
import type { Answer } from './answer';
import type { AuthenticateOptions } from './authenticate-options';
import { errorOf, type Verdict } from './verdict';

const debug = debuglog('passport-jaccount');

/** One request on its way through the strategy. */
export interface Visit {
  /** The strategy's name. */
  readonly strategy: string;
  readonly req: Request;
  readonly options: AuthenticateOptions;
  readonly answer: Answer;
  /** The language for the person who sent the request. */
  readonly language: () => Language;
  /** Milliseconds, by performance.now(). */
  readonly began: number;
}

/** What is known of a login when it ends. */
export interface Known {
  readonly scope: readonly string[];
  readonly transaction?: Transaction;
  /** Whether another request with the same callback does the work, and tells the channels of it. */
  readonly isShared?: boolean;
}

/** What the application said of a login, and where its profile came from. */
export interface Judged extends Verdict {
  road: JaccountLoginMessage['road'];
}

/** What the application gave to a login and gets back, and nothing else of it. */
export function contextOf({ returnTo, appState }: Partial<Transaction> = {}): LoginContext {
  return {
    ...(returnTo !== undefined && { returnTo: sanitizeReturnTo(returnTo) }),
    ...(appState !== undefined && { appState }),
  };
}

/** Ends a login with the application's verdict on the user. */
export function succeed(visit: Visit, known: Known, { user, info, road }: Judged): void {
  if (!user) return fail(visit, known, refusalOf(infoOf(info, known), visit.language()));
  const { answer } = visit;
  if (!known.isShared && !answer.isSettled) publishLogin(() => ({ ...timingOf(visit, known), road }));
  answer.settle(({ success }) => success(user, infoOf(info, known)));
}

/** A reload of the callback right after the login is no attack: a browser that is signed in goes on to where it led. */
export function sendOn(visit: Visit, { returnTo }: EndedLogin, linking: boolean): void {
  const { req, options, answer } = visit;
  const context = contextOf(returnTo === undefined ? {} : { returnTo });
  if (linking || userOf(req) === undefined) throw new StateError('used', { transaction: context });
  const { successReturnToOrRedirect, successRedirect } = options;
  const url = context.returnTo ?? successReturnToOrRedirect ?? successRedirect ?? '/';
  answer.settle(({ redirect }) => redirect(String(url)));
}

/** Runs a part of a login; what it throws ends the login without a user. */
export async function refusing(visit: Visit, known: Known, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    refuse(visit, known, error);
  }
}

// By `fail` for what the user or the browser did, by `error` for all else.
function refuse(visit: Visit, known: Known, error: unknown): void {
  if (!(error instanceof JaccountError)) return abandon(visit, known, errorOf(error));
  debug('%s: %s', error.code, error.message);
  if (known.transaction) error.transaction = contextOf(known.transaction);
  const codes = codesOf(error);
  if (isFailure(error)) fail(visit, known, challengeOf(error, visit.language()), error.status, codes);
  else abandon(visit, known, error, codes);
}

function abandon(visit: Visit, known: Known, error: Error, codes: RefusalCodes = {}): void {
  publishRefused(visit, known, 'error', codes);
  visit.answer.settle((actions) => actions.error(error));
}

function fail(
  visit: Visit,
  known: Known,
  challenge: object,
  // Passport takes an absent one for 401.
  status?: number,
  codes: RefusalCodes = { status: 401 },
): void {
  publishRefused(visit, known, 'fail', codes);
  visit.answer.settle((actions) => actions.fail(challenge, status));
}

function publishRefused(
  visit: Visit,
  known: Known,
  exit: JaccountRefusedMessage['exit'],
  codes: RefusalCodes,
): void {
  if (visit.answer.isSettled || known.isShared) return;
  publishRefusal(() => ({ ...timingOf(visit, known), exit, ...codes }));
}

function timingOf(
  { strategy, began }: Visit,
  { scope, transaction }: Known,
): Omit<JaccountLoginMessage, 'road'> {
  return {
    strategy,
    scope: scope.join(' '),
    duration: performance.now() - began,
    // Another machine may have begun it, whose clock is a little ahead.
    ...(transaction && { sinceStart: Math.max(0, Date.now() - transaction.createdAt) }),
  };
}

function infoOf(info: unknown, { transaction }: Known): Record<string, unknown> {
  const given = typeof info === 'string' ? { message: info } : info;
  return { ...(given as object | undefined), ...contextOf(transaction) };
}

// Whether it is the user's or the browser's doing: all else is jAccount's, the network's, or the configuration's.
function isFailure(error: JaccountError): boolean {
  if (error instanceof AuthorizationResponseError) return error.error === 'access_denied';
  if (error instanceof TokenResponseError) return error.error === 'invalid_grant';
  return error instanceof CallbackError || error instanceof StateError;
}

// The words of the verify callback, or ours.
function refusalOf(info: Record<string, unknown>, language: Language): LoginChallenge {
  if (info.message !== undefined) return info as unknown as LoginChallenge;
  return { message: notAccepted[language], detail: 'the application did not accept this user', ...info };
}

// What Passport shows of a failure: a plain object, because templates trip over an Error.
function challengeOf(error: JaccountError, language: Language): LoginChallenge {
  const { code, message: detail, transaction } = error;
  const { reason, error: providerError } = error as Partial<StateError & TokenResponseError>;
  return {
    code,
    message: messageFor(error, language),
    detail,
    ...(reason !== undefined && { reason }),
    ...(providerError !== undefined && { error: providerError }),
    ...transaction,
  };
}

// What of an error goes to `passport-jaccount:refused`: codes, and no text.
type RefusalCodes = Pick<JaccountRefusedMessage, 'code' | 'status' | 'reason' | 'fault' | 'errno' | 'error'>;

function codesOf(cause: JaccountError): RefusalCodes {
  const { code, status } = cause;
  const { reason, fault, errno, error } = cause as Partial<
    StateError & IdTokenError & ApiError & TokenResponseError
  >;
  return {
    code,
    status,
    ...(reason !== undefined && { reason }),
    ...(fault !== undefined && { fault }),
    ...(errno !== undefined && { errno }),
    ...(error !== undefined && { error }),
  };
}
