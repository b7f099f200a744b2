// The application of the tests in a process of its own, which writes down what its memory holds.
import { writeHeapSnapshot } from 'node:v8';
import { CookieTransactions, JaccountStrategy, type JaccountStrategyOptions } from 'passport-jaccount';
import { startApplication } from './application';

process.on('disconnect', () => process.exit());
process.once('message', (options: JaccountStrategyOptions) => {
  void start(options).then(({ url }) => process.send?.({ url }));
  process.once('message', (path: string) => {
    // It collects the garbage first.
    writeHeapSnapshot(path);
    process.send?.('written');
  });
});

async function start(options: JaccountStrategyOptions) {
  const transactions = new CookieTransactions({ secret: 'a secret of the tests, long enough' });
  return startApplication({
    session: false,
    strategy: () =>
      new JaccountStrategy({ ...options, transactions }, async ({ profile }) => ({ id: profile.id })),
  });
}
