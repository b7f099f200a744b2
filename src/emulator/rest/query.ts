import { ApiRefusal } from '../http/refusal';
import type { Entities } from './api';

/** The refusal of a parameter, with the explanation where jAccount puts it. */
export function badParameter(explanation: string): ApiRefusal {
  const error = `BAD_PARAMETERS\n\nMORE_INFORMATION:${explanation}`;
  return new ApiRefusal(403, { errno: 10001, error, total: 0 });
}

/** A parameter that may be absent, but never repeated. */
export function parameter(query: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = query.getAll(name);
  if (more.length > 0) throw badParameter(`${name} is repeated`);
  return value || undefined;
}

/** One of a few words, the first where there is none. */
export function choice<T extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly [T, ...T[]],
): T {
  const given = parameter(query, name) ?? words[0];
  const word = words.find((one) => one === given);
  if (word === undefined) throw badParameter(`${name} is one of ${words.join(', ')}`);
  return word;
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = parameter(query, name);
  if (value !== undefined && !/^\d{1,15}$/.test(value)) throw badParameter(`${name} is not a whole number`);
  return value === undefined ? undefined : Number(value);
}

const maxLimit = 100;
const defaultLimit = 20;

/**
 * One page of what there is: `limit` of them, from `start` or, without it, from `pageToken` on.
 *
 * @see developer.sjtu.edu.cn/api/overview.html
 */
export function page(all: readonly object[], query: URLSearchParams): Entities {
  const limit = integer(query, 'limit') ?? defaultLimit;
  if (limit < 1 || limit > maxLimit) throw badParameter(`limit is 1 to ${maxLimit}`);
  const start = integer(query, 'start') ?? startIn(parameter(query, 'pageToken')) ?? 0;
  const end = start + limit;
  return {
    entities: all.slice(start, end),
    total: all.length,
    ...(end < all.length && { nextToken: tokenFor(end) }),
  };
}

function tokenFor(start: number): string {
  return Buffer.from(`from ${start}`).toString('base64url');
}

function startIn(pageToken: string | undefined): number | undefined {
  if (pageToken === undefined) return undefined;
  const [, start] = /^from (\d{1,15})$/.exec(Buffer.from(pageToken, 'base64url').toString()) ?? [];
  if (start === undefined) throw badParameter('pageToken is unknown');
  return Number(start);
}
