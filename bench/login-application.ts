// The application of the login benches, in a process of its own: what a login costs is the CPU time of this process.
import http from 'node:http';
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { listen } from './listen';
import type { Adapter } from './login-adapters';
import { createStrategy } from './login-strategies';
import type { Client } from './provider';

export interface Setting {
  adapters: Adapter[];
  /** The origin of the provider. */
  provider: string;
  client: Client;
  /** Adds `passport.session()`. */
  readsUser: boolean;
}

export interface Memory {
  heapUsed: number;
  external: number;
}

export type Question = 'cpu' | 'clear' | 'memory' | 'sessions';

const store = new session.MemoryStore();

const answers: Record<Question, () => unknown> = {
  cpu: cpuMicroseconds,
  clear: () => store.clear(),
  memory: measureMemory,
  sessions: octetsInSessions,
};

process.on('disconnect', () => process.exit());
process.on('message', (message: Setting | Question) => {
  const answer = typeof message === 'string' ? answers[message]() : start(message);
  void Promise.resolve(answer).then((value) => process.send?.(value ?? null));
});

// The adapter at index 2 begins at /2/login.
async function start(setting: Setting): Promise<string> {
  const app = express();
  const passport = new Passport();
  passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
  passport.deserializeUser((id, done) => done(null, { id } as Express.User));
  const origin = `http://${await listen(http.createServer(app))}`;
  app.use(
    session({ store, secret: 'of the bench', resave: false, saveUninitialized: false }) as RequestHandler,
  );
  if (setting.readsUser) app.use(passport.session());
  for (const [index, adapter] of setting.adapters.entries()) {
    const callbackURL = `${origin}/${index}/callback`;
    passport.use(adapter.name, await createStrategy(adapter, { ...setting, callbackURL }));
    app.get(`/${index}/login`, passport.authenticate(adapter.name));
    app.get(`/${index}/callback`, passport.authenticate(adapter.name), (_req, res) => void res.end('in'));
  }
  return origin;
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function measureMemory(): Memory {
  for (let times = 0; times < 3; times++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsed, external };
}

// Octets of JSON in all sessions together, without what express-session and Passport keep there.
function octetsInSessions(): Promise<number> {
  return new Promise((resolve) => {
    store.all((_error, sessions) => {
      const octets = Object.values(sessions ?? {}).map((entry) => {
        const { cookie, passport, ...rest } = entry as unknown as Record<string, unknown>;
        return Object.keys(rest).length === 0 ? 0 : Buffer.byteLength(JSON.stringify(rest));
      });
      resolve(octets.reduce((sum, each) => sum + each, 0));
    });
  });
}
