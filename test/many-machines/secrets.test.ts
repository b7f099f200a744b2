import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Machine, startMachine } from '../support/machine';
import { type RoundRobin, startRoundRobin } from '../support/round-robin';
import { UserAgent } from '../support/user-agent';

const current = 'c'.repeat(32);
const next = 'n'.repeat(32);

/** Machines by the secrets that they were started with: the steps by which a secret is renewed, in order. */
const steps: Record<string, string[]> = {
  'the current secret': [current],
  'the next one added': [current, next],
  'the next one in front': [next, current],
  'the next one alone': [next],
};

describe('machines with CookieTransactions while the secret is renewed', () => {
  let emulator: Emulator;
  let proxy: RoundRobin;
  let machines: Map<string, Machine>;

  before(async function () {
    this.timeout(60_000);
    [emulator, proxy] = await Promise.all([startEmulator(), startRoundRobin()]);
    const options = { ...emulator.client, ...emulator.endpoints, callbackURL: `${proxy.url}/callback` };
    machines = new Map(
      await Promise.all(
        Object.entries(steps).map(
          async ([step, secrets]) =>
            [step, await startMachine({ name: step, options, secrets, keptIn: 'cookies' })] as const,
        ),
      ),
    );
  });
  after(async () => {
    await Promise.all([...machines.values()].map((machine) => machine.kill()));
    await Promise.all([emulator.stop(), proxy.stop()]);
  });

  async function signIn(begun: string, ended: string) {
    const agent = new UserAgent();
    proxy.targets = [machines.get(begun)?.url as string];
    const loginPage = await agent.follow(await agent.get(`${proxy.url}/login`));
    const { location } = await agent.follow(await agent.choose(loginPage, 'zhaoyichen'), proxy.url);
    proxy.targets = [machines.get(ended)?.url as string];
    return agent.get(location as string);
  }

  // Machines are restarted one after the other, so any two neighbours serve one browser.
  const names = Object.keys(steps);
  const neighbours = names
    .slice(1)
    .map((name, index) => [names[index] as string, name] as const)
    .flatMap(([one, other]) => [
      { begun: one, ended: other },
      { begun: other, ended: one },
    ]);
  for (const { begun, ended } of neighbours) {
    it(`finish with ${ended} a login that was begun with ${begun} [FI-23, CK-04, TX-08]`, async () => {
      const end = await signIn(begun, ended);

      expect(end.json().exit).to.equal('success');
    });
  }

  const leaps = [
    { begun: 'the next one in front', ended: 'the current secret' },
    { begun: 'the current secret', ended: 'the next one alone' },
  ];
  for (const { begun, ended } of leaps) {
    it(`refuse with ${ended} a login that was begun with ${begun}, saying why [FI-23, CK-04]`, async () => {
      const { status, json } = await signIn(begun, ended);

      expect(status).to.equal(403);
      expect(json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
      expect(json().challenge.detail).to.match(/secret/);
    });
  }
});
