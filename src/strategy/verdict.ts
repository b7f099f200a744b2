import { isNativeError, isPromise } from 'node:util/types';

/** A user of the application, or false for nobody. */
export type VerifiedUser = Express.User | false | null | undefined;

export type VerifyDone = (error?: unknown, user?: VerifiedUser, info?: object | string) => void;

// biome-ignore lint/suspicious/noConfusingVoidType: a callback either returns a promise or nothing
export type VerifyResult = void | Promise<VerifiedUser | void>;

export interface Verdict {
  user: VerifiedUser;
  info?: object | string | undefined;
}

/** The verdict of a callback that calls `done`, or returns a promise; the first answer counts. */
export function verdictOf(call: (done: VerifyDone) => unknown): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const returned = call((error, user, info) => (error ? reject(error) : resolve({ user, info })));
    // Native promises only: a thenable of a database library would run its query a second time. What resolves with
    // nothing calls, or has called, `done`.
    if (isPromise(returned)) {
      returned.then((user) => user !== undefined && resolve({ user: user as VerifiedUser }), reject);
    }
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
  `the verify callback did not answer within ${timeout} ms (option timeout.verify)`;

/** The error itself, or one in the place of what is none: Express takes `undefined` and 'route' for "go on". */
export function errorOf(error: unknown): Error {
  if (error instanceof Error || isNativeError(error)) return error;
  return new Error('the login was refused with a value that is not an Error', { cause: error });
}
