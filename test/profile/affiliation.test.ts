import { expect } from 'chai';
import {
  type Affiliation,
  affiliationOf,
  type Person,
  type PersonIdentity,
  userTypes,
} from 'passport-jaccount';

const none: Affiliation = { student: false, staff: false, alumni: false, collective: false, guest: false };

// Noon in Shanghai, in the middle of a day there and everywhere.
const at = new Date('2026-11-21T12:00:00+08:00');

const groups: [userType: string, group: keyof Affiliation | undefined][] = [
  ...['student', 'summer', 'freshman'].map((type): [string, 'student'] => [type, 'student']),
  ...['faculty', 'yxy', 'fs', 'fsyyjzg', 'postphd', 'external_teacher', 'fszxjs'].map(
    (type): [string, 'staff'] => [type, 'staff'],
  ),
  ...['alumni', 'schoolFellow'].map((type): [string, 'alumni'] => [type, 'alumni']),
  ...['vip', 'green', 'outside'].map((type): [string, 'guest'] => [type, 'guest']),
  ['team', 'collective'],
  ...['micro_degree', 'Student', 'staff', 'constructor', ''].map((type): [string, undefined] => [
    type,
    undefined,
  ]),
];

const only = (group: keyof Affiliation | undefined): Affiliation =>
  group === undefined ? none : { ...none, [group]: true };

describe('affiliationOf()', () => {
  // Which identity is in force: a row for each status, a column for each expireDate.
  const dates: unknown[] = [
    ...['2019-07-31', '2026-11-20', '2026-11-21', '2031-08-31', '9999-12-31'],
    ...[undefined, null, ''],
    ...['x', '永久', '2031/08/31', '2031-8-31', '20310831', '2031-02-30', '2031-13-01', '0000-00-00', '2031'],
    ...[' 2031-08-31', '2031-08-31 ', '2031-08-31T00:00:00', '+012031-08-31', '２０３１-08-31'],
    ...[1_950_000_000, true, {}, ['2031-08-31'], new Date('2031-08-31')],
  ];
  const dated = '--+++';
  const readable = `${dated}+++${'-'.repeat(19)}`;
  const left = `${dated}---${'-'.repeat(19)}`;
  const never = '-'.repeat(27);
  const statuses: [status: string | undefined | null, inForce: string][] = [
    ['正常', readable],
    ['退休', readable],
    ['退休返聘', readable],
    ['其他', readable],
    ['冻结', readable],
    ['', readable],
    [undefined, readable],
    [null, readable],
    ['离校', left],
    ['离职', never],
    ['过期', never],
  ];
  for (const [status, inForce] of statuses) {
    for (const [column, expireDate] of dates.entries()) {
      const counts = inForce[column] === '+';
      const written = expireDate === undefined ? 'without a date' : JSON.stringify(expireDate);
      it(`${counts ? 'counts' : 'does not count'} an identity ${status ?? String(status)} ${written}, of any user type`, () => {
        for (const [userType, group] of groups) {
          const identity = { userType, status, expireDate } as PersonIdentity;

          expect(affiliationOf({ identities: [identity] }, at), userType).to.deep.equal(
            counts ? only(group) : none,
          );
        }
      });
    }
  }

  it('knows the group of every user type', () => {
    const known = groups.map(([userType]) => userType);

    expect(known).to.include.members(
      [...userTypes.values()].flatMap(({ code, aliases }) => [code, ...aliases]),
    );
  });

  // The last day counts until midnight in Shanghai, which is 16:00 in Greenwich.
  const moments: [moment: string, student: boolean][] = [
    ['2025-01-01T00:00:00Z', true],
    ['2030-01-02T15:59:59.999Z', true],
    ['2030-01-02T16:00:00.000Z', false],
    ['2030-01-03T00:00:00Z', false],
    ['+010000-01-01T00:00:00Z', false],
  ];
  for (const zone of ['Asia/Shanghai', 'America/Los_Angeles', 'Pacific/Kiritimati']) {
    for (const [moment, student] of moments) {
      it(`${student ? 'counts' : 'does not count'} an identity until 2030-01-02 at ${moment}, on a machine in ${zone}`, () => {
        const before = process.env.TZ;
        process.env.TZ = zone;
        const identity = { userType: 'student', expireDate: '2030-01-02' };

        const affiliation = affiliationOf({ identities: [identity] }, new Date(moment));
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;

        expect(affiliation.student).to.equal(student);
      });
    }
  }

  it('judges at the present moment if it is given none', () => {
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const until = (expireDate: string) =>
      affiliationOf({ identities: [{ userType: 'student', expireDate }] });

    expect([until(day(-2)).student, until(day(2)).student]).to.deep.equal([false, true]);
  });

  const student = { userType: 'student', status: '正常', expireDate: '2031-08-31' };
  const graduate = { userType: 'student', status: '离校', expireDate: '2019-07-31' };
  const alumnus = { userType: 'alumni' };
  const teacher = { userType: 'faculty', status: '正常' };
  const resigned = { userType: 'faculty', status: '离职' };
  const people: [who: string, person: unknown, expected: (keyof Affiliation)[]][] = [
    ['a student who teaches', { identities: [student, teacher] }, ['student', 'staff']],
    ['a graduate who is an alumnus', { userType: 'student', identities: [graduate, alumnus] }, ['alumni']],
    [
      'a graduate who is a student again',
      { identities: [alumnus, graduate, student] },
      ['student', 'alumni'],
    ],
    ['a student whose only identity has ended', { userType: 'student', identities: [graduate] }, []],
    ['somebody who has resigned', { userType: 'faculty', identities: [resigned] }, []],
    [
      'a student by the default identity, staff by the list',
      { userType: 'student', identities: [teacher] },
      ['staff'],
    ],
    ['a collective account without identities', { userType: 'team' }, ['collective']],
    ['an outside user with an empty list', { userType: 'outside', identities: [] }, ['guest']],
    ['a student without identities', { userType: 'student' }, ['student']],
    ['a student whose identities are null', { userType: 'student', identities: null }, ['student']],
    ['a student whose identities were kept as text', { userType: 'student', identities: '[]' }, []],
    ['a student whose identities are an object', { userType: 'student', identities: { 0: student } }, []],
    ['a list of nothing', { userType: 'student', identities: [null, undefined, 'student', 5] }, []],
    ['a list with one identity among nothing', { identities: [null, student] }, ['student']],
    ['a user type that is a list', { userType: ['student'] }, []],
    ['an identity without a user type', { userType: 'student', identities: [{ status: '正常' }] }, []],
    ['a person of nothing', {}, []],
  ];
  for (const [who, person, expected] of people) {
    it(`takes ${who} for ${expected.join(' and ') || 'neither of all'}`, () => {
      const affiliation = affiliationOf(person as Person, at);

      expect(Object.entries(affiliation).flatMap(([group, is]) => (is ? [group] : []))).to.deep.equal(
        expected,
      );
    });
  }

  it('has a member for each group and no other', () => {
    expect(affiliationOf({}, at)).to.deep.equal(none);
  });

  it('leaves the profile as it was', () => {
    const person = Object.freeze({ identities: Object.freeze([Object.freeze({ ...student })]) });

    expect(() => affiliationOf(person, at)).not.to.throw();
  });

  const misuses: [what: string, profile: unknown, at: unknown][] = [
    ['no profile', undefined, at],
    ['null', null, at],
    ['a user type alone', 'student', at],
    ['an invalid date', {}, new Date('x')],
    ['a moment in milliseconds', {}, Date.now()],
    ['a moment as text', {}, '2026-11-21'],
    ['null for the moment', {}, null],
  ];
  for (const [what, profile, moment] of misuses) {
    it(`refuses ${what}`, () => {
      expect(() => affiliationOf(profile as Person, moment as Date)).to.throw(TypeError, 'affiliationOf');
    });
  }
});
