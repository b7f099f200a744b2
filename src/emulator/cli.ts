#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { type EmulatorOptions, startEmulator } from './emulator';

const usage = `Usage: passport-jaccount emulator [options]

Starts a jAccount on this machine, for development and tests.

  --port <number>          where to listen (default 8930; 0 takes a free port)
  --host <address>         on which address (default 127.0.0.1)
  --client <id:secret>     a client beside the built-in one; may be repeated
  --redirect-uri <url>     a redirect URI of the last --client; may be repeated (default: any on loopback)
  --force                  start although NODE_ENV is production
  --help                   show this text
`;

async function main(args: string[]): Promise<void> {
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === 'help')
    return void process.stdout.write(usage);
  if (command !== 'emulator') throw new TypeError(`unknown command "${command}"`);
  const options = parseOptions(rest);
  if (!options) return void process.stdout.write(usage);
  const emulator = await startEmulator(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.stop());
  const { issuer, ...endpoints } = emulator.endpoints;
  const lines = { issuer, ...endpoints, ...emulator.client };
  process.stdout.write(`jAccount emulator at ${emulator.url}\n\n`);
  for (const [name, value] of Object.entries(lines)) process.stdout.write(`  ${name.padEnd(17)} ${value}\n`);
}

function parseOptions(args: string[]): EmulatorOptions | undefined {
  const { values, tokens } = parseArgs({
    args,
    tokens: true,
    options: {
      port: { type: 'string', default: '8930' },
      host: { type: 'string', default: '127.0.0.1' },
      client: { type: 'string', multiple: true },
      'redirect-uri': { type: 'string', multiple: true },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new TypeError(`--port: "${values.port}" is no port`);
  const named = tokens.filter((token) => token.kind === 'option');
  return { port, host: values.host, force: values.force, clients: clientsIn(named) };
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
  return error.message;
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`passport-jaccount: ${explain(error)}\n`);
  process.exitCode = 1;
});
