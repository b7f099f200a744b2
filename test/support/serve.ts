import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves on a free port of the machine's loopback, under the name `localhost`: cookies do not tell ports apart. */
export async function serve(listener: http.RequestListener): Promise<{ url: string; stop(): Promise<void> }> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${port}`, stop };
}
