import type { Request, RequestHandler, Response } from 'express';
import { GivenOptions } from '../options';

/** What can end a session at jAccount: a {@link JaccountStrategy}, or a {@link JaccountClient}. */
export interface LogoutEndpoint {
  logoutURL(postLogoutRedirectURI: string): string;
}

export interface SignOutOptions {
  /** Where jAccount sends the browser afterwards: absolute, https (http on loopback). Never taken from the request. */
  returnTo: string;
  /** The name of the session's cookie. @default 'connect.sid', as express-session names it */
  cookie?: string;
}

/**
 * Signs a user out of an Express application: first the session here, with its cookie, then the one at jAccount.
 *
 * Both have to end. With only the first gone, the next click on "sign in" brings the same user back without a question,
 * on a shared machine perhaps to somebody else. Sites that the user signed in to before stay signed in; and what comes
 * back to `returnTo` proves nothing.
 *
 * It answers a POST, and 405 to everything else: a link, an image or a preview must not sign anybody out. A form of
 * another site gets 403. If the session cannot be ended, the error goes to your error handler, and the browser nowhere.
 *
 * @throws TypeError for an address of another form.
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
export function signOut(jaccount: LogoutEndpoint, options: SignOutOptions): RequestHandler {
  const given = new GivenOptions('signOut', options);
  given.assertKnown(['returnTo', 'cookie']);
  const cookie = given.has('cookie') ? given.text('cookie') : 'connect.sid';
  const location = jaccount.logoutURL(given.text('returnTo'));
  return (req, res, next) => {
    if (req.method !== 'POST') return void res.status(405).set('Allow', 'POST').end();
    if (req.get('Sec-Fetch-Site') === 'cross-site') return void res.status(403).end();
    endSession(req, res, cookie).then(() => {
      res.set('Cache-Control', 'no-store').redirect(303, location);
    }, next);
  };
}

/** What express-session adds to a request, or as much of it as cookie-session does. */
interface Session {
  cookie?: { path?: string; domain?: string | null; secure?: boolean };
  regenerate?: unknown;
  destroy?: (done: (error?: unknown) => void) => void;
}

async function endSession(req: Request, res: Response, cookie: string): Promise<void> {
  const holder = req as unknown as { session?: Session | null };
  const { path = '/', domain, secure = false } = holder.session?.cookie ?? {};
  // Passport needs a session that can be renewed; of another kind, what holds its user ends below all the same.
  if (holder.session?.regenerate && req.logout) await promised((done) => req.logout(done));
  const { session } = holder;
  if (session?.destroy) await promised((done) => session.destroy?.(done));
  else holder.session = null;
  // A browser forgets a cookie of the same name, path and domain only.
  res.clearCookie(cookie, { path, secure, ...(domain && { domain }) });
}

function promised(end: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    end((error) => (error ? reject(error) : resolve()));
  });
}
