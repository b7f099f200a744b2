// The application of the tests as one machine of several: in a process of its own, with what machines share.
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import type { RequestHandler } from 'express';
import session, { type Store } from 'express-session';
import {
  CookieTransactions,
  JaccountStrategy,
  type JaccountStrategyOptions,
  SessionTransactions,
  type TransactionStore,
} from 'passport-jaccount';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { startApplication } from './application';
import type { StoreConnection } from './store-servers';

export interface MachineSetting {
  name: string;
  options: JaccountStrategyOptions;
  /** Of the session cookie, and of CookieTransactions where `keptIn` asks for it. */
  secrets: string[];
  /** Where the sessions are; without one there are none. */
  store?: StoreConnection | undefined;
  /** Where pending logins wait; where they do by default if it is left out. */
  keptIn?: 'cookies' | 'session' | undefined;
  /** The Redis that says which machine is the first with a callback. */
  claimIn?: StoreConnection | undefined;
}

process.on('disconnect', () => process.exit());
process.once('message', (setting: MachineSetting) => {
  void start(setting).then(({ url }) => process.send?.({ url }));
});

async function start(setting: MachineSetting) {
  const { name, options, secrets, store } = setting;
  const transactions = await transactionsOf(setting);
  return startApplication({
    before: [nameIn(name)],
    login: ({ query }) => ({ ...query, appState: { begunBy: name } }),
    session: store ? { secret: secrets, store: await openStore(store) } : false,
    strategy: () =>
      new JaccountStrategy({ ...options, ...(transactions && { transactions }) }, async ({ profile }) => ({
        id: profile.id,
      })),
  });
}

async function transactionsOf({
  secrets,
  keptIn,
  claimIn,
}: MachineSetting): Promise<TransactionStore | undefined> {
  const claim = claimIn && { claim: await claimOf(claimIn) };
  if (keptIn === 'session') return new SessionTransactions({ ...claim });
  if (keptIn === 'cookies') return new CookieTransactions({ secret: secrets, ...claim });
  return claim && new CookieTransactions(claim);
}

// As docs/sessions.md shows it.
async function claimOf(connection: StoreConnection) {
  const redis = await redisAt(connection);
  return async (handle: string, ms: number) =>
    (await redis.set(`jaccount:${handle}`, '1', { NX: true, PX: ms })) === 'OK';
}

function nameIn(machine: string): RequestHandler {
  return (_req, res, next) => {
    res.set('machine', machine);
    next();
  };
}

async function openStore(connection: StoreConnection): Promise<Store> {
  if ('redis' in connection) return new RedisStore({ client: await redisAt(connection) });
  const { connectionString, schemaName } = connection.postgres;
  const pool = new Pool({ connectionString, max: 4 });
  return new (connectPgSimple(session))({ pool, schemaName, pruneSessionInterval: false });
}

async function redisAt(connection: StoreConnection) {
  if (!('redis' in connection)) throw new Error('claims are kept in Redis only');
  const client = createClient(connection.redis);
  // Whoever waits for an answer gets the error too.
  client.on('error', () => undefined);
  return client.connect();
}
