import { expect } from 'chai';
import type { Transaction, TransactionStore } from 'passport-jaccount';
import type { Application } from '../support/application';
import { sessionlessFrameworks } from '../support/frameworks';
import { beginAt, strategyOf, transactionOf } from '../support/login-steps';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent } from '../support/user-agent';

describe('a TransactionStore of the application', () => {
  let provider: Provider;
  let application: Application;

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(async () => {
    await application.stop();
    await provider.stop();
  });

  async function start(transactions: Partial<TransactionStore>): Promise<void> {
    const kept = new MapTransactions();
    const { put = kept.put.bind(kept), take = kept.take.bind(kept) } = transactions;
    application = await sessionlessFrameworks[0].start({
      strategies: (callbackURL) => [strategyOf(provider, callbackURL, { transactions: { put, take } })],
    });
  }

  it('signs a user in', async () => {
    await start({});
    const agent = new UserAgent();

    expect((await agent.get(await beginAt(application, agent, '/'))).json().exit).to.equal('success');
  });

  const answers: { what: string; value: unknown }[] = [
    { what: 'null', value: null },
    { what: 'undefined', value: undefined },
    { what: 'true', value: true },
    { what: 'a text', value: 'transaction' },
    { what: 'an object of nothing', value: {} },
    { what: 'a list', value: [transactionOf('one')] },
    { what: 'the transaction of another login', value: transactionOf('one') },
  ];
  for (const { what, value } of answers) {
    it(`that gives back ${what} signs nobody in`, async () => {
      await start({ take: async () => value as Transaction });
      const agent = new UserAgent();

      const end = await agent.get(await beginAt(application, agent, '/'));

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
      expect(provider.tokenRequests).to.have.length(0);
    });
  }

  const gone = new Error('the store is gone');
  const throwing = () => {
    throw gone;
  };
  for (const { how, fault } of [
    { how: 'rejects', fault: () => Promise.reject(gone) },
    { how: 'throws', fault: throwing },
  ]) {
    it(`that ${how} in put() sends nobody to jAccount`, async () => {
      await start({ put: fault });

      const end = await new UserAgent().get(`${application.url}/login`);

      expect(end.location).to.equal(undefined);
      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
    });

    it(`that ${how} in take() signs nobody in`, async () => {
      await start({ take: fault });
      const agent = new UserAgent();

      const end = await agent.get(await beginAt(application, agent, '/'));

      expect(end.json()).to.include({ exit: 'error', message: 'the store is gone' });
      expect(provider.tokenRequests).to.have.length(0);
    });
  }
});

class MapTransactions implements TransactionStore {
  private readonly kept = new Map<string, Transaction>();

  async put(_req: unknown, transaction: Transaction): Promise<void> {
    this.kept.set(transaction.handle, transaction);
  }

  async take(_req: unknown, handle: string): Promise<Transaction | undefined> {
    const transaction = this.kept.get(handle);
    this.kept.delete(handle);
    return transaction;
  }
}
