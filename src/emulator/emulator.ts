import { emulatorClient, endpointsAt, isLoopback, type JaccountEndpoints } from '../jaccount/endpoints';
import { advance, reset } from './dashboard/control';
import { Exchange } from './http/exchange';
import { type Listener, listen } from './http/server';
import { ApiKeys, type ApiTokenAlgorithm, signApiToken } from './oauth/api-token';
import { approve } from './oauth/authorize';
import { assertOptions, type EmulatorOptions } from './options';
import { answer } from './routes';
import { type Account, builtInAccounts } from './state/accounts';
import { type Behaviour, defaultBehaviour, parseBehaviour } from './state/behaviour';
import type { EmulatedClient } from './state/clients';
import { Consents } from './state/consents';
import { Directory } from './state/directory';
import type { Emulation } from './state/emulation';
import { type Fault, type FaultPoint, Faults } from './state/faults';
import { Grants } from './state/grants';
import { type LoggedRequest, RequestLog } from './state/request-log';

/** A running jAccount of one's own. */
export interface Emulator {
  /** Its origin, such as `http://127.0.0.1:41731`; the dashboard is there. */
  readonly url: string;
  /** Spread them into the options of a strategy, beside {@link Emulator.client}. */
  readonly endpoints: JaccountEndpoints;
  /** The client that is always there. Any loopback address is a redirect URI of it. */
  readonly client: { clientID: string; clientSecret: string };
  readonly accounts: readonly Account[];
  /** With `tls`, the PEM file to trust, as in `NODE_EXTRA_CA_CERTS`. It goes when the emulator stops. */
  readonly caFile?: string;
  /** The latest requests, at most 500, oldest first. Nothing in them can be used again. */
  readonly requests: readonly LoggedRequest[];
  /** The switches as they are now. */
  readonly behaviour: Readonly<Behaviour>;
  /** Turns switches from now on. @throws TypeError for a switch or a value that does not exist. */
  behave(behaviour: Partial<Behaviour>): void;
  /** Lets the next answers of an endpoint go wrong: once, unless `times` says more. @throws TypeError */
  fault(point: FaultPoint, fault: Fault): void;
  /**
   * Signs an account in and agrees in its name: what a browser would do between the application's redirect to
   * `authorizationURL` and its return. Gives the URL that the browser would come back to.
   *
   * No page is shown and no fault strikes.
   *
   * @throws Error if there is no such account, or the request is one that jAccount refuses.
   */
  approve(authorizationURL: string, account: string): string;
  /** An access token for an API of one's own, signed by a key of `/.well-known/jwks.json`. @default 'RS256' @throws TypeError */
  signApiToken(claims: Readonly<Record<string, unknown>>, algorithm?: ApiTokenAlgorithm): string;
  /** Puts new keys into `/.well-known/jwks.json`, in place of the old. */
  rotateKeys(): void;
  /** Lets time pass for what was given out: codes and tokens expire. What comes after says the right time. */
  advance(seconds: number): void;
  /** Forgets codes, tokens, sessions, consents, faults and requests; clock and switches are as at the start. */
  reset(): void;
  stop(): Promise<void>;
}

/**
 * Starts a jAccount on this machine, for development and for tests: a real client takes a department's approval
 * and days. It answers as jAccount does, and refuses what jAccount must refuse; people sign in by a click.
 *
 * @throws Error if the port is taken; if `NODE_ENV` is `production`, for a jAccount that signs anybody in is a back
 *   door. TypeError for a bad option.
 *
 * @example
 * ```ts
 * import { JaccountStrategy } from 'passport-jaccount';
 * import { startEmulator } from 'passport-jaccount/emulator';
 *
 * async function strategyForTests() {
 *   const emulator = await startEmulator();
 *   const callbackURL = 'http://localhost:3000/callback';
 *   const options = { ...emulator.client, ...emulator.endpoints, callbackURL };
 *   return new JaccountStrategy(options, async ({ profile }) => ({ account: profile.id }));
 * }
 * ```
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  assertOptions(options);
  const { port = 0, host = '127.0.0.1', tls = false, force = false } = options;
  assertSafe(host, force);
  const behaviour = { ...defaultBehaviour, ...parseBehaviour(options.behaviour ?? {}) };
  const listener = await listen(port, host, tls);
  const emulation = emulationOf(listener, options, behaviour);
  listener.server.on('request', (request, response) => {
    const exchange = new Exchange(request, response, emulation.url);
    if (!isDashboard(exchange.url)) {
      emulation.log.watch(request, response, () => exchange.form);
    }
    void answer(emulation, exchange);
  });
  return facade(emulation, listener);
}

// It would see itself looking.
function isDashboard({ pathname }: URL): boolean {
  return pathname === '/' || pathname.startsWith('/emulator/');
}

function emulationOf(
  { url, caFile }: Listener,
  options: EmulatorOptions,
  behaviour: Readonly<Behaviour>,
): Emulation {
  const emulation: Emulation = {
    url,
    endpoints: endpointsAt(url),
    clients: clientsByID([emulatorClient, ...(options.clients ?? [])]),
    directory: new Directory([...builtInAccounts, ...(options.accounts ?? [])]),
    grants: new Grants(() => emulation.now()),
    consents: new Consents(),
    faults: new Faults(),
    keys: new ApiKeys(),
    log: new RequestLog(),
    behaviour,
    initialBehaviour: behaviour,
    skew: 0,
    lastIdToken: undefined,
    caFile,
    now: () => Math.floor(Date.now() / 1000 + emulation.skew),
  };
  return emulation;
}

function facade(emulation: Emulation, listener: Listener): Emulator {
  const { url, endpoints, directory, caFile, log } = emulation;
  return {
    url,
    endpoints,
    client: { ...emulatorClient },
    accounts: directory.all,
    ...(caFile !== undefined && { caFile }),
    requests: log.requests,
    get behaviour() {
      return emulation.behaviour;
    },
    behave: (behaviour) => {
      emulation.behaviour = { ...emulation.behaviour, ...parseBehaviour(behaviour) };
    },
    fault: (point, fault) => emulation.faults.add(point, fault),
    approve: (authorizationURL, account) => {
      const person = directory.find(String(account));
      if (!person) throw new Error('the emulator knows no such account');
      return approve(emulation, authorizationURL, person);
    },
    signApiToken: (claims, algorithm) => signApiToken(emulation, claims, algorithm),
    rotateKeys: () => emulation.keys.rotate(),
    advance: (seconds) => advance(emulation, seconds),
    reset: () => reset(emulation),
    stop: () => listener.close(),
  };
}

function clientsByID(clients: readonly EmulatedClient[]): Map<string, EmulatedClient> {
  return new Map(clients.map((client) => [client.clientID, client]));
}

function assertSafe(host: string, force: boolean): void {
  if (!force && process.env.NODE_ENV === 'production') {
    throw new Error(
      'the jAccount emulator signs anybody in: it does not start with NODE_ENV=production (unless forced)',
    );
  }
  if (!isLoopback(new URL(`http://${host.includes(':') ? `[${host}]` : host}`))) {
    process.emitWarning(
      `The jAccount emulator listens on ${host}: whoever reaches it can sign in as anybody.`,
    );
  }
}
