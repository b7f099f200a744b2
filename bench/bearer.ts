// What becomes of an API's requests while issuers rotate their keys and fall silent: `npm run bench:bearer`, or with
// `-- --long` for the numbers of a release. Time is put forward, not waited for; the keys are fetched over HTTP.
import { JaccountBearerStrategy } from 'passport-jaccount';
import {
  type ApiIssuer,
  audience,
  createKey,
  type Key,
  signJwt,
  startApiIssuer,
} from '../test/support/api-issuer';
import { takeClock } from '../test/support/clock';

const long = process.argv.includes('--long');
const size = long
  ? { issuers: 50, steps: 60, outage: [20, 30], requests: 5000 }
  : { issuers: 5, steps: 12, outage: [5, 8], requests: 300 };
const cooldown = 30;

/** What must become of a request; `either` while a new key cannot be known yet. */
type Expected = 'accepted' | 'refused' | 'either';
type Outcome = 'accepted' | 'refused' | 'unavailable' | 'error';

interface Plan {
  authorization: string;
  expected: Expected;
}

const tally = {
  requests: 0,
  accepted: 0,
  refused: 0,
  inWindow: 0,
  wrongAccepts: 0,
  wrongRefusals: 0,
  errors: 0,
};
let mostFetches = 0;
let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);

async function main(): Promise<void> {
  const clock = takeClock();
  const issuers = await Promise.all(
    Array.from({ length: size.issuers }, (_, number) => startApiIssuer([createKey(`${number}-0`)])),
  );
  const strategy = new JaccountBearerStrategy(
    { issuers: issuers.map(({ entry }) => ({ ...entry, jwksTimes: { cooldown } })) },
    async ({ claims }) => ({ id: claims.sub }),
  );
  const began = process.hrtime.bigint();
  for (let step = 0; step < size.steps; step++) {
    const silent = step >= (size.outage[0] as number) && step < (size.outage[1] as number);
    for (const issuer of issuers) rotate(issuer, step, silent);
    const before = issuers.map(({ fetches }) => fetches);
    await Promise.all(plansOf(issuers, silent).map((plan) => judge(strategy, plan)));
    mostFetches = Math.max(
      mostFetches,
      ...issuers.map(({ fetches }, index) => fetches - (before[index] as number)),
    );
    process.stderr.write(`step ${step + 1} of ${size.steps}${silent ? ', no keys to be had' : ''}\n`);
    clock.advance(cooldown + 1);
  }
  clock.restore();
  print(Number(process.hrtime.bigint() - began) / 1e9);
  await Promise.all(issuers.map((issuer) => issuer.stop()));
}

// A new key every time, and the last but one withdrawn.
function rotate(issuer: ApiIssuer, step: number, silent: boolean): void {
  const name = issuer.keys[0]?.kid.split('-')[0];
  if (step > 0) issuer.keys = [issuer.keys.at(-1) as Key, createKey(`${name}-${step}`)];
  issuer.answer = silent ? { status: 503, json: {} } : undefined;
}

function plansOf(issuers: readonly ApiIssuer[], silent: boolean): Plan[] {
  return Array.from({ length: size.requests }, (_, number) => {
    const issuer = issuers[number % issuers.length] as ApiIssuer;
    const other = issuers[(number + 1) % issuers.length] as ApiIssuer;
    const kinds = [...rightPlans(issuer, silent), ...forgedPlans(issuer, other), ...garbagePlans(number)];
    return kinds[Math.floor(number / issuers.length) % kinds.length] as Plan;
  });
}

const bearer = (token: string) => `Bearer ${token}`;
const stranger = createKey('stranger');

function rightPlans(issuer: ApiIssuer, silent: boolean): Plan[] {
  const expected = silent ? 'either' : 'accepted';
  const [old = stranger] = issuer.keys;
  return [
    ...Array.from({ length: 6 }, () => ({ authorization: bearer(issuer.token()), expected }) as const),
    { authorization: bearer(signJwt(issuer.claims(), old)), expected },
  ];
}

function forgedPlans(issuer: ApiIssuer, other: ApiIssuer): Plan[] {
  const { kid } = issuer.keys.at(-1) as Key;
  const forged = [
    signJwt(issuer.claims(), stranger, { kid }),
    signJwt(issuer.claims(), stranger),
    signJwt(issuer.claims(), other.keys.at(-1) as Key),
    signJwt(issuer.claims(), other.keys.at(-1) as Key, { kid }),
    issuer.token({ exp: 1 }),
    issuer.token({ aud: `${audience}x` }),
    issuer.token({ cnf: {} }),
    issuer.token({}, { alg: 'none' }),
  ];
  return forged.map((token) => ({ authorization: bearer(token), expected: 'refused' }));
}

function garbagePlans(number: number): Plan[] {
  const strings = [
    '',
    'x',
    'Bearer',
    'Bearer a b',
    'Bearer ..',
    'Bearer a.b.c',
    `Bearer ${'a.'.repeat(9000)}`,
  ];
  const more = ['Bearer ﷽', 'Basic x', `Bearer ${'0'.repeat(32)}`, 'Bearer eyJhbGciOiJFUzI1NiJ9.W10.AAAA'];
  return [...strings, ...more, bearer(number.toString(36))].map((authorization) => ({
    authorization,
    expected: 'refused',
  }));
}

async function judge(strategy: JaccountBearerStrategy, { authorization, expected }: Plan): Promise<void> {
  const outcome = await outcomeOf(strategy, authorization);
  tally.requests++;
  if (outcome === 'error') tally.errors++;
  else if (outcome === 'accepted') tally.accepted++;
  else tally.refused++;
  if (expected === 'refused' && outcome === 'accepted') tally.wrongAccepts++;
  if (expected === 'accepted' && outcome !== 'accepted') tally.wrongRefusals++;
  if (expected === 'either' && outcome !== 'accepted') tally.inWindow++;
}

// As Passport does it: a child of the strategy for each request, with the actions on it.
function outcomeOf(strategy: JaccountBearerStrategy, authorization: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = Object.assign(Object.create(strategy), {
      success: () => resolve('accepted'),
      fail: () => resolve('refused'),
      error: (error: { status?: number }) => resolve(error.status === 503 ? 'unavailable' : 'error'),
    });
    child.authenticate({ headers: { authorization }, rawHeaders: [], method: 'GET', url: '/' });
  });
}

function print(seconds: number): void {
  console.table({ [`${size.issuers} issuers, ${size.steps} rotations`]: tally });
  console.log(`requests a second: ${Math.round(tally.requests / seconds)}`);
  console.log(`wrong accepts: ${tally.wrongAccepts}`);
  console.log(`valid refused outside of an outage: ${tally.wrongRefusals}`);
  console.log(`fetches of one issuer's keys in a cooldown, at most: ${mostFetches}`);
  console.log(`errors: ${tally.errors}`);
  console.log(`unhandled rejections: ${unhandled}`);
  const failed = tally.wrongAccepts + tally.wrongRefusals + tally.errors + unhandled;
  process.exitCode = failed > 0 || mostFetches > 1 ? 1 : 0;
}

void main();
