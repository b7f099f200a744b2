// Whether the emulator can stay up for days: `npm run bench:emulator`, or with `-- --minutes 3` for longer. Whole logins
// follow one another; every ten seconds its heap, its resident memory and the length of its request log are looked at.
// First it is filled with as many logins as it remembers. From there on the heap must not grow.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import type { Emulator } from 'passport-jaccount/emulator';
import { kill } from '../test/support/child';
import type { Report } from './emulator-process';

const atOnce = 16;
// Codes, tokens and sessions that the emulator keeps, each.
const remembered = 10_000;
// Octets of heap a login. What is kept of one takes a thousand; what the engine does in between is noise of a tenth of a
// mebioctet.
const bound = 200;
const redirectURI = 'http://localhost:3000/callback';

const { values } = parseArgs({ options: { minutes: { type: 'string' } } });
const seconds = values.minutes === undefined ? 20 : Number(values.minutes) * 60;
const interval = Math.min(10, seconds / 4);

type Place = Pick<Emulator, 'url' | 'endpoints' | 'client'>;

interface Row {
  seconds: number;
  logins: number;
  loginsPerSecond: number;
  heapMiB: number;
  rssMiB: number;
  log: number;
}

async function main(): Promise<void> {
  const execArgv = ['--expose-gc', '--import', 'tsx'];
  const child = fork(`${__dirname}/emulator-process.ts`, { execArgv });
  const [place] = (await once(child, 'message')) as [Place];
  const filled = Date.now();
  await inParallel(remembered, () => shortLogin(place));
  console.log(`filled with ${remembered} logins in ${Math.round((Date.now() - filled) / 1000)} s`);
  const rows = await measure(child, place);
  await kill(child);
  console.table(rows);
  const slope = slopeOf(rows.slice(1));
  console.log(`heap slope: ${slope.toFixed(1)} octets a login (at most ${bound})`);
  process.exitCode = slope <= bound ? 0 : 1;
}

async function measure(child: ChildProcess, place: Place): Promise<Row[]> {
  const begun = Date.now();
  const rows = [rowOf(0, 0, 0, await reportOf(child))];
  let logins = 0;
  while (rows.length <= seconds / interval) {
    const from = { time: Date.now(), logins };
    const end = begun + rows.length * interval * 1000;
    await inParallel(Number.POSITIVE_INFINITY, async () => {
      if (Date.now() >= end) return false;
      await login(place);
      logins += 1;
    });
    const rate = (logins - from.logins) / ((Date.now() - from.time) / 1000);
    rows.push(rowOf((Date.now() - begun) / 1000, logins, rate, await reportOf(child)));
  }
  return rows;
}

function rowOf(time: number, logins: number, rate: number, { heapUsed, rss, log }: Report): Row {
  const mebi = (octets: number) => Math.round((octets / 2 ** 20) * 100) / 100;
  return {
    seconds: Math.round(time),
    logins,
    loginsPerSecond: Math.round(rate),
    heapMiB: mebi(heapUsed),
    rssMiB: mebi(rss),
    log,
  };
}

// Least squares: one late collection must not decide.
function slopeOf(rows: readonly Row[]): number {
  const mean = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const [logins, heap] = [mean((row) => row.logins), mean((row) => row.heapMiB)];
  const covariance = mean((row) => (row.logins - logins) * (row.heapMiB - heap));
  return (covariance / mean((row) => (row.logins - logins) ** 2)) * 2 ** 20;
}

/** As a browser and an application do it: the login page, a person, code, tokens, profile, a refresh, sign-out. */
async function login({ url, endpoints, client }: Place): Promise<void> {
  const page = await send('GET', authorizationURL({ endpoints, client }));
  await send('GET', page.location);
  const returl = new URL(page.location).searchParams.get('returl') ?? '';
  const { cookie, location } = await send('POST', `${url}/jaccount/ulogin`, {
    form: { account: 'zhaoyichen', returl },
  });
  const tokens = await redeem({ endpoints, client }, (await send('GET', location, { cookie })).location);
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const profile = await send('GET', `${endpoints.apiURL}/me/profile`, { headers });
  if (JSON.parse(profile.body).errno !== 0) throw new Error('no profile');
  await exchange({ endpoints, client }, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  await send('GET', endpoints.logoutURL, { cookie });
}

async function shortLogin({ url, endpoints, client }: Place): Promise<void> {
  const { cookie } = await send('POST', `${url}/jaccount/ulogin`, { form: { account: 'zhaoyichen' } });
  const { location } = await send('GET', authorizationURL({ endpoints, client }), { cookie });
  await redeem({ endpoints, client }, location);
}

type Provider = Pick<Place, 'endpoints' | 'client'>;

function authorizationURL({ endpoints, client }: Provider): string {
  const usual = { response_type: 'code', scope: 'openid basic', state: 'a state', nonce: 'a nonce' };
  const query = new URLSearchParams({ ...usual, client_id: client.clientID, redirect_uri: redirectURI });
  return `${endpoints.authorizationURL}?${query}`;
}

function redeem(provider: Provider, callback: string): Promise<Record<string, string>> {
  const code = new URL(callback).searchParams.get('code') ?? '';
  return exchange(provider, { grant_type: 'authorization_code', code, redirect_uri: redirectURI });
}

async function exchange(
  { endpoints, client }: Provider,
  form: Record<string, string | undefined>,
): Promise<Record<string, string>> {
  const credentials = { client_id: client.clientID, client_secret: client.clientSecret };
  const { status, body } = await send('POST', endpoints.tokenURL, { form: { ...form, ...credentials } });
  if (status !== 200) throw new Error(`the token endpoint answered ${status}`);
  return JSON.parse(body);
}

interface Extras {
  form?: Record<string, string | undefined>;
  cookie?: string;
  headers?: Record<string, string>;
}

interface Answer {
  status: number;
  /** Absolute; empty where the answer was no redirect. */
  location: string;
  cookie: string;
  body: string;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });

async function send(
  method: string,
  url: string,
  { form, cookie = '', headers }: Extras = {},
): Promise<Answer> {
  const type = form && { 'content-type': 'application/x-www-form-urlencoded' };
  const request = http.request(url, { method, agent, headers: { cookie, ...type, ...headers } });
  request.end(form && new URLSearchParams(form as Record<string, string>).toString());
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const { location = '', 'set-cookie': [set = ''] = [] } = answer.headers;
  return {
    status: answer.statusCode ?? 0,
    location: location && new URL(location, url).href,
    cookie: set.split(';', 1)[0] as string,
    body: await text(answer),
  };
}

async function reportOf(child: ChildProcess): Promise<Report> {
  child.send('report');
  const [report] = (await once(child, 'message')) as [Report];
  return report;
}

/** Works until it has been done `times`, or says false. */
async function inParallel(times: number, work: () => Promise<unknown>): Promise<void> {
  let left = times;
  const worker = async () => {
    while (left-- > 0) if ((await work()) === false) return;
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

void main();
