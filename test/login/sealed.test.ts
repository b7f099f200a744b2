import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { CompactEncrypt, type CompactJWEHeaderParameters, compactDecrypt } from 'jose';
import { isSealedAs, Sealer } from '../../dist/login/sealed.js';
import { flipped, keyOf, segments, withSegment } from '../support/sealed-cookies';

const [secret, otherSecret] = ['a secret of the tests, long enough', 'another secret of the tests, too'];
const purpose = 'a purpose of the tests';
const typ = 'jaccount-test';
const header = { alg: 'dir', enc: 'A256GCM', typ };
const key = keyOf(secret, purpose);
const value = { text: '张三 \u{1f600} " \\ \u0000', number: 1.5, nested: [null, true, { a: {} }] };

// jose knows RFC 7516 from elsewhere.
function sealWithJose(plaintext: string, protectedHeader: object = header, by = key): Promise<string> {
  return new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader(protectedHeader as CompactJWEHeaderParameters)
    .encrypt(by);
}

function encoded(part: string | Buffer): string {
  return Buffer.from(part).toString('base64url');
}

/** Compact JWE by the right key, with whatever the test says about it. */
function sealByHand({
  head = JSON.stringify(header),
  iv = Buffer.alloc(12, 1),
  tagLength = 16,
}: {
  head?: string;
  iv?: Buffer;
  tagLength?: number;
}): string {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagLength });
  cipher.setAAD(Buffer.from(encoded(head)));
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return [encoded(head), '', encoded(iv), encoded(ciphertext), encoded(cipher.getAuthTag())].join('.');
}

describe('Sealer', () => {
  const sealer = new Sealer([secret], purpose);
  const sealed = sealer.seal(typ, value);

  describe('and jose agree', () => {
    it('on what Sealer seals', async () => {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });

      expect(JSON.parse(Buffer.from(plaintext).toString())).to.deep.equal(value);
      expect(protectedHeader).to.deep.equal(header);
    });

    it('on what jose seals', async () => {
      expect(sealer.open(typ, await sealWithJose(JSON.stringify(value)))).to.deep.equal(value);
    });

    it('on any value that JSON can hold', async () => {
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (any) => {
          const { plaintext } = await compactDecrypt(sealer.seal(typ, any), key);
          const theirs = await sealWithJose(JSON.stringify(any));

          expect(Buffer.from(plaintext).toString()).to.equal(JSON.stringify(any));
          expect(sealer.open(typ, theirs)).to.deep.equal(JSON.parse(JSON.stringify(any)));
        }),
      );
    });

    it('to refuse another key', async () => {
      const refused = await compactDecrypt(sealed, keyOf(otherSecret, purpose)).catch(({ code }) => code);

      expect(refused).to.equal('ERR_JWE_DECRYPTION_FAILED');
      expect(new Sealer([otherSecret], purpose).open(typ, sealed)).to.equal(undefined);
    });
  });

  it('opens what it sealed', () => {
    expect(sealer.open(typ, sealed)).to.deep.equal(value);
  });

  it('takes a fresh IV of 96 bits for each of 1000 values [TX-01]', () => {
    const ivs = Array.from({ length: 1000 }, () =>
      Buffer.from(sealer.seal(typ, value).split('.')[2] as string, 'base64url'),
    );

    expect(new Set(ivs.map((iv) => iv.toString('hex')))).to.have.property('size', 1000);
    expect(new Set(ivs.map(({ length }) => length))).to.deep.equal(new Set([12]));
  });

  it('seals as dir and A256GCM, uncompressed [TX-01, TX-07]', () => {
    const [head = '', encryptedKey, ...rest] = sealed.split('.');

    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).to.deep.equal(header);
    expect(encryptedKey).to.equal('');
    expect(rest).to.have.length(3);
    expect(Buffer.from(rest[1] as string, 'base64url')).to.have.length(
      Buffer.byteLength(JSON.stringify(value)),
    );
  });

  it('shows nothing of the value', () => {
    const visible = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString());

    expect(visible.join()).not.to.match(/nested|张三/);
  });

  describe('of several secrets', () => {
    it('opens what the second sealed [TX-08]', () => {
      const rotated = new Sealer([otherSecret, secret], purpose);

      expect(rotated.open(typ, sealed)).to.deep.equal(value);
    });

    it('seals with the first [TX-08]', () => {
      const rotated = new Sealer([otherSecret, secret], purpose).seal(typ, value);

      expect(new Sealer([otherSecret], purpose).open(typ, rotated)).to.deep.equal(value);
      expect(sealer.open(typ, rotated)).to.equal(undefined);
    });

    it('refuses what one sealed that was removed [CK-04]', () => {
      expect(new Sealer([otherSecret], purpose).open(typ, sealed)).to.equal(undefined);
    });
  });

  describe('refuses', () => {
    it('another purpose [TX-03]', () => {
      expect(new Sealer([secret], 'another purpose').open(typ, sealed)).to.equal(undefined);
    });

    for (const other of ['jaccount-tes', 'jaccount-test2', 'JACCOUNT-TEST', '']) {
      it(`the type ${JSON.stringify(other)} [TX-03]`, async () => {
        expect(sealer.open(typ, sealer.seal(other, value))).to.equal(undefined);
        expect(sealer.open(other, sealed)).to.equal(undefined);
        const theirs = await sealWithJose(JSON.stringify(value), { ...header, typ: other });
        expect(sealer.open(typ, theirs)).to.equal(undefined);
      });
    }

    const pairs = JSON.stringify(header).slice(1, -1);
    const heads: { what: string; head: string }[] = [
      { what: 'no type', head: '{"alg":"dir","enc":"A256GCM"}' },
      { what: 'a type in an array', head: `{"alg":"dir","enc":"A256GCM","typ":["${typ}"]}` },
      { what: 'the same members in another order', head: `{"enc":"A256GCM","alg":"dir","typ":"${typ}"}` },
      { what: 'the same members with a blank', head: `{ ${pairs}}` },
      { what: 'a member twice', head: `{${pairs},"typ":"${typ}"}` },
      { what: 'the algorithm none', head: `{"alg":"none","enc":"A256GCM","typ":"${typ}"}` },
      { what: 'the algorithm DIR', head: `{"alg":"DIR","enc":"A256GCM","typ":"${typ}"}` },
      { what: 'the algorithm A256KW', head: `{"alg":"A256KW","enc":"A256GCM","typ":"${typ}"}` },
      {
        what: 'the algorithm PBES2-HS512+A256KW',
        head: `{"alg":"PBES2-HS512+A256KW","p2c":1000000000,"p2s":"AAAA","enc":"A256GCM","typ":"${typ}"}`,
      },
      { what: 'the encryption A128GCM', head: `{"alg":"dir","enc":"A128GCM","typ":"${typ}"}` },
      { what: 'the encryption A256CBC-HS512', head: `{"alg":"dir","enc":"A256CBC-HS512","typ":"${typ}"}` },
      { what: 'no encryption', head: `{"alg":"dir","typ":"${typ}"}` },
      { what: 'a compression', head: `{${pairs},"zip":"DEF"}` },
      { what: 'a critical member', head: `{${pairs},"crit":["exp"],"exp":1}` },
      { what: 'a key id', head: `{${pairs},"kid":"1"}` },
      { what: 'no JSON', head: 'dir' },
      { what: 'nothing', head: '' },
    ];
    for (const { what, head } of heads) {
      it(`a header with ${what}, whatever the right key says to it [CK-05, CK-06]`, () => {
        expect(sealer.open(typ, sealByHand({ head }))).to.equal(undefined);
      });
    }

    // Proves that the rows above fail for what they changed.
    it('nothing of what is sealed by hand in the right way', () => {
      expect(sealer.open(typ, sealByHand({}))).to.deep.equal(value);
    });

    // RFC 7518, section 5.3: 128 bits. GCM itself would take fewer.
    for (const tagLength of [4, 8, 12, 13, 14, 15]) {
      it(`a right tag of ${8 * tagLength} bits [CK-02]`, () => {
        expect(sealer.open(typ, sealByHand({ tagLength }))).to.equal(undefined);
      });
    }

    for (const length of [1, 8, 11, 13, 16]) {
      it(`an IV of ${8 * length} bits [CK-02]`, () => {
        expect(sealer.open(typ, sealByHand({ iv: Buffer.alloc(length, 1) }))).to.equal(undefined);
      });
    }

    segments.forEach((segment, index) => {
      it(`a value without its ${segment} [CK-02]`, () => {
        expect(sealer.open(typ, sealed.split('.').toSpliced(index, 1).join('.'))).to.equal(undefined);
      });

      const change = index === 1 ? () => 'AAAA' : () => '';
      it(`a value whose ${segment} is ${index === 1 ? 'filled' : 'empty'} [CK-02]`, () => {
        expect(sealer.open(typ, withSegment(sealed, index, change))).to.equal(undefined);
      });

      if (index === 1) return;
      it(`a value with a bit of its ${segment} flipped [CK-02]`, () => {
        expect(sealer.open(typ, withSegment(sealed, index, flipped))).to.equal(undefined);
      });

      it(`a value with a longer ${segment} [CK-02]`, () => {
        expect(
          sealer.open(
            typ,
            withSegment(sealed, index, (part) => `${part}AAAA`),
          ),
        ).to.equal(undefined);
      });
    });

    // RFC 4648, section 3.5: the bits that the last character has too many are zero. Node reads any.
    const lengths = { ciphertext: [1, 2], tag: [16] };
    for (const [segment, octets] of Object.entries(lengths)) {
      for (const count of octets) {
        it(`a ${segment} whose last character has bits that say nothing (${count} octets) [CK-02]`, () => {
          const text = sealer.seal(typ, segment === 'tag' ? value : Number('1'.repeat(count)));
          const index = segments.indexOf(segment);
          const canonical = text.split('.')[index] as string;
          const others = alphabet
            .map((character) => canonical.slice(0, -1) + character)
            .filter((other) => other !== canonical && sameOctets(other, canonical));

          expect(others).not.to.deep.equal([]);
          for (const other of others)
            expect(
              sealer.open(
                typ,
                withSegment(text, index, () => other),
              ),
            ).to.equal(undefined);
        });
      }
    }

    for (const { what, other } of [
      { what: 'padding', other: `${sealed}==` },
      { what: 'a blank before it', other: ` ${sealed}` },
      { what: 'a line end behind it', other: `${sealed}\n` },
      { what: 'a sixth segment', other: `${sealed}.AAAA` },
      { what: 'an empty sixth segment', other: `${sealed}.` },
      { what: 'the letters of plain base64', other: withSegment(sealed, 2, () => '+/+/+/+/+/+/+/+/') },
      { what: 'nothing in it', other: '' },
      { what: 'dots alone', other: '....' },
    ]) {
      it(`a value with ${what} [CK-02]`, () => {
        expect(sealer.open(typ, other)).to.equal(undefined);
      });
    }

    for (const length of [1, 2, 21, 22, 23, 60]) {
      it(`a value that lacks its last ${length} characters [CK-02]`, () => {
        expect(sealer.open(typ, sealed.slice(0, -length))).to.equal(undefined);
      });
    }

    const one = fc.record({
      any: fc.jsonValue(),
      position: fc.nat(),
      character: fc.oneof(fc.constantFrom(...'.=+/% '), fc.constantFrom(...alphabetText())),
    });
    it('any value of which one character is another [CK-02]', () => {
      fc.assert(
        fc.property(one, ({ any, position, character }) => {
          const right = sealer.seal(typ, any);
          const at = position % right.length;
          fc.pre(right[at] !== character);

          expect(sealer.open(typ, right.slice(0, at) + character + right.slice(at + 1))).to.equal(undefined);
        }),
        { numRuns: 2000 },
      );
    });

    it('any value of which one character is missing [CK-02]', () => {
      fc.assert(
        fc.property(one, ({ any, position }) => {
          const right = sealer.seal(typ, any);
          const at = position % right.length;

          expect(sealer.open(typ, right.slice(0, at) + right.slice(at + 1))).to.equal(undefined);
        }),
        { numRuns: 1000 },
      );
    });

    it('any value with one character more [CK-02]', () => {
      fc.assert(
        fc.property(one, ({ any, position, character }) => {
          const right = sealer.seal(typ, any);
          const at = position % (right.length + 1);

          expect(sealer.open(typ, right.slice(0, at) + character + right.slice(at))).to.equal(undefined);
        }),
        { numRuns: 1000 },
      );
    });

    for (const plaintext of ['', 'undefined', '{"a":', '\u0000', `${'['.repeat(200)}${']'.repeat(200)}`]) {
      it(`the plaintext ${JSON.stringify(plaintext.slice(0, 20))} [CK-10]`, async () => {
        expect(sealer.open(typ, await sealWithJose(plaintext))).to.equal(undefined);
      });
    }
  });
});

describe('isSealedAs()', () => {
  const sealed = new Sealer([secret], purpose).seal(typ, value);

  it('goes by the type in the header', () => {
    expect(isSealedAs(typ, sealed)).to.equal(true);
    expect(isSealedAs('jaccount-tes', sealed)).to.equal(false);
  });

  for (const text of ['', 'x', '..', encoded(JSON.stringify(header))]) {
    it(`says no to ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(isSealedAs(typ, text)).to.equal(false);
    });
  }
});

function alphabetText(): string {
  return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
}

const alphabet = [...alphabetText()];

function sameOctets(one: string, other: string): boolean {
  return Buffer.from(one, 'base64url').equals(Buffer.from(other, 'base64url'));
}
