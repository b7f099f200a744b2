import { hash, timingSafeEqual } from 'node:crypto';

const maxLength = 256;

// Control and format characters, which include line ends and the marks that turn the direction of writing.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Text of a provider that may be kept as data: bounded, printable, and dropped whole if it repeats one of
 * `secrets`. It is hostile all the same wherever it is shown.
 */
export function boundedText(value: unknown, secrets: Iterable<string> = []): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if ([...secrets].some((secret) => secret !== '' && value.includes(secret))) return undefined;
  return [...value.slice(0, 2 * maxLength).replace(unprintable, ' ')].slice(0, maxLength).join('');
}

/** Compares in a time that tells nothing of the texts, not even their lengths. */
export function sameText(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

/** The SHA-256 digest of a text's UTF-8 octets. */
export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Compares two digests in a time that tells nothing of them. */
export function sameDigest(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
