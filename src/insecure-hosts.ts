import { isLoopback, jaccountEndpoints } from './jaccount/endpoints';

/** Whether plain http is accepted for a URL: on loopback, and on the hosts that the application named. */
export function acceptsHttp(url: URL, insecureHosts: readonly string[] = []): boolean {
  return isLoopback(url) || insecureHosts.includes(url.hostname) || insecureHosts.includes(url.host);
}

const jaccountHosts = Object.values(jaccountEndpoints).map((url) => new URL(url).hostname);

/** A host as URLs spell it, with its port if it has one; undefined for what is no host, or jAccount's own. */
export function insecureHostOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || !/^[^\s/?#@\\*]+$/.test(name)) return undefined;
  const url = `http://${name.includes('::') && !name.startsWith('[') ? `[${name}]` : name}`;
  if (!URL.canParse(url)) return undefined;
  const { host, hostname } = new URL(url);
  return jaccountHosts.includes(hostname) ? undefined : host;
}
