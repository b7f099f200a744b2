// What a login costs, beside a floor made by hand and other strategies: `npm run bench:login`. It measures CPU time of
// the application's process, never wall time. Options, after `--`:
//   --quick                               fewer adapters and rounds, and a shorter warm-up: good for a first look only,
//                                         because the engine still compiles
//   --only http,https,own,first,requests  these questions alone
//   --also LABEL=/path/to/dist/index.js   another build of this package beside this one; may be given more than once
//   --documented                          the provider sends an ID Token for the scope openid only, as jAccount
//                                         documents it; otherwise for every scope, as jAccount's clients see it
// The environment variable JACCOUNT_PACKAGE may hold the absolute path of the build that is measured as this one.
import { parseArgs } from 'node:util';
import { type Adapter, adaptersWith, floor, type Kind, ofKinds, peer } from './login-adapters';
import { countRequests } from './login-counts';
import { measureFirstLogins } from './login-first';
import { measureOwnCosts } from './login-own';
import { measureTotals } from './login-total';
import type { ProviderOptions } from './processes';
import { printLoad, printMachine } from './report';

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'http,https,own,first,requests' },
    also: { type: 'string', multiple: true, default: [] },
    documented: { type: 'boolean', default: false },
  },
});

const idToken: ProviderOptions['idToken'] = given.documented ? 'openid' : 'always';
const size = given.quick
  ? { total: { warm: 2000, rounds: 6, logins: 128 }, own: { warm: 1000, bursts: 10 }, processes: 3 }
  : { total: { warm: 3500, rounds: 40, logins: 320 }, own: { warm: 3500, bursts: 150 }, processes: 21 };
const totals = { ...size.total, lead: 64, idToken };
const bursts = { ...size.own, lead: 8, logins: 100, atOnce: 8, idToken };
const notInQuick: readonly Kind[] = ['floor two requests', 'passport-oauth2'];
const firstKinds = [floor, peer, 'openid', 'openid, sessions', 'basic'] as const;

const questions: Record<string, (adapters: Adapter[]) => Promise<void>> = {
  http: (adapters) => measureTotals(adapters, { ...totals, tls: false, atOnce: 64 }),
  https: (adapters) => measureTotals(adapters, { ...totals, tls: true, atOnce: 16 }),
  own: (adapters) => measureOwnCosts(adapters, bursts),
  first: (adapters) =>
    measureFirstLogins(ofKinds(adapters, ...firstKinds), { processes: size.processes, idToken }),
  requests: (adapters) => countRequests(adapters, { idToken }),
};

async function main(): Promise<void> {
  const all = adaptersWith(given.also);
  const adapters = given.quick ? all.filter(({ kind }) => !notInQuick.includes(kind)) : all;
  const asked = given.only.split(',').map((name) => questions[name] ?? unknown(name));
  printMachine();
  for (const measure of asked) await measure(adapters);
  printLoad('at the end');
}

function unknown(name: string): never {
  throw new TypeError(`--only takes ${Object.keys(questions).join(', ')}; it was given ${name}`);
}

void main();
