import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const root = path.join(__dirname, '../..');

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Tarball {
  file: string;
  size: number;
  unpackedSize: number;
  paths: string[];
}

/** A new folder for one test file, under the temporary directory. */
export function newFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'passport-jaccount-'));
}

export function run(command: string, args: string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, stdout, stderr: error && !stderr ? error.message : stderr });
    });
  });
}

/** Packs what is built. */
export async function pack(folder: string): Promise<Tarball> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const packed = await succeeded(run('npm', args, root));
  const [{ filename, size, unpackedSize, files }] = JSON.parse(packed);
  const paths = files.map((file: { path: string }) => file.path).sort();
  return { file: path.join(folder, filename), size, unpackedSize, paths };
}

/**
 * A project with the tarball installed by npm. No network is needed: the dependencies lie there already, copied from
 * ours; nothing else does, and npm removes what is not declared.
 */
export async function install(tarball: Tarball, project: string): Promise<void> {
  mkdirSync(path.join(project, 'node_modules/.bin'), { recursive: true });
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  for (const [place, { dev, bin }] of Object.entries(lockedPackages())) {
    // npm looks the optional peer up as well, and leaves it out.
    if (place === '' || (dev && !/\/(passport|pause)$/.test(place))) continue;
    copy(place, project);
    for (const name of Object.keys(bin ?? {})) copy(`node_modules/.bin/${name}`, project);
  }
  await succeeded(run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball.file], project));
  // npm 11 has left it out; npm 10 keeps what lies there already.
  for (const name of ['passport', 'pause']) rmSync(path.join(project, 'node_modules', name), quietly);
}

const quietly = { recursive: true, force: true };

/** Adds something of our node_modules to a project. */
export function copy(place: string, project: string): void {
  cpSync(path.join(root, place), path.join(project, place), { recursive: true, verbatimSymlinks: true });
}

function lockedPackages(): Record<string, { dev?: boolean; bin?: Record<string, string> }> {
  return JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
}

async function succeeded(outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  if (code !== 0) throw new Error(`${stderr}\n${stdout}`);
  return stdout;
}
