/** What kind of person, or not a person at all, a user type stands for. */
export type UserTypeGroup = 'student' | 'staff' | 'alumni' | 'guest' | 'collective';

/** A user type that jAccount documents, in either of its spellings, and any other: an editor proposes the former. */
export type UserTypeCode = KnownUserType | 'fs' | 'schoolFellow' | (string & {});

type KnownUserType =
  | 'faculty'
  | 'student'
  | 'yxy'
  | 'fsyyjzg'
  | 'vip'
  | 'postphd'
  | 'external_teacher'
  | 'summer'
  | 'team'
  | 'alumni'
  | 'green'
  | 'outside'
  | 'fszxjs'
  | 'freshman';

/** One of jAccount's user types. */
export interface UserType {
  code: string;
  /** Other codes that jAccount uses for the same type, depending on the page or the interface. */
  aliases: readonly string[];
  name: { zh: string; en: string };
  group: UserTypeGroup;
}

const table: readonly UserType[] = [
  of('faculty', '教职工', 'faculty and staff', 'staff'),
  of('student', '学生', 'student', 'student'),
  of('yxy', '医学院教职工', 'School of Medicine staff', 'staff'),
  of('fsyyjzg', '附属单位职工', 'affiliated-unit staff', 'staff', ['fs']),
  of('vip', '贵宾', 'distinguished guest', 'guest'),
  of('postphd', '博士后', 'postdoctoral researcher', 'staff'),
  of('external_teacher', '外聘教师', 'external teacher', 'staff'),
  of('summer', '暑期生', 'summer-session student', 'student'),
  of('team', '集体账号', 'collective account', 'collective'),
  of('alumni', '校友', 'alumnus', 'alumni', ['schoolFellow']),
  of('green', '绿色通道', 'green-channel account', 'guest'),
  of('outside', '合作交流', 'cooperation and exchange', 'guest'),
  of('fszxjs', '附属中学教师', 'affiliated secondary-school teacher', 'staff'),
  of('freshman', '新生', 'incoming student', 'student'),
];

/**
 * Every user type that jAccount documents, by canonical code. Others may appear: a profile passes them through.
 *
 * @see developer.sjtu.edu.cn/auth/oidc.html, appendix, and developer.sjtu.edu.cn/api/profile.html
 */
export const userTypes: ReadonlyMap<string, Readonly<UserType>> = new Map(
  table.map((type) => [type.code, type]),
);

const canonicalCodes = new Map(table.flatMap(({ code, aliases }) => aliases.map((alias) => [alias, code])));

const groupNames: Record<UserTypeGroup, UserType['name']> = {
  student: { zh: '学生', en: 'student' },
  staff: { zh: '教职工', en: 'staff' },
  alumni: { zh: '校友', en: 'alumnus' },
  guest: { zh: '校外人员', en: 'guest' },
  collective: { zh: '集体账号', en: 'collective account' },
};

/** The groups of user types, with the names that people know them by. */
export const userTypeGroups: ReadonlyMap<string, Readonly<UserType['name']>> = new Map(
  Object.entries(groupNames),
);

/** Every spelling of a user type that jAccount documents. */
export const userTypeCodes: readonly string[] = Object.freeze([
  ...userTypes.keys(),
  ...canonicalCodes.keys(),
]);

/** The one code for a user type that jAccount spells in two ways; any other code unchanged. */
export function canonicalUserType(code: string): string {
  return canonicalCodes.get(code) ?? code;
}

function of(
  code: KnownUserType,
  zh: string,
  en: string,
  group: UserTypeGroup,
  aliases: string[] = [],
): UserType {
  return Object.freeze({
    code,
    aliases: Object.freeze(aliases),
    name: Object.freeze({ zh, en }),
    group,
  });
}
