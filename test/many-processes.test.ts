import { expect } from 'chai';
import { MemoryStore, type SessionData } from 'express-session';
import { JaccountStrategy } from 'passport-jaccount';
import { type Application, startApplication } from './support/application';
import { type Provider, startProvider } from './support/provider';
import { UserAgent } from './support/user-agent';

/** Answers no request before as many have come as were announced: all of them see the same session. */
class GatheringStore extends MemoryStore {
  private waiting: (() => void)[] = [];
  expected = 1;

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.waiting.push(() => super.get(sid, callback));
    if (this.waiting.length < this.expected) return;
    this.expected = 1;
    for (const answer of this.waiting.splice(0)) answer();
  }
}

describe('applications that share a session store', () => {
  let provider: Provider;
  let machines: Application[];
  let store: GatheringStore;

  beforeEach(async () => {
    provider = await startProvider();
    store = new GatheringStore();
    const start = (redirectURI?: string) =>
      startApplication({
        session: { store },
        strategy: (own) => {
          const callbackURL = redirectURI ?? own;
          return new JaccountStrategy(
            { ...provider.client, ...provider.endpoints, callbackURL },
            async ({ profile }) => profile,
          );
        },
      });
    const first = await start();
    machines = [first, await start(first.callbackURL)];
  });
  afterEach(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
    await provider.stop();
  });

  // The browser does not tell ports apart, so its cookie goes to both machines.
  async function callbacks(agent: UserAgent): Promise<[string, string]> {
    const [one, other] = machines as [Application, Application];
    const { location } = await agent.follow(await agent.get(`${one.url}/login`), one.url);
    return [location as string, (location as string).replace(one.url, other.url)];
  }

  it('finish a login that another one began', async () => {
    const agent = new UserAgent();
    const [, elsewhere] = await callbacks(agent);

    expect((await agent.get(elsewhere)).json().exit).to.equal('success');
  });

  it('know of a callback that another one has spent', async () => {
    const agent = new UserAgent();
    const [here, elsewhere] = await callbacks(agent);
    await agent.get(here);

    const replay = await agent.get(elsewhere);

    expect(replay.status).to.equal(302);
    expect(provider.tokenRequests).to.have.length(1);
  });

  it('exchange a code once when two requests load one session at the same moment [CQ-20]', async () => {
    const agent = new UserAgent();
    const [here] = await callbacks(agent);
    store.expected = 2;

    const ends = await Promise.all([agent.get(here), agent.get(here)]);

    expect(ends.map(({ status }) => status).sort()).to.deep.equal([200, 403]);
    expect(provider.tokenRequests).to.have.length(1);
  });
});
