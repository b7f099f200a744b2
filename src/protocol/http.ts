import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
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

/** What is said of an answer in an error. */
export interface AnswerHead {
  /** Which endpoint answered, in words. @default 'the server' */
  endpoint?: string;
  status: number;
  contentType: string | undefined;
}

export interface HttpResponse extends AnswerHead {
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
 * Sends one request over node:https. It settles once and in time: it follows no redirect, undoes no encoding, repeats no
 * request, and keeps no more than `maxOctets` of the answer. `endpoint` is what its errors call the sender of the answer.
 */
export function sendRequest(
  request: HttpRequest,
  transport: Transport,
  maxOctets: number,
  endpoint?: string,
): Promise<HttpResponse> {
  return observeRequest(request, () => send(request, transport, maxOctets, endpoint));
}

// Callbacks and two timers instead of AbortSignal and `for await`: those cost half as much again as the request itself.
function send(
  request: HttpRequest,
  { agentFor, timeout }: Transport,
  maxOctets: number,
  endpoint?: string,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const sent = openRequest(request, agentFor(request.url));
    const expire = () => fail(new Error('the time is up'), true);
    const patience = setTimeout(expire, Math.min(timeout.response, timeout.deadline));
    const deadline = setTimeout(expire, timeout.deadline);
    const stopClock = () => {
      clearTimeout(patience);
      clearTimeout(deadline);
    };
    const fail = (error: Error, timedOut = false) => {
      stopClock();
      reject(networkErrorOf(error, request.url, timedOut));
      sent.destroy();
    };
    let answered = false;
    sent
      // Once the answer has begun, what goes wrong with it is told by the answer; octets behind its end do not matter.
      .on('error', (error) => answered || fail(error))
      // Without a listener Node drops the connection and tells no one.
      .on('upgrade', () => fail(new Error('the answer switches protocols')))
      .on('response', (response) => {
        answered = true;
        clearTimeout(patience);
        if (lacksTLS(request.url, response)) return fail(new Error(noTLS));
        const head = headOf(response, endpoint);
        readResponse(response, { head, maxOctets }, fail, (answer) => {
          stopClock();
          resolve(answer);
        });
      })
      .end(request.body);
  });
}

/** Why an answer is refused that did not come over TLS, although an https URL was asked. */
export const noTLS = 'the answer did not come over TLS: does the agent hand on what a proxy answers?';

// An agent of the application opens the connection. One that takes the proxy's own answer for that of jAccount would let the
// proxy sign in anyone.
export function lacksTLS(url: string, { socket }: IncomingMessage): boolean {
  return url.startsWith('https:') && (socket as Partial<TLSSocket> | null)?.encrypted !== true;
}

function openRequest({ method, url, headers, body }: HttpRequest, agent: http.Agent): http.ClientRequest {
  const open = url.startsWith('https:') ? https.request : http.request;
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return open({ ...targetOf(url), method, headers: { ...headers, ...length }, agent });
}

const targets = new Map<string, http.RequestOptions>();

// The few endpoints of a process are parsed once.
function targetOf(url: string): http.RequestOptions {
  const known = targets.get(url);
  if (known) return known;
  const { protocol, hostname, port, path } = urlToHttpOptions(new URL(url));
  const target = { protocol, hostname, port, path } as http.RequestOptions;
  if (targets.size < 100) targets.set(url, target);
  return target;
}

function networkErrorOf(error: Error, url: string, timedOut: boolean): Error {
  if (error instanceof MalformedResponseError) return error;
  return new NetworkError(url, { timedOut, cause: bareCause(error) });
}

function readResponse(
  response: IncomingMessage,
  { head, maxOctets }: { head: AnswerHead; maxOctets: number },
  fail: (error: Error) => void,
  done: (response: HttpResponse) => void,
): void {
  const { 'content-encoding': contentEncoding } = response.headers;
  const chunks: Buffer[] = [];
  let size = 0;
  response
    .on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxOctets) chunks.push(chunk);
      else fail(tooLarge(head, maxOctets));
    })
    .on('error', fail)
    .on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      if (isPlain(contentEncoding)) done({ ...head, body });
      else fail(encodingError(head));
    });
}

/** Of an answer as Node's client and superagent give it. */
export function headOf({ statusCode = 0, headers }: IncomingMessage, endpoint?: string): AnswerHead {
  const head = { status: statusCode, contentType: headers['content-type'] };
  return endpoint === undefined ? head : { endpoint, ...head };
}

function isPlain(contentEncoding: string | undefined): boolean {
  return contentEncoding === undefined || contentEncoding === 'identity';
}

function encodingError(head: AnswerHead): MalformedResponseError {
  return malformed(head, 'the answer has a "content-encoding" that was not asked for');
}

export function assertPlain(contentEncoding: string | undefined, head: AnswerHead): void {
  if (!isPlain(contentEncoding)) throw encodingError(head);
}

export function tooLarge(head: AnswerHead, maxOctets: number): MalformedResponseError {
  return malformed(head, `the answer is larger than ${maxOctets} octets`);
}

/** The error for an answer that is not what was promised. It says who answered, with which status and content type. */
export function malformed(
  { endpoint = 'the server', status, contentType = '' }: AnswerHead,
  problem: string,
): MalformedResponseError {
  const [type = 'no content type'] = mediaType.exec(contentType) ?? [];
  return new MalformedResponseError(`${endpoint} answered ${status} (${type}): ${problem}`, status);
}

// Type and subtype alone: what follows may be anything that a server likes to send.
const mediaType = /^[\w.+-]{1,40}\/[\w.+-]{1,60}(?=\s*(?:;|$))/;

/** What of a foreign error may travel on: its text and code, but no request, response or raw packet. */
export function bareCause(error: unknown): Error {
  const { message, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

const jsonType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const foreignCharset = /;\s*charset\s*=\s*(?!"?utf-?8\b)/i;

/** The JSON object in a response. Its own text never gets into an error: there may be a token in it. */
export function parseJsonObject(response: HttpResponse): Record<string, unknown> {
  const { contentType = '' } = response;
  if (!jsonType.test(contentType) || foreignCharset.test(contentType))
    throw malformed(response, 'the answer is not JSON in UTF-8');
  const value = jsonIn(response);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(response, 'the answer is not a JSON object');
  return value as Record<string, unknown>;
}

function jsonIn(response: HttpResponse): unknown {
  try {
    return parseJson(response.body);
  } catch {
    throw malformed(response, 'the answer is not valid JSON');
  }
}

/** An own member of an object that came from outside: what its prototype has was not sent. */
export function ownMember(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
