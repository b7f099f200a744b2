import { randomBytes } from 'node:crypto';

/** A fresh unguessable value, 256 bits in 43 URL-safe characters: a state or a nonce. @see RFC 6749, section 10.10 */
export function randomValue(): string {
  return randomBytes(32).toString('base64url');
}
