import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Machine, type MachineSetting, startMachine } from '../support/machine';
import { startProvider } from '../support/provider';
import { type RoundRobin, startRoundRobin } from '../support/round-robin';
import { redisMissing, type StoreServer, startPostgres, startRedis } from '../support/store-servers';
import { UserAgent, type Visit } from '../support/user-agent';

const users = Array.from({ length: 100 }, (_, number) => ({
  account: `user${number}`,
  name: `用户${number}`,
}));
const secret = 'c'.repeat(32);

interface Kind {
  name: string;
  missing?: string | undefined;
  start(): Promise<StoreServer | undefined>;
  /** Where pending logins wait, if not where they do by default. */
  keptIn?: 'cookies' | 'session';
  /** Whether the machines have sessions, in what `start` started. */
  sessions: boolean;
  /** Whether they ask there which of them is the first with a callback. */
  claims?: boolean;
  /** How a callback ends that comes to another machine once it was answered. */
  replayed: object;
  /** How one ends that a machine took and never answered. */
  orphaned: object;
}

const sentOn = { status: 302, reason: undefined };
const used = { status: 403, reason: 'used' };
// The machine had no time to replace the cookie, nor jAccount to take the code.
const signedIn = { status: 200, reason: undefined };

/** What there is to share. */
const kinds: Kind[] = [
  {
    name: 'sessions in Redis',
    missing: redisMissing,
    start: startRedis,
    ...{ sessions: true, replayed: sentOn, orphaned: signedIn },
  },
  {
    name: 'SessionTransactions in Redis',
    missing: redisMissing,
    start: startRedis,
    ...{ keptIn: 'session', sessions: true, replayed: sentOn, orphaned: used },
  },
  {
    name: 'SessionTransactions in PostgreSQL',
    start: startPostgres,
    ...{ keptIn: 'session', sessions: true, replayed: sentOn, orphaned: used },
  },
  {
    name: 'CookieTransactions and no store',
    start: async () => undefined,
    ...{ keptIn: 'cookies', sessions: false, replayed: used, orphaned: signedIn },
  },
  {
    name: 'the default and no store',
    start: async () => undefined,
    ...{ sessions: false, replayed: used, orphaned: signedIn },
  },
  {
    name: 'sessions and claims in Redis',
    missing: redisMissing,
    start: startRedis,
    ...{ sessions: true, claims: true, replayed: sentOn, orphaned: used },
  },
  {
    name: 'SessionTransactions and claims in Redis',
    missing: redisMissing,
    start: startRedis,
    ...{ keptIn: 'session', sessions: true, claims: true, replayed: sentOn, orphaned: used },
  },
  {
    name: 'claims in Redis and no sessions',
    missing: redisMissing,
    start: startRedis,
    ...{ sessions: false, claims: true, replayed: used, orphaned: used },
  },
];

for (const kind of kinds) {
  const { name, missing, start, keptIn, sessions, claims = false, replayed, orphaned } = kind;
  const title = `an application on three machines, with ${name}`;
  // In CI, which installs what is needed, a store that is not there is a failure.
  if (missing && !process.env.CI) {
    describe.skip(`${title} (skipped: ${missing})`, () => it('signs users in'));
    continue;
  }

  describe(title, () => {
    let emulator: Emulator;
    let store: StoreServer | undefined;
    let proxy: RoundRobin;
    let machines: Machine[];
    const extra: Machine[] = [];

    before(async function () {
      this.timeout(60_000);
      [emulator, store, proxy] = await Promise.all([
        startEmulator({ accounts: users }),
        start(),
        startRoundRobin(),
      ]);
      machines = await Promise.all(['A', 'B', 'C'].map((letter) => machine(letter)));
    });
    beforeEach(() => {
      proxy.targets = machines.map(({ url }) => url);
    });
    afterEach(async () => {
      await Promise.all(extra.splice(0).map((one) => one.kill()));
    });
    after(async () => {
      await Promise.all(machines.map((one) => one.kill()));
      await Promise.all([emulator.stop(), proxy.stop(), store?.stop()]);
    });

    function machine(letter: string, setting: Partial<MachineSetting['options']> = {}): Promise<Machine> {
      const callbackURL = `${proxy.url}/callback`;
      const options = { ...emulator.client, ...emulator.endpoints, callbackURL, ...setting };
      return startMachine({
        ...{ name: letter, options, secrets: [secret], keptIn },
        ...(sessions && { store: store?.connection }),
        ...(claims && { claimIn: store?.connection }),
      });
    }

    async function startExtra(letter: string, setting?: Partial<MachineSetting['options']>) {
      const started = await machine(letter, setting);
      extra.push(started);
      return started;
    }

    /** Begins a login and gives the address at which jAccount sends the browser back. */
    async function begin(agent: UserAgent, account = 'zhaoyichen', returnTo = '/'): Promise<string> {
      const visit = await agent.follow(await agent.get(`${proxy.url}/login?returnTo=${returnTo}`), proxy.url);
      if (visit.location !== undefined) return visit.location;
      const chosen = await agent.follow(await agent.choose(visit, account), proxy.url);
      return chosen.location as string;
    }

    it('finishes a login on another machine than began it', async () => {
      const agent = new UserAgent();

      const end = await agent.get(await begin(agent));

      const { user, info } = end.json();
      expect(user.id).to.equal('zhaoyichen');
      expect(end.headers.get('machine')).not.to.equal(info.appState.begunBy);
    });

    it('keeps five tabs of one browser apart, in whatever order they finish', async () => {
      const agent = new UserAgent();
      const callbacks: string[] = [];
      for (const tab of ['/0', '/1', '/2', '/3', '/4']) callbacks.push(await begin(agent, undefined, tab));

      const ends = [];
      for (const tab of [3, 0, 4, 1, 2]) ends.push(await agent.get(callbacks[tab] as string));

      expect(ends.map((end) => end.json().info?.returnTo)).to.deep.equal(['/3', '/0', '/4', '/1', '/2']);
      expect(new Set(ends.map((end) => end.headers.get('machine'))).size).to.equal(3);
    });

    it('finishes the logins of a machine that was killed [FI-23]', async () => {
      const doomed = await startExtra('doomed');
      proxy.targets = [doomed.url];
      const agent = new UserAgent();
      const callback = await begin(agent);
      proxy.targets = [doomed.url, machines[0]?.url as string];

      await doomed.kill();
      const ends = [await agent.get(callback), await new UserAgent().get(`${proxy.url}/me`)];

      expect(ends[0]?.json()).to.deep.include({ exit: 'success', user: { id: 'zhaoyichen' } });
      expect(ends[1]?.status).to.equal(200);
    });

    it('signs in once at most when a machine is killed while it exchanges the code [FI-23]', async () => {
      const provider = await startProvider();
      const options = { ...provider.client, ...provider.endpoints };
      const [doomed, other] = await Promise.all([
        startExtra('doomed', options),
        startExtra('other', options),
      ]);
      const agent = new UserAgent();
      proxy.targets = [doomed.url];
      const callback = await begin(agent);
      const asked = new Promise<void>((resolve) => {
        provider.script.token = () => {
          delete provider.script.token;
          resolve();
          return () => undefined;
        };
      });

      const lost = agent.get(callback);
      await asked;
      proxy.targets = [other.url];
      await doomed.kill();
      const ends = [await lost, await agent.get(callback), await agent.get(await begin(agent))];
      await provider.stop();

      const reload = ends[1] as Visit;
      expect({ status: reload.status, reason: reload.json().challenge?.reason }).to.deep.equal(orphaned);
      expect(ends.map(({ status }) => status)).to.deep.equal([502, reload.status, 200]);
    });

    it('exchanges no code twice for a callback that comes to another machine again [CQ-19]', async () => {
      const agent = new UserAgent();
      const callback = await begin(agent);
      const first = await agent.get(callback);
      const exchanges = tokenRequests();

      const replay = await agent.get(callback);

      const reason = replay.status === 302 ? undefined : replay.json().challenge.reason;
      expect({ status: replay.status, reason }).to.deep.equal(replayed);
      expect(replay.headers.get('machine')).not.to.equal(first.headers.get('machine'));
      expect(tokenRequests()).to.equal(exchanges);
    });

    it('signs in once when a callback comes to two machines at the same moment [CQ-20]', async () => {
      for (let round = 0; round < 10; round++) {
        const agent = new UserAgent();
        const callback = await begin(agent);
        const before = tokenRequests();

        const ends = await Promise.all([agent.get(callback), agent.get(callback)]);

        const successes = ends.filter(({ status }) => status === 200);
        expect(successes).to.have.length(1);
        expect(new Set(ends.map((end) => end.headers.get('machine'))).size).to.equal(2);
        for (const end of ends) expect(end.status).to.be.oneOf(claims ? [200, 403] : [200, 401, 403]);
        expect(tokenRequests() - before).to.be.oneOf(claims ? [1] : [1, 2]);
      }
    });

    it('gives a callback that comes to one machine twice at once one outcome, with one code [CQ-20]', async () => {
      const provider = await startProvider({ delay: () => 200 });
      const alone = await startExtra('alone', { ...provider.client, ...provider.endpoints });
      proxy.targets = [alone.url];
      const agent = new UserAgent();
      const callback = await begin(agent);

      const ends = await Promise.all([agent.get(callback), agent.get(callback)]);
      await provider.stop();

      expect(ends.map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(ends.map((end) => end.json().user)).to.deep.equal([{ id: 'zhangsan' }, { id: 'zhangsan' }]);
      expect(provider.tokenRequests).to.have.length(1);
    });

    it('signs in a hundred users at once, each as themselves [LD-01]', async () => {
      const seen = await Promise.all(
        users.map(async ({ account }) => {
          const agent = new UserAgent();
          const { user } = (await agent.get(await begin(agent, account))).json();
          const me = sessions ? (await agent.get(`${proxy.url}/me`)).json().user : user;
          return [user.id, me.id];
        }),
      );

      expect(seen).to.deep.equal(users.map(({ account }) => [account, account]));
    });

    const tokenRequests = () => emulator.requests.filter(({ path }) => path === '/oauth2/token').length;
  });
}
