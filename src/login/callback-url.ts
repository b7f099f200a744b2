import { CallbackError } from '../errors';

/**
 * The callback URL for a request: the one that is configured, or of a list the one whose host the request names. It is
 * never made from the request.
 *
 * @throws {@link CallbackError} with 400 for a host that no callback URL of the list has.
 */
export function callbackURLFor(
  callbackURL: string | readonly string[],
  requestHosts: readonly string[],
): string {
  if (typeof callbackURL === 'string') return callbackURL;
  const found = requestHosts
    .map((host) => callbackURL.find((url) => isAtHost(url, host)))
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
