// Orders in which a scheduler can serve the requests of one browser: 500 in each run of the tests, more with
// INTERLEAVINGS=20000. SCENE='{"isPlanted":true}' narrows the scenes; PACKAGE=/path/to/dist/index.js tries another build.
import { expect } from 'chai';
import fc from 'fast-check';
import * as thisPackage from 'passport-jaccount';
import { takeClock } from '../support/clock';
import {
  type BegunLogin,
  Browser,
  inOrder,
  Machine,
  ModelProvider,
  type Package,
  runAll,
  type Steps,
  type World,
} from '../support/login-model';

const { INTERLEAVINGS = '500', PACKAGE, SCENE = '{}' } = process.env;
const built: Package = PACKAGE ? require(PACKAGE) : thisPackage;
const secret = 'a secret of the model, longer than 32 characters';

type Store = 'cookies' | 'sessions';

interface Tab {
  account: string;
  /** At which machine it begins, and at which it comes back. */
  begins: number;
  ends: number;
  /** How often the browser asks for the callback: once, twice at once, or again after the answer. */
  asks: 'once' | 'twice' | 'again';
}

interface Scene {
  tabs: Tab[];
  machines: number;
  claims: boolean;
  /** Whether the browser has a session before the first login begins. */
  knowsSession: boolean;
  signsOut: boolean;
  /** Whether a stranger begins a login elsewhere, and puts its cookies into the browser. */
  isPlanted: boolean;
}

const tab: fc.Arbitrary<Tab> = fc.record({
  account: fc.constantFrom('zhangsan', 'zhangsan', 'lisi'),
  begins: fc.nat(1),
  ends: fc.nat(1),
  asks: fc.constantFrom('once', 'twice', 'again'),
});

const scenes: fc.Arbitrary<Scene> = fc.record({
  tabs: fc.array(tab, { minLength: 1, maxLength: 3 }),
  machines: fc.constantFrom(1, 2),
  claims: fc.boolean(),
  knowsSession: fc.boolean(),
  signsOut: fc.boolean(),
  isPlanted: fc.boolean(),
});
const scene = scenes.map((it): Scene => ({ ...it, ...JSON.parse(SCENE) }));

describe('the login, in any order of its steps', function () {
  this.timeout(Number(INTERLEAVINGS) * 200);

  const provider = new ModelProvider();
  before(() => provider.start());
  after(() => provider.stop());

  function worldWith(scheduler: Steps): World {
    provider.reset(scheduler);
    const nothing = { sessions: new Map(), claimed: new Set<string>(), ends: [], sawDeadSession: false };
    return { scheduler, provider, ...nothing };
  }

  function machinesOf(
    world: World,
    store: Store,
    { machines, claims }: Pick<Scene, 'machines' | 'claims'>,
  ): Machine[] {
    const claim = async (handle: string) => {
      await world.scheduler.schedule(Promise.resolve(), `claim of ${handle.slice(0, 4)}`);
      return !world.claimed.has(handle) && Boolean(world.claimed.add(handle));
    };
    const options = claims && !PACKAGE ? { claim } : {};
    return Array.from({ length: machines }, (_, number) => {
      const transactions =
        store === 'cookies'
          ? new built.CookieTransactions({ secret, ...options })
          : new built.SessionTransactions(options);
      return new Machine(built, world, number, transactions);
    });
  }

  /** Lets the scene happen, and gives the logins of the tabs and of the stranger. */
  async function play(world: World, machines: Machine[], it: Scene) {
    const at = (number: number) => machines[number % machines.length] as Machine;
    const browser = new Browser();
    if (it.knowsSession) {
      world.sessions.set('known', '{"visited":true}');
      browser.keep(['sid=known']);
    }
    const logins: (BegunLogin | undefined)[] = [];
    const tabs = it.tabs.map(async ({ account, begins, ends, asks }) => {
      const login = await at(begins).begin(browser, account);
      logins.push(login);
      if (!login) return;
      await Promise.all([
        at(ends).finish(browser, login),
        asks === 'twice' && at(ends).finish(browser, login),
      ]);
      if (asks === 'again') await at(ends + 1).finish(browser, login);
    });
    const signOut = it.signsOut ? at(0).signOut(browser) : undefined;
    const planted = it.isPlanted ? plant(world, at(0), browser) : undefined;
    await runAll(world, Promise.all([...tabs, signOut, planted]));
    return { logins };
  }

  async function plant(world: World, machine: Machine, victim: Browser): Promise<void> {
    const stranger = new Browser();
    const login = await machine.begin(stranger, 'mallory');
    await world.scheduler.schedule(Promise.resolve(), 'the stranger plants cookies');
    for (const [name, cookie] of stranger.cookies) victim.cookies.set(name, cookie);
    const own = await machine.begin(victim, 'zhangsan');
    if (own) await machine.finish(victim, own);
    if (login) await machine.finish(victim, login);
  }

  for (const store of ['cookies', 'sessions'] as const) {
    it(`signs nobody in as somebody else, sends no code twice, loses no login (${store})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), scene, async (scheduler, it) => {
          const world = worldWith(scheduler);

          const { logins } = await play(world, machinesOf(world, store, it), it);

          expectRightAccounts(world);
          expectCodesSentOnce(world, it);
          if (!it.isPlanted) for (const login of logins) expectNotLost(world, store, it, login);
        }),
        { numRuns: Number(INTERLEAVINGS) },
      );
    });
  }

  // Also where a stranger has planted a login: who is signed in stays who they are.
  function expectRightAccounts({ ends }: World): void {
    for (const { exit, account, login, signedIn } of ends) {
      if (exit !== 'success') continue;
      expect(account, 'the account that agreed at the provider').to.equal(login.account);
      if (signedIn !== undefined && login.begunAs !== signedIn)
        expect(account, 'the account that is signed in').to.equal(signedIn);
    }
  }

  function expectCodesSentOnce({ provider: { sent } }: World, { claims }: Scene): void {
    for (const machines of sent.values()) {
      expect(new Set(machines).size, 'machines that sent a code').to.equal(machines.length);
      if (claims) expect(machines, 'machines that sent a code').to.have.length(1);
    }
  }

  // What docs/sessions.md names is left out: who signs in as another account or signs out meanwhile begins again, and a
  // session has limits of its own.
  function expectNotLost(world: World, store: Store, it: Scene, login: BegunLogin | undefined): void {
    const inSession = store === 'sessions' && (it.machines > 1 || !it.knowsSession || it.signsOut);
    if (inSession || (store === 'sessions' && world.sawDeadSession)) return;
    const ends = world.ends.filter((end) => end.login === login);
    const isExcused = ends.some(({ otherSince }) => otherSince) || (it.signsOut && login?.begunAs);
    if (isExcused) return;
    // A reload while the code is exchanged is no reason to refuse. A session remembers two callbacks that are answered.
    const early = ends.filter(
      ({ machine, cameBeforeTokens }) => cameBeforeTokens && machine === ends[0]?.machine,
    );
    const isRemembered = store === 'cookies' || it.tabs.length < 3;
    if (it.machines === 1 && isRemembered) expect(early.map(({ exit }) => exit)).not.to.include('fail');
    expect(
      ends.map(({ exit, reason }) => reason ?? exit),
      'one of the requests of the callback',
    ).to.include('success');
  }

  for (const store of ['cookies', 'sessions'] as const) {
    it(`keeps nothing for longer than ten minutes (${store})`, async () => {
      const clock = takeClock();
      try {
        const world = worldWith(inOrder);
        const [machine] = machinesOf(world, store, { machines: 1, claims: false }) as [Machine];
        const browser = new Browser();
        const first = await machine.begin(browser, 'zhangsan');
        await machine.begin(browser, 'zhangsan');
        await machine.finish(browser, first as BegunLogin);
        clock.advance(601);

        const late = await machine.begin(browser, 'zhangsan');
        await machine.finish(browser, late as BegunLogin);

        const kept = [...world.sessions.values()].map((text) => JSON.parse(text)['passport-jaccount']);
        const { pending = [], ended = [] } = kept.find((ledger) => ledger) ?? {};
        const cookies = browser.header().match(/jaccount-/g) ?? [];
        expect({ pending: pending.length, ended: ended.length, cookies: cookies.length }).to.deep.equal({
          pending: 0,
          ended: store === 'sessions' ? 1 : 0,
          cookies: store === 'cookies' ? 1 : 0,
        });
      } finally {
        clock.restore();
      }
    });
  }
});
