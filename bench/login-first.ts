// What the first login of a fresh process costs. The process may load in the background what it needs before it is asked.
import { setTimeout as wait } from 'node:timers/promises';
import { type Adapter, floor } from './login-adapters';
import { signIn } from './login-load';
import { type Provider, type ProviderOptions, startApplication, startProvider } from './processes';
import { printRatios, progress } from './report';
import { orders, samplesFor } from './statistics';

const idleMilliseconds = 300;

export async function measureFirstLogins(
  adapters: readonly Adapter[],
  plan: ProviderOptions & { processes: number },
): Promise<void> {
  const title = 'first login of a fresh process';
  const provider = await startProvider(plan);
  const samples = samplesFor(adapters.map(({ name }) => name));
  const order = orders(adapters);
  for (let round = 0; round < plan.processes; round++) {
    for (const adapter of order.next().value)
      samples.get(adapter.name)?.push(await firstLogin(adapter, provider));
    progress(`${title}: process ${round + 1} of ${plan.processes}`);
  }
  provider.stop();
  printRatios(title, samples, [floor]);
}

async function firstLogin(adapter: Adapter, provider: Provider): Promise<number> {
  const application = await startApplication([adapter], provider);
  await wait(idleMilliseconds);
  const before = await application.ask<number>('cpu');
  await signIn(application.urls[0] as string);
  const after = await application.ask<number>('cpu');
  application.stop();
  return after - before;
}
