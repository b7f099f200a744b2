import { expect } from 'chai';
import { sanitizeReturnTo } from 'passport-jaccount';

describe('sanitizeReturnTo() [LO-04]', () => {
  const local: [string, string][] = [
    ['/', '/'],
    ['/courses?term=1#week-3', '/courses?term=1#week-3'],
    ['/课程', '/%E8%AF%BE%E7%A8%8B'],
    ['/a/../b', '/b'],
    ['/%2F/evil', '/%2F/evil'],
    ['/?next=//evil.example', '/?next=//evil.example'],
    ['/a//b', '/a//b'],
    ['/／／evil', '/%EF%BC%8F%EF%BC%8Fevil'],
    [`/${'a'.repeat(2047)}`, `/${'a'.repeat(2047)}`],
  ];
  for (const [value, path] of local) {
    it(`keeps ${JSON.stringify(value.slice(0, 40))}`, () => {
      expect(sanitizeReturnTo(value)).to.equal(path);
    });
  }

  // Section B.9 of the security catalogue [LO-04].
  const foreign: unknown[] = [
    ...['//evil', '///evil', '/\\evil', '\\/evil', '/\t/evil', '/\r\n//evil', '/ /evil', '/./\\evil'],
    ...['/..//evil', '/.//evil', '/a/..//evil', '/%2e%2e//evil', '/./..//evil'],
    ...[
      'https:evil',
      'https:/evil',
      'https://app.example@evil',
      'https://app.example.evil',
      'http://app.example',
    ],
    ...[
      'javascript:alert(1)',
      'JaVaScRiPt:x',
      'data:x',
      'vbscript:x',
      '?next=//evil',
      '#//evil',
      'evil',
      './evil',
      '',
    ],
    ...['/\u2028', '/\uFEFF/evil', '/\u0000', '/\ud800', '//app.example/ok', `/${'a'.repeat(2048)}`],
    ...[undefined, null, 5, true, ['/a'], { toString: () => '/a' }],
  ];
  for (const value of foreign) {
    it(`refuses ${JSON.stringify(value)?.slice(0, 40)}`, () => {
      expect(sanitizeReturnTo(value)).to.equal('/');
    });
  }

  it('gives the fallback that is asked for', () => {
    expect(sanitizeReturnTo('//evil', '/home')).to.equal('/home');
  });
});
