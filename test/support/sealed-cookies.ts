import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { EndedLogin, Transaction } from 'passport-jaccount';

// RFC 7516 and RFC 5869 by node:crypto alone, so that the format is known from two sides. test/login/sealed.test.ts does
// the same with jose.

export const cookieSecret = 'a cookie secret of the tests, longer than 32';

export const pendingHeader = { alg: 'dir', enc: 'A256GCM', typ: 'jaccount-txn' };
export const endedHeader = { alg: 'dir', enc: 'A256GCM', typ: 'jaccount-end' };
export const hostEndedHeader = { alg: 'dir', enc: 'A256GCM', typ: '__Host-jaccount-end' };

export function keyOf(secret: string, purpose = 'passport-jaccount transaction cookie'): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
}

export function seal(
  plaintext: string | Buffer,
  { header = pendingHeader, key = keyOf(cookieSecret) }: { header?: object; key?: Buffer } = {},
): string {
  const head = Buffer.from(JSON.stringify(header)).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [head, '', ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
    '.',
  );
}

/** @throws where the value was not sealed with this secret. */
export function unseal<T = Transaction>(value: string, secret = cookieSecret): T {
  const [head = '', , ...rest] = value.split('.');
  const [iv, ciphertext, tag] = rest.map((part) => Buffer.from(part, 'base64url')) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), iv)
    .setAAD(Buffer.from(head))
    .setAuthTag(tag);
  return JSON.parse(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString());
}

export function unsealEnded(value: string, secret = cookieSecret): EndedLogin {
  return unseal<EndedLogin>(value, secret);
}

export function headerIn(sealed: string): { typ?: string } {
  return JSON.parse(Buffer.from(sealed.split('.', 1)[0] as string, 'base64url').toString());
}

export function signedWith(key: Buffer, claims: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'HS256', typ: 'jaccount-txn' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

export const segments = ['header', 'key', 'IV', 'ciphertext', 'tag'];

export function withSegment(value: string, index: number, change: (segment: string) => string): string {
  return value
    .split('.')
    .map((segment, at) => (at === index ? change(segment) : segment))
    .join('.');
}

export function flipped(segment: string): string {
  const octets = Buffer.from(segment, 'base64url');
  octets[0]! ^= 1;
  return octets.toString('base64url');
}

/** The name and the value in a `Set-Cookie` header. */
export function pairOf(cookie: string): { name: string; value: string } {
  const [pair = ''] = cookie.split(';', 1);
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  return { name, value };
}
