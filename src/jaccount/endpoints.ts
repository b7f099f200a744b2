/** The five addresses of a jAccount. Spread them into the options of any door of this package. */
export interface JaccountEndpoints {
  /** The `iss` of its ID Tokens. The trailing slash is part of the value. */
  issuer: string;
  authorizationURL: string;
  tokenURL: string;
  logoutURL: string;
  /** The root of the REST API, without a trailing slash. It is on another host than the rest. */
  apiURL: string;
}

/**
 * The addresses of SJTU's own jAccount.
 *
 * @see developer.sjtu.edu.cn/auth/oidc.html
 */
export const jaccountEndpoints: Readonly<JaccountEndpoints> = Object.freeze({
  ...oauthEndpointsAt('https://jaccount.sjtu.edu.cn'),
  apiURL: 'https://api.sjtu.edu.cn/v1',
});

/** The addresses of a jAccount that keeps everything at one origin, as the emulator does. */
export function endpointsAt(origin: string): JaccountEndpoints {
  return { ...oauthEndpointsAt(origin), apiURL: `${origin}/v1` };
}

function oauthEndpointsAt(origin: string): Omit<JaccountEndpoints, 'apiURL'> {
  return {
    issuer: `${origin}/oauth2/`,
    authorizationURL: `${origin}/oauth2/authorize`,
    tokenURL: `${origin}/oauth2/token`,
    logoutURL: `${origin}/oauth2/logout`,
  };
}

/**
 * The client that every emulator knows. Its secret is public, so it is accepted together with loopback endpoints
 * only: nobody must be able to sign tokens for an application that faces the world.
 */
export const emulatorClient: Readonly<{ clientID: string; clientSecret: string }> = Object.freeze({
  clientID: 'jaemulator000000000001',
  clientSecret: '6d3a1f0b9c5e4827a1d0f3b86c7e92545fa08b1c2d7e3946',
});

/** Whether the host of a URL can only be this machine. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
}
