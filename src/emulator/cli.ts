#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { type Emulator, startEmulator } from './emulator';
import type { EmulatorOptions } from './options';
import { readAccounts } from './state/accounts-file';
import { type Behaviour, behaviours, parseBehaviour } from './state/behaviour';

const usage = `Usage: passport-jaccount emulator [options]

Starts a jAccount on this machine, for development and tests. Open the address it prints.

  --port <number>          where to listen (default 8930; 0 takes a free port)
  --host <address>         on which address (default 127.0.0.1)
  --tls                    speak https, with a certificate made at the start
  --client <id:secret>     a client beside the built-in one; may be repeated
  --redirect-uri <url>     a redirect URI of the last --client; may be repeated (default: any on loopback)
  --accounts <file>        JSON with people of your own; may be repeated
  --behaviour <key=value>  a switch for what varies at jAccount; may be repeated
  --quiet                  print nothing but errors
  --force                  start although NODE_ENV is production
  --help                   show this text

Behaviours, the default first:
${Object.entries(behaviours)
  .map(([name, values]) => `  ${name.padEnd(16)} ${values.join(' | ')}`)
  .join('\n')}
`;

async function main(args: string[]): Promise<void> {
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === 'help')
    return void process.stdout.write(usage);
  if (command !== 'emulator') throw new TypeError(`unknown command "${command}"; there is "emulator"`);
  const { quiet, help, ...options } = parseOptions(rest);
  if (help) return void process.stdout.write(usage);
  const emulator = await startEmulator(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.stop());
  if (!quiet) process.stdout.write(greeting(emulator));
}

function greeting({ url, endpoints, client, caFile }: Emulator): string {
  const { issuer, ...others } = endpoints;
  const lines = Object.entries({ issuer, ...others, ...client });
  return [
    `jAccount emulator at ${url}`,
    '',
    ...lines.map(([name, value]) => `  ${name.padEnd(17)} ${value}`),
    '',
    ...(caFile === undefined ? [] : [`  NODE_EXTRA_CA_CERTS=${caFile}`, '']),
  ].join('\n');
}

interface Command extends EmulatorOptions {
  quiet: boolean;
  help: boolean;
}

function parseOptions(args: string[]): Command {
  const { values, tokens } = parseArgs({
    args,
    tokens: true,
    options: {
      port: { type: 'string', default: '8930' },
      host: { type: 'string', default: '127.0.0.1' },
      tls: { type: 'boolean', default: false },
      client: { type: 'string', multiple: true },
      'redirect-uri': { type: 'string', multiple: true },
      accounts: { type: 'string', multiple: true, default: [] },
      behaviour: { type: 'string', multiple: true, default: [] },
      quiet: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { host, tls, quiet, force, help } = values;
  const named = tokens.filter((token) => token.kind === 'option');
  return {
    port: portIn(values.port),
    ...{ host, tls, quiet, force, help },
    clients: clientsIn(named),
    accounts: values.accounts.flatMap(readAccounts),
    behaviour: behaviourIn(values.behaviour),
  };
}

function portIn(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw new TypeError(`--port: "${value}" is no port`);
}

function behaviourIn(pairs: readonly string[]): Partial<Behaviour> {
  const given = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new TypeError('--behaviour wants a key and a value, as in consent=first');
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return parseBehaviour(Object.fromEntries(given));
}

interface Client {
  clientID: string;
  clientSecret: string;
  redirectURIs?: string[];
}

// A redirect URI belongs to the client named before it.
function clientsIn(named: { name: string; value?: string | undefined }[]): Client[] {
  const clients: Client[] = [];
  for (const { name, value = '' } of named) {
    if (name === 'client') clients.push(clientIn(value));
    if (name !== 'redirect-uri') continue;
    const client = clients.at(-1);
    if (!client) throw new TypeError('--redirect-uri belongs behind the --client it is for');
    if (!URL.canParse(value)) throw new TypeError(`--redirect-uri: "${value}" is no URL`);
    client.redirectURIs = [...(client.redirectURIs ?? []), value];
  }
  return clients;
}

function clientIn(value: string): Client {
  const colon = value.indexOf(':');
  if (colon < 1 || colon === value.length - 1)
    throw new TypeError('--client wants an id and a secret, as in id:secret');
  return { clientID: value.slice(0, colon), clientSecret: value.slice(colon + 1) };
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE')
    return 'this port is taken: choose another with --port, or --port 0 for a free one';
  if (error.code === 'EACCES') return 'this port needs more rights: choose one above 1023 with --port';
  if (error.code?.startsWith('ERR_PARSE_ARGS')) return `${error.message}; --help shows what there is`;
  return error.message;
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`passport-jaccount: ${explain(error)}\n`);
  process.exitCode = 1;
});
