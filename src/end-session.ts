import { type Session, sessionOf, settled } from './frameworks';
import type { RequestContext } from './request-context';

interface SessionCookie {
  path?: string;
  domain?: string | null;
  secure?: boolean | null;
}

interface EndableSession extends Session {
  cookie?: SessionCookie;
  destroy?: (done: (error?: unknown) => void) => unknown;
  delete?: () => void;
  manuallyCommit?: () => Promise<void>;
}

/** What the session middlewares of the frameworks, and Passport, add to a request or a context. */
interface SessionHolder {
  session?: EndableSession | null;
  logout?: (done?: (error?: unknown) => void) => unknown;
  /** @fastify/passport is there. */
  passport?: unknown;
}

/**
 * Ends the session of a request: Passport's login, what the store keeps, and the cookie. Rejects with the error of a store
 * that fails. `cookie` is the name of the session's cookie where the session does not know how to expire it: in Express.
 */
export async function endSession(context: RequestContext, cookie: string): Promise<void> {
  const holder = holderOf(context);
  const forgetCookie = forgetterOf(context, holder, cookie);
  await endLogin(context, holder);
  // Read it now: Passport has renewed it.
  const session = sessionOf(holder) as EndableSession | undefined;
  if (typeof session?.destroy === 'function') await settled((done) => session.destroy?.(done));
  else if (typeof session?.delete === 'function') session.delete();
  else if (session || context.framework === 'node') holder.session = null;
  // koa-session would destroy the session after the answer. A store that fails must fail before.
  if (typeof session?.manuallyCommit === 'function') await session.manuallyCommit();
  forgetCookie();
}

// Fastify can run the session middlewares of Express, by @fastify/middie. They leave the session on Node's request.
function holderOf({ framework, request }: RequestContext): SessionHolder {
  const { raw } = request as { raw?: object };
  return framework === 'fastify' && raw && !sessionOf(request) && sessionOf(raw) ? raw : request;
}

// Passport needs a session that can be saved and renewed. With another kind, its login ends when the session ends.
async function endLogin({ framework }: RequestContext, holder: SessionHolder): Promise<void> {
  const { regenerate, save } = sessionOf(holder) ?? {};
  const isRenewable = Boolean(regenerate) && (Boolean(save) || Boolean(holder.passport));
  if (!isRenewable || typeof holder.logout !== 'function') return;
  // koa-passport takes options and returns a promise; Passport takes a callback, and @fastify/passport neither.
  await (framework === 'koa' ? holder.logout() : settled((done) => holder.logout?.(done)));
}

// Read the cookie at once: it goes after the session, which cannot tell of it by then.
function forgetterOf(context: RequestContext, holder: SessionHolder, name: string): () => void {
  const { framework, request } = context;
  if (framework === 'koa') return () => undefined;
  if (framework === 'fastify' && holder === request) return forgetterInFastify(context, holder.session ?? {});
  const cookie = clearedCookie(name, holder.session?.cookie);
  return () => context.addCookie(cookie);
}

// A browser forgets a cookie of the same name, path and domain only.
function clearedCookie(name: string, { path = '/', domain, secure }: SessionCookie = {}): string {
  const scope = `${domain ? `; Domain=${domain}` : ''}; Path=${path}${secure ? '; Secure' : ''}`;
  return `${name}=${scope}; Expires=${new Date(0).toUTCString()}`;
}

function forgetterInFastify({ request, response }: RequestContext, session: EndableSession): () => void {
  const { path = '/', domain, secure } = session.cookie ?? {};
  const { clearCookie } = response as { clearCookie?: (name: string, options: object) => unknown };
  const name = cookieNameIn(request, session);
  if (name === undefined || !clearCookie) return () => undefined;
  const scope = { path, secure: secure === true, ...(domain && { domain }) };
  return () => void clearCookie.call(response, name, scope);
}

// @fastify/session does not tell the name of its cookie, but what it holds. A prefix may stand before it.
function cookieNameIn(request: object, { encryptedSessionId }: EndableSession): string | undefined {
  if (typeof encryptedSessionId !== 'string') return undefined;
  const { cookies } = request as { cookies?: Record<string, string | undefined> };
  return Object.entries(cookies ?? {}).find(([, value]) => value?.endsWith(encryptedSessionId))?.[0];
}
