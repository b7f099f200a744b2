import { isNativeError, isPromise } from 'node:util/types';

/** A user of the application, or false for nobody. */
export type VerifiedUser = Express.User | false | null | undefined;

export type VerifyDone = (error?: unknown, user?: VerifiedUser, info?: object | string) => void;

/** What a callback with `done` returns: a promise of the user, or anything else, which is ignored. */
export type VerifyResult = unknown;

export interface Verdict {
  user: VerifiedUser;
  info?: object | string | undefined;
}

/** What a callback's returned value says: a verdict, or a promise of one; undefined if the verdict comes by `done`. */
export type Reading = (returned: unknown) => Verdict | Promise<Verdict | undefined> | undefined;

/** Any returned value, and whatever a promise resolves with, is the user. Only `undefined`, returned at once, says nothing. */
export const anyValue: Reading = (returned) =>
  returned === undefined ? undefined : Promise.resolve(returned).then(userAlone);

/**
 * A native promise that resolves with something. A thenable says nothing, because it is a query of a database library,
 * and asking for its result would run it a second time.
 */
export const promisedValue: Reading = (returned) =>
  isPromise(returned)
    ? returned.then((user) => (user === undefined ? undefined : userAlone(user)))
    : undefined;

/** A plain object or `false`, or what {@link promisedValue} reads. A timer or an emitter is no plain object. */
export const plainValue: Reading = (returned) =>
  returned === false || isPlainObject(returned) ? userAlone(returned) : promisedValue(returned);

function userAlone(user: unknown): Verdict {
  return { user: user as VerifiedUser };
}

// Of any realm: Jest runs an application in one of its own.
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain && typeof (value as { then?: unknown }).then !== 'function';
}

/** The verdict of a callback that calls `done`, or returns something that `read` takes for one; the first answer counts. */
export function verdictOf(call: (done: VerifyDone) => unknown, read: Reading): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const returned = call((error, user, info) => (error ? reject(error) : resolve({ user, info })));
    Promise.resolve(read(returned)).then((verdict) => verdict && resolve(verdict), reject);
  });
}

/**
 * The verdict, if it comes within `timeout` milliseconds: a callback that is never called back would leave the browser
 * waiting, and the request in memory.
 */
export function within(timeout: number, verdict: Promise<Verdict>): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(lateBy(timeout))), timeout);
    verdict.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const lateBy = (timeout: number) =>
  `the verify callback did not answer within ${timeout} ms (option timeout.verify): it must return the user, ` +
  'a promise of the user or false, or call done';

/** The error itself, or one in the place of what is none: Express takes `undefined` and 'route' for "go on". */
export function errorOf(error: unknown): Error {
  if (error instanceof Error || isNativeError(error)) return error;
  return new Error('the login was refused with a value that is not an Error', { cause: error });
}
