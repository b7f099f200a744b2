import { expect } from 'chai';
import { boundedText, sameText, sha256 } from '../../dist/protocol/text.js';

describe('boundedText()', () => {
  const kept: [what: string, text: string][] = [
    ['a sentence', 'The code has expired.'],
    ['Chinese', '授权码已过期'],
    ['a space', ' '],
    ['markup, which is for whoever shows it to escape', '<script>alert(1)</script>'],
    ['characters beyond the basic plane', '𠮷😀'],
    ['256 characters', 'a'.repeat(256)],
  ];
  for (const [what, text] of kept) {
    it(`keeps ${what} [ER-02]`, () => {
      expect(boundedText(text)).to.equal(text);
    });
  }

  const blanked: [what: string, text: string][] = [
    ['a line end', 'a\r\nb'],
    ['NUL', 'a\0b'],
    ['an escape sequence', 'a\u001b[31mb'],
    ['DEL', 'a\u007fb'],
    ['a C1 control character', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'a\u202eb'],
    ['a directional isolate', 'a\u2067b'],
    ['a zero-width space', 'a\u200bb'],
    ['a byte order mark', 'a\ufeffb'],
    ['a lone surrogate', 'a\ud800b'],
    ['a private-use character', 'a\ue000b'],
  ];
  for (const [what, text] of blanked) {
    it(`puts a space in the place of ${what} [ER-02]`, () => {
      expect(boundedText(text)).to.match(/^a {1,2}(\[31m)?b$/);
    });
  }

  const shortened: [what: string, text: string, length: number][] = [
    ['257 characters', 'a'.repeat(257), 256],
    ['ten thousand', 'a'.repeat(10_000), 256],
    ['a megabyte', 'é'.repeat(2 ** 20), 256],
    ['three hundred of two code units each', '😀'.repeat(300), 256],
  ];
  for (const [what, text, length] of shortened) {
    it(`shortens ${what} to ${length}`, () => {
      expect([...(boundedText(text) as string)]).to.have.lengthOf(length);
    });
  }

  it('does not cut a character in two', () => {
    expect(boundedText(`a${'😀'.repeat(300)}`)).to.match(/^a(?:😀){255}$/u);
  });

  for (const value of [undefined, null, '', 5, true, {}, ['a'], { toString: () => 'a' }]) {
    it(`drops ${JSON.stringify(value)}`, () => {
      expect(boundedText(value)).to.equal(undefined);
    });
  }

  const secret = 'e3a1c7d5f9';
  const echoes: [what: string, text: string][] = [
    ['is a secret', secret],
    ['begins with a secret', `${secret} is unknown`],
    ['ends with a secret', `unknown code ${secret}`],
    ['repeats a secret beyond what is kept', `${'a'.repeat(5000)}${secret}`],
    ['repeats a secret across the cut', `${'a'.repeat(250)}${secret}`],
  ];
  for (const [what, text] of echoes) {
    it(`drops a text that ${what} [ER-01]`, () => {
      expect(boundedText(text, ['another', secret])).to.equal(undefined);
    });
  }

  it('keeps a text that holds none of the secrets', () => {
    expect(boundedText('the code has expired', [secret])).to.equal('the code has expired');
  });

  it('does not take an empty secret for one that every text repeats', () => {
    expect(boundedText('the code has expired', [''])).to.equal('the code has expired');
  });
});

describe('sameText()', () => {
  it('knows a text again', () => {
    expect(sameText('n-0S6_WzA2Mj', 'n-0S6_WzA2Mj')).to.equal(true);
  });

  const different: [one: string, other: string][] = [
    ['a', 'b'],
    ['a', 'aa'],
    ['', 'a'],
    ['a', 'A'],
    ['a', 'a\0'],
    // One to the eye, two in Unicode.
    ['é', 'e\u0301'],
    ['K', '\u212a'],
  ];
  for (const [one, other] of different) {
    it(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)} without a throw`, () => {
      expect(sameText(one, other)).to.equal(false);
    });
  }
});

describe('sha256()', () => {
  // FIPS 180-2, appendix B.1.
  it('hashes "abc" as its standard does', () => {
    expect(sha256('abc').toString('hex')).to.equal(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('hashes the UTF-8 octets of a text', () => {
    expect(
      sha256('密钥').equals(sha256(Buffer.from([0xe5, 0xaf, 0x86, 0xe9, 0x92, 0xa5]).toString('utf8'))),
    ).to.equal(true);
  });
});
