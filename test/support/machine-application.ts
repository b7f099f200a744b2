// The application of the tests as one machine of several: in a process of its own, with what machines share.
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import type { RequestHandler } from 'express';
import session, { type Store } from 'express-session';
import { CookieTransactions, JaccountStrategy, type JaccountStrategyOptions } from 'passport-jaccount';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { startApplication } from './application';
import type { StoreConnection } from './store-servers';

export interface MachineSetting {
  name: string;
  options: JaccountStrategyOptions;
  /** Of the session cookie, or of CookieTransactions where there is no store. */
  secrets: string[];
  store?: StoreConnection | undefined;
}

process.on('disconnect', () => process.exit());
process.once('message', (setting: MachineSetting) => {
  void start(setting).then(({ url }) => process.send?.({ url }));
});

async function start({ name, options, secrets, store }: MachineSetting) {
  const transactions = store ? undefined : new CookieTransactions({ secret: secrets });
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

function nameIn(machine: string): RequestHandler {
  return (_req, res, next) => {
    res.set('machine', machine);
    next();
  };
}

async function openStore(connection: StoreConnection): Promise<Store> {
  if ('redis' in connection) {
    const client = createClient(connection.redis);
    // Whoever waits for an answer gets the error too.
    client.on('error', () => undefined);
    return new RedisStore({ client: await client.connect() });
  }
  const { connectionString, schemaName } = connection.postgres;
  const pool = new Pool({ connectionString, max: 4 });
  return new (connectPgSimple(session))({ pool, schemaName, pruneSessionInterval: false });
}
