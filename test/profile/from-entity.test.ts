import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  affiliationOf,
  type IdTokenClaims,
  type JaccountProfile,
  type ProfileEntity,
} from 'passport-jaccount';
import { profileFromEntity } from '../../dist/profile/from-entity.js';
import { profileFromIdToken } from '../../dist/profile/from-id-token.js';

/** A recorded set of keys, named by the scope and the person that produced it. The people are invented. */
function entityOf(fixture: string): ProfileEntity {
  return JSON.parse(readFileSync(`${__dirname}/../fixtures/profile/${fixture}.json`, 'utf8'));
}

const profileOf = (fixture: string, deriveEmail = true) => profileFromEntity(entityOf(fixture), deriveEmail);

// What of a profile is not a copy of what came.
function madeOf({ _raw, _json, ...made }: JaccountProfile): object {
  return made;
}

const department = { id: '03300', name: '示例系' };
const school = { id: '03000', name: '示例学院' };

describe('profileFromEntity()', () => {
  it('makes account, name, person of what `basic` gives', () => {
    expect(madeOf(profileOf('basic'))).to.deep.equal({
      provider: 'jaccount',
      id: 'zhangsan',
      username: 'zhangsan',
      displayName: '张三',
      personId: '7C3E0F52-9B1A-4D6E-8F20-5A1D4C7B0001',
    });
  });

  it('makes a profile without a person of a collective account [PR-07]', () => {
    expect(madeOf(profileOf('openid.team'))).to.deep.equal({
      provider: 'jaccount',
      id: 'example-club',
      username: 'example-club',
      displayName: '示例社团',
    });
  });

  it('makes neither person nor mailbox of what `essential` gives of a collective account [PR-07]', () => {
    expect(madeOf(profileOf('essential.team'))).to.deep.equal({
      provider: 'jaccount',
      id: 'example-club',
      username: 'example-club',
      displayName: '示例社团',
      userType: 'team',
      organization: department,
      topOrganization: school,
    });
  });

  it('keeps the spelling of an account beside its key', () => {
    expect(profileOf('essential.faculty')).to.include({ id: 'lisi', username: 'LiSi', code: '10086' });
  });

  it('keeps the three identities of one person apart', () => {
    expect(profileOf('essential.three-identities').identities).to.deep.equal([
      {
        isDefault: false,
        userType: 'alumni',
        userTypeName: '校友',
        code: 'AA516000000002',
        organization: { id: '60200', name: '校友会' },
      },
      {
        isDefault: true,
        userType: 'student',
        userTypeName: '学生',
        code: '120000000002',
        organization: department,
        topOrganization: school,
        status: '正常',
        expireDate: '2029-07-31',
        classNo: 'B2003099',
        major: { id: '0801', name: '示例专业' },
        trainLevel: '硕士研究生',
      },
      {
        isDefault: false,
        userType: 'student',
        userTypeName: '学生',
        code: '516000000002',
        organization: department,
        topOrganization: school,
        status: '离校',
        expireDate: '2020-07-31',
        classNo: 'F1603002',
        major: { id: '0801', name: '示例专业' },
        trainLevel: '本科生',
      },
    ]);
  });

  it('takes number, type, class of the default identity from the entity itself', () => {
    expect(profileOf('essential.three-identities')).to.include({
      ...{ code: '120000000002', userType: 'student', classNo: 'B2003099' },
    });
  });

  it('has one code for alumni, however they are spelt', () => {
    const { userType, identities } = profileOf('essential.alumni');

    expect([userType, identities?.[0]?.userType]).to.deep.equal(['alumni', 'alumni']);
  });

  it('makes no organization of an empty one [PR-10]', () => {
    expect(madeOf(profileOf('essential.outside'))).to.deep.equal({
      provider: 'jaccount',
      id: 'sunqi',
      username: 'sunqi',
      displayName: '孙七',
      userType: 'outside',
      code: 'HZ0000004',
      personId: '7C3E0F52-9B1A-4D6E-8F20-5A1D4C7B0005',
      identities: [],
    });
  });

  it('takes an identity that does not say whether it is the default for one that is not', () => {
    expect(profileOf('essential.summer').identities).to.deep.equal([
      {
        isDefault: false,
        userType: 'summer',
        userTypeName: '暑期生',
        code: 'S0000005',
        expireDate: '2026-08-31',
      },
    ]);
  });

  it('makes contact, gender, class, photo of what `profile` gives', () => {
    expect(profileOf('profile.student')).to.deep.include({
      emails: [{ value: 'wujiu@sjtu.edu.cn', type: 'jaccount' }],
      contactEmail: 'wujiu@mail.example',
      photos: [{ value: 'https://photos.example/wujiu.jpg' }],
      gender: 'female',
      mobile: '13800000000',
      classNo: 'F2003001',
    });
  });

  for (const fixture of ['privacy.birthday-object', 'privacy.birthday-number']) {
    it(`makes one birthday of both forms: ${fixture} [PR-10]`, () => {
      expect(profileOf(fixture).birthday).to.equal('2000-05-16');
    });
  }

  it('puts the largest photo first', () => {
    expect(profileOf('privacy.birthday-object').photos).to.deep.equal([
      { value: 'https://photos.example/large.jpg' },
      { value: 'https://photos.example/normal.jpg' },
      { value: 'https://photos.example/tiny.jpg' },
    ]);
  });

  it('has no photos where there are none', () => {
    expect(profileOf('privacy.birthday-number')).not.to.have.property('photos');
  });

  it('makes no member of an identity document', () => {
    expect(JSON.stringify(madeOf(profileOf('privacy.birthday-object')))).not.to.contain('000000200005160000');
  });

  const fixtures = [
    ...['basic', 'openid.team', 'essential.team', 'essential.faculty', 'essential.three-identities'],
    ...['essential.alumni', 'essential.outside', 'essential.summer', 'profile.student'],
    ...['privacy.birthday-object', 'privacy.birthday-number'],
  ];
  for (const fixture of fixtures) {
    it(`keeps what it was made of: ${fixture}`, () => {
      const { _raw, _json } = profileOf(fixture);

      expect(_json).to.deep.equal(entityOf(fixture));
      expect(JSON.parse(_raw)).to.deep.equal(entityOf(fixture));
    });

    it(`has no member that is undefined: ${fixture}`, () => {
      expect(undefinedMembersOf(profileOf(fixture))).to.deep.equal([]);
    });
  }
});

function undefinedMembersOf(profile: JaccountProfile): string[] {
  const parts = [profile, ...(profile.identities ?? [])];
  return parts.flatMap((part) =>
    Object.entries(part)
      .filter(([, value]) => value === undefined)
      .map(([name]) => name),
  );
}

describe('profileFromEntity() with the claims of an ID Token', () => {
  const claims: IdTokenClaims = {
    ...{ iss: 'https://jaccount.sjtu.edu.cn/oauth2/', sub: 'ZhangSan', aud: 'japp000001' },
    ...{ exp: 1_790_001_800, iat: 1_790_000_000, name: '张三', code: '0012345', type: 'student' },
  };
  const account = 'zhangsan';
  const filled = { displayName: '张三', code: '0012345', userType: 'student' };

  it('takes from the claims what the entity lacks', () => {
    const { displayName, code, userType, emails } = profileFromEntity({ account }, true, claims);

    expect({ displayName, code, userType }).to.deep.equal(filled);
    expect(emails).to.deep.equal([{ value: 'zhangsan@sjtu.edu.cn', type: 'jaccount' }]);
  });

  for (const value of [null, '', 5, [], {}]) {
    it(`takes from the claims what the entity has as ${JSON.stringify(value)}`, () => {
      const { displayName, code, userType } = profileFromEntity(
        { account, name: value, code: value, userType: value },
        true,
        claims,
      );

      expect({ displayName, code, userType }).to.deep.equal(filled);
    });
  }

  it('takes from the entity what both have', () => {
    const entity = { account, name: '张三丰', code: 'AA1', userType: 'schoolFellow' };

    const { displayName, code, userType, emails, username } = profileFromEntity(entity, true, claims);

    expect({ displayName, code, userType, username }).to.deep.equal({
      ...{ displayName: '张三丰', code: 'AA1', userType: 'alumni', username: 'zhangsan' },
    });
    expect(emails).to.deep.equal([{ value: 'zhangsan@alumni.sjtu.edu.cn', type: 'jaccount' }]);
  });

  it('keeps the claims beside the entity that it was made of', () => {
    const profile = profileFromEntity({ account }, true, claims);

    expect(profile.claims).to.equal(claims);
    expect(profile._json).to.deep.equal({ account });
  });

  it('has every member that the claims or the entity alone give', () => {
    const garbage = fc.oneof(fc.constant(undefined), fc.jsonValue());
    const hostile = (right: unknown) => fc.oneof(fc.constant(right), garbage);
    const entities = fc.record({
      account: fc.constant(account),
      name: hostile('张三'),
      userType: hostile('student'),
      code: hostile('0012345'),
      id: hostile('7C3E'),
      email: hostile('zhangsan@mail.example'),
      organize: hostile({ id: '03000', name: '示例学院' }),
      identities: hostile([{ userType: 'student' }]),
      birthday: hostile({ birthYear: '2000', birthMonth: '5', birthDay: '16' }),
    });
    const someClaims = fc.record({
      name: hostile('张三'),
      type: hostile('student'),
      code: hostile('0012345'),
    });

    fc.assert(
      fc.property(entities, someClaims, (entity, some) => {
        const told = { ...claims, ...some } as IdTokenClaims;
        const alone = [profileFromEntity(entity, true), profileFromIdToken(told, true)];

        const members = Object.keys(profileFromEntity(entity, true, told));

        // A mailbox follows from the user type, which garbage may name otherwise in one of the two.
        const expected = alone.flatMap((profile) => Object.keys(profile));
        expect(members).to.include.members(expected.filter((member) => member !== 'emails'));
      }),
      { numRuns: 500 },
    );
  });
});

describe('profileFromEntity() on the end of an identity', () => {
  const ends: [sent: unknown, kept: string | undefined][] = [
    ['2031-08-31', '2031-08-31'],
    ['永久', '永久'],
    ['x'.repeat(1025), 'x'.repeat(64)],
    [1_950_000_000, '1950000000'],
    [0, '0'],
    [false, 'false'],
    [['2031-08-31'], '["2031-08-31"]'],
    [{}, '{}'],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ];
  for (const [sent, kept] of ends) {
    it(`keeps ${kept?.slice(0, 20) ?? 'nothing'} of ${JSON.stringify(sent)?.slice(0, 20)}`, () => {
      const { identities } = profileFromEntity({ account: 'a', identities: [{ expireDate: sent }] }, true);

      expect(identities?.[0]?.expireDate).to.equal(kept);
    });
  }

  it('counts no identity whose end it cannot read', () => {
    for (const expireDate of [1_950_000_000, 0, false, ['2031-08-31'], 'x'.repeat(1025)]) {
      const identities = [{ userType: 'student', status: '正常', expireDate }];

      expect(affiliationOf(profileFromEntity({ account: 'a', identities }, true)).student).to.equal(false);
    }
  });
});

describe('profileFromEntity() on e-mail', () => {
  const mailboxes: [fixture: string, mailbox: string | undefined][] = [
    ['essential.faculty', 'lisi@sjtu.edu.cn'],
    ['essential.three-identities', 'wangwu@sjtu.edu.cn'],
    ['essential.alumni', 'zhaoliu@alumni.sjtu.edu.cn'],
    ['essential.outside', undefined],
    ['essential.summer', undefined],
    ['essential.team', undefined],
    ['basic', undefined],
  ];
  for (const [fixture, mailbox] of mailboxes) {
    it(`derives ${mailbox ?? 'no mailbox'} from ${fixture}`, () => {
      const expected = mailbox && [{ value: mailbox, type: 'jaccount' }];

      expect(profileOf(fixture).emails).to.deep.equal(expected);
    });
  }

  it('derives none where that is turned off', () => {
    expect(profileOf('essential.faculty', false)).not.to.have.property('emails');
  });

  it('keeps the address that the user typed if deriving is turned off', () => {
    const { emails, contactEmail } = profileOf('profile.student', false);

    expect([emails, contactEmail]).to.deep.equal([undefined, 'wujiu@mail.example']);
  });

  it('never lists the address that the user typed, even if it is a mailbox of SJTU', () => {
    const typed = 'professor@sjtu.edu.cn';
    const entity = { account: 'zhangsan', email: typed };

    for (const userType of ['student', 'vip', undefined]) {
      const { emails = [], contactEmail } = profileFromEntity({ ...entity, userType }, true);

      expect(emails.map(({ value }) => value)).to.not.include(typed);
      expect(contactEmail).to.equal(typed);
    }
  });

  // Addresses are made of account names as jAccount admits them, and of nothing that an address treats otherwise.
  for (const account of [
    'a',
    'ab',
    '张三',
    'zhang@evil.example',
    '"zhang"',
    '.zhang',
    'zhang-',
    'a'.repeat(41),
    'kevın',
  ]) {
    it(`derives no mailbox from the account ${account.slice(0, 20)}`, () => {
      expect(profileFromEntity({ account, userType: 'student' }, true)).not.to.have.property('emails');
    });
  }

  for (const account of ['abc', 'a.b_c-d', '0012345', 'a'.repeat(40)]) {
    it(`derives a mailbox from the account ${account}`, () => {
      const { emails } = profileFromEntity({ account, userType: 'student' }, true);

      expect(emails).to.deep.equal([{ value: `${account}@sjtu.edu.cn`, type: 'jaccount' }]);
    });
  }
});

describe('profileFromEntity() on birthdays', () => {
  const birthdays: [what: string, birthday: unknown, date: string | undefined][] = [
    ['seconds', 958_406_400, '2000-05-16'],
    ['milliseconds', 958_406_400_000, '2000-05-16'],
    ['seconds before 1970', -649_756_800, '1949-05-31'],
    ['the year 2100 in seconds', 4_102_444_800, undefined],
    ['the first moment that counts as milliseconds', 4_102_444_801, '1970-02-17'],
    ['a year of five digits', Date.UTC(12_005, 0, 1), undefined],
    ['milliseconds before 1970', -649_756_800_000, '1949-05-31'],
    ['midnight of summer time', 583_686_000, '1988-07-01'],
    ['a second before midnight of summer time', 583_685_999, '1988-06-30'],
    ['parts without zeros', { birthYear: '1999', birthMonth: '1', birthDay: '2' }, '1999-01-02'],
    ['parts with zeros', { birthYear: '1999', birthMonth: '01', birthDay: '02' }, '1999-01-02'],
    ['a leap day', { birthYear: '2000', birthMonth: '2', birthDay: '29' }, '2000-02-29'],
    ['no leap day', { birthYear: '1999', birthMonth: '2', birthDay: '29' }, undefined],
    ['the thirtieth of February', { birthYear: '2000', birthMonth: '2', birthDay: '30' }, undefined],
    ['the thirteenth month', { birthYear: '2000', birthMonth: '13', birthDay: '1' }, undefined],
    ['the zeroth day', { birthYear: '2000', birthMonth: '1', birthDay: '0' }, undefined],
    ['a year alone', { birthYear: '2000' }, undefined],
    ['no parts', {}, undefined],
    ['empty parts', { birthYear: '', birthMonth: '', birthDay: '' }, undefined],
    ['parts that are null', { birthYear: null, birthMonth: null, birthDay: null }, undefined],
    ['a year of two digits', { birthYear: '99', birthMonth: '1', birthDay: '2' }, undefined],
    ['a part with something behind it', { birthYear: '2000', birthMonth: '1', birthDay: '2T00' }, undefined],
    ['a text', '2000-05-16', undefined],
    ['an empty text', '', undefined],
    ['null', null, undefined],
    ['an array', [958_406_400], undefined],
    ['true', true, undefined],
    ['a number beyond all dates', 1e300, undefined],
    ['infinity', Number.POSITIVE_INFINITY, undefined],
    ['a year of five digits', 1e15, undefined],
    ['a year before Christ', -1e14, undefined],
  ];
  for (const [what, birthday, date] of birthdays) {
    it(`makes ${date ?? 'no birthday'} of ${what} [PR-10]`, () => {
      expect(profileFromEntity({ account: 'zhangsan', birthday }, true).birthday).to.equal(date);
    });
  }
});

describe('profileFromEntity() on hostile values', () => {
  const persons: [value: unknown, personId: string | undefined][] = [
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    ['null', undefined],
    ['undefined', undefined],
    [0, undefined],
    [12345, undefined],
    [true, undefined],
    [{}, undefined],
    [['7C3E'], undefined],
    ['x'.repeat(1025), undefined],
    ['7C3E', '7C3E'],
    ['7c3e', '7c3e'],
  ];
  for (const [id, personId] of persons) {
    it(`makes ${personId ?? 'no person'} of the id ${JSON.stringify(id)?.slice(0, 20)} [PR-07, UI-04]`, () => {
      expect(profileFromEntity({ account: 'zhangsan', id }, true).personId).to.equal(personId);
    });
  }

  const codes: [value: unknown, code: string | undefined][] = [
    ['0012345', '0012345'],
    ['AA516000000002', 'AA516000000002'],
    [12345, undefined],
    [0, undefined],
    ['', undefined],
    [null, undefined],
    [['0012345'], undefined],
    [{ code: '1' }, undefined],
    [true, undefined],
  ];
  for (const [sent, code] of codes) {
    it(`makes ${code ?? 'no number'} of the code ${JSON.stringify(sent)} [PR-08]`, () => {
      const profile = profileFromEntity(
        { account: 'zhangsan', code: sent, identities: [{ code: sent }] },
        true,
      );

      expect([profile.code, profile.identities?.[0]?.code]).to.deep.equal([code, code]);
    });
  }

  const types: [value: unknown, userType: string | undefined][] = [
    ['student', 'student'],
    ['fs', 'fsyyjzg'],
    ['schoolFellow', 'alumni'],
    ['robot', 'robot'],
    ['Student', 'Student'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['', undefined],
    [null, undefined],
    [5, undefined],
    [['student'], undefined],
    [{ student: true }, undefined],
  ];
  for (const [sent, userType] of types) {
    it(`makes ${userType ?? 'no type'} of the user type ${JSON.stringify(sent)} [PR-09]`, () => {
      const entity = { account: 'zhangsan', userType: sent, identities: [{ userType: sent }] };

      const profile = profileFromEntity(entity, true);

      expect([profile.userType, profile.identities?.[0]?.userType]).to.deep.equal([userType, userType]);
    });
  }

  const organizations: [value: unknown, organization: object | undefined][] = [
    [{ id: '03000', name: '示例学院' }, school],
    [{ id: '03000', name: '示例学院', kind: 'x' }, school],
    [{ id: '03000' }, { id: '03000', name: '' }],
    [
      { id: '03000', name: null },
      { id: '03000', name: '' },
    ],
    [{ id: '', name: '示例学院' }, undefined],
    [{ id: 3000, name: '示例学院' }, undefined],
    [{ id: null }, undefined],
    [{ name: '示例学院' }, undefined],
    [{}, undefined],
    [[], undefined],
    [[school], undefined],
    [null, undefined],
    ['03000', undefined],
    [3000, undefined],
  ];
  for (const [organize, organization] of organizations) {
    it(`makes ${JSON.stringify(organization) ?? 'no organization'} of ${JSON.stringify(organize)} [PR-10]`, () => {
      const profile = profileFromEntity({ account: 'zhangsan', organize, topOrganize: organize }, true);

      expect([profile.organization, profile.topOrganization]).to.deep.equal([organization, organization]);
    });
  }

  const names = [
    '<img src=x onerror=alert(1)>',
    '\u202eadmin',
    '=cmd()|calc',
    '\ud800',
    "Robert'); DROP TABLE",
    'a\r\nb',
    ' ',
  ];
  for (const name of names) {
    it(`passes the name ${JSON.stringify(name)} through [PR-11, UI-05]`, () => {
      expect(profileFromEntity({ account: 'zhangsan', name }, true).displayName).to.equal(name);
    });
  }

  for (const name of [
    undefined,
    null,
    '',
    5,
    true,
    [],
    {},
    ['张三'],
    'x'.repeat(1025),
    'x'.repeat(2 ** 20),
  ]) {
    it(`shows the account where the name is ${JSON.stringify(name)?.slice(0, 12)} [PR-11, UI-05]`, () => {
      expect(profileFromEntity({ account: 'ZhangSan', name }, true).displayName).to.equal('ZhangSan');
    });
  }

  it('keeps a name of 1024 characters [PR-11]', () => {
    const name = '张'.repeat(1024);

    expect(profileFromEntity({ account: 'zhangsan', name }, true).displayName).to.equal(name);
  });

  const photos: [url: unknown, kept: boolean][] = [
    ['https://photos.example/a.jpg', true],
    ['http://photos.example/a.jpg', true],
    ['HTTPS://photos.example/a.jpg', true],
    ['javascript:alert(1)', false],
    ['data:image/png;base64,AA==', false],
    [' https://photos.example/a.jpg', false],
    ['//photos.example/a.jpg', false],
    ['/a.jpg', false],
    ['https:', false],
    ['', false],
    [null, false],
    [5, false],
    [{ uri: 'https://photos.example/a.jpg' }, false],
  ];
  for (const [url, kept] of photos) {
    it(`${kept ? 'keeps' : 'drops'} ${JSON.stringify(url)} for a photo [PR-10]`, () => {
      const profile = profileFromEntity({ account: 'zhangsan', accountPhotoUrl: url }, true);

      expect(profile.photos).to.deep.equal(kept ? [{ value: url }] : undefined);
    });
  }

  const lists: [value: unknown, identities: unknown][] = [
    [[], []],
    [[{}], [{ isDefault: false }]],
    [[null, 'x', 5, [], { isDefault: true }], [{ isDefault: true }]],
    [[{ isDefault: 'true' }], [{ isDefault: false }]],
    [[{ isDefault: 1 }], [{ isDefault: false }]],
    [{ 0: { isDefault: true }, length: 1 }, undefined],
    [null, undefined],
    ['student', undefined],
    [5, undefined],
  ];
  for (const [sent, identities] of lists) {
    it(`makes ${JSON.stringify(identities) ?? 'no identities'} of ${JSON.stringify(sent)} [PR-10]`, () => {
      expect(profileFromEntity({ account: 'zhangsan', identities: sent }, true).identities).to.deep.equal(
        identities,
      );
    });
  }

  // No member throws, and none comes out as anything but what its type says.
  const members = [
    ...['id', 'name', 'code', 'userType', 'organize', 'topOrganize', 'classNo', 'gender', 'email', 'mobile'],
    ...['birthday', 'identities', 'avatars', 'accountPhotoUrl', 'toString', 'hasOwnProperty', 'constructor'],
  ];
  const values: unknown[] = [null, '', 0, -1, true, [], {}, [[]], [null], { id: {} }, 'x'.repeat(2 ** 20)];
  for (const member of members) {
    for (const value of values) {
      it(`outlives ${member}: ${JSON.stringify(value).slice(0, 12)} [PR-10]`, () => {
        const profile = profileFromEntity({ account: 'zhangsan', [member]: value }, true);

        expect(profile).to.include({ id: 'zhangsan', username: 'zhangsan', displayName: 'zhangsan' });
        expect(strangersIn(profile)).to.deep.equal([]);
      });
    }
  }

  const odd = '{"__proto__":{"admin":true,"id":"x","name":"x"},"constructor":{"prototype":{"admin":true}},';
  it('pollutes nothing by members of odd names at any depth [PR-12]', () => {
    const nested = `${odd}"hasOwnProperty":1}`;
    const entity = JSON.parse(
      `${odd}"account":"zhangsan","organize":${nested},"avatars":${nested},"birthday":${nested},"identities":[${nested}]}`,
    );

    const profile = profileFromEntity(entity, true);

    expect(madeOf(profile)).to.deep.equal({
      ...{ provider: 'jaccount', id: 'zhangsan', username: 'zhangsan', displayName: 'zhangsan' },
      identities: [{ isDefault: false }],
    });
    expect((profile as { admin?: unknown }).admin).to.equal(undefined);
    expect(({} as { admin?: unknown }).admin).to.equal(undefined);
  });

  it('leaves the entity as it was', () => {
    const entity = deeplyFrozen(entityOf('essential.three-identities'));

    expect(() => profileFromEntity(entity, true)).not.to.throw();
  });

  it('lets no member of an entity take the place of what was checked', () => {
    const entity = {
      account: 'zhangsan',
      provider: 'evil',
      username: 'admin',
      displayName: 'admin',
      claims: {},
    };

    expect(madeOf(profileFromEntity(entity, true))).to.deep.equal({
      ...{ provider: 'jaccount', id: 'zhangsan', username: 'zhangsan', displayName: 'zhangsan' },
    });
  });
});

// The members of a profile whose value is not of the type they promise.
function strangersIn(profile: JaccountProfile): string[] {
  const texts = ['userType', 'code', 'personId', 'classNo', 'gender', 'birthday', 'mobile'] as const;
  const lists = ['emails', 'photos', 'identities'] as const;
  const units = ['organization', 'topOrganization'] as const;
  const isText = (value: unknown) => typeof value === 'string' && value !== '' && value.length <= 1024;
  return [
    ...texts.filter((name) => Object.hasOwn(profile, name) && !isText(profile[name])),
    ...lists.filter((name) => Object.hasOwn(profile, name) && !Array.isArray(profile[name])),
    ...units.filter((name) => Object.hasOwn(profile, name) && !isText(profile[name]?.id)),
  ];
}

function deeplyFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deeplyFrozen);
  return Object.freeze(value);
}
