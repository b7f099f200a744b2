import { AuthorizationResponseError, CallbackError, type JaccountError, StateError } from '../errors';
import type { Request } from '../frameworks';
import { boundedText } from '../protocol/text';

/** What jAccount sent the browser back with, of the right form but not yet believed. */
export interface AuthorizationResponse {
  state: string;
  code?: string;
  error?: string;
  errorDescription?: unknown;
}

const callbackParameters = ['code', 'error', 'state', 'iss', 'id_token', 'access_token'] as const;

/**
 * Reads an authorization response: once, from the query, and only as single strings. It is undefined where no
 * parameter of one is present, and the request is the start of a login. What is present but malformed never is.
 *
 * @see [RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)
 */
export function parseAuthorizationResponse(req: Request, issuer: string): AuthorizationResponse | undefined {
  const query = queryOf(req);
  assertNoFormPost(req.body);
  if (!callbackParameters.some((name) => isPresent(query, name))) return undefined;
  const { code, error, state, iss, id_token, access_token } = singleValues(query);
  if (id_token !== undefined || access_token !== undefined)
    throw new CallbackError('callback carries a token');
  if (iss !== undefined && iss !== issuer) throw new CallbackError('unexpected callback "iss" parameter');
  if (code !== undefined && error !== undefined)
    throw new CallbackError('callback carries both "code" and "error"');
  if (code === undefined && error === undefined)
    throw new CallbackError('callback carries neither "code" nor "error"');
  if (code !== undefined && !isCode(code)) throw new CallbackError('unexpected callback "code" parameter');
  if (state === undefined) throw new StateError('unknown');
  const errorDescription = query.error_description;
  return {
    state,
    errorDescription,
    ...(code !== undefined && { code }),
    ...(error !== undefined && { error }),
  };
}

type Query = Record<string, unknown>;

// What the framework parsed, or the URL where it parsed nothing.
function queryOf({ query, url = '' }: Request): Query {
  if (typeof query === 'object' && query !== null) return isIterable(query) ? entriesOf(query) : query;
  return entriesOf(new URLSearchParams(url.split('?', 2)[1]));
}

function isIterable(query: object): query is Iterable<[string, string]> {
  return Symbol.iterator in query && !Array.isArray(query);
}

function entriesOf(parameters: Iterable<[string, string]>): Query {
  const query: Query = Object.create(null);
  for (const [name, value] of parameters)
    query[name] = Object.hasOwn(query, name) ? [query[name], value] : value;
  return query;
}

// "code[x]" is the parameter "code" to some parsers and one of its own to others: to us it is a malformed "code".
function isPresent(query: Query, name: string): boolean {
  return Object.keys(query).some((key) => key === name || key.startsWith(`${name}[`));
}

function singleValues(query: Query): Partial<Record<(typeof callbackParameters)[number], string>> {
  const present = callbackParameters.filter((name) => isPresent(query, name));
  return Object.fromEntries(
    present.map((name) => {
      const value = Object.hasOwn(query, name) ? query[name] : undefined;
      if (typeof value !== 'string' || value === '')
        throw new CallbackError(`unexpected callback "${name}" parameter`);
      return [name, value];
    }),
  );
}

// RFC 6749, appendix A.11: VSCHAR. jAccount's have 32 characters.
function isCode(code: string): boolean {
  return /^[\x20-\x7e]{1,2048}$/.test(code);
}

// jAccount answers in the query. A body field named "code" alone may be of any login form, and is not looked at.
function assertNoFormPost(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  if (Object.hasOwn(body, 'state') && (Object.hasOwn(body, 'code') || Object.hasOwn(body, 'error'))) {
    throw new CallbackError('callback parameters are taken from the query only');
  }
}

// RFC 6749, section 4.1.2.1, and OpenID Connect Core 1.0, section 3.1.2.6.
const authorizationErrors = new Set([
  ...[
    'invalid_request',
    'unauthorized_client',
    'access_denied',
    'unsupported_response_type',
    'invalid_scope',
  ],
  ...['server_error', 'temporarily_unavailable', 'interaction_required', 'login_required'],
  ...['account_selection_required', 'consent_required', 'invalid_request_uri', 'invalid_request_object'],
  ...['request_not_supported', 'request_uri_not_supported', 'registration_not_supported'],
]);

/** The error that an authorization response stands for. Its description is dropped if it repeats one of `secrets`. */
export function refusalOf(
  error: string,
  description: unknown,
  secrets: readonly (string | undefined)[],
): JaccountError {
  const known = authorizationErrors.has(error) ? error : 'server_error';
  const sent = secrets.filter((secret) => secret !== undefined);
  return new AuthorizationResponseError(known, boundedText(description, sent));
}
