import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { emulatorClient, endpointsAt, type JaccountEndpoints } from '../../dist/jaccount/endpoints.js';

/** A request that arrived whole. */
export interface Received {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** JSON with its status, or anything at all. */
export type Answer =
  | { status?: number; json: unknown }
  | ((response: http.ServerResponse, request: http.IncomingMessage) => void);

export interface ScriptedServer {
  client: typeof emulatorClient;
  endpoints: JaccountEndpoints;
  /** What the token endpoint answers, and what the REST API does. */
  token: (received: Received) => Answer | Promise<Answer>;
  api: (received: Received) => Answer | Promise<Answer>;
  requests: Received[];
  stop(): Promise<void>;
}

/** A provider that answers as told, in the form that jAccount documents. It shares nothing with the emulator. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const none = () => ({ status: 404, json: { errno: 10008, error: 'GETDATA_NOT_FOUND', total: 0 } });
  const scripted = {
    client: emulatorClient,
    token: none,
    api: none,
    requests: [],
  } as unknown as ScriptedServer;
  const server = http.createServer(async (request, response) => {
    const received = await receive(request);
    scripted.requests.push(received);
    const script = received.path === '/oauth2/token' ? scripted.token : scripted.api;
    const answer = await script(received);
    if (typeof answer === 'function') return answer(response, request);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json;charset=UTF-8' });
    response.end(typeof answer.json === 'string' ? answer.json : JSON.stringify(answer.json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  scripted.endpoints = endpointsAt(`http://127.0.0.1:${port}`);
  scripted.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return scripted;
}

async function receive(request: http.IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

/** The envelope of a call that jAccount served. */
export function served(entities: unknown[], more: object = {}): Answer {
  return { json: { errno: 0, error: 'success', total: 0, entities, ...more } };
}

/** The envelope of a call that it refused. */
export function refused(errno: number, error: string, status = 403): Answer {
  return { status, json: { errno, error, total: 0 } };
}
