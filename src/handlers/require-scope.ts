import { buildChallenge, isScopeToken } from '../bearer/challenge';
import { realmOf } from '../bearer/refusals';
import { ForbiddenError } from '../errors';
import type { GuardHandler } from '../request-handler';
import { guard, parseNeeded, tokenInfoOf } from './guard';

export interface RequireScopeOptions {
  /** One of the words is enough. @default false, all are needed */
  any?: boolean;
}

/**
 * Lets a request through if its bearer token was granted a scope: every word named, or one of them with
 * `{ any: true }`. Words are compared whole and in their case.
 *
 * It comes after `passport.authenticate()`, and works in Express, Koa, Fastify and Nest; {@link GuardHandler} says how
 * each of them calls it. It refuses with a {@link BearerError} and 401 if no user is signed in, else with a
 * {@link ForbiddenError}, 403 and the challenge `insufficient_scope`. A session has no scope, and an ID Token has none:
 * what was asked for at a login says nothing about this API.
 *
 * @throws TypeError for words that no scope can hold.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import passport from 'passport';
 * import { requireScope } from 'passport-jaccount';
 *
 * const protect = passport.authenticate('jaccount-bearer', { session: false });
 *
 * express().get('/messages', protect, requireScope('read:messages'), (_req, res) => void res.json([]));
 * ```
 *
 * @see [RFC 6750, section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)
 */
export function requireScope(...needed: [string, ...(string | RequireScopeOptions)[]]): GuardHandler {
  const { names: words, options } = parseNeeded<RequireScopeOptions>('requireScope', needed, isScopeOption);
  if (!words.every(isScopeToken))
    throw new TypeError(
      'requireScope requires words of a scope, each without spaces, quotes and backslashes',
    );
  return guard('requireScope', (request) => {
    const { scope } = tokenInfoOf(request);
    const isGranted = (word: string) => Array.isArray(scope) && scope.includes(word);
    if (options.any ? words.some(isGranted) : words.every(isGranted)) return;
    const challenge = buildChallenge({ realm: realmOf(request), error: 'insufficient_scope', scope: words });
    throw new ForbiddenError('scope', words, { challenge });
  });
}

function isScopeOption(name: string, value: unknown): boolean {
  return name === 'any' && typeof value === 'boolean';
}
