// What an adapter itself costs: the login less Express, session and Passport. All adapters are in one process and take
// turns in short bursts, so that the difference of two bursts is theirs and not the machine's.
import { type Adapter, peer } from './login-adapters';
import { type Burst, costOf, signInTimes } from './login-load';
import { type ProviderOptions, startApplication, startProvider } from './processes';
import { progress } from './report';
import { median, orders, pairwise, quantile, type Samples, samplesFor, spread } from './statistics';

export interface OwnPlan extends Burst, ProviderOptions {
  warm: number;
  bursts: number;
}

const title = 'own cost, one process';

export async function measureOwnCosts(adapters: Adapter[], plan: OwnPlan): Promise<void> {
  const provider = await startProvider(plan);
  const application = await startApplication(adapters, provider);
  const mounted = adapters.map(({ name }, index) => ({ name, url: application.urls[index] as string }));
  for (const { name, url } of mounted) {
    progress(`${title}: ${plan.warm} logins to warm up ${name}`);
    await signInTimes(plan.warm, plan.atOnce, url);
  }
  const samples = samplesFor(adapters.map(({ name }) => name));
  const order = orders(mounted);
  for (let burst = 0; burst < plan.bursts; burst++) {
    for (const { name, url } of order.next().value)
      samples.get(name)?.push(await costOf(application, url, plan));
    if (burst % 10 === 9) progress(`${title}: burst ${burst + 1} of ${plan.bursts}`);
  }
  application.stop();
  provider.stop();
  print(samples);
}

interface OwnCost {
  /** The 10th percentile of the adapter less that of the shell: both when the machine disturbs least. */
  undisturbed: number;
  /** The differences burst by burst. */
  paired: number[];
}

function print(samples: Samples): void {
  const names = [...samples.keys()].filter((name) => name !== 'shell');
  const costs = new Map(names.map((name) => [name, ownCostOf(samples, name)]));
  const base = costs.get(peer) as OwnCost;
  const rows = [...costs].map(([name, cost]) => [name, rowOf(cost, base)]);
  console.log(`\n${title}: the adapter less the shell, µs of CPU a login`);
  console.table(Object.fromEntries(rows));
  for (const [name, { undisturbed, paired }] of costs) {
    if (name === peer) continue;
    const low = (undisturbed / base.undisturbed).toFixed(2);
    const middle = (median(paired) / median(base.paired)).toFixed(2);
    console.log(`${title}: ${name} ÷ ${peer}: ${middle} (10th percentiles: ${low})`);
  }
}

function ownCostOf(samples: Samples, name: string): OwnCost {
  const [low = 0, shell = 0] = [name, 'shell'].map((each) => quantile(samples.get(each) ?? [], 0.1));
  return {
    undisturbed: low - shell,
    paired: pairwise(samples, [name, 'shell'], (value, other) => value - other),
  };
}

function rowOf({ undisturbed, paired }: OwnCost, base: OwnCost): object {
  return {
    '10th percentile': Math.round(undisturbed),
    median: Math.round(median(paired)),
    'middle half': spread(paired, 0),
    [`÷ ${peer}, 10th percentile`]: (undisturbed / base.undisturbed).toFixed(2),
    [`÷ ${peer}, median`]: (median(paired) / median(base.paired)).toFixed(2),
  };
}
