import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

export interface RoundRobin {
  url: string;
  /** The machines behind it, by address. They take turns; one that does not answer is passed over. */
  targets: string[];
  stop(): Promise<void>;
}

interface Setting {
  /** Ends TLS here, and tells the machines so in `X-Forwarded-*`. */
  tls?: { key: string; cert: string };
  /** Lets what the browser says in these headers stand. */
  careless?: boolean;
}

/** A load balancer, which repeats a request at the next machine as nginx does. It knows no request with a body. */
export async function startRoundRobin({ tls, careless = false }: Setting = {}): Promise<RoundRobin> {
  const proxy: RoundRobin = { url: '', targets: [], stop: () => close(server) };
  let turn = 0;
  const forward: http.RequestListener = (request, response) => {
    const told = tls ? forwardedOf(request) : {};
    const headers = careless ? { ...told, ...request.headers } : { ...request.headers, ...told };
    const attempt = (left: number): void => {
      if (left === 0) return void response.writeHead(502).end();
      const target = proxy.targets[turn++ % proxy.targets.length] as string;
      const onward = http.request(target, { path: request.url, method: request.method, headers });
      onward.on('error', () => attempt(left - 1));
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode as number, answer.headers);
        pipeline(answer, response, () => undefined);
      });
      onward.end();
    };
    attempt(proxy.targets.length);
  };
  const server = tls ? https.createServer(tls, forward) : http.createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  proxy.url = `${tls ? 'https' : 'http'}://localhost:${port}`;
  return proxy;
}

function close(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function forwardedOf({ headers, socket }: http.IncomingMessage): http.OutgoingHttpHeaders {
  return {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': headers.host,
    'x-forwarded-for': socket.remoteAddress,
  };
}
