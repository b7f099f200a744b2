import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { parseJson } from '../protocol/json';
import { randomOctets } from '../protocol/random';

const tagLength = 16;

/**
 * Seals values into compact JWE (`dir`, `A256GCM`), and opens what one of the same secrets sealed. By node:crypto, because
 * jose needs eight times as long for it; the tests open with jose what this seals, and the reverse.
 *
 * @see [RFC 7516, section 5](https://www.rfc-editor.org/rfc/rfc7516#section-5)
 */
export class Sealer {
  private readonly keys: readonly [KeyObject, ...KeyObject[]];

  /** The first secret seals, all of them open. `purpose` is part of the key: another use of a secret opens nothing. */
  constructor([first, ...others]: readonly [string, ...string[]], purpose: string) {
    const derive = (secret: string) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)));
    this.keys = [derive(first), ...others.map(derive)];
  }

  /** `typ` says what kind of value it is: what was sealed as one kind is not opened as another. RFC 8725, section 3.12. */
  seal(typ: string, value: unknown): string {
    const header = headerOf(typ);
    const iv = randomOctets(12);
    const cipher = createCipheriv('aes-256-gcm', this.keys[0], iv, { authTagLength: tagLength });
    cipher.setAAD(Buffer.from(header, 'latin1'));
    const text = JSON.stringify(value);
    const ciphertext = cipher.update(text, 'utf8', 'base64url') + cipher.final('base64url');
    return `${header}..${iv.toString('base64url')}.${ciphertext}.${cipher.getAuthTag().toString('base64url')}`;
  }

  /** The value; undefined for what was damaged, sealed with another secret, or as another kind. */
  open(typ: string, sealed: string): unknown {
    if (!isSealedAs(typ, sealed)) return undefined;
    const [, , iv = '', ciphertext = '', tag = '', ...more] = sealed.split('.');
    if (more.length > 0 || !isOctets(iv, 12) || !isOctets(tag, tagLength) || !isOctets(ciphertext))
      return undefined;
    for (const key of this.keys) {
      const octets = decrypt(key, headerOf(typ), [iv, ciphertext, tag]);
      if (octets) return valueIn(octets);
    }
    return undefined;
  }
}

/** Whether a sealed value says that it is of a kind. It proves nothing before it is opened. */
export function isSealedAs(typ: string, sealed: string): boolean {
  return sealed.startsWith(`${headerOf(typ)}..`);
}

const headers = new Map<string, string>();

// The whole header is compared, so no other algorithm and no compression is ever looked at. RFC 8725, section 3.1.
function headerOf(typ: string): string {
  const header =
    headers.get(typ) ??
    Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', typ })).toString('base64url');
  headers.set(typ, header);
  return header;
}

// The text must be the only one for its octets: the bits that are left over are zero. RFC 4648, section 3.5.
const base64url = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

function isOctets(text: string, length?: number): boolean {
  if (text === '' || !base64url.test(text)) return false;
  return length === undefined || Math.floor((text.length * 3) / 4) === length;
}

function decrypt(
  key: KeyObject,
  header: string,
  [iv, ciphertext, tag]: readonly [string, string, string],
): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
    authTagLength: tagLength,
  });
  decipher.setAAD(Buffer.from(header, 'latin1'));
  decipher.setAuthTag(Buffer.from(tag, 'base64url'));
  const octets = decipher.update(ciphertext, 'base64url');
  try {
    decipher.final();
    return octets;
  } catch {
    // Damaged, or sealed with another key.
    return undefined;
  }
}

function valueIn(octets: Buffer): unknown {
  try {
    return parseJson(octets);
  } catch {
    return undefined;
  }
}
