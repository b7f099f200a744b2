// What a login costs, beside passport-oauth2 (which verifies no ID Token): `npm run bench:login`. CPU time of the
// application's process per login, in windows that take turns, so that a drift of the machine meets all alike.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { startProvider } from '../test/support/provider';
import { UserAgent } from '../test/support/user-agent';
import type { Setting } from './login-application';

const strategies = ['passport-oauth2', 'openid', 'basic'] as const;
const windows = 7;
const loginsInWindow = 400;
const atOnce = 64;

async function main(): Promise<void> {
  const { endpoints, client, stop } = await startProvider();
  const applications = await Promise.all(
    strategies.map((strategy) => start({ strategy, endpoints, client })),
  );
  const costs: number[][] = strategies.map(() => []);
  // The first window warms the engine and is not counted.
  for (let window = 0; window <= windows; window++) {
    for (const [index, application] of applications.entries()) {
      const cost = await costOf(application);
      if (window > 0) costs[index]?.push(cost);
    }
    process.stderr.write(`window ${window} of ${windows}\n`);
  }
  const base = median(costs[0] as number[]);
  const rows = strategies.map((strategy, index) => {
    const cost = median(costs[index] as number[]);
    return [
      strategy,
      { 'CPU µs a login': Math.round(cost), '× passport-oauth2': Number((cost / base).toFixed(2)) },
    ];
  });
  console.table(Object.fromEntries(rows));
  for (const { process } of applications) process.kill();
  await stop();
}

interface Application {
  process: ChildProcess;
  url: string;
}

async function start(setting: Setting): Promise<Application> {
  const child = fork(`${__dirname}/login-application.ts`, { execArgv: ['--import', 'tsx'] });
  child.send(setting);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { process: child, url };
}

async function costOf({ process: child, url }: Application): Promise<number> {
  const before = await cpuOf(child);
  let left = loginsInWindow;
  const worker = async () => {
    while (left-- > 0) {
      const agent = new UserAgent();
      const { text } = await agent.follow(await agent.get(`${url}/login`));
      if (text !== 'in') throw new Error(`a login failed: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return ((await cpuOf(child)) - before) / loginsInWindow;
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }];
  return cpu;
}

function median(values: number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] as number;
}

void main();
