import { type UserType, userTypes } from '../user-types';
import type { Organization, ProfileEntity } from '../wire';
import type { Behaviour } from './behaviour';

/** A person, or a thing, that can sign in at the emulator: the profile entity with every scope granted. */
export type Account = ProfileEntity & {
  name?: string;
  userType?: string;
  code?: string;
  /** The login page asks for it. The API never shows it. */
  password?: string;
  /** The default identity is another one after each login. */
  changesIdentity?: boolean;
};

const school = (id: string, name: string): Organization => ({ id, name });

const sjtu = school('00000', '上海交通大学');
const computing = school('03000', '电子信息与电气工程学院');
const physics = school('07200', '物理与天文学院');
const medicine = school('70000', '医学院');
const hospital = school('70100', '附属瑞安医院');

interface Sketch {
  type: string;
  account: string;
  name: string;
  code?: string;
  organize?: Organization;
  personal?: boolean;
  more?: Record<string, unknown>;
}

// Invented, every one of them. One for each user type, in the order of the table of user types.
const sketches: Sketch[] = [
  { type: 'faculty', account: 'linmuqing', name: '林慕青', code: '10327', organize: computing },
  {
    type: 'student',
    account: 'zhaoyichen',
    name: '赵一辰',
    code: '523030910417',
    organize: computing,
    more: { classNo: 'F2303004', unionId: 'o6_emulated_union_id' },
  },
  { type: 'yxy', account: 'hesuwen', name: '何素问', code: 'YX20418', organize: medicine },
  { type: 'fs', account: 'tangrenjie', name: '唐仁杰', code: 'FS30562', organize: hospital },
  { type: 'vip', account: 'guibin.ou', name: '欧贵宾', code: 'V0007', organize: sjtu },
  { type: 'postphd', account: 'jiangyuanhe', name: '江远河', code: 'B0210933', organize: physics },
  {
    type: 'external_teacher',
    account: 'emma-wales',
    name: 'Emma Wales',
    code: 'W41208',
    organize: computing,
  },
  { type: 'summer', account: 'sunny_day', name: '夏天晴', code: 'S240618', organize: sjtu },
  {
    type: 'team',
    account: 'robot.club',
    name: '机器人俱乐部',
    code: '',
    organize: computing,
    personal: false,
  },
  { type: 'alumni', account: 'xuguilai', name: '许归来', code: 'AA5080309417', organize: computing },
  { type: 'green', account: 'lutongdao', name: '陆通道', code: 'G2400153', organize: sjtu },
  { type: 'outside', account: 'hezuozhe', name: '贺佐哲', code: 'TQ24001' },
  {
    type: 'fszxjs',
    account: 'fangzhongxue',
    name: '方忠学',
    code: 'ZX1180',
    organize: school('80500', '附属中学'),
  },
  { type: 'freshman', account: 'xinlaide', name: '辛来德', code: '626030910001', organize: computing },
];

/** The people that every emulator knows. */
export const builtInAccounts: readonly Account[] = sketches.map(accountFrom);

function accountFrom(
  { type, account, name, code, organize, personal = true, more }: Sketch,
  index: number,
): Account {
  const organizations = { organize: organize ?? {}, topOrganize: organize ?? {} };
  const person = personal && {
    id: guid(index + 1),
    identities: organize
      ? identitiesOf({
          type,
          account,
          name,
          ...(code !== undefined && { code }),
          organize,
          ...(more && { more }),
        })
      : [],
    gender: index % 2 === 0 ? 'female' : 'male',
    email: `${account}@mail.example`,
    mobile: `1990000${String(index + 1).padStart(4, '0')}`,
    birthday: {
      birthYear: String(1970 + 2 * index),
      birthMonth: String((index % 12) + 1),
      birthDay: String(index + 1),
    },
  };
  return {
    account,
    name,
    kind: 'canvas.profile',
    timeZone: 0,
    userType: type,
    ...(code !== undefined && { code }),
    ...organizations,
    ...person,
    accountExpireDate: '2031-08-31',
    avatars: {},
    ...more,
  };
}

// The student is one with a past: graduated once, enrolled again.
function identitiesOf(sketch: Sketch): object[] {
  const current = identityOf(sketch.type, sketch.code ?? '', sketch.organize, {
    isDefault: true,
    ...sketch.more,
  });
  if (sketch.type === 'alumni') return [alumniIdentity(sketch)];
  if (sketch.type !== 'student') return [current];
  const past = { isDefault: false, status: '离校', expireDate: '2023-07-31', defaultOptional: false };
  return [
    alumniIdentity({ ...sketch, code: 'AA519021910217' }, false),
    current,
    identityOf('student', '519021910217', sketch.organize, past),
  ];
}

function identityOf(
  userType: string,
  code: string,
  organize: unknown,
  more: Record<string, unknown>,
): object {
  const { unionId: _, ...members } = more;
  return {
    kind: 'nicman.identity',
    userType,
    userTypeName: userTypeOf(userType)?.name.zh ?? userType,
    code,
    organize,
    topOrganize: organize,
    status: '正常',
    expireDate: '2031-08-31',
    createDate: 1693526400,
    updateDate: 1725148800,
    defaultOptional: true,
    ...members,
  };
}

// Nine members: neither status nor expireDate.
function alumniIdentity({ code, organize }: Sketch, isDefault = true): object {
  return {
    kind: 'nicman.identity',
    isDefault,
    userType: 'alumni',
    userTypeName: '校友',
    code,
    organize,
    createDate: 1435680000,
    updateDate: 1435680000,
    defaultOptional: true,
  };
}

/** The user type of an account, whichever of its codes the account has. */
export function userTypeOf(code: string | undefined): UserType | undefined {
  return [...userTypes.values()].find((type) => type.code === code || type.aliases.includes(code ?? ''));
}

// Upper case, as jAccount's are.
function guid(number: number): string {
  return `E0000000-0000-4000-8000-${number.toString(16).toUpperCase().padStart(12, '0')}`;
}

const membersByScope: Record<string, readonly string[]> = {
  basic: ['id', 'account', 'name', 'kind', 'timeZone'],
  essential: ['code', 'userType', 'organize', 'topOrganize', 'identities', 'unionId', 'classNo'],
  profile: ['classNo', 'gender', 'email', 'mobile', 'accountPhotoUrl', 'accountExpireDate'],
  privacy: ['avatars', 'birthday', 'cardNo', 'cardType'],
};

/** What the profile API shows of an account: a member is absent, not null, where no scope opens it. */
export function entityFor(
  account: Account,
  scope: readonly string[],
  birthday: Behaviour['birthday'] = 'object',
): object {
  const members = ['basic', ...scope].flatMap((name) => membersByScope[name] ?? []);
  const shown = Object.entries(account).filter(([member]) => members.includes(member));
  return Object.fromEntries(shown.map(([member, value]) => [member, inForm(member, value, birthday)]));
}

// Documented as a number, seen as an object of strings.
function inForm(member: string, value: unknown, birthday: Behaviour['birthday']): unknown {
  if (member !== 'birthday' || birthday === 'object') return value;
  const { birthYear, birthMonth, birthDay } = value as Record<string, string | undefined>;
  return Date.UTC(Number(birthYear), Number(birthMonth) - 1, Number(birthDay));
}
