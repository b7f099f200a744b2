import { expect } from 'chai';
import { answerLast } from '../support/first-answer';
import { type Machine, startMachine } from '../support/machine';
import { type Provider, startProvider } from '../support/provider';
import { type RedisConnection, redisMissing, type StoreServer, startRedis } from '../support/store-servers';
import { UserAgent, type Visit } from '../support/user-agent';

// In CI, which installs what is needed, a Redis that is not there is a failure.
const skipped = redisMissing && !process.env.CI ? ` (skipped: ${redisMissing})` : '';

(skipped ? describe.skip : describe)(`two machines that claim callbacks in Redis${skipped}`, () => {
  let provider: Provider;
  let redis: StoreServer;
  const machines: Machine[] = [];

  before(async function () {
    this.timeout(60_000);
    [provider, redis] = await Promise.all([startProvider(), startRedis()]);
  });
  afterEach(async () => {
    provider.tokenRequests.length = 0;
    await Promise.all(machines.splice(0).map((machine) => machine.kill()));
  });
  after(() => Promise.all([provider.stop(), redis.stop()]));

  async function start(sessions: 'cookies' | 'Redis', claims = true): Promise<void> {
    const connection = redis.connection as RedisConnection;
    const startOne = (name: string, callbackURL: string) =>
      startMachine({
        name,
        // The browser goes where the test sends it.
        options: { ...provider.client, ...provider.endpoints, callbackURL },
        secrets: ['c'.repeat(32)],
        store: sessions === 'Redis' ? connection : undefined,
        keptIn: sessions === 'Redis' ? 'session' : 'cookies',
        claimIn: claims ? connection : undefined,
      });
    const callbackURL = 'http://localhost/callback';
    machines.push(...(await Promise.all([startOne('A', callbackURL), startOne('B', callbackURL)])));
  }

  /** Begins a login on the first machine, and sends its callback to both at once. */
  async function finishAtBoth(): Promise<Visit[]> {
    const agent = new UserAgent();
    const { url } = machines[0] as Machine;
    const { location } = await agent.follow(await agent.get(`${url}/login`), 'http://localhost/callback');
    const { search } = new URL(location as string);
    const headers = { cookie: await agent.jar.getCookieString(url) };
    return answerLast(
      provider,
      machines.map((machine) => () => new UserAgent().get(`${machine.url}/callback${search}`, { headers })),
    );
  }

  for (const where of ['cookies', 'Redis'] as const) {
    it(`send a code once that comes to both at the same moment, with logins in ${where} [CQ-20]`, async function () {
      this.timeout(60_000);
      await start(where);

      for (let round = 1; round <= 10; round++) {
        const ends = await finishAtBoth();

        const [winner, loser] = ends.toSorted((one, other) => one.status - other.status);
        expect(winner?.json()).to.deep.include({ exit: 'success', user: { id: 'zhangsan' } });
        expect(loser?.status).to.equal(403);
        expect(loser?.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'used' });
        expect(provider.tokenRequests).to.have.length(round);
      }
    });
  }

  // Proves that the requests do meet: the row above would pass as well if one came after the other.
  it('would send it twice without the option claim', async function () {
    this.timeout(60_000);
    await start('cookies', false);

    await finishAtBoth();

    expect(provider.tokenRequests).to.have.length(2);
  });
});
