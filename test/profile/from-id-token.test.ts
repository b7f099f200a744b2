import { expect } from 'chai';
import type { IdTokenClaims } from 'passport-jaccount';
import { profileFromIdToken } from '../../dist/profile/from-id-token.js';
import { accountKey } from '../../dist/profile/profile.js';

const claims: IdTokenClaims = {
  iss: 'https://jaccount.sjtu.edu.cn/oauth2/',
  sub: 'ZhangSan',
  aud: 'japp000001',
  exp: 1_790_001_800,
  iat: 1_790_000_000,
  nonce: 'n-1',
  name: '张三',
  code: '0012345',
  type: 'student',
};

// As they come out of JSON, where a claim may be of any type.
const claimsWith = (changes: object) => ({ ...claims, ...changes }) as IdTokenClaims;

describe('profileFromIdToken()', () => {
  it('makes account, name, number, type, mailbox of the claims', () => {
    const { _raw, _json, ...made } = profileFromIdToken(claims, true);

    expect(made).to.deep.equal({
      provider: 'jaccount',
      id: 'zhangsan',
      username: 'ZhangSan',
      displayName: '张三',
      emails: [{ value: 'zhangsan@sjtu.edu.cn', type: 'jaccount' }],
      userType: 'student',
      code: '0012345',
      claims,
    });
  });

  it('keeps what it was made of', () => {
    const { _raw, _json, claims: kept } = profileFromIdToken(claims, true);

    expect([_json, kept, JSON.parse(_raw)]).to.deep.equal([claims, claims, claims]);
  });

  it('makes a profile of the claims that must be there', () => {
    const { iss, sub, aud, exp, iat } = claims;

    const { _raw, _json, claims: _, ...made } = profileFromIdToken({ iss, sub, aud, exp, iat }, true);

    expect(made).to.deep.equal({
      ...{ provider: 'jaccount', id: 'zhangsan', username: 'ZhangSan', displayName: 'ZhangSan' },
    });
  });

  it('makes neither number nor mailbox of a collective account', () => {
    const team = claimsWith({ sub: 'example-club', name: '示例社团', code: '', type: 'team' });

    const { _raw, _json, claims: _, ...made } = profileFromIdToken(team, true);

    expect(made).to.deep.equal({
      provider: 'jaccount',
      id: 'example-club',
      username: 'example-club',
      displayName: '示例社团',
      userType: 'team',
    });
  });

  it('has no person, for no claim names one', () => {
    expect(profileFromIdToken(claimsWith({ id: '7C3E' }), true)).not.to.have.property('personId');
  });

  it('takes no address from a claim', () => {
    const { emails } = profileFromIdToken(claimsWith({ email: 'admin@evil.example', type: 'vip' }), true);

    expect(emails).to.equal(undefined);
  });

  it('derives no mailbox where that is turned off', () => {
    expect(profileFromIdToken(claims, false)).not.to.have.property('emails');
  });

  const mailboxes: [type: string, mailbox: string | undefined][] = [
    ['student', 'zhangsan@sjtu.edu.cn'],
    ['faculty', 'zhangsan@sjtu.edu.cn'],
    ['postphd', 'zhangsan@sjtu.edu.cn'],
    ['alumni', 'zhangsan@alumni.sjtu.edu.cn'],
    ['schoolFellow', 'zhangsan@alumni.sjtu.edu.cn'],
    ...[
      'team',
      'yxy',
      'fs',
      'fsyyjzg',
      'vip',
      'external_teacher',
      'summer',
      'green',
      'outside',
      'fszxjs',
      'freshman',
    ].map((type): [string, undefined] => [type, undefined]),
    ['robot', undefined],
    ['STUDENT', undefined],
    ['constructor', undefined],
    ['', undefined],
  ];
  for (const [type, mailbox] of mailboxes) {
    it(`derives ${mailbox ?? 'no mailbox'} for the type ${JSON.stringify(type)}`, () => {
      const { emails } = profileFromIdToken(claimsWith({ type }), true);

      expect(emails).to.deep.equal(mailbox && [{ value: mailbox, type: 'jaccount' }]);
    });
  }

  const spellings: [type: string, userType: string][] = [
    ['fs', 'fsyyjzg'],
    ['schoolFellow', 'alumni'],
    ['robot', 'robot'],
  ];
  for (const [type, userType] of spellings) {
    it(`makes the user type ${userType} of ${type} [PR-09]`, () => {
      expect(profileFromIdToken(claimsWith({ type }), true).userType).to.equal(userType);
    });
  }

  const hostile: [
    claim: string,
    member: 'displayName' | 'code' | 'userType',
    fallback: string | undefined,
  ][] = [
    ['name', 'displayName', 'ZhangSan'],
    ['code', 'code', undefined],
    ['type', 'userType', undefined],
  ];
  for (const [claim, member, fallback] of hostile) {
    for (const value of [undefined, null, '', 5, true, [], ['x'], {}, { x: 1 }, 'x'.repeat(1025)]) {
      it(`drops a ${claim} of ${JSON.stringify(value)?.slice(0, 12)} [PR-08, UI-04]`, () => {
        const profile = profileFromIdToken(claimsWith({ [claim]: value }), true);

        expect(profile[member]).to.equal(fallback);
        expect(profile.id).to.equal('zhangsan');
      });
    }
  }

  for (const name of ['<script>alert(1)</script>', '\u202eadmin', '\ud800', '=cmd()', 'x'.repeat(1024)]) {
    it(`passes the name ${JSON.stringify(name).slice(0, 30)} through [PR-11, UI-05]`, () => {
      expect(profileFromIdToken(claimsWith({ name }), true).displayName).to.equal(name);
    });
  }

  it('lets no claim take the place of what was checked', () => {
    const forged = claimsWith({ id: 'admin', provider: 'evil', username: 'admin', displayName: 'admin' });

    expect(profileFromIdToken(forged, true)).to.include({
      ...{ provider: 'jaccount', id: 'zhangsan', username: 'ZhangSan', displayName: '张三' },
    });
  });

  it('pollutes nothing by claims of odd names [PR-12]', () => {
    const odd = JSON.parse(`{"__proto__":{"admin":true},"constructor":1,${JSON.stringify(claims).slice(1)}`);

    const profile = profileFromIdToken(odd, true);

    expect((profile as { admin?: unknown }).admin).to.equal(undefined);
    expect(({} as { admin?: unknown }).admin).to.equal(undefined);
  });

  it('leaves the claims as they were', () => {
    expect(() => profileFromIdToken(Object.freeze({ ...claims }), true)).not.to.throw();
  });
});

describe('accountKey() [IT-07]', () => {
  const same = ['kevin', 'KEVIN', 'Kevin', 'kEvIn'];
  for (const account of same) {
    it(`makes kevin of ${account}`, () => {
      expect(accountKey(account)).to.equal('kevin');
    });
  }

  // What lower-casing by Unicode, or folding, would join with somebody else.
  for (const account of [
    '\u212Aevin',
    'kevın',
    'KEVİN',
    'ｋevin',

    'kevi\u0301n',
    'kevin\u00ad',
    ' kevin',
  ]) {
    it(`takes ${JSON.stringify(account)} for somebody else`, () => {
      expect(accountKey(account)).not.to.equal('kevin');
    });
  }

  for (const account of ['\u212A', 'É', 'ß', 'Σ', '张三', '0012345', 'a.b_c-d']) {
    it(`leaves ${account} as it is`, () => {
      expect(accountKey(account)).to.equal(account);
    });
  }
});
