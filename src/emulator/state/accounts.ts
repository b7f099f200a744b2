import { type UserType, userTypes } from '../../jaccount/user-types';
import type { ProfileEntity } from '../../jaccount/wire';
import type { Behaviour } from './behaviour';
import { organizationOf, topOrganizationOf } from './organizations';
import { type Person, type PersonIdentity, people } from './people';

/**
 * A person, or a thing, that can sign in at the emulator: the profile entity with every scope granted. The members
 * below are the emulator's own, and no profile shows them.
 */
export type Account = ProfileEntity & {
  name?: string;
  userType?: string;
  code?: string;
  /** The login page demands it, where there is one. */
  password?: string;
  /** Each login finds the next of the identities the default one. @default false */
  changesIdentity?: boolean;
  /** What the REST API tells of them; made up where it is left out. */
  positions?: readonly object[];
  rights?: readonly object[];
  lessons?: readonly object[];
  examinations?: readonly object[];
  card?: object;
  transactions?: readonly object[];
};

/** The people that every emulator knows. */
export const builtInAccounts: readonly Account[] = people.map(accountFrom);

function accountFrom(person: Person, index: number): Account {
  const { type, account, name, code, organize, personal = true, more } = person;
  return {
    account,
    name,
    kind: 'canvas.profile',
    timeZone: 0,
    userType: type,
    ...(code !== undefined && { code }),
    organize: organizationOf(organize),
    topOrganize: topOrganizationOf(organize),
    ...(personal && personalMembers(person, index)),
    accountExpireDate: '2031-08-31',
    avatars: {},
    ...more,
  };
}

function personalMembers({ type, account, code = '', organize, identities }: Person, index: number): object {
  const all = identities ?? (organize === undefined ? [] : [{ type, code }]);
  return {
    id: guid(index + 1),
    identities: all.map((identity) => identityFrom(identity, organize, identity.code === code)),
    gender: index % 2 === 0 ? 'female' : 'male',
    email: `${account}@mail.example`,
    mobile: `1990000${String(index + 1).padStart(4, '0')}`,
    birthday: {
      birthYear: String(1970 + ((2 * index) % 36)),
      birthMonth: String((index % 12) + 1),
      birthDay: String(index + 1),
    },
  };
}

function identityFrom(
  { type, code, more }: PersonIdentity,
  organize: string | undefined,
  isDefault: boolean,
): object {
  const members = {
    kind: 'nicman.identity',
    isDefault,
    userType: type,
    userTypeName: userTypeOf(type)?.name.zh ?? type,
    code,
    organize: organizationOf(organize),
    createDate: 1435680000,
    updateDate: 1725148800,
    defaultOptional: true,
  };
  // Those nine are all that an alumnus has: neither status nor expireDate.
  if (type === 'alumni') return members;
  return {
    ...members,
    topOrganize: topOrganizationOf(organize),
    status: '正常',
    expireDate: '2031-08-31',
    ...more,
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

const membersByScope: Readonly<Record<string, readonly string[]>> = {
  basic: ['id', 'account', 'name', 'kind', 'timeZone'],
  essential: ['code', 'userType', 'organize', 'topOrganize', 'identities', 'unionId', 'classNo'],
  profile: ['classNo', 'gender', 'email', 'mobile', 'accountPhotoUrl', 'accountExpireDate'],
  privacy: ['avatars', 'birthday', 'cardNo', 'cardType'],
};

/** Every member that the profile API shows to somebody. */
export const profileMembers: ReadonlySet<string> = new Set(Object.values(membersByScope).flat());

/** What the profile API shows of an account: a member is absent, not null, where no scope opens it. */
export function entityFor(
  account: Account,
  scope: readonly string[],
  birthday: Behaviour['birthday'] = 'object',
): object {
  const members = ['basic', ...scope].flatMap((name) => membersByScope[name] ?? []);
  const shown = Object.entries(account).filter(([member]) => members.includes(member));
  return Object.fromEntries(
    shown.map(([member, value]) => [
      member,
      member === 'birthday' && birthday === 'number' ? millisecondsOf(value) : value,
    ]),
  );
}

// An account from a file may have a number already, or anything else.
function millisecondsOf(birthday: unknown): unknown {
  if (typeof birthday !== 'object' || birthday === null) return birthday;
  const { birthYear, birthMonth, birthDay } = birthday as Record<string, string>;
  return Date.UTC(Number(birthYear), Number(birthMonth) - 1, Number(birthDay));
}
