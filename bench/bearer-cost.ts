// What a request with a bearer token costs, beside Express alone and beside jose with an imported key:
// `node --import tsx bench/bearer-cost.ts`. CPU time of the API's process, in windows that take turns, so that a drift of
// the machine meets all alike.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createKey, startApiIssuer } from '../test/support/api-issuer';
import { rightClaims, signIdToken } from '../test/support/provider';
import type { Setting } from './bearer-application';

const kinds = ['express', 'jose', 'jwks', 'jwksURL', 'ID Token'] as const;
const windows = 7;
const requestsInWindow = 2000;
const atOnce = 32;
const client = { clientID: 'japp000001', clientSecret: '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5' };

interface Application {
  process: ChildProcess;
  url: string;
  token: string;
}

async function main(): Promise<void> {
  const key = createKey('first');
  const issuer = await startApiIssuer([key]);
  const login = { code: '', nonce: 'n', user: 'zhangsan', clientID: client.clientID };
  const idToken = signIdToken(rightClaims(issuer.issuer, login), client.clientSecret);
  const applications = await Promise.all(
    kinds.map((kind) =>
      start(
        { kind, entry: issuer.entry, jwk: key.jwk, client },
        kind === 'ID Token' ? idToken : issuer.token(),
      ),
    ),
  );
  const costs: number[][] = kinds.map(() => []);
  // The first window warms the engine and is not counted.
  for (let window = 0; window <= windows; window++) {
    for (const [index, application] of applications.entries()) {
      const cost = await costOf(application);
      if (window > 0) costs[index]?.push(cost);
    }
    process.stderr.write(`window ${window} of ${windows}\n`);
  }
  print(costs.map(median));
  for (const application of applications) application.process.kill();
  await issuer.stop();
}

function print(medians: number[]): void {
  const [express = 0, jose = 0] = medians;
  const rows = kinds.map((kind, index) => {
    const cost = medians[index] as number;
    const ratios = { '× Express alone': ratio(cost, express), '× jose': ratio(cost, jose) };
    return [kind, { 'CPU µs a request': Math.round(cost), ...ratios }];
  });
  console.table(Object.fromEntries(rows));
}

function ratio(one: number, other: number): number {
  return Number((one / other).toFixed(2));
}

async function start(setting: Setting, token: string): Promise<Application> {
  const child = fork(`${__dirname}/bearer-application.ts`, { execArgv: ['--import', 'tsx'] });
  child.send(setting);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { process: child, url, token };
}

async function costOf({ process: child, url, token }: Application): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const before = await cpuOf(child);
  let left = requestsInWindow;
  const worker = async () => {
    while (left-- > 0) await request(url, token, agent);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
  return ((await cpuOf(child)) - before) / requestsInWindow;
}

function request(url: string, token: string, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`a request was refused: ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
  });
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
