import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(__dirname, '../..');

export interface Demo {
  url: string;
  emulatorURL: string;
  /** Ends it as a terminal, or a process manager, does; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Ending {
  code: number | null;
  errors: string;
}

/** Runs what `npm start` runs, on a free port of its own. */
export async function startDemo(): Promise<Demo> {
  const child = spawnDemo('0');
  const [url, emulatorURL] = await Promise.race([addressesIn(child), failureOf(child)]);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code] = await ended;
    return code as number | null;
  };
  return { url, emulatorURL, stop };
}

/** Runs the demo where it cannot start, until it gives up. */
export async function demoEnding(port: string): Promise<Ending> {
  const child = spawnDemo(port, 10_000);
  const [errors, [code]] = await Promise.all([textOf(child.stderr), once(child, 'exit')]);
  return { code, errors };
}

function spawnDemo(port: string, timeout?: number): ChildProcess {
  const env = { ...process.env, PORT: port };
  return spawn(process.execPath, ['examples/demo.mjs'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
  });
}

async function addressesIn(child: ChildProcess): Promise<[string, string]> {
  const found: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const [, what, url] = /^(Demo app|jAccount emulator): (http:\/\/\S+)$/.exec(line) ?? [];
    if (what && url) found[what] = url;
    const { 'Demo app': demo, 'jAccount emulator': emulator } = found;
    if (demo && emulator) return [demo, emulator];
  }
  return new Promise(() => undefined);
}

async function failureOf(child: ChildProcess): Promise<never> {
  const errors = await textOf(child.stderr);
  throw new Error(`the demo did not start: ${errors}`);
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}
