// The application of the tests in a process of its own, which writes down what its memory holds.
import { writeHeapSnapshot } from 'node:v8';
import { JaccountStrategy, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import { startApplication } from './application';

export interface HeapSetting {
  options: JaccountStrategyOptions;
  keptIn: 'cookies' | 'sessions';
}

process.on('disconnect', () => process.exit());
process.once('message', (setting: HeapSetting) => {
  void start(setting).then(({ url }) => process.send?.({ url }));
  process.once('message', (path: string) => {
    // It collects the garbage first.
    writeHeapSnapshot(path);
    process.send?.('written');
  });
});

async function start({ options, keptIn }: HeapSetting) {
  const transactions = keptIn === 'sessions' && { transactions: new SessionTransactions() };
  return startApplication({
    ...(keptIn === 'cookies' && { session: false }),
    strategy: () =>
      new JaccountStrategy({ ...options, ...transactions }, async ({ profile }) => ({ id: profile.id })),
  });
}
