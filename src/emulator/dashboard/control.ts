import type { IncomingMessage } from 'node:http';
import { emulatorClient, isLoopback, type JaccountEndpoints } from '../../jaccount/endpoints';
import { type Exchange, sessionCookie } from '../http/exchange';
import { readBody } from '../http/form';
import { oauthRefusal } from '../http/refusal';
import { type Behaviour, parseBehaviour } from '../state/behaviour';
import type { Emulation } from '../state/emulation';
import type { Fault, FaultPoint, PendingFault } from '../state/faults';
import type { LoggedRequest } from '../state/request-log';
import { dashboardPage } from './dashboard';

/** Everything that there is to see of a running emulator. */
export interface Snapshot {
  url: string;
  endpoints: JaccountEndpoints;
  discovery: string;
  jwks: string;
  client: { clientID: string; clientSecret: string };
  caFile?: string;
  behaviour: Readonly<Behaviour>;
  /** Seconds that the emulator's clock is ahead. */
  skew: number;
  requests: readonly LoggedRequest[];
  faults: readonly PendingFault[];
  idToken?: { header: object; claims: object };
  /** The account of the browser that asks. */
  signedIn?: string;
}

function snapshot(emulation: Emulation, exchange: Exchange): Snapshot {
  const { url, endpoints, behaviour, skew, faults, log, caFile, lastIdToken, grants } = emulation;
  const signedIn = grants.accountOfSession(exchange.cookie(sessionCookie));
  return {
    url,
    endpoints,
    discovery: `${endpoints.issuer}.well-known/openid-configuration`,
    jwks: `${url}/.well-known/jwks.json`,
    client: { ...emulatorClient },
    ...(caFile !== undefined && { caFile }),
    behaviour,
    skew,
    requests: log.requests.slice(-50),
    faults: faults.all,
    ...(lastIdToken && { idToken: lastIdToken }),
    ...(signedIn !== undefined && { signedIn }),
  };
}

/** `GET /`: the dashboard. */
export function dashboard(emulation: Emulation, exchange: Exchange): void {
  assertOwnHost(emulation, exchange.request);
  exchange.html(dashboardPage({ language: exchange.language, snapshot: snapshot(emulation, exchange) }));
}

/** `GET /emulator/state`: the same as JSON, for the dashboard's script and for test suites in other languages. */
export function state(emulation: Emulation, exchange: Exchange): void {
  assertOwnHost(emulation, exchange.request);
  exchange.json(200, snapshot(emulation, exchange));
}

type Settings = Readonly<Record<string, unknown>>;

/** What `POST /emulator/…` can change. */
export const controls: Readonly<Record<string, (emulation: Emulation, settings: Settings) => void>> = {
  fault: ({ faults }, { point, ...fault }) => faults.add(point as FaultPoint, faultIn(fault)),
  'faults/clear': ({ faults }, { point, id }) => {
    if (id === undefined) faults.clear((point || undefined) as FaultPoint | undefined);
    else faults.remove(Number(id));
  },
  behaviour: (emulation, settings) => {
    emulation.behaviour = { ...emulation.behaviour, ...parseBehaviour(settings) };
  },
  advance: (emulation, { seconds }) => advance(emulation, secondsIn(seconds)),
  reset,
};

function secondsIn(given: unknown): number {
  return typeof given === 'string' && given.trim() !== '' ? Number(given) : (given as number);
}

/** Lets time pass for what was given out. */
export function advance(emulation: Emulation, seconds: number): void {
  if (!Number.isFinite(seconds)) throw new TypeError('advance: seconds must be a number');
  emulation.skew += seconds;
}

/** Forgets all that happened, and puts clock, faults and switches as they were at the start. */
export function reset(emulation: Emulation): void {
  emulation.skew = 0;
  emulation.behaviour = emulation.initialBehaviour;
  emulation.lastIdToken = undefined;
  const { log, grants, consents, directory, faults } = emulation;
  for (const memory of [log, grants, consents, directory, faults]) memory.clear();
}

/** Answers one of {@link controls}: a browser's form with a redirect to the dashboard, anything else with the state. */
export async function control(
  emulation: Emulation,
  exchange: Exchange,
  change: (emulation: Emulation, settings: Settings) => void,
): Promise<void> {
  assertOwnHost(emulation, exchange.request);
  exchange.assertSameOrigin();
  const json = /^application\/json\b/i.test(exchange.request.headers['content-type'] ?? '');
  try {
    change(emulation, json ? await jsonIn(exchange.request) : settingsIn(await exchange.readForm()));
  } catch (error) {
    throw error instanceof TypeError ? oauthRefusal('invalid_request', error.message) : error;
  }
  if (json) return exchange.json(200, snapshot(emulation, exchange));
  exchange.redirect('/', 303);
}

async function jsonIn(request: IncomingMessage): Promise<Settings> {
  const settings: unknown = parsed(await readBody(request), 'the body');
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings))
    return settings as Settings;
  throw new TypeError('the body must be a JSON object');
}

function settingsIn(form: URLSearchParams): Settings {
  return Object.fromEntries([...form].filter(([, value]) => value !== ''));
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError(`${what} is not JSON`);
  }
}

const readers: Record<string, (text: string, name: string) => unknown> = {
  delay: Number,
  status: Number,
  errno: Number,
  drop: isOn,
  truncate: isOn,
  times: (text) => (text === 'always' ? Number.POSITIVE_INFINITY : Number(text)),
  idToken: parsed,
  parameters: parsed,
};

// What a form can only say in text. JSON says it as it is, but for "always".
function faultIn(members: Settings): Fault {
  const read = Object.entries(members).map(([name, value]) => {
    const reader = typeof value === 'string' && Object.hasOwn(readers, name) ? readers[name] : undefined;
    return [name, reader ? reader(value as string, name) : value];
  });
  return Object.fromEntries(read);
}

function isOn(text: string): boolean {
  return text === 'on' || text === 'true';
}

// A site whose name was made to lead here must not read or change what belongs to this machine.
function assertOwnHost({ url }: Emulation, { headers }: IncomingMessage): void {
  const asked = `http://${headers.host ?? ''}`;
  const own = URL.canParse(asked) && isLoopback(new URL(asked));
  if (!own && headers.host !== new URL(url).host) {
    throw oauthRefusal('invalid_request', 'The emulator is not known by this host name', 403);
  }
}
