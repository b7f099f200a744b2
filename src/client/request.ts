import type { HttpRequest } from '../protocol/http';
import type { TokenSource } from './token-source';

/** Parameters of a query; a list is repeated, `undefined` left out. */
export type Query = Readonly<
  Record<string, string | number | boolean | undefined | readonly (string | number)[]>
>;

/** Who calls. */
export interface CallOptions {
  /**
   * An access token, or the {@link TokenSource} of a user, which is asked for one, and for a new one should jAccount
   * say that it has expired.
   */
  accessToken?: string | TokenSource | undefined;
}

/** What to call, beside the path. */
export interface RequestOptions extends CallOptions {
  /** jAccount creates by PUT and changes by POST. @default 'GET' */
  method?: HttpRequest['method'];
  query?: Query;
  /** `URLSearchParams` go as a form, anything else as JSON. */
  body?: unknown;
}

/** A {@link RequestOptions} for an operation of the table. */
export interface OperationOptions extends Omit<RequestOptions, 'method'> {
  /** What stands in the path for `{name}`. */
  params?: Readonly<Record<string, string>>;
}

/** How to go through a long list. */
export interface PageOptions extends CallOptions {
  query?: Query;
  /** Entities for each page; jAccount decides where it is left out, and has limits of its own. */
  limit?: number;
  /** Where to begin, from 0: the list is then paged by position. Without it, by jAccount's `nextToken`. */
  start?: number;
  /** More pages than these are an error, so that a list without end does not run for ever. @default 1000 */
  maxPages?: number;
}

/** One element of what jAccount returns; only what is documented has a type of its own. */
export type Entity = Record<string, unknown>;

const methods: readonly unknown[] = ['GET', 'PUT', 'POST', 'DELETE'] satisfies HttpRequest['method'][];

/** @throws TypeError for a method or a body that cannot be sent. */
export function assertSendable(method: unknown, body: unknown): void {
  if (!methods.includes(method))
    throw new TypeError('JaccountClient: method must be GET, PUT, POST or DELETE');
  if (body === undefined) return;
  if (method === 'GET') throw new TypeError('JaccountClient: a GET has no body');
  if (JSON.stringify(body) === undefined)
    throw new TypeError('JaccountClient: body must be URLSearchParams, or what JSON can hold');
}

/** @throws TypeError for an access token that cannot stand in a header. @see RFC 6750, section 2.1 */
export function assertAccessToken(accessToken: unknown): asserts accessToken is string {
  if (typeof accessToken === 'string' && /^[\x21-\x7e]{1,4096}$/.test(accessToken)) return;
  throw new TypeError('JaccountClient: accessToken must be an access token or a TokenSource');
}
