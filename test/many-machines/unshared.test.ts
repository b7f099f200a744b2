import { expect } from 'chai';
import { MemoryStore, type SessionOptions } from 'express-session';
import { JaccountStrategy } from 'passport-jaccount';
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

  async function start(session: Partial<SessionOptions>): Promise<void> {
    const options = { ...provider.client, ...provider.endpoints, callbackURL: `${proxy.url}/callback` };
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
    it(`${what} says what they must share`, async () => {
      for (const session of sessions) await start(session);
      const agent = new UserAgent();

      const end = await agent.follow(await agent.get(`${proxy.url}/login`));

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'no-transaction' });
      expect(end.json().challenge.message).to.match(/session store or secret of its own/);
      expect(provider.tokenRequests).to.deep.equal([]);
    });
  }
});
