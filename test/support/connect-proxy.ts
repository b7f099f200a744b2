import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

/** An outbound proxy that opens tunnels (RFC 9110, section 9.3.6), as a campus network has one. */
export interface ConnectProxy {
  /** Its address, without credentials. */
  url: string;
  /** The only credentials that it accepts, as `name:password`; undefined for a proxy that asks for none. */
  credentials: string | undefined;
  /** What it does with a request in place of opening a tunnel: once for each entry, undefined for a tunnel. */
  script: (((socket: Socket) => void) | undefined)[];
  /** Where its tunnels lead in place of the host that was asked for. */
  detour: string | undefined;
  /** The host and port of each tunnel that it opened. */
  tunnels: string[];
  /** The headers of each request for a tunnel. */
  requests: http.IncomingHttpHeaders[];
  /** The local ports of its own connections: a server sees them as remote ports. */
  ports: Set<number>;
  stop(): Promise<void>;
}

export async function startConnectProxy(): Promise<ConnectProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket)));
  };
  const proxy: ConnectProxy = {
    url: '',
    credentials: undefined,
    script: [],
    detour: undefined,
    tunnels: [],
    requests: [],
    ports: new Set(),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server = http.createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '', headers }: http.IncomingMessage, socket: Socket) => {
    keep(socket);
    proxy.requests.push(headers);
    if (!isAdmitted(proxy, headers)) return refuse(407)(socket);
    const act = proxy.script.shift();
    if (act) return act(socket);
    proxy.tunnels.push(url);
    const { hostname, port } = new URL(`http://${proxy.detour ?? url}`);
    const onward = net.connect(Number(port), hostname, () => {
      proxy.ports.add((onward.address() as AddressInfo).port);
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    keep(onward);
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

function isAdmitted({ credentials }: ConnectProxy, headers: http.IncomingHttpHeaders): boolean {
  if (credentials === undefined) return true;
  return headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** Answers with a status and a body, and opens no tunnel. */
export function refuse(status: number, body = ''): (socket: Socket) => void {
  return (socket) => {
    const lines = [
      `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
      'Proxy-Authenticate: Basic realm="campus"',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  };
}
