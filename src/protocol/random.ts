import { randomFillSync } from 'node:crypto';

// One request to the system costs as much for 4 KiB as for 12 octets, and a login needs five of them.
const pool = Buffer.allocUnsafeSlow(4096);
let used = pool.length;

/** Unguessable octets. What was given out is wiped from the pool at once. */
export function randomOctets(length: number): Buffer {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const octets = Buffer.from(pool.subarray(used, used + length));
  pool.fill(0, used, used + length);
  used += length;
  return octets;
}

/**
 * A fresh unguessable value, 256 bits in 43 URL-safe characters: a state, a nonce or a code verifier.
 *
 * @see RFC 6749, section 10.10, and RFC 7636, section 4.1
 */
export function randomValue(): string {
  return randomOctets(32).toString('base64url');
}
