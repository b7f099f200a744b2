// How much heap each login keeps for good: `npm run bench:login-memory`. Options, after `--`:
//   --quick                               a short run; it shows that the bench works, its numbers mean nothing
//   --also LABEL=/path/to/dist/index.js   another build of this package beside this one; may be given more than once
// The sessions are deleted before each reading, because they belong to the session store and not to the login.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Adapter, adaptersWith, floor, ofKinds, peer } from './login-adapters';
import type { Memory } from './login-application';
import { signInTimes } from './login-load';
import { type Application, type Provider, startApplication, startProvider } from './processes';
import { printLoad, printMachine, progress } from './report';

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    also: { type: 'string', multiple: true, default: [] },
  },
});

const quarters = 4;
const plan = given.quick ? { warm: 1000, quarter: 500 } : { warm: 3000, quarter: 5000 };
const atOnce = 32;

async function main(): Promise<void> {
  const adapters = ofKinds(adaptersWith(given.also), floor, peer, 'openid', 'openid, sessions');
  printMachine();
  const provider = await startProvider();
  const kept = new Map<string, Memory[]>();
  for (const adapter of adapters) kept.set(adapter.name, await read(adapter, provider));
  provider.stop();
  print(kept);
  printLoad('at the end');
}

function print(kept: ReadonlyMap<string, Memory[]>): void {
  const engine = keptBy(kept.get(floor) ?? [], 'heapUsed');
  const rows = [...kept].map(([name, readings]) => [name, rowOf(readings, engine)] as const);
  console.log(`\noctets kept of a login, over ${quarters * plan.quarter} after ${plan.warm}`);
  console.table(Object.fromEntries(rows));
  for (const [name, row] of rows) {
    const octets = Object.entries(row).map(([what, count]) => `${what}: ${count}`);
    console.log(`${name}: ${octets.join('; ')}`);
  }
}

// The first reading comes after the warm-up, the others after each quarter.
async function read(adapter: Adapter, provider: Provider): Promise<Memory[]> {
  const application = await startApplication([adapter], provider, { execArgv: ['--expose-gc'] });
  const url = application.urls[0] as string;
  await signInTimes(plan.warm, atOnce, url);
  const readings = [await memoryOf(application)];
  for (let quarter = 0; quarter < quarters; quarter++) {
    await signInTimes(plan.quarter, atOnce, url);
    readings.push(await memoryOf(application));
    progress(`${adapter.name}: ${(quarter + 1) * plan.quarter} of ${quarters * plan.quarter}`);
  }
  application.stop();
  return readings;
}

async function memoryOf(application: Application): Promise<Memory> {
  await application.ask('clear');
  // What closed sockets and timers hold becomes free a moment later.
  await wait(200);
  return application.ask('memory');
}

// The engine itself keeps more for every adapter: the code that it compiles, and what it learns of it.
function rowOf(readings: readonly Memory[], engine: number): object {
  const heap = keptBy(readings, 'heapUsed');
  const steps = readings
    .slice(1)
    .map((reading, index) => keptBy([readings[index] as Memory, reading], 'heapUsed'));
  return {
    'heap a login': Math.round(heap),
    'of each quarter': steps.map(Math.round).join(' '),
    'more than the floor': Math.round(heap - engine),
    'outside the heap a login': Math.round(keptBy(readings, 'external')),
  };
}

/** Octets a login between the first reading and the last. */
function keptBy(readings: readonly Memory[], kind: keyof Memory): number {
  const [first, last] = [readings[0], readings.at(-1)];
  const logins = (readings.length - 1) * plan.quarter;
  return ((last?.[kind] ?? Number.NaN) - (first?.[kind] ?? Number.NaN)) / logins;
}

void main();
