import type { IncomingMessage } from 'node:http';
import { BearerError } from '../errors';

/** What credentials are read from: any framework's request. */
export interface RequestParts {
  headers: IncomingMessage['headers'];
  rawHeaders?: readonly string[];
  method?: string;
  url?: string;
  body?: unknown;
}

/**
 * The bearer token of a request. Undefined where there is none: nothing was sent, or something of another scheme, which
 * another strategy may understand.
 *
 * @throws {@link BearerError} for what is malformed or sent more than once.
 * @see RFC 6750, section 2
 */
export function parseCredentials(request: RequestParts, acceptFormBody: boolean): string | undefined {
  const fromHeader = tokenInHeader(request);
  if (fromHeader === undefined) return acceptFormBody ? tokenInForm(request) : undefined;
  if (isInQuery(request) || valueInBody(request) !== undefined) throw new BearerError('methods');
  return fromHeader;
}

/** Whether the request has an `Authorization` header, of whatever scheme. */
export function hasAuthorization({ headers }: RequestParts): boolean {
  return Boolean(headers.authorization);
}

// RFC 6750, section 2.1. No percent-decoding, no quotes, no parameters.
const b64token = /^[A-Za-z0-9._~+/-]+=*$/;
// RFC 9110, section 11.4: a scheme is a token, in any case.
const scheme = /^bearer(?![!#$%&'*+.^_`|~0-9A-Za-z-])/i;

function tokenInHeader({ headers, rawHeaders = [] }: RequestParts): string | undefined {
  // Node keeps the first of two such headers and says nothing. Names stand at even places, values behind them.
  const sent = rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization',
  );
  const values = [headers.authorization ?? '', ...sent.slice(1)];
  if (!values.some((value) => scheme.test(value))) return undefined;
  if (values.length > 1) throw new BearerError('methods');
  const [, token] = /^bearer +([^ ]+)$/i.exec(values[0] as string) ?? [];
  return assertToken(token);
}

// RFC 6750, section 2.2. JSON is no transport of tokens: what it holds is the application's own.
function tokenInForm(request: RequestParts): string | undefined {
  const value = isForm(request) ? valueInBody(request) : undefined;
  if (value === undefined) return undefined;
  if (isInQuery(request)) throw new BearerError('methods');
  if (request.method === 'GET' || request.method === 'HEAD') throw new BearerError('header');
  return assertToken(value);
}

function isForm({ headers }: RequestParts): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}

function valueInBody({ body }: RequestParts): unknown {
  const fields = typeof body === 'object' && body !== null ? body : {};
  return Object.hasOwn(fields, 'access_token') ? (fields as Record<string, unknown>).access_token : undefined;
}

function isInQuery({ url = '' }: RequestParts): boolean {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  return [...new URLSearchParams(query).keys()].some((name) => /^access_token(?:\[|$)/.test(name));
}

function assertToken(value: unknown): string {
  if (typeof value === 'string' && b64token.test(value)) return value;
  throw new BearerError('header');
}
