import type { Account } from './state/accounts';
import type { Behaviour } from './state/behaviour';
import type { EmulatedClient } from './state/clients';

export interface EmulatorOptions {
  /** @default 0, a free port */
  port?: number;
  /** Anybody who reaches it can sign in as anybody: think before it leaves loopback. @default '127.0.0.1' */
  host?: string;
  /** Speaks https, with a certificate made at the start; see {@link Emulator.caFile}. @default false */
  tls?: boolean;
  /** Clients beside the built-in one. */
  clients?: readonly EmulatedClient[];
  /** Accounts beside the built-in ones; one of the same name takes its place. */
  accounts?: readonly Account[];
  /** Switches for what is not known of jAccount, or varies. */
  behaviour?: Partial<Behaviour>;
  /** Start although `NODE_ENV` is `production`. @default false */
  force?: boolean;
}

const optionNames = ['port', 'host', 'tls', 'clients', 'accounts', 'behaviour', 'force'];
const clientNames = ['clientID', 'clientSecret', 'redirectURIs', 'scopes', 'audiences'];

/** @throws TypeError naming the option that is unknown or makes no sense. */
export function assertOptions(options: EmulatorOptions): void {
  assertKnown(options, optionNames, 'startEmulator');
  const { port = 0, host = '127.0.0.1', clients = [], accounts = [] } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError('startEmulator: port is 0 to 65535');
  }
  if (typeof host !== 'string' || host === '') {
    throw new TypeError('startEmulator: host is a name or an address');
  }
  assertArray(clients, 'clients');
  for (const client of clients) assertClient(client);
  assertArray(accounts, 'accounts');
  for (const account of accounts) assertText(account?.account, 'account', 'accounts');
}

function assertArray(given: unknown, name: string): void {
  if (Array.isArray(given)) return;
  throw new TypeError(`startEmulator: ${name} must be an array`);
}

function assertClient(client: EmulatedClient): void {
  assertKnown(client, clientNames, 'clients');
  assertText(client.clientID, 'clientID', 'clients');
  assertText(client.clientSecret, 'clientSecret', 'clients');
}

function assertText(value: unknown, name: string, where: string): void {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${where}: each requires ${name}, a text`);
}

function assertKnown(given: object, names: readonly string[], where: string): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${where}: "${unknown}" is unknown; there are ${names.join(', ')}`);
}
