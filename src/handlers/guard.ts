import type { Request, RequestHandler } from 'express';
import { buildChallenge } from '../bearer/challenge';
import { realmOf } from '../bearer/refusals';
import type { BearerAuthInfo } from '../bearer/strategy';
import { BearerError } from '../errors';
import { userOf } from '../frameworks';

/** What a bearer token left on the request; empty if a session signed the user in. */
export function authInfoOf({ authInfo }: Request): Partial<BearerAuthInfo> {
  return authInfo ?? {};
}

/** A handler that lets a request through if a user is signed in and `assertAllowed` does not throw. */
export function guard(assertAllowed: (req: Request) => void): RequestHandler {
  return (req, _res, next) => {
    try {
      assertSignedIn(req);
      assertAllowed(req);
    } catch (error) {
      return next(error);
    }
    next();
  };
}

function assertSignedIn(req: Request): void {
  if (userOf(req) || authInfoOf(req).claims) return;
  throw new BearerError('missing', { challenge: buildChallenge({ realm: realmOf(req) }) });
}

/** The names that a guard was called with, and the options behind them; both are checked, `isOption` for the latter. */
export function parseNeeded<Options extends object>(
  door: string,
  needed: readonly unknown[],
  isOption: (name: string, value: unknown) => boolean,
): { names: readonly string[]; options: Partial<Options> } {
  const last = needed.at(-1);
  const options: Partial<Options> = typeof last === 'object' && last !== null ? { ...last } : {};
  const names = typeof last === 'object' ? needed.slice(0, -1) : needed;
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== ''))
    throw new TypeError(`${door} requires one or several non-empty strings`);
  const [bad] = Object.entries(options).find(([name, value]) => !isOption(name, value)) ?? [];
  if (bad !== undefined) throw new TypeError(`${door}: the ${bad} option is unknown, or of another type`);
  return { names: Object.freeze([...names] as string[]), options };
}
