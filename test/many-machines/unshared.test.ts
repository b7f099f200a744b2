import { expect } from 'chai';
import { MemoryStore, type SessionOptions } from 'express-session';
import { JaccountStrategy, type JaccountStrategyOptions, SessionTransactions } from 'passport-jaccount';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { type RoundRobin, startRoundRobin } from '../support/round-robin';
import { UserAgent } from '../support/user-agent';

const shared = new MemoryStore();

describe('an application on two machines', () => {
  let provider: Provider;
  let proxy: RoundRobin;
  const machines: Application[] = [];

  beforeEach(async () => {
    [provider, proxy] = await Promise.all([startProvider(), startRoundRobin()]);
  });
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.stop()));
    await Promise.all([provider.stop(), proxy.stop()]);
  });

  async function start(
    session: Partial<SessionOptions>,
    more: Partial<JaccountStrategyOptions> = {},
  ): Promise<void> {
    const own = { ...provider.client, ...provider.endpoints, callbackURL: `${proxy.url}/callback` };
    const options = { ...own, ...more };
    const strategy = () => new JaccountStrategy(options, async ({ profile }) => ({ id: profile.id }));
    machines.push(await startApplication({ session, strategy }));
    proxy.targets.push(machines.at(-1)?.url as string);
  }

  const unshared: { what: string; sessions: Partial<SessionOptions>[] }[] = [
    {
      what: 'with a session store each',
      sessions: [{ store: new MemoryStore() }, { store: new MemoryStore() }],
    },
    {
      what: 'with a session secret each',
      sessions: [
        { store: shared, secret: 'one' },
        { store: shared, secret: 'other' },
      ],
    },
  ];
  for (const { what, sessions } of unshared) {
    it(`${what} says what they must share, with SessionTransactions`, async () => {
      for (const session of sessions) await start(session, { transactions: new SessionTransactions() });
      const agent = new UserAgent();

      const end = await agent.follow(await agent.get(`${proxy.url}/login`));

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'no-transaction' });
      expect(end.json().challenge.detail).to.match(/session store or secret of its own/);
      expect(provider.tokenRequests).to.deep.equal([]);
    });
  }

  for (const { what, sessions } of unshared) {
    it(`${what} signs in by default: a login does not wait in the session`, async () => {
      for (const session of sessions) await start(session);
      const agent = new UserAgent();

      const end = await agent.follow(await agent.get(`${proxy.url}/login`));

      expect(end.json()).to.deep.include({ exit: 'success', user: { id: 'zhangsan' } });
      expect(provider.tokenRequests).to.have.length(1);
    });
  }

  it('with a client secret each says what they must share', async () => {
    await start({});
    await start({}, { clientSecret: 'the secret of another client, 32 octets' });
    const agent = new UserAgent();

    const end = await agent.follow(await agent.get(`${proxy.url}/login`));

    expect(end.status).to.equal(403);
    expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
    expect(end.json().challenge.detail).to.match(/sealed with another secret: all machines must share/);
    expect(provider.tokenRequests).to.deep.equal([]);
  });
});
