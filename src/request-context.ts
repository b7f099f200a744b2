import type { IncomingHttpHeaders } from 'node:http';
import {
  authInfoOf,
  isKoaContext,
  isObject,
  type KoaContext,
  type ResponseHead,
  sessionOf,
  userOf,
} from './frameworks';

/** What a handler answers with. Each framework sends it in its own way. */
export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: object;
}

/** A request with its response, as one framework hands them to a handler. */
export interface RequestContext {
  readonly framework: 'node' | 'koa' | 'fastify';
  /** What the framework's own handlers get: Express's or Fastify's request, Koa's context. */
  readonly request: object;
  /** Fastify's reply, Koa's context, else Node's response. */
  readonly response: object;
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly head: ResponseHead;
  /** Adds a `Set-Cookie` header. */
  addCookie(cookie: string): void;
  /** In Fastify, returns the reply: a promise that fulfils with it waits until the answer is sent. */
  send(answer: Answer): unknown;
}

/** Leaves an error to the error handler of Fastify that is behind the running one, in the end Fastify's own. */
export function leaveToFastify({ response }: RequestContext, error: unknown): void {
  const reply = response as FastifyReply & { statusCode: number };
  // Fastify sends what is no Error as it is, with the status that the reply has.
  if (!(error instanceof Error) && reply.statusCode < 400) reply.code(500);
  reply.send(error);
}

/** Sets the headers of an error that are not set yet: Passport has set one challenge for every strategy of a chain. */
export function setMissingHeaders(head: ResponseHead, error: unknown): void {
  if (head.headersSent) return;
  const { headers } = (error ?? {}) as { headers?: Readonly<Record<string, string>> };
  for (const [name, value] of Object.entries(headers ?? {}))
    if (head.getHeader(name) === undefined) head.setHeader(name, value);
}

/** The call of a handler: `next` of Koa returns a promise, another one takes an error, and some calls have none. */
export type Call = KoaCall | CallbackCall | { kind: 'promise'; context: RequestContext };

export interface KoaCall {
  kind: 'koa';
  context: RequestContext;
  next(): Promise<unknown>;
}

export interface CallbackCall {
  kind: 'callback';
  context: RequestContext;
  next(error?: unknown): void;
}

/** Tells by its arguments which framework calls a handler; undefined for arguments of no framework that we know. */
export function callOf(first: unknown, second: unknown, third: unknown): Call | undefined {
  const call = koaCallOf(first, second);
  if (call) return call;
  const isCallback = typeof third === 'function';
  const context = isCallback ? contextOf(first, second) : completeContextOf(first, second);
  if (!context || !isCallback) return context && { kind: 'promise', context };
  return { kind: 'callback', context, next: third as CallbackCall['next'] };
}

export function koaCallOf(ctx: unknown, next: unknown): KoaCall | undefined {
  if (!isKoaContext(ctx) || typeof next !== 'function') return undefined;
  return { kind: 'koa', context: koaContext(ctx), next: next as KoaCall['next'] };
}

/** A request and its response; undefined for the Request of the Web and for what is no object. */
export function contextOf(request: unknown, response: unknown): RequestContext | undefined {
  if (isFastify(request, response))
    return fastifyContext(request as FastifyRequest, response as FastifyReply);
  if (!isObject(request) || !isObject(response) || isWebRequest(request)) return undefined;
  return nodeContext(request, response as unknown as NodeResponse);
}

/**
 * Whether a request comes from @fastify/middie, which runs the middlewares of Fastify and of Nest on Fastify with Node's
 * request. What Fastify's plugins know of the user and the session is not there.
 */
export function isBehindMiddie({ framework, request }: RequestContext): boolean {
  const names = ['id', 'hostname', 'ip', 'ips', 'log'];
  if (framework !== 'node' || !names.every((name) => Object.hasOwn(request, name))) return false;
  // Sessions and Passport may run as middlewares too, and then the handler finds what they left.
  return [sessionOf, userOf, authInfoOf].every((leftBy) => leftBy(request) === undefined);
}

/** The same for what is a request and a response beyond doubt: where no `next` says that this is the call of a handler. */
export function completeContextOf(request: unknown, response: unknown): RequestContext | undefined {
  const { setHeader, end } = (response ?? {}) as Record<string, unknown>;
  const isNodes = isObject(request) && isObject(request.headers) && [setHeader, end].every(isFunction);
  return isNodes || isFastify(request, response) ? contextOf(request, response) : undefined;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isFastify(request: unknown, reply: unknown): boolean {
  return hasRaw(request) && hasRaw(reply) && isFunction(reply.send);
}

function hasRaw(value: unknown): value is Record<string, unknown> {
  return isObject(value) && isObject(value.raw);
}

function isWebRequest({ headers }: Record<string, unknown>): boolean {
  return isObject(headers) && typeof headers.get === 'function';
}

interface NodeResponse extends ResponseHead {
  statusCode: number;
  appendHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
}

// By Node's own methods, which Express, Nest, connect and Polka have in common.
function nodeContext(request: object, response: NodeResponse): RequestContext {
  const { method, headers = {} } = request as { method?: string; headers?: IncomingHttpHeaders };
  const send = ({ status, headers: named = {}, body }: Answer) => {
    response.statusCode = status;
    for (const [name, value] of Object.entries(named)) response.setHeader(name, value);
    if (body) response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(body && JSON.stringify(body));
  };
  const addCookie = (cookie: string) => void response.appendHeader('Set-Cookie', cookie);
  return { framework: 'node', request, response, method, headers, head: response, addCookie, send };
}

interface KoaAnswering {
  method: string;
  status: number;
  body: unknown;
  req: { headers: IncomingHttpHeaders };
  set(headers: Readonly<Record<string, string>>): void;
}

function koaContext(ctx: KoaContext): RequestContext {
  const answering = ctx as unknown as KoaAnswering;
  const send = ({ status, headers = {}, body }: Answer) => {
    answering.status = status;
    answering.set(headers);
    // Without a body, Koa would send the name of the status.
    answering.body = body ?? '';
  };
  const { method, req } = answering;
  const head = ctx.res as NodeResponse;
  const addCookie = (cookie: string) => void head.appendHeader('Set-Cookie', cookie);
  const { headers } = req;
  return { framework: 'koa', request: ctx, response: ctx, method, headers, head, addCookie, send };
}

interface FastifyRequest {
  method: string;
  headers: IncomingHttpHeaders;
}

interface FastifyReply {
  sent: boolean;
  raw: { headersSent: boolean };
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  headers(headers: Readonly<Record<string, string>>): unknown;
  getHeader(name: string): number | string | string[] | undefined;
  send(body?: unknown): unknown;
}

function fastifyContext(request: FastifyRequest, reply: FastifyReply): RequestContext {
  const head: ResponseHead = {
    getHeader: (name) => reply.getHeader(name),
    setHeader: (name, value) => reply.header(name, value),
    get headersSent() {
      return reply.sent || reply.raw.headersSent;
    },
  };
  const send = ({ status, headers = {}, body }: Answer) => {
    reply.code(status);
    reply.headers(headers);
    reply.send(body);
    return reply;
  };
  const { method, headers } = request;
  // To this header, and no other, Fastify adds.
  const addCookie = (cookie: string) => void reply.header('Set-Cookie', cookie);
  return { framework: 'fastify', request, response: reply, method, headers, head, addCookie, send };
}
