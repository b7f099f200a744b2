// What becomes of logins under load: `npm run bench:load`, or with `-- --long` for the numbers of a release. Every user
// has account, name, number and appState of one tag, and all four are compared with the browser that asked.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  type Answer,
  type Login,
  type Provider,
  rightClaims,
  signIdToken,
  startProvider,
} from '../test/support/provider';
import { UserAgent, type Visit } from '../test/support/user-agent';
import type { Report, Setting } from './load-application';

const long = process.argv.includes('--long');
const size = long
  ? { users: 2000, atOnce: 200, delay: 800, browsers: 100, abandoned: 10_000, replays: 1000 }
  : { users: 240, atOnce: 60, delay: 60, browsers: 10, abandoned: 1000, replays: 100 };

const clients = ['a', 'b'].map((name) => ({
  name,
  clientID: `client-${name}`,
  clientSecret: `secret of ${name} `.repeat(3),
}));
clients.forEach((client) => {
  client.clientSecret = client.clientSecret.trim();
});

interface Tally {
  scenario: string;
  flows: number;
  signedIn: number;
  refused: number;
  wrongUser: number;
  crossedState: number;
  unexpected: number;
  p50: number;
  p99: number;
  heapKiB: number;
}

type Fault = 'none' | 'reset' | 'status' | 'html' | 'signature' | 'swapped' | 'profile';
interface Flow {
  tag: string;
  /** Who signs in, where it is not the user of the tag. */
  user?: string;
  client: string;
  scope: string;
  fault: Fault;
}

const tallies: Tally[] = [];
let unhandledHere = 0;
let heapSlope = 0;
process.on('unhandledRejection', () => unhandledHere++);

async function main(): Promise<void> {
  const mixed = ['openid', 'openid basic', 'basic'];
  await scenario('LD-01 logins, answers out of order', flows({ scopes: mixed }));
  await scenario('LD-01 logins, answers out of order (SessionTransactions)', flows({ scopes: mixed }), {
    inSession: true,
  });
  await scenario(
    'LD-02 three in ten meet a fault',
    flows({ scopes: mixed, faults: ['reset', 'status', 'html', 'signature', 'profile'], rate: 0.3 }),
  );
  for (const [store, inSession] of [
    ['', false],
    [' (SessionTransactions)', true],
  ] as const) {
    await tabs(`LD-03 five tabs of one browser, in reverse${store}`, { inSession });
    await strangers(`LD-03 five people in five tabs of one browser${store}`, { inSession });
    await replay(`LD-05 one callback, many times at once${store}`, { inSession });
  }
  await abandon('LD-04 begun and given up (cookies)');
  await scenario(
    'LD-06 tokens and profiles swapped',
    flows({ scopes: ['openid', 'openid basic'], faults: ['swapped'], rate: long ? 0.01 : 0.05 }),
  );
  await scenario('LD-11 two clients in one process', flows({ scopes: mixed, clients: ['a', 'b'] }));
  print();
}

function flows(plan: { scopes: string[]; faults?: Fault[]; rate?: number; clients?: string[] }): Flow[] {
  const { scopes, faults = ['none'], rate = 0, clients: names = ['a'] } = plan;
  return Array.from({ length: size.users }, (_, number) => {
    const scope = scopes[number % scopes.length] as string;
    const faulty = Math.floor((number + 1) * rate) > Math.floor(number * rate);
    const fault = faulty ? (faults[Math.floor(number * rate) % faults.length] as Fault) : 'none';
    return {
      tag: `${number}-${Math.random().toString(36).slice(2, 10)}`,
      client: names[number % names.length] as string,
      scope,
      fault,
    };
  });
}

async function scenario(name: string, planned: Flow[], kept: Kept = {}): Promise<void> {
  const byUser = new Map(planned.map((flow) => [userOf(flow), flow]));
  const stage = await open({ byUser, ...kept });
  const tally = emptyTally(name, planned.length);
  const times: number[] = [];
  const before = await warm(stage);
  await inParallel(name, planned, async (flow) => {
    const begun = performance.now();
    const agent = new UserAgent();
    const end = await signIn(stage, agent, flow);
    times.push(performance.now() - begun);
    await judge(stage, agent, flow, end, tally);
  });
  await close(stage, tally, before, times);
}

async function judge({ url }: Stage, agent: UserAgent, flow: Flow, end: Visit, tally: Tally): Promise<void> {
  const expected = userOf(flow);
  const { user, info, code } = end.json();
  if (!user) {
    const right = flow.fault !== 'none' && /^ERR_JACCOUNT_/.test(code);
    tally[right ? 'refused' : 'unexpected']++;
    return;
  }
  const { user: session } = (await agent.get(`${url}/me`)).json();
  const same = [user.id, user.displayName, info.appState, session?.id].every((value) => value === expected);
  if (!same) tally.wrongUser++;
  if (info.returnTo !== `/${flow.tag}`) tally.crossedState++;
  if (!isHarmless(flow)) tally.unexpected++;
  tally.signedIn++;
}

// A fault of the profile API is met only by who asks it.
function isHarmless({ fault, scope }: Flow): boolean {
  return (
    fault === 'none' ||
    (fault === 'profile' && scope === 'openid') ||
    (fault === 'signature' && scope === 'none')
  );
}

// All five of one person: the last that begins is the first that ends.
async function tabs(name: string, kept: Kept): Promise<void> {
  const stage = await open({ byUser: new Map(), ...kept });
  const tally = emptyTally(name, size.browsers * 5);
  const before = await warm(stage);
  const browsers = Array.from({ length: size.browsers }, (_, number) => number);
  await inParallel(name, browsers, async (browser) => {
    const { agent, callbacks } = await openTabs(stage, browser, () => `user-${browser}`);
    for (const { flow, visit } of callbacks.reverse())
      await judge(stage, agent, flow, await agent.follow(visit), tally);
  });
  await close(stage, tally, before, []);
}

// Once somebody has signed in, a login that began before may have been planted: it must not end as somebody else.
async function strangers(name: string, kept: Kept): Promise<void> {
  const stage = await open({ byUser: new Map(), ...kept });
  const tally = emptyTally(name, size.browsers * 5);
  const before = await warm(stage);
  const browsers = Array.from({ length: size.browsers }, (_, number) => number);
  await inParallel(name, browsers, async (browser) => {
    const { agent, callbacks } = await openTabs(stage, browser, (tab) => `user-${browser}-${tab}`);
    const [first, ...others] = callbacks.reverse() as [Tab, ...Tab[]];
    await judge(stage, agent, first.flow, await agent.follow(first.visit), tally);
    for (const { visit } of others) {
      const end = await agent.follow(visit);
      tally[end.status === 403 ? 'refused' : 'unexpected']++;
    }
    const { user } = (await agent.get(`${stage.url}/me`)).json();
    if (user?.id !== userOf(first.flow)) tally.wrongUser++;
  });
  await close(stage, tally, before, []);
}

interface Tab {
  flow: Flow;
  /** The redirect back to the application, not followed yet. */
  visit: Visit;
}

async function openTabs(stage: Stage, browser: number, user: (tab: string) => string) {
  const agent = new UserAgent();
  const flows = ['1', '2', '3', '4', '5'].map(
    (tab): Flow => ({
      ...{ tag: `${browser}-${tab}`, user: user(tab) },
      ...{ client: 'a', scope: 'openid', fault: 'none' },
    }),
  );
  await agent.get(begin(stage, flows[0] as Flow));
  const callbacks: Tab[] = [];
  for (const flow of flows)
    callbacks.push({ flow, visit: await agent.follow(await agent.get(begin(stage, flow)), stage.url) });
  return { agent, callbacks };
}

// The slope is that of the second half: by then the engine has compiled what it compiles.
async function abandon(name: string): Promise<void> {
  const stage = await open({ byUser: new Map(), sessions: false });
  const tally = emptyTally(name, size.abandoned);
  const half = Array.from({ length: size.abandoned / 2 }, (_, number) => number);
  const beginHalf = async () => {
    await inParallel(name, half, async (number) => {
      const flow: Flow = { tag: `${number}`, client: 'a', scope: 'openid', fault: 'none' };
      const { location } = await new UserAgent().get(begin(stage, flow));
      if (!location?.includes('/oauth2/authorize')) tally.unexpected++;
    });
    return (await reportOf(stage)).heapUsed;
  };
  const before = await warm(stage);
  const middle = await beginHalf();
  const end = await beginHalf();
  heapSlope = Math.round((end - middle) / half.length);
  await close(stage, tally, before, []);
}

// Those that come while the code is exchanged share the outcome, those that come later are refused. One code is sent.
async function replay(name: string, kept: Kept): Promise<void> {
  const stage = await open({ byUser: new Map(), ...kept });
  const tally = emptyTally(name, size.replays + 1);
  const before = await warm(stage);
  const agent = new UserAgent();
  const flow: Flow = { tag: 'replay', client: 'a', scope: 'openid', fault: 'none' };
  const { location } = await agent.follow(await agent.get(begin(stage, flow)), stage.url);
  // The cookie as it was captured: what an answer sets must not help the next request.
  const cookie = await agent.jar.getCookieString(stage.url);
  const visit = async () => {
    const end = await new UserAgent().get(location as string, { headers: { cookie } });
    const { user, info, status } = end.json();
    if (user) {
      tally.signedIn++;
      if (user.id !== userOf(flow) || user.displayName !== userOf(flow)) tally.wrongUser++;
      if (info.returnTo !== `/${flow.tag}`) tally.crossedState++;
    } else tally[end.status === 403 && status === 403 ? 'refused' : 'unexpected']++;
  };
  await inParallel(
    name,
    Array.from({ length: size.replays }, () => flow),
    visit,
  );
  const together = tally.signedIn;
  if (together === 0) tally.unexpected++;
  await visit();
  if (tally.signedIn > together) tally.unexpected++;
  if (stage.provider.tokenRequests.length !== warmLogins + 1) tally.unexpected++;
  await close(stage, tally, before, []);
}

/** Where pending logins wait, if not where they do by default. */
interface Kept {
  inSession?: boolean;
}

interface Stage {
  application: ChildProcess;
  url: string;
  provider: Provider;
}

async function open({
  byUser,
  sessions = true,
  inSession = false,
}: Kept & {
  byUser: Map<string, Flow>;
  sessions?: boolean;
}): Promise<Stage> {
  const provider = await startProvider(scriptFor(byUser));
  const execArgv = ['--expose-gc', '--import', 'tsx'];
  const application = fork(`${__dirname}/load-application.ts`, {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const setting: Setting = { endpoints: provider.endpoints, clients, sessions, inSession };
  application.send({ start: setting });
  const [{ url }] = (await once(application, 'message')) as [{ url: string }];
  return { application, url, provider };
}

function scriptFor(byUser: Map<string, Flow>): Parameters<typeof startProvider>[0] {
  const users = [...byUser.keys()];
  const faultOf = ({ user }: Login): Fault => byUser.get(user)?.fault ?? 'none';
  const other = ({ user }: Login) => users[(users.indexOf(user) + 1) % users.length] as string;
  const secretOf = ({ clientID }: Login) =>
    clients.find((client) => client.clientID === clientID)?.clientSecret as string;
  return {
    user: (query) => query.get('login_hint') ?? '',
    delay: () => Math.random() * size.delay,
    secret: (login) =>
      faultOf(login) === 'signature' ? 'the secret of somebody else, long enough' : secretOf(login),
    claims: ({ user }) => ({ name: user }),
    idToken: (right, login) => {
      if (faultOf(login) !== 'swapped') return right;
      // The right token of another login: issuer, audience and signature are good, the nonce is not this login's.
      const stolen = { ...login, user: other(login), nonce: 'the nonce of another login' };
      return signIdToken({ ...rightClaims(issuerIn(right), stolen), name: stolen.user }, secretOf(login));
    },
    token: (login) => tokenFaults[faultOf(login)],
    profile: (login) => {
      if (faultOf(login) === 'profile') return { status: 500, json: 'maintenance', type: 'text/html' };
      const account = faultOf(login) === 'swapped' ? other(login) : login.user;
      return { json: { errno: 0, error: 'success', entities: [{ account, name: account }] } };
    },
  };
}

const tokenFaults: Partial<Record<Fault, Answer>> = {
  reset: (response) => response.destroy(),
  status: { status: 503, json: 'maintenance', type: 'text/html' },
  html: { json: '<!doctype html>', type: 'text/html' },
};

function issuerIn(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).iss;
}

const userOf = ({ tag, user = `user-${tag}` }: Flow) => user;

function begin({ url }: Stage, flow: Flow): string {
  const { tag, client, scope } = flow;
  return `${url}/login/${client}?${new URLSearchParams({ user: userOf(flow), scope, returnTo: `/${tag}` })}`;
}

async function signIn(stage: Stage, agent: UserAgent, flow: Flow): Promise<Visit> {
  return agent.follow(await agent.get(begin(stage, flow)));
}

const warmLogins = 30;

async function warm(stage: Stage): Promise<number> {
  for (let number = 0; number < warmLogins; number++) {
    await signIn(stage, new UserAgent(), {
      tag: `warm-${number}`,
      client: 'a',
      scope: 'openid basic',
      fault: 'none',
    });
  }
  return (await reportOf(stage)).heapUsed;
}

async function reportOf({ application }: Stage): Promise<Report> {
  application.send('report');
  const [report] = (await once(application, 'message')) as [Report];
  return report;
}

async function close(stage: Stage, tally: Tally, before: number, times: number[]): Promise<void> {
  const { heapUsed, unhandled } = await reportOf(stage);
  tally.heapKiB = Math.round((heapUsed - before) / 1024);
  tally.unexpected += unhandled;
  const sorted = times.sort((one, other) => one - other);
  tally.p50 = Math.round(sorted[Math.floor(sorted.length * 0.5)] ?? 0);
  tally.p99 = Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
  stage.application.kill();
  await stage.provider.stop();
}

async function inParallel<T>(name: string, items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  let done = 0;
  const worker = async () => {
    for (const item of queue) {
      await work(item);
      progress(name, ++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: size.atOnce }, worker));
}

let lastLine = 0;

function progress(name: string, done: number, of: number): void {
  if (Date.now() - lastLine < 1000) return;
  lastLine = Date.now();
  process.stderr.write(
    `${process.stderr.isTTY ? '\r' : ''}${name}: ${done} of ${of}${process.stderr.isTTY ? '   ' : '\n'}`,
  );
}

function emptyTally(scenario: string, count: number): Tally {
  tallies.push({
    scenario,
    flows: count,
    signedIn: 0,
    refused: 0,
    wrongUser: 0,
    crossedState: 0,
    unexpected: 0,
    p50: 0,
    p99: 0,
    heapKiB: 0,
  });
  return tallies.at(-1) as Tally;
}

function print(): void {
  console.table(Object.fromEntries(tallies.map(({ scenario, ...row }) => [scenario, row])));
  const total = (member: 'signedIn' | 'wrongUser' | 'crossedState' | 'unexpected') =>
    tallies.reduce((sum, tally) => sum + tally[member], 0);
  console.log(`users signed in: ${total('signedIn')}`);
  console.log(`wrong users: ${total('wrongUser')}`);
  console.log(`crossed states: ${total('crossedState')}`);
  console.log(`unexpected outcomes: ${total('unexpected')}`);
  console.log(`unhandled rejections of the run itself: ${unhandledHere}`);
  console.log(`heap slope without sessions: ${heapSlope} octets a login`);
  const bad = total('wrongUser') + total('crossedState') + total('unexpected') + unhandledHere;
  process.exitCode = bad === 0 ? 0 : 1;
}

void main();
