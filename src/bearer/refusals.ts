import type { BearerError } from '../errors';
import { requestBehind } from '../frameworks';

interface Attempt {
  realm: string;
  refusal?: BearerError;
}

// Passport hands on a challenge, which is one text for all; what it was made of stays here.
const attempts = new WeakMap<object, Attempt>();

export function rememberAttempt(req: object, attempt: Attempt): void {
  attempts.set(requestBehind(req), attempt);
}

/** Whether `jaccount-bearer` has judged a request. */
export function wasJudged(req: object): boolean {
  return attempts.has(requestBehind(req));
}

/** What the API calls itself in its challenges. */
export function realmOf(req: object): string {
  return attempts.get(requestBehind(req))?.realm ?? 'api';
}

/**
 * The error that `jaccount-bearer` refused a request with: for a log, or for a custom callback of
 * `passport.authenticate()`, which can throw it. `req` is Express's or Fastify's request, and Koa's `ctx` or `ctx.req`.
 *
 * @example
 * ```ts
 * import type { Request } from 'express';
 * import { bearerErrorOf } from 'passport-jaccount';
 *
 * const log = (req: Request) => console.warn(req.method, req.path, bearerErrorOf(req)?.fault);
 * ```
 */
export function bearerErrorOf(req: object): BearerError | undefined {
  return attempts.get(requestBehind(req))?.refusal;
}
