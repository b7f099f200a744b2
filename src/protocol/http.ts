import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { observeRequest } from '../diagnostics';
import { MalformedResponseError, NetworkError } from '../errors';
import { parseJson } from './json';

/** How requests travel: shared by everything that one strategy or client sends. */
export interface Transport {
  agentFor(url: string): http.Agent;
  timeout: Timeout;
}

/** Milliseconds. */
export interface Timeout {
  /** Until the first octet of the answer. */
  response: number;
  /** For the whole exchange: look-up, connection, request, answer. */
  deadline: number;
}

/** A request, complete but not sent: for whoever sends with an HTTP library of their own. */
export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  url: string;
  /** They may hold the client's secret or an access token: not for logs. */
  headers: Record<string, string>;
  body?: string;
}

export interface HttpResponse {
  status: number;
  contentType: string | undefined;
  body: Buffer;
}

// Long enough for the logins of a busy minute to share a connection, shorter than the usual patience of a server.
const idleSocketTimeout = 15_000;

/**
 * A transport whose agents keep their sockets alive, so that a login does not pay for a TLS handshake each time.
 * `agent`, if the application has one of its own, takes their place.
 */
export function createTransport({ response, deadline }: Timeout, agent?: http.Agent): Transport {
  const options = { keepAlive: true, scheduling: 'lifo', timeout: idleSocketTimeout } as const;
  const secure = agent ?? new https.Agent(options);
  const plain = agent ?? new http.Agent(options);
  return { agentFor: (url) => (url.startsWith('https:') ? secure : plain), timeout: { response, deadline } };
}

/**
 * One exchange over node:https that settles once and in time: no redirect is followed, no encoding undone, no
 * request repeated, and no more than `maxOctets` of the answer kept.
 */
export function sendRequest(
  request: HttpRequest,
  transport: Transport,
  maxOctets: number,
): Promise<HttpResponse> {
  return observeRequest(request, () => exchange(request, transport, maxOctets));
}

async function exchange(
  request: HttpRequest,
  { agentFor, timeout }: Transport,
  maxOctets: number,
): Promise<HttpResponse> {
  const abort = new AbortController();
  const patience = setTimeout(() => abort.abort(), Math.min(timeout.response, timeout.deadline));
  const deadline = setTimeout(() => abort.abort(), timeout.deadline);
  try {
    const response = await openResponse(request, agentFor(request.url), abort.signal);
    clearTimeout(patience);
    return await readResponse(response, maxOctets);
  } catch (error) {
    if (error instanceof MalformedResponseError) throw error;
    throw new NetworkError(request.url, { timedOut: abort.signal.aborted, cause: bareCause(error) });
  } finally {
    clearTimeout(patience);
    clearTimeout(deadline);
  }
}

function openResponse(
  request: HttpRequest,
  agent: http.Agent,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { method, url, body } = request;
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const headers = { ...request.headers, ...length };
  const open = url.startsWith('https:') ? https.request : http.request;
  return new Promise((resolve, reject) => {
    open(url, { method, headers, agent, signal })
      .on('response', resolve)
      .on('error', reject)
      // Without a listener Node drops the connection and says nothing.
      .on('upgrade', (_response, socket) => {
        socket.destroy();
        reject(new Error('the answer switches protocols'));
      })
      .end(body);
  });
}

// Leaving the loop early destroys the response, and with it the socket.
async function readResponse(response: IncomingMessage, maxOctets: number): Promise<HttpResponse> {
  const status = response.statusCode as number;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > maxOctets)
      throw new MalformedResponseError(`response is larger than ${maxOctets} octets`, status);
    chunks.push(chunk);
  }
  assertPlain(response.headers['content-encoding'], status);
  return { status, contentType: response.headers['content-type'], body: Buffer.concat(chunks) };
}

export function assertPlain(contentEncoding: string | undefined, status: number): void {
  if (contentEncoding === undefined || contentEncoding === 'identity') return;
  throw new MalformedResponseError('response has a "content-encoding" that was not asked for', status);
}

/** What of a foreign error may travel on: its text and code, but no request, response or raw packet. */
export function bareCause(error: unknown): Error {
  const { message, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

const jsonType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const foreignCharset = /;\s*charset\s*=\s*(?!"?utf-?8\b)/i;

/** The JSON object in a response. Its own text never gets into an error: there may be a token in it. */
export function parseJsonObject({ status, contentType = '', body }: HttpResponse): Record<string, unknown> {
  if (!jsonType.test(contentType) || foreignCharset.test(contentType)) {
    throw new MalformedResponseError('response is not JSON in UTF-8', status);
  }
  const value = jsonIn(body, status);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedResponseError('response is not a JSON object', status);
  }
  return value as Record<string, unknown>;
}

function jsonIn(body: Buffer, status: number): unknown {
  try {
    return parseJson(body);
  } catch {
    throw new MalformedResponseError('response is not valid JSON', status);
  }
}

/** An own member of an object that came from outside: what its prototype has was not sent. */
export function ownMember(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
