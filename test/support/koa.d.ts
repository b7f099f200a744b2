// What the tests use of packages without types. examples/midway.ts is compiled against this Koa too.

declare module 'koa' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  export interface Context {
    app: Koa;
    req: IncomingMessage;
    res: ServerResponse;
    request: { ctx: Context };
    response: { ctx: Context };
    path: string;
    query: Record<string, unknown>;
    state: Record<string, unknown>;
    status: number;
    body: unknown;
    set(headers: Record<string, string>): void;
    redirect(url: string): void;
    login(user: unknown): Promise<void>;
  }
  export type Middleware = (ctx: Context, next: () => Promise<unknown>) => unknown;

  export default class Koa {
    keys: string[];
    silent: boolean;
    use(middleware: Middleware): this;
    callback(): RequestListener;
  }
}

declare module 'koa-passport' {
  import type { Middleware } from 'koa';
  import type { Strategy } from 'passport';

  export class KoaPassport {
    use(strategy: Strategy): this;
    serializeUser(serialize: (user: unknown, done: (error: null, stored: unknown) => void) => void): void;
    deserializeUser(deserialize: (stored: unknown, done: (error: null, user: unknown) => void) => void): void;
    initialize(): Middleware;
    session(): Middleware;
    authenticate(
      name: string,
      options: object,
      callback?: (error: unknown, user?: unknown, info?: unknown, status?: number) => unknown,
    ): Middleware;
  }
}
