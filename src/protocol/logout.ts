import { acceptsHttp } from '../insecure-hosts';

/** What a logout request says. */
export interface LogoutRequest {
  logoutURL: string;
  clientID: string;
  /** Where jAccount sends the browser afterwards: https, or http on loopback and on insecure hosts. */
  postLogoutRedirectURI: string;
  insecureHosts?: readonly string[];
  state?: string;
}

/**
 * The address that ends the user's jAccount session. End the application's own session first: without this second
 * step the next click on "sign in" silently signs the same user in again.
 *
 * @see developer.sjtu.edu.cn/auth/oidc.html, on logging out
 */
export function buildLogoutURL(request: LogoutRequest): string {
  const { logoutURL, clientID, postLogoutRedirectURI, insecureHosts, state } = request;
  assertReturnAddress(postLogoutRedirectURI, insecureHosts);
  const url = new URL(logoutURL);
  url.searchParams.set('client_id', clientID);
  url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectURI);
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
}

function assertReturnAddress(uri: unknown, insecureHosts?: readonly string[]): void {
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && acceptsHttp(url, insecureHosts))) return;
  throw new TypeError(
    'postLogoutRedirectURI must be an absolute https URL: http is accepted on loopback, and on the hosts that the option insecureHosts names',
  );
}
