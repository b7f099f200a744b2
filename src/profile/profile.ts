import type { Profile } from 'passport';
import { canonicalUserType, type UserTypeCode } from '../jaccount/user-types';
import type { IdTokenClaims, Organization } from '../jaccount/wire';

/**
 * Who signed in, in Passport's shape. Which members are there depends on the scope; `id`, `username` and
 * `displayName` always are.
 *
 * @see [Passport's normalized profile](https://www.passportjs.org/reference/normalized-profile/)
 */
export interface JaccountProfile extends Profile {
  provider: 'jaccount';
  /**
   * The account in ASCII lower case: jAccount does not tell `ZhangSan` from `zhangsan`. It is the same whichever
   * scope was asked, and the one member to recognise a user by.
   */
  id: string;
  /** The account as jAccount spells it. */
  username: string;
  /** The real name; the account where there is none. */
  displayName: string;
  /**
   * The mailbox that belongs to the account, for the user types that have one. It is derived from account and user type;
   * jAccount does not send it. Recognise users by `id`, because a mailbox changes with the user type.
   */
  emails?: { value: string; type: 'jaccount' }[];
  /**
   * The address that the user typed at jAccount: any domain, and jAccount does not verify it. Write to it, but never find
   * a user by it. Otherwise anyone who types a professor's address signs in as the professor.
   */
  contactEmail?: string;
  photos?: { value: string }[];
  /** Canonical code, such as `student`: see {@link userTypes}. A code that nobody documents passes unchanged. */
  userType?: UserTypeCode;
  /** Student or staff number of the default identity. It changes with the identity, so it is no key. */
  code?: string;
  /** The GUID that all accounts of one person share. Absent for accounts of no person, such as `team`. */
  personId?: string;
  organization?: Organization;
  topOrganization?: Organization;
  classNo?: string;
  /** `male` or `female`. */
  gender?: string;
  /** `yyyy-mm-dd`. */
  birthday?: string;
  mobile?: string;
  identities?: JaccountIdentity[];
  /** The claims of the ID Token, when one came and passed every check. */
  claims?: IdTokenClaims;
  /** The JSON that the profile was made of: the claims, or the entity. */
  _raw: string;
  _json: object;
}

/** One of the roles a person has, or had, at SJTU. */
export interface JaccountIdentity {
  /** Canonical code, as in {@link JaccountProfile.userType}. */
  userType?: UserTypeCode;
  userTypeName?: string;
  /** Student or staff number. That of alumni begins with `AA`. */
  code?: string;
  isDefault: boolean;
  organization?: Organization;
  topOrganization?: Organization;
  /** In Chinese: 正常, 离校, 退休, 离职, 过期, 退休返聘, 其他. */
  status?: string;
  /**
   * The last day, `yyyy-mm-dd`, as jAccount sends it; other text is passed through. {@link affiliationOf} reads it together
   * with `status`.
   */
  expireDate?: string;
  classNo?: string;
  major?: Organization;
  /** Such as 本科生. */
  trainLevel?: string;
}

/** The key of an account: ASCII letters in lower case, every other character untouched, so that no two join. */
export function accountKey(account: string): string {
  return account.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const maxLength = 1024;

/** A non-empty string of sane length; anything else was not sent. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;
}

// jAccount's grammar of account names, in lower case: an address is made of nothing else.
const accountGrammar = /^[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]$/;

const mailDomains: ReadonlyMap<string, string> = new Map([
  ['faculty', 'sjtu.edu.cn'],
  ['student', 'sjtu.edu.cn'],
  ['postphd', 'sjtu.edu.cn'],
  ['alumni', 'alumni.sjtu.edu.cn'],
]);

/** The mailbox that belongs to an account, if its user type is one that has a mailbox. */
function mailboxOf(id: string, userType: string | undefined): string | undefined {
  const domain = mailDomains.get(userType ?? '');
  return domain !== undefined && accountGrammar.test(id) ? `${id}@${domain}` : undefined;
}

/** What the claims or the entity say about a user. A member is absent if its source says nothing usable about it. */
export type ProfileMembers = Partial<
  Omit<JaccountProfile, 'provider' | 'id' | 'username' | 'emails' | '_raw' | '_json'>
>;

/** The profile of an account, with everything that follows from account and user type alone. */
export function buildProfile(
  account: string,
  members: ProfileMembers,
  source: object,
  deriveEmail: boolean,
): JaccountProfile {
  const id = accountKey(account);
  const mailbox = deriveEmail ? mailboxOf(id, members.userType) : undefined;
  return {
    provider: 'jaccount',
    id,
    username: account,
    displayName: account,
    ...(mailbox !== undefined && { emails: [{ value: mailbox, type: 'jaccount' as const }] }),
    ...members,
    _raw: JSON.stringify(source),
    _json: source,
  };
}

/** A user type as a source spells it, in its one spelling here. */
export function userTypeOf(value: unknown): string | undefined {
  const type = textOf(value);
  return type && canonicalUserType(type);
}

/** The same object without the members that are undefined. */
export function present<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
