const maxLength = 2048;

// One slash, no second one and no backslash behind it, and nowhere a character that a browser drops or turns.
const localPath = /^\/(?![/\\])[^\p{C}\p{Z}\\]*$/u;

// Any origin does: what resolves to another one is not local.
const origin = 'https://local.invalid';

/**
 * The local path in a value that came from outside, normalised; `fallback` for everything else.
 *
 * Use it on every address to which the application sends a browser back: `//evil.example` is a path to the eye and
 * another site to a browser.
 *
 * @example
 * ```ts
 * import { sanitizeReturnTo } from 'passport-jaccount';
 *
 * sanitizeReturnTo('/courses?term=1'); // '/courses?term=1'
 * sanitizeReturnTo('//evil.example'); // '/'
 * ```
 *
 * @see [RFC 9700, section 4.11](https://www.rfc-editor.org/rfc/rfc9700#section-4.11)
 */
export function sanitizeReturnTo(value: unknown, fallback = '/'): string {
  if (typeof value !== 'string' || value.length > maxLength || !localPath.test(value)) return fallback;
  if (!URL.canParse(value, origin)) return fallback;
  const url = new URL(value, origin);
  const path = url.pathname + url.search + url.hash;
  // "/.//evil" is local as it stands and foreign once normalised.
  return url.origin === origin && !path.startsWith('//') ? path : fallback;
}
