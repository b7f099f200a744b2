import http from 'node:http';
import net from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { Passport, type Strategy } from 'passport';
import { JaccountBearerStrategy, type JaccountBearerStrategyOptions } from 'passport-jaccount';

export interface Api {
  url: string;
  /** Users that a request got through as, in their order. */
  admitted: unknown[];
  /** What went to the error handler. */
  errors: any[];
  call(authorization?: string, init?: RequestInit, path?: string): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

export interface ApiAnswer {
  status: number;
  /** The challenge, or null. */
  challenge: string | null;
  headers: Headers;
  text: string;
  json(): any;
}

interface Setting {
  options: JaccountBearerStrategyOptions;
  verify?: (...args: any[]) => unknown;
  express?: typeof express;
  before?: RequestHandler[];
  /** Handlers between authentication and the end. */
  after?: RequestHandler[];
  /** Other strategies, before and behind ours. */
  chain?: { first?: Strategy[]; last?: Strategy[] };
  authenticate?: object;
  byInstance?: boolean;
  onError?: ErrorRequestHandler;
}

/** An API as people write it, which tells in JSON who was let in. */
export async function startApi(setting: Setting): Promise<Api> {
  const app = (setting.express ?? express)();
  const passport = new Passport();
  const strategy = new JaccountBearerStrategy(
    setting.options,
    (setting.verify ?? (async ({ claims }: any) => ({ id: claims.sub }))) as any,
  );
  const { first = [], last = [] } = setting.chain ?? {};
  for (const one of [...first, strategy, ...last]) passport.use(one);
  const names = [...first, strategy, ...last].map(({ name }) => name as string);
  const which = (setting.byInstance ? strategy : names.length === 1 ? names[0] : names) as string;
  const api = { admitted: [], errors: [] } as unknown as Api;

  for (const middleware of setting.before ?? []) app.use(middleware);
  app.use(passport.authenticate(which, { session: false, ...setting.authenticate }));
  for (const middleware of setting.after ?? []) app.use(middleware);
  app.use((req, res) => {
    api.admitted.push(req.user);
    res.json({ user: req.user, authInfo: req.authInfo });
  });
  app.use(((error, _req, _res, next) => {
    api.errors.push(error);
    next(error);
  }) as ErrorRequestHandler);
  if (setting.onError) app.use(setting.onError);
  // Express itself writes what nobody handled to the console, unless it is told that this is a test.
  app.set('env', 'test');
  const { url, stop } = await serve(app);
  const call: Api['call'] = async (authorization, init = {}, path = '/') => {
    const headers = { ...(init.headers as object), ...(authorization !== undefined && { authorization }) };
    const response = await fetch(url + path, { ...init, headers });
    const text = await response.text();
    const challenge = response.headers.get('www-authenticate');
    return {
      status: response.status,
      challenge,
      headers: response.headers,
      text,
      json: () => JSON.parse(text),
    };
  };
  return Object.assign(api, { url, call, stop });
}

/** The answer to a request that no HTTP client would send. */
export function sendRaw(url: string, lines: string[], body = ''): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => {
      socket.write([...lines, 'Host: localhost', 'Connection: close', '', body].join('\r\n'), 'latin1');
    });
    let answer = '';
    socket
      .on('data', (chunk) => {
        answer += chunk.toString('latin1');
      })
      .on('close', () => resolve(answer))
      .on('error', reject);
  });
}

// With room for large headers, which Node otherwise refuses before we see them.
async function serve(listener: http.RequestListener): Promise<{ url: string; stop(): Promise<void> }> {
  const server = http.createServer({ maxHeaderSize: 512 * 1024 }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, stop };
}
