import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import type { Emulator } from 'passport-jaccount/emulator';
import { freePort } from './free-port';

const modules = '/usr/lib/apache2/modules';

/** Why there is no Apache with mod_auth_openidc here; empty where there is one. */
export const apacheMissing =
  existsSync('/usr/sbin/apache2') && existsSync(`${modules}/mod_auth_openidc.so`)
    ? ''
    : 'needs apache2 and libapache2-mod-auth-openidc';

export interface Apache {
  url: string;
  stop(): Promise<void>;
}

/** Starts Apache with the pages under `/secure/` behind mod_auth_openidc, in a folder of its own. */
export async function startApache(
  emulator: Emulator,
  client: { clientID: string; clientSecret: string },
  directives: readonly string[] = [],
): Promise<Apache> {
  const folder = await mkdtemp(`${tmpdir()}/apache-`);
  const url = `http://localhost:${await freePort()}`;
  // Its children are not root, even if the tests are.
  await chmod(folder, 0o755);
  await mkdir(`${folder}/htdocs/secure`, { recursive: true });
  await writeFile(`${folder}/htdocs/secure/index.html`, 'for those who are signed in\n');
  await copyFile(emulator.caFile as string, `${folder}/ca.pem`);
  await writeFile(`${folder}/apache.conf`, configuration(folder, url, emulator, client, directives));
  const server = spawn('/usr/sbin/apache2', ['-f', `${folder}/apache.conf`, '-D', 'FOREGROUND'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const ended = once(server, 'exit');
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ready = new Promise<void>((resolve) => {
    createInterface(server.stdout).on('line', (line) => {
      log += `${line}\n`;
      if (line.includes('resuming normal operations')) resolve();
    });
  });
  await Promise.race([ready, ended.then(() => Promise.reject(new Error(`Apache did not start: ${log}`)))]);
  return {
    url,
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

function configuration(
  folder: string,
  url: string,
  { endpoints }: Emulator,
  { clientID, clientSecret }: { clientID: string; clientSecret: string },
  directives: readonly string[],
): string {
  const own = process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : [];
  return [
    `ServerRoot ${folder}`,
    'ServerName localhost',
    `Listen 127.0.0.1:${new URL(url).port}`,
    `PidFile ${folder}/pid`,
    `DefaultRuntimeDir ${folder}`,
    `DocumentRoot ${folder}/htdocs`,
    'ErrorLog "|/bin/cat"',
    'LogLevel warn mpm_event:notice',
    ...own,
    ...['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'auth_openidc'].map(
      (name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`,
    ),
    'StartServers 1',
    'ThreadsPerChild 4',
    'MaxRequestWorkers 4',
    `OIDCProviderMetadataURL ${endpoints.issuer}.well-known/openid-configuration`,
    `OIDCCABundlePath ${folder}/ca.pem`,
    `OIDCClientID "${clientID}"`,
    `OIDCClientSecret "${clientSecret}"`,
    `OIDCRedirectURI ${url}/secure/callback`,
    'OIDCIDTokenSignedResponseAlg HS256',
    'OIDCCryptoPassphrase "a passphrase of the tests"',
    'OIDCInfoHook id_token access_token',
    ...directives,
    '<Location /secure>',
    '  AuthType openid-connect',
    '  Require valid-user',
    '  OIDCUnAuthAction auth "false"',
    '</Location>',
    '',
  ].join('\n');
}
