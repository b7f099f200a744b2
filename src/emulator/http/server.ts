import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServerCertificate } from './certificate';

/** A listening server, and where it is. */
export interface Listener {
  server: http.Server;
  url: string;
  /** The file with the certificate authority's certificate, with TLS. */
  caFile: string | undefined;
  close(): Promise<void>;
}

/** @throws Error of the system, such as `EADDRINUSE`. */
export async function listen(port: number, host: string, tls: boolean): Promise<Listener> {
  const certificate = tls ? createServerCertificate(certifiedHosts(host)) : undefined;
  const server = certificate ? https.createServer(certificate) : http.createServer();
  await listening(server, port, host);
  const folder = certificate && mkdtempSync(path.join(tmpdir(), 'jaccount-emulator-'));
  const caFile = folder && path.join(folder, 'ca.pem');
  if (caFile && certificate) writeFileSync(caFile, certificate.ca);
  return {
    server,
    url: `${certificate ? 'https' : 'http'}://${reachable(host)}:${(server.address() as AddressInfo).port}`,
    caFile,
    close: async () => {
      await closed(server);
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function certifiedHosts(host: string): string[] {
  return [...new Set(['localhost', '127.0.0.1', '::1', ...(isWildcard(host) ? [] : [host])])];
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function reachable(host: string): string {
  if (isWildcard(host)) return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}

function listening(server: http.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: http.Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
