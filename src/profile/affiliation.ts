import { canonicalUserType, type UserTypeGroup, userTypes } from '../jaccount/user-types';
import { endOfDayInShanghai, isDate } from './date';

/** The members of a {@link JaccountProfile} that say what somebody is at SJTU. */
export interface Person {
  userType?: string | undefined;
  organization?: { id: string } | undefined;
  topOrganization?: { id: string } | undefined;
  identities?: readonly PersonIdentity[] | undefined;
}

/** One identity of a person, as in {@link JaccountIdentity}. */
export interface PersonIdentity {
  userType?: string | undefined;
  organization?: { id: string } | undefined;
  topOrganization?: { id: string } | undefined;
  status?: string | undefined;
  /** The last day, `yyyy-mm-dd`. */
  expireDate?: string | undefined;
}

/** What somebody is at SJTU: one member for each group of user types. Several can be true at once. */
export type Affiliation = Record<UserTypeGroup, boolean>;

/**
 * Says what somebody is at SJTU now, or at another moment: student, staff, alumni, a guest, or no person but a collective
 * account. A doctoral student who also teaches is both student and staff.
 *
 * Every identity that is in force counts, not the default one alone. An identity has ended if its `status` is 离职 or 过期;
 * if its `expireDate` has passed, or is not a date; or if its `status` is 离校 and it has no `expireDate`. Any other
 * identity is in force: alumni have no status, retired staff stay staff, and a student who is 离校 is in force until the
 * `expireDate`, because jAccount says to judge students by the date. The last day counts in full, in Shanghai.
 *
 * A profile without identities is judged by `userType`, which does not show that somebody has left. The scope `openid` alone
 * gives no identities, and a user can untick `essential` on jAccount's page. Where people who have left must stay out, ask for
 * `essential` and refuse a profile without identities, as the example does.
 *
 * @throws TypeError if `profile` is no object or `at` no valid date.
 *
 * @example
 * ```ts
 * import { affiliationOf, JaccountStrategy, type JaccountStrategyOptions } from 'passport-jaccount';
 *
 * const strategyForStaff = (options: JaccountStrategyOptions) =>
 *   new JaccountStrategy({ ...options, scope: 'openid essential' }, async ({ profile }) =>
 *     profile.identities && affiliationOf(profile).staff ? { account: profile.id } : false,
 *   );
 * ```
 *
 * @see developer.sjtu.edu.cn/api/profile.html, on `status` and `expireDate`
 */
export function affiliationOf(profile: Person, at?: Date): Affiliation {
  if (typeof profile !== 'object' || profile === null)
    throw new TypeError('affiliationOf requires a profile');
  const groups = identitiesInForce(profile, momentOf(at)).map(groupOf);
  return {
    student: groups.includes('student'),
    staff: groups.includes('staff'),
    alumni: groups.includes('alumni'),
    collective: groups.includes('collective'),
    guest: groups.includes('guest'),
  };
}

function momentOf(at: Date | undefined): number {
  if (at === undefined) return Date.now();
  if (at instanceof Date && !Number.isNaN(at.getTime())) return at.getTime();
  throw new TypeError('affiliationOf: at must be a valid Date');
}

/**
 * The identities of a person that are in force at a moment, in milliseconds since the epoch. A person without identities,
 * such as a collective account, counts as one.
 */
export function identitiesInForce(person: Person, at = Date.now()): readonly PersonIdentity[] {
  // As it comes from an application, which may have kept it in another form.
  const identities: unknown = person.identities ?? [];
  // Refuse what is no list. If it were ignored, a person who has left would be judged by userType.
  if (!Array.isArray(identities)) return [];
  if (identities.length === 0) return [person];
  return identities.filter((identity) => Boolean(identity) && isInForce(identity, at));
}

function isInForce({ status, expireDate }: PersonIdentity, at: number): boolean {
  if (status === '离职' || status === '过期') return false;
  if (expireDate === undefined || expireDate === null || expireDate === '') return status !== '离校';
  return isDate(expireDate) && at < endOfDayInShanghai(expireDate);
}

/** The group of the user type of a person or an identity; undefined for a type that is not documented. */
export function groupOf({ userType }: PersonIdentity): UserTypeGroup | undefined {
  return userTypes.get(canonicalUserType(userType ?? ''))?.group;
}
