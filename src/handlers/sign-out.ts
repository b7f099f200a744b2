import { endSession } from '../end-session';
import { GivenOptions } from '../options';
import type { Answer, RequestContext } from '../request-context';
import { type AnswerHandler, createAnswerer } from '../request-handler';

/** What can end a session at jAccount: a {@link JaccountStrategy}, or a {@link JaccountClient}. */
export interface LogoutEndpoint {
  logoutURL(postLogoutRedirectURI: string): string;
}

export interface SignOutOptions {
  /** Where jAccount sends the browser afterwards: absolute, https (http on loopback). Never taken from the request. */
  returnTo: string;
  /**
   * The name of the session's cookie in Express, connect and Polka. In Koa and Fastify the session expires its own
   * cookie, and this has no effect.
   * @default 'connect.sid', as express-session names it
   */
  cookie?: string;
}

/**
 * Signs a user out: first ends the session here, with its cookie, then sends the browser to end the one at jAccount. It
 * works in Express, Koa, Fastify and Nest; {@link AnswerHandler} says how each of them calls it.
 *
 * Both sessions have to end. With only the first gone, the next click on "sign in" brings the same user back without a
 * question, on a shared machine perhaps to somebody else. Sites that the user signed in to before stay signed in; and what
 * comes back to `returnTo` proves nothing.
 *
 * It answers a POST, and 405 to everything else: a link, an image or a preview must not sign anybody out. A form of
 * another site gets 403. If the session cannot be ended, the error goes to your error handling, and the browser nowhere.
 *
 * It ends Passport's login (passport, koa-passport, @fastify/passport), then destroys the session in its store
 * (express-session, koa-session, @fastify/session) or empties its cookie (cookie-session, koa-session,
 * @fastify/secure-session). A copy of a cookie that holds the whole session stays valid until it expires.
 *
 * @throws TypeError for an address of another form, and later for arguments of no framework that it knows.
 *
 * @example
 * ```ts
 * import type { Express } from 'express';
 * import { type JaccountStrategy, signOut } from 'passport-jaccount';
 *
 * const addSignOut = (app: Express, strategy: JaccountStrategy) =>
 *   app.all('/logout', signOut(strategy, { returnTo: 'https://app.example/' }));
 * ```
 *
 * @see [OpenID Connect RP-Initiated Logout 1.0](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)
 */
export function signOut(jaccount: LogoutEndpoint, options: SignOutOptions): AnswerHandler {
  const given = new GivenOptions('signOut', options);
  given.assertKnown(['returnTo', 'cookie']);
  const cookie = given.has('cookie') ? given.text('cookie') : 'connect.sid';
  const location = jaccount.logoutURL(given.text('returnTo'));
  return createAnswerer('signOut', async (context) => {
    const refusal = refusalOf(context);
    if (refusal) return refusal;
    await endSession(context, cookie);
    return { status: 303, headers: { 'Cache-Control': 'no-store', Location: location } };
  });
}

function refusalOf({ method, headers }: RequestContext): Answer | undefined {
  if (method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
  return headers['sec-fetch-site'] === 'cross-site' ? { status: 403 } : undefined;
}
