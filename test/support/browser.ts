import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

interface Installation {
  executablePath: string;
  args?: string[];
  env?: NodeJS.ProcessEnv;
}

/** Starts the browser of this machine, or the one that npm brought along; undefined where neither can run. */
export async function launchBrowser(): Promise<Browser | undefined> {
  const executablePath = process.env.CHROME || names.map(onPath).find((path) => path !== undefined);
  if (executablePath !== undefined) return launch({ executablePath });
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  return packaged().then(launch).catch(toldAndAbsent);
}

function launch({ executablePath, args = [], env = process.env }: Installation): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [...quietly, ...args],
    env: env as Record<string, string>,
  });
}

function toldAndAbsent(error: Error): undefined {
  console.warn(`the browser of @sparticuz/chromium does not run here: ${error.message}`);
}

// Without these it looks for hosts of its own, which a closed network refuses many at a time.
const quietly = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
}

// It brings the libraries that a bare machine lacks, but unpacks them only where it believes itself on Lambda. Its
// own arguments would switch web security off.
async function packaged(): Promise<Installation> {
  const before = { ...process.env };
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs20.x';
  try {
    const { default: binary } = await import('@sparticuz/chromium');
    const executablePath = await binary.executablePath();
    const { LD_LIBRARY_PATH } = process.env;
    const args = ['--headless=shell', '--no-zygote'];
    return { executablePath, args, env: { ...before, LD_LIBRARY_PATH } };
  } finally {
    restore(before);
  }
}

function restore(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
}
