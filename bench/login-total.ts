// What a whole login costs: redirect and callback, each adapter in a process of its own.
import { type Adapter, floor, peer } from './login-adapters';
import { type Burst, costOf, signInTimes } from './login-load';
import { type ProviderOptions, startApplication, startProvider } from './processes';
import { printRatios, progress } from './report';
import { orders, samplesFor } from './statistics';

export interface TotalPlan extends Burst, ProviderOptions {
  warm: number;
  rounds: number;
}

export async function measureTotals(adapters: readonly Adapter[], plan: TotalPlan): Promise<void> {
  const title = `total, ${plan.tls ? 'https' : 'http'}, ${plan.atOnce} at once`;
  const provider = await startProvider(plan);
  const applications = await Promise.all(
    adapters.map(async (adapter) => ({ adapter, application: await startApplication([adapter], provider) })),
  );
  for (const { adapter, application } of applications) {
    progress(`${title}: ${plan.warm} logins to warm up ${adapter.name}`);
    await signInTimes(plan.warm, plan.atOnce, application.urls[0] as string);
  }
  const samples = samplesFor(adapters.map(({ name }) => name));
  const order = orders(applications);
  for (let round = 0; round < plan.rounds; round++) {
    for (const { adapter, application } of order.next().value)
      samples.get(adapter.name)?.push(await costOf(application, application.urls[0] as string, plan));
    progress(`${title}: round ${round + 1} of ${plan.rounds}`);
  }
  for (const { application } of applications) application.stop();
  provider.stop();
  printRatios(title, samples, [floor, peer]);
}
