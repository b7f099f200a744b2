import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { emulatorClient, endpointsAt, isLoopback, type JaccountEndpoints } from '../endpoints';
import { type Account, builtInAccounts } from './accounts';
import { authorize, login, showLogin } from './authorize';
import { Exchange } from './exchange';
import { Grants } from './grants';
import type { EmulatedClient } from './guards';
import { logout } from './logout';
import { homePage } from './pages';
import { profile } from './profile';
import { oauthRefusal } from './refusal';
import { token } from './token';

export type { Exchange } from './exchange';

export interface EmulatorOptions {
  /** @default 0, a free port */
  port?: number;
  /** Anybody who reaches it can sign in as anybody: think before it leaves loopback. @default '127.0.0.1' */
  host?: string;
  /** Clients beside the built-in one. */
  clients?: readonly EmulatedClient[];
  /** Accounts beside the built-in ones; one of the same name takes its place. */
  accounts?: readonly Account[];
  /** Start although `NODE_ENV` is `production`. @default false */
  force?: boolean;
}

/** A request that the emulator answered; no query, no body, no header. */
export interface LoggedRequest {
  method: string;
  path: string;
  status: number;
}

/** A running jAccount of one's own. */
export interface Emulator {
  /** Its origin, such as `http://127.0.0.1:41731`. */
  readonly url: string;
  /** Spread them into the options of a strategy, beside {@link Emulator.client}. */
  readonly endpoints: JaccountEndpoints;
  /** The client that is always there. Any loopback address is a redirect URI of it. */
  readonly client: { clientID: string; clientSecret: string };
  readonly accounts: readonly Account[];
  /** The latest requests, at most 500, oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** Puts the emulator's clock forward: codes and tokens expire. */
  advance(seconds: number): void;
  /** Forgets codes, tokens, sessions and requests, and puts the clock right. */
  reset(): void;
  stop(): Promise<void>;
}

/** What the endpoints of one emulator share. */
export interface Emulation {
  readonly endpoints: JaccountEndpoints;
  readonly clients: ReadonlyMap<string, EmulatedClient>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly grants: Grants;
  /** Seconds since the epoch, by the emulator's clock. */
  now(): number;
}

type Handler = (emulation: Emulation, exchange: Exchange) => void | Promise<void>;

const routes: Record<string, Handler | undefined> = {
  'GET /': (emulation, exchange) => exchange.html(homePage(emulation.endpoints)),
  'GET /oauth2/authorize': authorize,
  'POST /oauth2/token': token,
  'GET /oauth2/logout': logout,
  'GET /jaccount/jalogin': showLogin,
  'POST /jaccount/ulogin': login,
  'GET /v1/me/profile': profile,
};

const maxRequests = 500;

/**
 * Starts a jAccount on this machine, for development and for tests: a real client takes a department's approval
 * and days. It answers as jAccount does, and refuses what jAccount must refuse; people sign in by a click.
 *
 * @throws Error if the port is taken; if `NODE_ENV` is `production`, for a jAccount that signs anybody in is a back door.
 *
 * @example
 * ```ts
 * import { JaccountStrategy } from 'passport-jaccount';
 * import { startEmulator } from 'passport-jaccount/emulator';
 *
 * async function strategyForTests() {
 *   const emulator = await startEmulator();
 *   const callbackURL = 'http://localhost:3000/callback';
 *   const options = { ...emulator.client, ...emulator.endpoints, callbackURL };
 *   return new JaccountStrategy(options, async ({ profile }) => ({ account: profile.id }));
 * }
 * ```
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = '127.0.0.1', force = false } = options;
  assertSafe(host, force);
  const server = http.createServer();
  await listen(server, port, host);
  const url = originOf(server, host);

  let skew = 0;
  const requests: LoggedRequest[] = [];
  const emulation: Emulation = {
    endpoints: endpointsAt(url),
    clients: byKey([emulatorClient, ...(options.clients ?? [])], ({ clientID }) => clientID),
    accounts: byKey([...builtInAccounts, ...(options.accounts ?? [])], ({ account }) => account),
    grants: new Grants(() => emulation.now()),
    now: () => Math.floor(Date.now() / 1000) + skew,
  };
  server.on('request', (request, response) => {
    response.on('finish', () => log(requests, request, response));
    void answer(emulation, new Exchange(request, response, url));
  });

  return {
    url,
    endpoints: emulation.endpoints,
    client: { ...emulatorClient },
    accounts: [...emulation.accounts.values()],
    requests,
    advance: (seconds) => {
      skew += seconds;
    },
    reset: () => {
      skew = 0;
      requests.length = 0;
      emulation.grants.clear();
    },
    stop: () => (server.listening ? stop(server) : Promise.resolve()),
  };
}

async function answer(emulation: Emulation, exchange: Exchange): Promise<void> {
  try {
    const handler = routes[`${exchange.request.method} ${exchange.url.pathname}`];
    if (!handler) throw oauthRefusal('not_found', 'No such endpoint', 404);
    await handler(emulation, exchange);
  } catch (error) {
    exchange.refuse(error);
  }
}

function log(requests: LoggedRequest[], request: IncomingMessage, response: ServerResponse): void {
  const [path = ''] = (request.url ?? '').split('?');
  requests.push({ method: request.method ?? '', path, status: response.statusCode });
  if (requests.length > maxRequests) requests.shift();
}

function assertSafe(host: string, force: boolean): void {
  if (!force && process.env.NODE_ENV === 'production') {
    throw new Error(
      'the jAccount emulator signs anybody in: it does not start with NODE_ENV=production (unless forced)',
    );
  }
  if (!isLoopback(new URL(`http://${bracketed(host)}`))) {
    process.emitWarning(
      `The jAccount emulator listens on ${host}: whoever reaches it can sign in as anybody.`,
    );
  }
}

function listen(server: http.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function originOf(server: http.Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${bracketed(reachable)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function byKey<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T> {
  return new Map(values.map((value) => [keyOf(value), value]));
}

function stop(server: http.Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
