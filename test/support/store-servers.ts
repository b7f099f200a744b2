import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { forkWith, kill } from './child';

export interface RedisConnection {
  redis: { url: string } | { socket: { path: string; tls: false } };
}

/** How a machine reaches the session store that it shares with others. */
export type StoreConnection =
  | RedisConnection
  | { postgres: { connectionString: string; schemaName: string } };

export interface StoreServer {
  connection: StoreConnection;
  /** Of the server's process, where this one started it. */
  pid: number | undefined;
  stop(): Promise<void>;
}

/** Why there is no Redis here, or undefined where there is one. */
export const redisMissing =
  process.env.REDIS_URL || onPath('redis-server') ? undefined : 'needs redis-server or REDIS_URL';

/** The Redis at `REDIS_URL`, or a new one on a socket of a temporary folder: so no two runs can meet. */
export async function startRedis(): Promise<StoreServer> {
  const { REDIS_URL: url } = process.env;
  if (url) return { connection: { redis: { url } }, pid: undefined, stop: async () => undefined };
  const folder = await mkdtemp(`${tmpdir()}/redis-`);
  const path = `${folder}/socket`;
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // It would outlive a run that is broken off.
  process.once('exit', () => server.kill('SIGKILL'));
  for await (const line of createInterface(server.stdout)) if (/ready to accept/i.test(line)) break;
  return {
    connection: { redis: { socket: { path, tls: false } } },
    pid: server.pid,
    stop: async () => {
      await kill(server);
      await rm(folder, { recursive: true });
    },
  };
}

/** The PostgreSQL at `DATABASE_URL`, or one of our own; in either, a schema that is gone afterwards. */
export async function startPostgres(): Promise<StoreServer> {
  const { DATABASE_URL } = process.env;
  const own = DATABASE_URL ? undefined : await forkWith<{ url: string }>(serverFile, {});
  const connectionString = DATABASE_URL || (own?.message.url as string);
  const schemaName = `machines_${randomBytes(6).toString('hex')}`;
  const table = readFileSync(require.resolve('connect-pg-simple/table.sql'), 'utf8');
  await run(connectionString, `CREATE SCHEMA ${schemaName}; SET search_path TO ${schemaName}; ${table}`);
  return {
    connection: { postgres: { connectionString, schemaName } },
    pid: own?.child.pid,
    stop: () => (own ? kill(own.child) : run(connectionString, `DROP SCHEMA ${schemaName} CASCADE`)),
  };
}

const serverFile = `${__dirname}/postgres-server.ts`;

async function run(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(sql);
  await client.end();
}

function onPath(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${name}`));
}
