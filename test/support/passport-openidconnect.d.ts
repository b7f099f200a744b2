declare module 'passport-openidconnect' {
  import type { Strategy } from 'passport';

  // It ships no types. These are what the tests use of it, by its README.
  interface Options {
    issuer: string;
    authorizationURL: string;
    tokenURL: string;
    userInfoURL?: string;
    clientID: string;
    clientSecret: string;
    callbackURL: string;
    scope?: string | readonly string[];
    nonce?: boolean;
  }
  interface Profile {
    id: string;
    displayName?: string;
  }
  type Verify = (
    issuer: string,
    profile: Profile,
    done: (error: unknown, user?: object | false) => void,
  ) => void;
  const OpenIDConnectStrategy: new (options: Options, verify: Verify) => Strategy & { name: string };
  export default OpenIDConnectStrategy;
}
