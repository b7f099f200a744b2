import { expect } from 'chai';
import { userTypes } from 'passport-jaccount';
import { canonicalUserType } from '../../dist/jaccount/user-types.js';

describe('userTypes', () => {
  // The union of the three lists that jAccount publishes, an alias beside its type.
  const documented: [code: string, zh: string, group: string, aliases?: string[]][] = [
    ['faculty', '教职工', 'staff'],
    ['student', '学生', 'student'],
    ['yxy', '医学院教职工', 'staff'],
    ['fsyyjzg', '附属单位职工', 'staff', ['fs']],
    ['vip', '贵宾', 'guest'],
    ['postphd', '博士后', 'staff'],
    ['external_teacher', '外聘教师', 'staff'],
    ['summer', '暑期生', 'student'],
    ['team', '集体账号', 'collective'],
    ['alumni', '校友', 'alumni', ['schoolFellow']],
    ['green', '绿色通道', 'guest'],
    ['outside', '合作交流', 'guest'],
    ['fszxjs', '附属中学教师', 'staff'],
    ['freshman', '新生', 'student'],
  ];
  for (const [code, zh, group, aliases = []] of documented) {
    it(`knows ${code} as ${zh}, a kind of ${group}`, () => {
      const type = userTypes.get(code);

      expect(type).to.deep.include({ code, aliases, group });
      expect(type?.name.zh).to.equal(zh);
    });
  }

  it('knows no other type', () => {
    expect([...userTypes.keys()]).to.have.members(documented.map(([code]) => code));
  });

  it('has an English name for each type', () => {
    const nameless = [...userTypes.values()].filter(({ name }) => !/^[\x20-\x7e]+$/.test(name.en));

    expect(nameless).to.deep.equal([]);
  });

  it('holds no alias as a type of its own', () => {
    const doubled = [...userTypes.values()]
      .flatMap(({ aliases }) => aliases)
      .filter((alias) => userTypes.has(alias));

    expect(doubled).to.deep.equal([]);
  });

  const writes: [what: string, write: (type: any) => void][] = [
    ['code', (type) => Object.assign(type, { code: 'x' })],
    ['name', (type) => Object.assign(type.name, { en: 'x' })],
    ['aliases', (type) => type.aliases.push('x')],
  ];
  for (const [member, write] of writes) {
    it(`lets nobody change the ${member} of a type`, () => {
      expect(() => write(userTypes.get('student'))).to.throw(TypeError);
    });
  }
});

describe('canonicalUserType()', () => {
  const spellings: [spelling: string, code: string][] = [
    ['fs', 'fsyyjzg'],
    ['fsyyjzg', 'fsyyjzg'],
    ['schoolFellow', 'alumni'],
    ['alumni', 'alumni'],
    ['student', 'student'],
    // Not in the list, and not ours to correct.
    ['robot', 'robot'],
    ['Student', 'Student'],
    ['schoolfellow', 'schoolfellow'],
    ['FS', 'FS'],
    ['', ''],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
  ];
  for (const [spelling, code] of spellings) {
    it(`makes ${JSON.stringify(code)} of ${JSON.stringify(spelling)}`, () => {
      expect(canonicalUserType(spelling)).to.equal(code);
    });
  }
});
