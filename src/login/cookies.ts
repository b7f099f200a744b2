import type { CookieResponse, Request } from '../frameworks';
import { type Transaction, transactionLifetime } from './transaction';

const prefix = 'jaccount-';

/** Browsers take a cookie of this name from the host itself only, over https. RFC 6265bis, section 4.1.3.2. */
export const hostPrefix = '__Host-';

// A cookie for each login, so that tabs do not overwrite each other. Over http browsers take no Secure cookie.
export function nameOf({ handle, redirectURI }: Transaction): string {
  return (redirectURI.startsWith('https:') ? hostPrefix : '') + prefix + handle.slice(0, 16);
}

export function isFor(name: string, handle: string): boolean {
  return name.endsWith(prefix + handle.slice(0, 16));
}

export interface Cookie {
  name: string;
  value: string;
}

export function sizeOf({ name, value }: Cookie): number {
  return name.length + value.length + '=; '.length;
}

export function octetsOf(cookies: readonly Cookie[]): number {
  return cookies.reduce((sum, cookie) => sum + sizeOf(cookie), 0);
}

const ourName = /^(?:__Host-)?jaccount-[\w-]{16}$/;

// From the header itself: what a cookie parser made of it may be an object.
export function ourCookies(req: object): Cookie[] {
  const { headers } = req as Partial<Request>;
  const header = headers?.cookie ?? '';
  if (!header.includes(prefix)) return [];
  const cookies: Cookie[] = [];
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).trim();
    if (name.includes(prefix) && ourName.test(name))
      cookies.push({ name, value: pair.slice(equals + 1).trim() });
  }
  return cookies;
}

export function setCookie(
  response: CookieResponse,
  name: string,
  value: string,
  maxAge = transactionLifetime / 1000,
): void {
  const secure = name.startsWith(hostPrefix) ? '; Secure' : '';
  // Lax: the browser comes back from another site, by a link. Strict would leave the cookie behind.
  const cookie = `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  if ('appendHeader' in response) {
    response.appendHeader('Set-Cookie', cookie);
    response.setHeader('Cache-Control', 'no-store');
  } else {
    response.header('Set-Cookie', cookie);
    response.header('Cache-Control', 'no-store');
  }
}

export function clearCookie(response: CookieResponse, name: string): void {
  setCookie(response, name, '', 0);
}
