import { bearerErrorOf, wasJudged } from '../bearer/refusals';
import { keepPrivate } from '../bearer/response-headers';
import type { BearerError } from '../errors';
import { isObject } from '../frameworks';
import { LoginFailure } from '../login-failure';
import { completeContextOf, setMissingHeaders } from '../request-context';
import type { NestContext } from '../request-handler';

/** The class that `AuthGuard()` of @nestjs/passport returns, as much of it as is used. */
export type PassportGuardClass = new (
  ...parameters: never[]
) => {
  handleRequest(...parameters: never[]): unknown;
};

interface PassportGuard {
  handleRequest(
    error: unknown,
    user: unknown,
    info: unknown,
    context: NestContext,
    status?: unknown,
  ): unknown;
  getRequest?(context: NestContext): unknown;
  getResponse?(context: NestContext): unknown;
}

/**
 * Makes a guard of @nestjs/passport say why it refuses. The guard that `AuthGuard()` returns answers 401 to every failure,
 * without its reason and without a challenge. This one throws
 *
 * - an error of a strategy as it is, which Nest answers with its `status`;
 * - for a request that `jaccount-bearer` refused, its {@link BearerError}, with the challenge on the response;
 * - for a login that failed, a {@link LoginFailure} with the status of the strategy.
 *
 * It works in Nest 11 and 12, on Express and on Fastify: `class LoginGuard extends jaccountGuard(AuthGuard('jaccount')) {}`.
 * What you override in the subclass, and what is injected into it, stays as it is with `AuthGuard()`.
 *
 * @example
 * ```ts
 * import { jaccountGuard } from 'passport-jaccount';
 *
 * // As `AuthGuard` is imported from '@nestjs/passport'.
 * declare function AuthGuard(type: string): new () => {
 *   canActivate(context: object): boolean | Promise<boolean>;
 *   handleRequest(error: unknown, user: unknown, info: unknown, context: object, status?: unknown): unknown;
 * };
 *
 * export class LoginGuard extends jaccountGuard(AuthGuard('jaccount')) {}
 * export class ApiGuard extends jaccountGuard(AuthGuard('jaccount-bearer')) {}
 * ```
 */
export function jaccountGuard<Guard extends PassportGuardClass>(guard: Guard): Guard {
  if (typeof guard?.prototype?.handleRequest !== 'function')
    throw new TypeError('jaccountGuard requires the class that AuthGuard() of @nestjs/passport returns');
  class JaccountGuard extends (guard as unknown as new () => PassportGuard) {
    override handleRequest(
      error: unknown,
      user: unknown,
      info: unknown,
      context: NestContext,
      status?: unknown,
    ): unknown {
      const http = context.switchToHttp();
      const request = this.getRequest?.(context) ?? http.getRequest();
      const head = completeContextOf(request, this.getResponse?.(context) ?? http.getResponse())?.head;
      if (isObject(request) && wasJudged(request)) keepPrivate(head);
      if (error) throw error;
      if (user) return user;
      const refusal = isObject(request) ? bearerRefusalOf(request, info) : undefined;
      if (head && refusal) setMissingHeaders(head, refusal);
      throw refusal ?? failureFrom(info, status);
    }
  }
  return JaccountGuard as unknown as Guard;
}

// A request that another guard has let in without its token can still fail a login. Only the challenge tells them apart.
function bearerRefusalOf(request: object, info: unknown): BearerError | undefined {
  const refusal = bearerErrorOf(request);
  return refusal && [info].flat().includes(refusal.headers['WWW-Authenticate']) ? refusal : undefined;
}

// Of several strategies, Passport hands over a list of each.
function failureFrom(info: unknown, status: unknown): LoginFailure {
  const challenge = [info].flat().find((one) => one !== undefined && one !== null);
  return new LoginFailure(challenge, [status].flat().find(Number.isInteger));
}
