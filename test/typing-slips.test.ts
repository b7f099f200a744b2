import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { slipOf } from '../dist/typing-slips.js';

describe('slipOf()', () => {
  const slips: [what: string, name: string, known: string][] = [
    ['two letters swapped', 'lessnos', 'lessons'],
    ['a short name in another case', 'Key', 'key'],
    ['the first letters swapped', 'xeamplar', 'examplar'],
    ['the last letters swapped', 'opendi', 'openid'],
    ['a letter too many', 'graduates', 'graduate'],
    ['a letter too many in a name of five', 'teams', 'team'],
    ['a letter twice', 'proffessor', 'professor'],
    ['a letter missing', 'secretry', 'secretary'],
    ['the first letter missing', 'ibrarian', 'librarian'],
    ['another letter', 'gardaner', 'gardener'],
    ['another case', 'Visitor', 'visitor'],
    ['a hyphen for a low line', 'external-guest', 'external_guest'],
    ['another case in the known name', 'schoolmate', 'schoolMate'],
  ];
  for (const [what, name, known] of slips) {
    it(`knows ${what}: ${name} for ${known}`, () => {
      expect(slipOf(name, ['unrelated', known])).to.equal(known);
    });
  }

  const others: [what: string, name: string, known: string][] = [
    ['two letters too many', 'cleanerxy', 'cleaner'],
    ['two letters repeated', 'mamama', 'mama'],
    ['two other letters', 'pointers', 'painterz'],
    ['three letters turned round', 'abcxyz', 'abczyx'],
    ['swapped letters far apart', 'tesbr', 'bestr'],
    ['a short name', 'bix', 'box'],
    ['an unrelated name', 'micro_degree', 'doctorate'],
    ['no name', '', 'doctorate'],
  ];
  for (const [what, name, known] of others) {
    it(`is silent about ${what}: ${JSON.stringify(name)} beside ${known}`, () => {
      expect(slipOf(name, [known])).to.equal(undefined);
    });
  }
});

describe('a typing slip in an option', () => {
  const options = `{ clientID: 'japp000001', clientSecret: 'a secret of thirty-two characters', callbackURL: 'https://app.example/cb' }`;
  const strategyWith = (scope: string) =>
    `new jaccount.JaccountStrategy({ ...${options}, scope: '${scope}' }, () => false)`;
  const programs: [what: string, program: string, warnings: string[]][] = [
    [
      'a scope of the strategy',
      `${strategyWith('opendi basic')}; ${strategyWith('opendi')}`,
      ['JaccountStrategy: scope: jAccount does not document "opendi"; do you mean "openid"?'],
    ],
    ['scopes that jAccount knows', strategyWith('openid basic essential lessons'), []],
    ['a scope that is new', strategyWith('openid micro_degrees'), []],
    ['a sum of scopes', strategyWith('263'), []],
    [
      'a user type',
      `jaccount.requireUserType('students'); jaccount.requireUserType('students')`,
      ['requireUserType: jAccount does not document "students"; do you mean "student"?'],
    ],
    [
      'user types that jAccount knows',
      `jaccount.requireUserType('student', 'fs', 'schoolFellow', 'yxy')`,
      [],
    ],
    ['a user type that is new', `jaccount.requireUserType('micro_degree')`, []],
  ];
  for (const [what, program, warnings] of programs) {
    it(`is ${warnings.length === 0 ? 'not seen in' : 'named once for'} ${what}`, () => {
      const script = `
        process.on('warning', ({ code, message }) => console.log(code + ' ' + message));
        const jaccount = require('passport-jaccount');
        ${program}`;

      const printed = execFileSync(process.execPath, ['--no-warnings', '-e', script], { encoding: 'utf8' });

      expect(printed).to.equal(warnings.map((text) => `PASSPORT_JACCOUNT_TYPING_SLIP ${text}\n`).join(''));
    });
  }
});
