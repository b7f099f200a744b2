// PostgreSQL in WebAssembly behind a TCP port, in a process of its own: it runs where no server is installed, and as
// root, whom PostgreSQL itself refuses.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

process.on('disconnect', () => process.exit());

async function start(): Promise<void> {
  const server = new PGLiteSocketServer({ db: new PGlite(), port: 0, maxConnections: 64 });
  await server.start();
  process.send?.({ url: `postgres://postgres:postgres@${server.getServerConn()}/postgres` });
}

void start();
