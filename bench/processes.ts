// Starts the processes that are measured. They run compiled JavaScript: a loader such as tsx runs a second thread, and its
// CPU time would be counted too.
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import type { Adapter } from './login-adapters';
import type { Question, Setting } from './login-application';
import type { Client, Counts, ProviderSetting } from './provider';

const measured = ['floor', 'listen', 'login-adapters', 'login-application', 'login-strategies', 'provider'];
const tlsFolder = `${__dirname}/../test/fixtures/tls`;
const client: Client = {
  clientID: 'jabench000000000000001',
  clientSecret: randomBytes(24).toString('hex'),
};

export interface Provider {
  origin: string;
  /** Requests by path since the last call. */
  counts(): Promise<Counts>;
  stop(): void;
}

export interface Application {
  /** Of the adapters, in their order. */
  urls: string[];
  ask<Answer>(question: Question): Promise<Answer>;
  stop(): void;
}

export interface ProviderOptions {
  tls?: boolean;
  idToken?: ProviderSetting['idToken'];
}

/** A provider on http, or on https with the certificate of the tests. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const { idToken = 'always' } = options;
  const fixture = (name: string) => readFileSync(`${tlsFolder}/${name}`, 'utf8');
  const tls = options.tls && { key: fixture('localhost.key'), cert: fixture('localhost.crt') };
  const setting: ProviderSetting = { client, idToken, ...(tls && { tls }) };
  const child = start('provider');
  const origin = await ask<string>(child, setting);
  return { origin, counts: () => ask(child, 'counts'), stop: () => void child.kill() };
}

export async function startApplication(
  adapters: Adapter[],
  { origin: provider }: Provider,
  options: { execArgv?: string[]; readsUser?: boolean } = {},
): Promise<Application> {
  const { execArgv = [], readsUser = false } = options;
  const setting: Setting = { adapters, provider, client, readsUser };
  const child = start('login-application', execArgv);
  const origin = await ask<string>(child, setting);
  return {
    urls: adapters.map((_, index) => `${origin}/${index}`),
    ask: (question) => ask(child, question),
    stop: () => void child.kill(),
  };
}

let isCompiled = false;

function start(name: string, execArgv: string[] = []): ChildProcess {
  if (!isCompiled) compile();
  isCompiled = true;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: `${tlsFolder}/localhost.crt` };
  return fork(`${__dirname}/dist/${name}.js`, { execArgv, env });
}

function compile(): void {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.CommonJS,
    esModuleInterop: true,
  };
  mkdirSync(`${__dirname}/dist`, { recursive: true });
  for (const name of measured) {
    const source = readFileSync(`${__dirname}/${name}.ts`, 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    writeFileSync(`${__dirname}/dist/${name}.js`, outputText);
  }
}

function ask<Answer>(child: ChildProcess, message: object | string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null) => reject(new Error(`a measured process ended with ${code}`));
    child.once('exit', died);
    child.once('message', (answer) => {
      child.off('exit', died);
      resolve(answer as Answer);
    });
    child.send(message);
  });
}
