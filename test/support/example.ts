import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';
import { freePort } from './free-port';

const root = path.resolve(__dirname, '../..');

export interface RunningExample {
  url: string;
  /** Resolves once its error stream holds a text. */
  logged(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** How an example is run: as it lies in examples/, or as TypeScript compiles it for another kind of module. */
export interface Form {
  module?: 'commonjs' | 'esm';
  /** A folder with packages that take the place of ours. */
  packages?: string;
}

/** Runs an example with a jAccount of its own, on a free port. */
export async function startExample(name: string, form: Form = {}): Promise<RunningExample> {
  const { file, remove } = form.module ? compiled(name, form.module, form.packages) : inPlace(name);
  const child = spawn(process.execPath, [...(file.endsWith('.ts') ? ['--import', 'tsx'] : []), file], {
    cwd: root,
    env: { ...process.env, PORT: String(await freePort()), JACCOUNT_CLIENT_ID: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const stop = async () => {
    await ended(child);
    remove();
  };
  const url = await Promise.race([addressOf(child), once(child, 'close').then(() => undefined)]);
  if (url === undefined) {
    remove();
    throw new Error(`examples/${name} did not start: ${errors}`);
  }
  const logged = async (text: string) => {
    while (!errors.includes(text)) await once(child.stderr, 'data');
  };
  return { url, logged, stop };
}

interface Program {
  file: string;
  remove(): void;
}

function inPlace(name: string): Program {
  return { file: path.join(root, 'examples', name), remove: () => undefined };
}

function compiled(name: string, module: 'commonjs' | 'esm', packages?: string): Program {
  const project = newProject(packages);
  const file = path.join(project, module === 'esm' ? 'example.mjs' : 'example.cjs');
  writeFileSync(file, compile(readFileSync(path.join(root, 'examples', name), 'utf8'), module));
  return { file, remove: () => rmSync(project, { recursive: true }) };
}

/** A project that has our packages, and those in a folder in place of ours. */
export function newProject(packages?: string): string {
  const project = mkdtempSync(path.join(tmpdir(), 'passport-jaccount-example-'));
  const folders = ['node_modules', ...(packages ? [packages] : [])].map((folder) => path.join(root, folder));
  const places = new Map([['passport-jaccount', root], ...folders.flatMap(packagesIn)]);
  for (const [name, place] of places) {
    const link = path.join(project, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(place, link, 'junction');
  }
  return project;
}

function packagesIn(folder: string): [string, string][] {
  const names = readdirSync(folder).flatMap((name) =>
    name.startsWith('@') ? readdirSync(path.join(folder, name)).map((inner) => `${name}/${inner}`) : name,
  );
  return names.map((name) => [name, path.join(folder, name)]);
}

function compile(source: string, module: 'commonjs' | 'esm'): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: module === 'esm' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  // What waits at the top of an ES module waits in a function of CommonJS.
  return module === 'esm' ? outputText : `(async () => {\n${outputText}\n})();`;
}

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const [, url] = /(http:\/\/localhost:\d+)$/.exec(line) ?? [];
    if (url) return url;
  }
  return new Promise(() => undefined);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}
