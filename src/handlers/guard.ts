import { buildChallenge } from '../bearer/challenge';
import { realmOf, wasJudged } from '../bearer/refusals';
import { keepPrivate } from '../bearer/response-headers';
import type { BearerAuthInfo } from '../bearer/strategy';
import { BearerError } from '../errors';
import { authInfoOf, responseHeadOf, userOf } from '../frameworks';
import { createGuard, type GuardHandler } from '../request-handler';

/** What a bearer token left on the request; empty if a session signed the user in. */
export function tokenInfoOf(request: object): Partial<BearerAuthInfo> {
  return (authInfoOf(request) ?? {}) as Partial<BearerAuthInfo>;
}

/** A handler that lets a request through if a user is signed in and `assertAllowed` does not throw. */
export function guard(door: string, assertAllowed: (request: object) => void): GuardHandler {
  return createGuard(door, ({ request, head }) => {
    // In Fastify a request does not lead to its reply, so the strategy left this to the handlers.
    if (!responseHeadOf(request) && wasJudged(request)) keepPrivate(head);
    assertSignedIn(request);
    assertAllowed(request);
  });
}

function assertSignedIn(request: object): void {
  if (userOf(request) || tokenInfoOf(request).claims) return;
  throw new BearerError('missing', { challenge: buildChallenge({ realm: realmOf(request) }) });
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
