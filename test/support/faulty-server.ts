import net from 'node:net';
import tls from 'node:tls';
import type { JaccountEndpoints } from 'passport-jaccount';
import { emulatorClient } from '../../dist/jaccount/endpoints.js';
import { rightClaims, signIdToken } from './provider';

export type Endpoint = 'token' | 'profile';

/** A request that arrived whole, and the answer that would be right. */
export interface Exchange {
  socket: net.Socket;
  /** The JSON of a right answer. */
  json: string;
  /** The octets of a right answer. */
  right: string;
}

/** Answers as it likes, on the socket itself. */
export type Fault = (exchange: Exchange) => void;

export interface FaultyServer extends Listener {
  client: typeof emulatorClient;
  endpoints: JaccountEndpoints;
  /** What an endpoint does wrong; without an entry it is right. */
  faults: Partial<Record<Endpoint, Fault>>;
  /** `METHOD /path` of each request, and its lines of header. */
  requests: { line: string; header: string }[];
  requestsTo(endpoint: Endpoint): number;
}

const paths: Record<Endpoint, string> = { token: '/oauth2/token', profile: '/v1/me/profile' };

/** A provider made of sockets: what an HTTP server would refuse to send, it sends. */
export async function startFaultyServer(): Promise<FaultyServer> {
  const nonces = new Map<string, string>();
  const server = {
    client: emulatorClient,
    faults: {},
    requests: [],
    requestsTo: (endpoint: Endpoint) =>
      server.requests.filter(({ line }) => line.endsWith(` ${paths[endpoint]}`)).length,
  } as unknown as FaultyServer;
  const listener = await listen((socket) => answer(server, nonces, socket));
  const origin = `http://127.0.0.1:${listener.port}`;
  return Object.assign(server, listener, { endpoints: endpointsAt(origin) });
}

export function endpointsAt(origin: string): JaccountEndpoints {
  return {
    issuer: `${origin}/oauth2/`,
    authorizationURL: `${origin}/oauth2/authorize`,
    tokenURL: origin + paths.token,
    logoutURL: `${origin}/oauth2/logout`,
    apiURL: `${origin}/v1`,
  };
}

export interface Listener {
  port: number;
  /** Connections since the start. */
  connections(): number;
  /** Resolves once nobody is connected. */
  deserted(): Promise<void>;
  stop(): Promise<void>;
}

/** Accepts connections on a port of the machine's loopback, and knows which of them are open. */
export async function listen(onConnection: (socket: net.Socket) => void, port = 0): Promise<Listener> {
  const open = new Set<net.Socket>();
  let connections = 0;
  let whenDeserted = () => {};
  const server = net.createServer({ noDelay: true }, (socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) whenDeserted();
    });
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    connections: () => connections,
    deserted: () =>
      new Promise((resolve) => {
        whenDeserted = resolve;
        if (open.size === 0) resolve();
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** How a handshake goes: right, never, or to a sudden end. */
export interface SecureListener extends Listener {
  handshake: 'right' | 'stall' | 'reset';
  certify(options: tls.SecureContextOptions): void;
}

/** The same provider behind TLS, whose handshake and certificate may be wrong. */
export async function listenSecurely(
  { port }: FaultyServer,
  certificate: tls.SecureContextOptions,
): Promise<SecureListener> {
  const terminator = tls.createServer(certificate, (secure) => {
    const plain = net.connect(port, '127.0.0.1');
    secure.on('error', () => plain.destroy()).on('close', () => plain.destroy());
    plain.on('error', () => secure.destroy()).on('close', () => secure.destroy());
    secure.pipe(plain).pipe(secure);
  });
  terminator.on('tlsClientError', () => undefined);
  const secured = { handshake: 'right' } as SecureListener;
  const listener = await listen((socket) => {
    if (secured.handshake === 'reset') socket.once('data', () => socket.resetAndDestroy());
    else if (secured.handshake === 'right') terminator.emit('connection', socket);
    else socket.resume();
  });
  return Object.assign(secured, listener, {
    certify: (options: tls.SecureContextOptions) => terminator.setSecureContext(options),
  });
}

function answer(server: FaultyServer, nonces: Map<string, string>, socket: net.Socket): void {
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    for (let end = endOf(received); end !== undefined; end = endOf(received)) {
      const request = received.slice(0, end);
      received = received.slice(end);
      respond(server, nonces, socket, request);
    }
  });
}

// Where the first request ends, once it is there whole.
function endOf(received: string): number | undefined {
  const head = received.indexOf('\r\n\r\n') + 4;
  if (head < 4) return undefined;
  const length = Number(/^content-length: *(\d+)/im.exec(received.slice(0, head))?.[1] ?? 0);
  return received.length < head + length ? undefined : head + length;
}

function respond(
  server: FaultyServer,
  nonces: Map<string, string>,
  socket: net.Socket,
  request: string,
): void {
  const [header = '', body = ''] = request.split('\r\n\r\n');
  const [method, target = ''] = header.split(' ');
  const { pathname, searchParams } = new URL(target, server.endpoints.issuer);
  server.requests.push({ line: `${method} ${pathname}`, header });
  if (pathname === '/oauth2/authorize') return void socket.end(authorization(searchParams, nonces));
  const endpoint = pathname === paths.token ? 'token' : 'profile';
  const json =
    endpoint === 'token' ? tokens(server, nonces, new URLSearchParams(body).get('code') ?? '') : profile;
  const fault = server.faults[endpoint] ?? (({ right }) => socket.write(right));
  fault({ socket, json, right: ok(json) });
}

function authorization(query: URLSearchParams, nonces: Map<string, string>): string {
  const code = `code${String(nonces.size).padStart(28, '0')}`;
  nonces.set(code, query.get('nonce') ?? '');
  const location = new URL(query.get('redirect_uri') as string);
  location.searchParams.set('code', code);
  location.searchParams.set('state', query.get('state') as string);
  return `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

function tokens({ client, endpoints }: FaultyServer, nonces: Map<string, string>, code: string): string {
  const nonce = nonces.get(code);
  if (nonce === undefined) return '{"error":"invalid_grant"}';
  nonces.delete(code);
  const { clientID } = client;
  const claims = rightClaims(endpoints.issuer, { code, nonce, user: 'zhangsan', clientID });
  const access_token = `token-${code}`;
  return JSON.stringify({
    access_token,
    token_type: 'Bearer',
    expires_in: 1800,
    id_token: signIdToken(claims),
  });
}

const profile = JSON.stringify({ errno: 0, error: 'success', entities: [{ account: 'zhangsan' }] });

/** The octets of an answer; its length is told unless a header says something about it. */
export function response(status: string, headers: readonly string[], body = ''): string {
  const framed = headers.some((header) => /^(?:content-length|transfer-encoding):/i.test(header));
  const length = framed ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`HTTP/1.1 ${status}`, ...headers, ...length, '', body].join('\r\n');
}

export function ok(json: string, ...headers: string[]): string {
  return response('200 OK', ['Content-Type: application/json;charset=UTF-8', ...headers], json);
}
