import { CallbackError } from '../errors';

/**
 * The callback URL for a request: of those that are configured, the one whose host the request names. It is never made from
 * the request.
 *
 * @throws {@link CallbackError} with 400 for a host that no callback URL of the list has.
 */
export function callbackURLAt(requestHosts: readonly string[], callbackURLs: readonly string[]): string {
  const found = requestHosts
    .map((host) => callbackURLs.find((url) => isAtHost(url, host)))
    .find((url) => url !== undefined);
  if (found !== undefined) return found;
  throw new CallbackError('no "callbackURL" has the host of this request');
}

function isAtHost(callbackURL: string, host: string): boolean {
  const { protocol, host: expected } = new URL(callbackURL);
  // A URL drops the default port of its scheme.
  const url = `${protocol}//${host}`;
  return /^[\w.:[\]-]+$/.test(host) && URL.canParse(url) && new URL(url).host === expected;
}
