// How logins grow with the number of processes, and what the store between them costs: `npm run bench:machines`, or
// with `-- --long` for longer windows. Every login ends on another process than began it, where there is one. The
// emulator has a process of its own; on Linux only, which tells the CPU time of any process.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { kill } from '../test/support/child';
import { type Machine, startMachine } from '../test/support/machine';
import { redisMissing, type StoreServer, startPostgres, startRedis } from '../test/support/store-servers';
import { cpuOf } from './cpu';
import { LightBrowser, redirectOf, signOn } from './light-browser';

const long = process.argv.includes('--long');
const seconds = long ? { warm: 5, window: 10 } : { warm: 1, window: 1 };
const rounds = long ? 5 : 3;
const counts = [1, 2, 4];
const atOnce = 32;

const stores: { name: string; start(): Promise<StoreServer | undefined> }[] = [
  { name: 'CookieTransactions, no store', start: async () => undefined },
  ...(redisMissing ? [] : [{ name: 'sessions in Redis', start: startRedis }]),
  { name: 'sessions in PostgreSQL', start: startPostgres },
];

async function main(): Promise<void> {
  if (redisMissing) console.warn(`without Redis: ${redisMissing}`);
  const emulator = await startEmulator();
  const rows: object[] = [];
  for (const { name, start } of stores) rows.push(...(await measure(name, await start(), emulator)));
  console.table(rows);
  await kill(emulator.process);
}

interface Emulator {
  process: ChildProcess;
  options: { clientID: string; clientSecret: string; callbackURL: string };
  /** Of one user's single sign-on session. */
  cookie: string;
}

// As its users start it: it prints the options, one a line.
async function startEmulator(): Promise<Emulator> {
  const cli = `${__dirname}/../dist/emulator/cli.js`;
  const child = spawn(process.execPath, [cli, 'emulator', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: Record<string, string> = {};
  for await (const line of createInterface(child.stdout)) {
    const [, name, value] = /^ {2}(\w+) +(\S+)$/.exec(line) ?? [];
    if (name && value) printed[name] = value;
    if (name === 'clientSecret') break;
  }
  const cookie = await signOn(new URL(printed.issuer as string).origin, 'zhaoyichen');
  // Nobody listens there: the browser takes its login to the process whose turn it is.
  const options = { ...printed, callbackURL: 'http://localhost/callback' } as Emulator['options'];
  return { process: child, options, cookie };
}

interface Stage {
  machines: Machine[];
  store: StoreServer | undefined;
  emulator: Emulator;
}

async function measure(name: string, store: StoreServer | undefined, emulator: Emulator): Promise<object[]> {
  const setting = { options: emulator.options, secrets: ['b'.repeat(32)], store: store?.connection };
  const letters = ['A', 'B', 'C', 'D'];
  const machines = await Promise.all(letters.map((letter) => startMachine({ ...setting, name: letter })));
  const stage = { machines, store, emulator };
  await run(stage, machines.length, seconds.warm * 1000);
  const windows = new Map<number, Window[]>(counts.map((count) => [count, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [count, taken] of windows) taken.push(await run(stage, count, seconds.window * 1000));
    process.stderr.write(`${name}: round ${round + 1} of ${rounds}\n`);
  }
  await Promise.all(machines.map((machine) => machine.kill()));
  await store?.stop();
  return [...windows].map(([count, taken]) => rowOf(name, count, taken));
}

type Party = 'machines' | 'store' | 'emulator' | 'browsers';

interface Window {
  perSecond: number;
  /** Of each login, in milliseconds. */
  waits: number[];
  /** Milliseconds; NaN for a store that is not ours to look at. */
  cpu: Record<Party, number>;
}

async function run(stage: Stage, count: number, milliseconds: number): Promise<Window> {
  const machines = stage.machines.slice(0, count);
  const before = cpuOfParties(stage);
  const begun = performance.now();
  const waits: number[] = [];
  const worker = async (_: unknown, number: number) => {
    for (let turn = number; performance.now() - begun < milliseconds; turn++) {
      const since = performance.now();
      await signIn(machines, turn, stage.emulator.cookie);
      waits.push(performance.now() - since);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSecond = (1000 * waits.length) / (performance.now() - begun);
  const after = cpuOfParties(stage);
  const cpu = { ...after };
  for (const party of Object.keys(after) as Party[]) cpu[party] -= before[party];
  return { perSecond, waits, cpu };
}

function cpuOfParties({ machines, store, emulator }: Stage): Record<Party, number> {
  return {
    machines: machines.reduce((sum, { pid }) => sum + cpuOf(pid), 0),
    store: store?.pid === undefined ? Number.NaN : cpuOf(store.pid),
    emulator: cpuOf(emulator.process.pid as number),
    browsers: cpuOf(process.pid),
  };
}

async function signIn(machines: Machine[], turn: number, cookie: string): Promise<void> {
  const at = (index: number) => (machines[index % machines.length] as Machine).url;
  const browser = new LightBrowser();
  const { location } = await browser.get(`${at(turn)}/login`);
  const callback = new URL(await redirectOf(location, cookie));
  const { status } = await browser.get(`${at(turn + 1)}${callback.pathname}${callback.search}`);
  if (status !== 200) throw new Error(`a login ended with ${status}`);
}

// Speed as in the middle one of the windows; cost over all of them, for it is told in steps of ten milliseconds.
function rowOf(name: string, count: number, windows: Window[]): object {
  const waits = windows.flatMap((window) => window.waits);
  const each = (party: Party) => windows.reduce((sum, { cpu }) => sum + cpu[party], 0) / waits.length;
  const [machines, store] = [each('machines'), each('store')];
  const known = (value: number, text: string) => (Number.isNaN(value) ? '–' : text);
  return {
    'pending logins': name,
    processes: count,
    'logins/s': Math.round(median(windows.map(({ perSecond }) => perSecond))),
    'wait ms': Math.round(median(waits)),
    'CPU ms a login': machines.toFixed(2),
    'store ms': known(store, store.toFixed(2)),
    "store's share": known(store, `${Math.round((100 * store) / (machines + store))} %`),
    'emulator ms': each('emulator').toFixed(2),
    'browsers ms': each('browsers').toFixed(2),
  };
}

function median(values: number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] as number;
}

void main();
