import { hangUp, isObject, type KoaContext } from './frameworks';
import {
  type Answer,
  type Call,
  type CallbackCall,
  callOf,
  completeContextOf,
  isBehindMiddie,
  type KoaCall,
  koaCallOf,
  leaveToFastify,
  type RequestContext,
  setMissingHeaders,
} from './request-context';

/** The request of Express, connect, Polka and Node itself. */
export interface NodeRequest {
  headers: object;
}

/** The response of Express, connect, Polka and Node itself. */
export interface NodeResponse {
  setHeader(name: string, value: string): unknown;
  end(): unknown;
}

/** The request of Fastify, in Nest too. */
export interface FastifyRequest {
  raw: object;
}

/** The reply of Fastify, in Nest too. */
export interface FastifyReply {
  raw: object;
  request: object;
}

/** The `ExecutionContext` that Nest hands to a guard. */
export interface NestContext {
  switchToHttp(): { getRequest(): unknown; getResponse(): unknown };
}

/**
 * A handler that lets a request pass or refuses it, in each framework by its own means:
 *
 * - Express, Nest on Express, connect, Polka: a middleware; it refuses by `next(error)`.
 * - Koa: a middleware; it refuses by throwing.
 * - Fastify: a `preHandler` or `preValidation` hook; it refuses by `done(error)`.
 * - Nest on Express and on Fastify: `@UseGuards({ canActivate: requireUserType('student') })`, behind the guard that
 *   signs the user in; it refuses by rejecting.
 * - called by hand with request and response: a promise of `true`, which rejects with the error.
 *
 * It throws a `TypeError` for other arguments. Nest on Fastify runs middlewares with Node's request, where Fastify's user
 * is not known: there, a middleware passes a `TypeError` on.
 */
export interface GuardHandler {
  (request: FastifyRequest | NodeRequest, response: FastifyReply | NodeResponse): Promise<true>;
  (context: NestContext): Promise<true>;
  (ctx: KoaContext, next: () => Promise<unknown>): Promise<unknown>;
  (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void;
  // TypeScript infers from the last signature: of all, Express needs inference most.
  (req: NodeRequest, res: NodeResponse, next: (error?: unknown) => void): void;
}

/**
 * A handler that answers the request, in each framework by its own means:
 *
 * - Express, Nest on Express, connect, Polka: a route handler; an error goes to `next(error)`.
 * - Koa: a route handler; an error is thrown.
 * - Fastify: a route handler, or a hook.
 * - Nest on Express and on Fastify: called in a controller with `@Req()` and `@Res()`.
 * - called by hand with request and response: a promise that fulfils once the request is answered, or rejects.
 *
 * It throws a `TypeError` for other arguments, and passes one on where Nest on Fastify runs it as a middleware: there,
 * Fastify's session is not known.
 */
export interface AnswerHandler {
  (request: FastifyRequest | NodeRequest, response: FastifyReply | NodeResponse): Promise<void>;
  (ctx: KoaContext, next: () => Promise<unknown>): Promise<unknown>;
  (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void;
  (req: NodeRequest, res: NodeResponse, next: (error?: unknown) => void): void;
}

/**
 * A handler that answers errors: of Express (`app.use()`), Koa (`app.use()`, before what it answers for) and Fastify
 * (`app.setErrorHandler()`). It throws a `TypeError` for the arguments of another framework.
 */
export interface ErrorHandler {
  (ctx: KoaContext, next: () => Promise<unknown>): Promise<unknown>;
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void;
  (error: unknown, req: NodeRequest, res: NodeResponse, next: (error?: unknown) => void): void;
}

/** A handler that lets a request pass unless `assertAllowed` throws. `door` is what the application called. */
export function createGuard(door: string, assertAllowed: (context: RequestContext) => void): GuardHandler {
  const serve = (call: Call): unknown => {
    if (call.kind === 'callback') return guardCallback(call, assertAllowed);
    return call.kind === 'koa' ? guardKoa(call, assertAllowed) : guardByHand(call.context, assertAllowed);
  };
  return ((first: unknown, second?: unknown, third?: unknown) => {
    if (!isNestContext(first) || second !== undefined) return serveCall(door, serve, first, second, third);
    const http = first.switchToHttp();
    return serveCall(door, serve, http.getRequest(), http.getResponse());
  }) as GuardHandler;
}

type Assert = (context: RequestContext) => void;

function guardCallback({ context, next }: CallbackCall, assertAllowed: Assert): void {
  try {
    assertAllowed(context);
  } catch (error) {
    // Return nothing: Fastify and Express 5 wait for what a handler returns.
    return void next(error);
  }
  next();
}

async function guardKoa({ context, next }: KoaCall, assertAllowed: Assert): Promise<unknown> {
  assertAllowed(context);
  return next();
}

// Nest answers with the status of an error and leaves its headers out, so the challenge is set beforehand.
async function guardByHand(context: RequestContext, assertAllowed: Assert): Promise<true> {
  try {
    assertAllowed(context);
  } catch (error) {
    setMissingHeaders(context.head, error);
    throw error;
  }
  return true;
}

/** A handler that sends what `answer` makes of a request. */
export function createAnswerer(
  door: string,
  answer: (context: RequestContext) => Promise<Answer>,
): AnswerHandler {
  const serve = (call: Call): unknown => {
    const { context } = call;
    if (call.kind !== 'callback') return answer(context).then((one) => context.send(one));
    answer(context)
      .then((one) => void context.send(one))
      .catch(call.next)
      // An error handler of the application may throw, and then there is no promise left to reject.
      .catch((error) => giveUp(context, error));
  };
  return ((first: unknown, second?: unknown, third?: unknown) =>
    serveCall(door, serve, first, second, third)) as AnswerHandler;
}

function giveUp({ request }: RequestContext, error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
  hangUp(request);
}

/** A handler that sends what `answerTo` makes of an error; the framework deals with an error that has no answer. */
export function createErrorHandler(door: string, answerTo: AnswerTo): ErrorHandler {
  // Express takes a handler of four parameters for one of errors.
  return ((first: unknown, second: unknown, third: unknown, fourth: unknown) => {
    const call = koaCallOf(first, second);
    if (call) return answerErrorsOf(call, answerTo);
    const context = completeContextOf(second, third);
    if (!context || (context.framework === 'node' && typeof fourth !== 'function'))
      throw new TypeError(`${door}() ${errorShapes}`);
    const answer = answerIfPossible(first, context, answerTo);
    if (answer) context.send(answer);
    else if (typeof fourth === 'function') fourth(first);
    else leaveToFastify(context, first);
  }) as ErrorHandler;
}

type AnswerTo = (error: unknown, context: RequestContext) => Answer | undefined;

async function answerErrorsOf({ context, next }: KoaCall, answerTo: AnswerTo): Promise<unknown> {
  try {
    return await next();
  } catch (error) {
    const answer = answerIfPossible(error, context, answerTo);
    if (!answer) throw error;
    return context.send(answer);
  }
}

function answerIfPossible(error: unknown, context: RequestContext, answerTo: AnswerTo): Answer | undefined {
  return context.head.headersSent ? undefined : answerTo(error, context);
}

function serveCall(door: string, serve: (call: Call) => unknown, ...args: unknown[]): unknown {
  const call = callOf(args[0], args[1], args[2]);
  if (!call) throw new TypeError(`${door}() ${requestShapes}`);
  if (!isBehindMiddie(call.context)) return serve(call);
  const error = new TypeError(`${door}() ${middieShape}`);
  if (call.kind !== 'callback') throw error;
  return void call.next(error);
}

function isNestContext(value: unknown): value is NestContext {
  return isObject(value) && typeof value.switchToHttp === 'function';
}

const requestShapes =
  'was called with the arguments of no framework that it knows. It takes (req, res, next) of Express, connect and ' +
  'Polka, (ctx, next) of Koa, (request, reply, done) of a hook of Fastify, and a request with its response, as a route ' +
  'handler of Fastify or a controller of Nest has them';

const errorShapes =
  'was called with the arguments of no framework that it knows. It takes (error, req, res, next) of Express, ' +
  '(ctx, next) of Koa, and (error, request, reply) of setErrorHandler() of Fastify';

const middieShape =
  "was called as a middleware of Fastify (@fastify/middie), which hands over Node's request, without Fastify's user and " +
  'session. Use it as a route handler or a "preHandler" hook of Fastify, or call it with request and reply in a ' +
  'controller or a guard of Nest';
