import { expect } from 'chai';
import { scopes } from 'passport-jaccount';
import { profileScopes } from '../../dist/jaccount/scopes.js';

describe('scopes', () => {
  it('holds the forty scopes that jAccount documents', () => {
    expect(scopes.size).to.equal(40);
  });

  it('holds each scope under its own name', () => {
    const misfiled = [...scopes].filter(([name, scope]) => name !== scope.name);

    expect(misfiled).to.deep.equal([]);
  });

  it('gives each scope but openid a bit of its own', () => {
    const bits = [...scopes.values()].map(({ bit }) => bit).filter((bit) => bit !== undefined);

    expect(new Set(bits).size).to.equal(39);
  });

  it('gives openid no bit', () => {
    expect(scopes.get('openid')).to.deep.equal({ name: 'openid', grants: ['authorization_code'] });
  });

  it('has bits that are powers of two', () => {
    const bits = [...scopes.values()].flatMap(({ bit }) => (bit === undefined ? [] : [BigInt(bit)]));

    expect(bits.filter((bit) => (bit & (bit - 1n)) !== 0n)).to.deep.equal([]);
  });

  it('adds up to a number that is exact', () => {
    const sum = [...scopes.values()].reduce((total, { bit = 0 }) => total + bit, 0);

    expect(Number.isSafeInteger(sum)).to.equal(true);
  });

  const bits: [name: string, bit: number][] = [
    ['basic', 1],
    ['essential', 2],
    ['profile', 4],
    ['unicode', 8],
    ['privacy', 256],
    ['modify_notification', 1_073_741_824],
    // Above bit 31, where `<<` would begin again at the bottom.
    ['lessons', 17_179_869_184],
    ['card_info', 549_755_813_888],
    ['calendar', 4_503_599_627_370_496],
  ];
  for (const [name, bit] of bits) {
    it(`gives ${name} the bit ${bit}`, () => {
      expect(scopes.get(name)?.bit).to.equal(bit);
    });
  }

  const grants: [name: string, grants: string[]][] = [
    ['basic', ['authorization_code', 'client_credentials']],
    ['privacy', ['authorization_code']],
    ['messages', ['client_credentials']],
    ['send_notification', ['password']],
    ['send_mail', ['authorization_code', 'password']],
    ['storage', ['client_credentials', 'password']],
  ];
  for (const [name, expected] of grants) {
    it(`gives ${name} by ${expected.join(' or ')}`, () => {
      expect(scopes.get(name)?.grants).to.deep.equal(expected);
    });
  }

  it('knows no grant but three', () => {
    const known = new Set([...scopes.values()].flatMap((scope) => scope.grants));

    expect([...known].sort()).to.deep.equal(['authorization_code', 'client_credentials', 'password']);
  });

  for (const name of ['student_list', 'OPENID', 'open', '', '__proto__', 'constructor']) {
    it(`does not know ${JSON.stringify(name)}`, () => {
      expect(scopes.has(name)).to.equal(false);
    });
  }

  it('cannot be changed by whoever reads a scope', () => {
    const basic = scopes.get('basic') as { bit: number };

    expect(() => {
      basic.bit = 0;
    }).to.throw(TypeError);
  });

  it('cannot be given another grant', () => {
    const { grants } = scopes.get('privacy') as unknown as { grants: string[] };

    expect(() => grants.push('client_credentials')).to.throw(TypeError);
  });
});

describe('profileScopes', () => {
  it('names the scopes of the profile API', () => {
    expect(profileScopes).to.deep.equal(['basic', 'essential', 'profile', 'privacy']);
  });

  it('names scopes that exist', () => {
    expect(profileScopes.filter((name) => !scopes.has(name))).to.deep.equal([]);
  });
});
