import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { kill } from './child';

// Debian's own, which has the modules of Debian's packages.
const interpreter = '/usr/bin/python3';
const folder = path.join(__dirname, '../fixtures/python');

/** Whether Python can import these modules. */
export function pythonHas(...modules: string[]): boolean {
  return spawnSync(interpreter, ['-c', `import ${modules.join(', ')}`]).status === 0;
}

/** A script of `test/fixtures/python/` that is running. */
export interface Script {
  /** The next line that it prints. */
  line(): Promise<string>;
  write(line: string): void;
  /** The exit code, once it has ended. */
  ended: Promise<number | null>;
  /** What it has complained of. */
  complaints(): string;
  kill(): Promise<void>;
}

interface Setting {
  env?: NodeJS.ProcessEnv;
  /** Folders of modules that it may import. */
  modules?: readonly string[];
}

export function startScript(file: string, { env = {}, modules = [] }: Setting = {}): Script {
  const PYTHONPATH = modules.map((name) => path.join(folder, name)).join(':');
  const script: ChildProcessWithoutNullStreams = spawn(interpreter, ['-B', path.join(folder, file)], {
    env: { ...process.env, PYTHONPATH, PYTHONIOENCODING: 'utf-8', ...env },
  });
  const lines = createInterface(script.stdout)[Symbol.asyncIterator]();
  let complaints = '';
  script.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  // A script that has ended reads no more.
  script.stdin.on('error', () => undefined);
  return {
    line: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${file} has nothing more to say: ${complaints}`);
      return value;
    },
    write: (line) => void script.stdin.write(`${line}\n`),
    ended: once(script, 'close').then(([code]) => code),
    complaints: () => complaints,
    kill: () => kill(script),
  };
}
