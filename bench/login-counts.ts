// What a login asks of the provider and leaves in the session: counted once, since it is always the same.
import { LightBrowser } from './light-browser';
import type { Adapter } from './login-adapters';
import { begin } from './login-load';
import {
  type Application,
  type Provider,
  type ProviderOptions,
  startApplication,
  startProvider,
} from './processes';
import { progress } from './report';

// Long enough that the second of two clicks comes while the code of the first is exchanged.
const exchangeMilliseconds = 100;
const manyLogins = 8;

export async function countRequests(adapters: readonly Adapter[], plan: ProviderOptions): Promise<void> {
  const provider = await startProvider(plan);
  const rows: [string, object][] = [];
  for (const adapter of adapters.filter(({ kind }) => kind !== 'shell')) {
    const application = await startApplication([adapter], provider, { readsUser: true });
    rows.push([adapter.name, await rowOf(application, provider)]);
    application.stop();
    progress(`requests: ${adapter.name}`);
  }
  provider.stop();
  console.log('\nrequests to the provider [and what the browser is answered], octets left in the session');
  console.table(Object.fromEntries(rows));
  for (const [name, row] of rows) {
    const counts = Object.entries(row).map(([what, count]) => `${what}: ${count}`);
    console.log(`${name}: ${counts.join('; ')}`);
  }
}

async function rowOf(application: Application, provider: Provider): Promise<object> {
  const url = application.urls[0] as string;
  const browser = new LightBrowser();
  const callback = await begin(browser, url);
  const login = await visit(browser, [callback], provider);
  const octets = await application.ask<number>('sessions');
  const reload = await visit(browser, [callback], provider);
  const octetsOfMany = await octetsAfter(manyLogins, application);
  const clicked = new LightBrowser();
  const twice = await begin(clicked, url, exchangeMilliseconds);
  const doubleClick = await visit(clicked, [twice, twice], provider);
  return {
    'one login': login,
    'its reload': reload,
    'double click': doubleClick,
    'octets left': octets,
    [`octets left by ${manyLogins} logins of one browser`]: octetsOfMany,
  };
}

async function visit(browser: LightBrowser, callbacks: string[], provider: Provider): Promise<string> {
  await provider.counts();
  const answers = await Promise.all(callbacks.map((callback) => browser.get(callback)));
  const counts = Object.values(await provider.counts());
  const requests = counts.reduce((sum, count) => sum + count, 0);
  return `${requests} [${answers.map(({ status }) => status).join(' ')}]`;
}

async function octetsAfter(logins: number, application: Application): Promise<number> {
  const browser = new LightBrowser();
  await application.ask('clear');
  for (let login = 0; login < logins; login++)
    await browser.get(await begin(browser, application.urls[0] as string));
  return application.ask('sessions');
}
