import { expect } from 'chai';
import { ForbiddenError, type ForbiddenFault, IdTokenError, messageFor, StateError } from 'passport-jaccount';

describe('messageFor()', () => {
  const rows: [fault: ForbiddenFault, required: string[], zh: RegExp, en: RegExp][] = [
    ['user-type', ['student'], /：学生。/, /: student\. /],
    ['user-type', ['student', 'postphd'], /：学生、博士后。/, /: student, postdoctoral researcher\. /],
    ['user-type', ['staff'], /：教职工。/, /: staff\. /],
    ['user-type', ['guest', 'collective'], /：校外人员、集体账号。/, /: guest, collective account\. /],
    ['user-type', ['schoolFellow'], /：校友。/, /: alumnus\. /],
    ['user-type', ['micro_degree'], /：micro_degree。/, /: micro_degree\. /],
    ['organization', ['03000'], /^[^0-9]+$/, /^[^0-9]+$/],
    ['scope', ['read:messages'], /^[^:]+$/, /^[^:]+$/],
  ];
  for (const [fault, required, zh, en] of rows) {
    it(`tells a person in two languages what was required: ${fault} ${required.join(' ')}`, () => {
      const error = new ForbiddenError(fault, required);

      expect(messageFor(error, 'zh'))
        .to.match(zh)
        .and.match(/\p{Script=Han}/u);
      expect(messageFor(error, 'en'))
        .to.match(en)
        .and.not.match(/\p{Script=Han}/u);
    });

    it(`has two sentences for ${fault} ${required.join(' ')}`, () => {
      const error = new ForbiddenError(fault, required);

      expect(messageFor(error, 'zh').match(/。/g)).to.have.length(2);
      expect(messageFor(error, 'en').match(/\.(?: |$)/g)).to.have.length(2);
    });
  }

  const misuses: [what: string, error: unknown, language: unknown][] = [
    ['another language', new ForbiddenError('scope', ['a']), 'fr'],
    ['no language', new ForbiddenError('scope', ['a']), undefined],
    ['an error with another fault', new IdTokenError('missing'), 'zh'],
    ['an error without a fault', new StateError('expired'), 'zh'],
  ];
  for (const [what, error, language] of misuses) {
    it(`refuses ${what}`, () => {
      expect(() => messageFor(error as ForbiddenError, language as 'zh')).to.throw(TypeError, 'messageFor');
    });
  }
});
