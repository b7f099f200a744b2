import type { Request } from '../frameworks';
import { type UserTypeGroup, userTypeCodes, userTypeGroups } from '../jaccount/user-types';
import { groupOf } from '../profile/affiliation';
import type { GuardHandler } from '../request-handler';
import { parseRequired, type RequirePersonOptions, requireIdentity } from './person';

/**
 * Lets a request through if the user belongs to one of the named groups of user types: `student`, `staff`, `alumni`,
 * `guest`, `collective`. `requireUserGroup('staff')` is how to write "only staff": it covers `faculty`, `postphd` and
 * every other user type whose group is `staff`.
 *
 * It looks in the same places as {@link requireUserType}, refuses with the same errors, and works in the same frameworks.
 *
 * @throws TypeError without a group, and for a name that is no group.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { requireUserGroup } from 'passport-jaccount';
 *
 * express().get('/payroll', requireUserGroup('staff'), (_req, res) => void res.json([]));
 * ```
 *
 * @see {@link userTypes} for the groups of the codes
 */
export function requireUserGroup<Req = Request>(
  ...needed: [UserTypeGroup, ...(UserTypeGroup | RequirePersonOptions<Req>)[]]
): GuardHandler {
  const required = parseRequired('requireUserGroup', needed);
  for (const name of required.names) assertGroup(name);
  return requireIdentity('user-type', required, (identity) =>
    required.names.some((name) => name === groupOf(identity)),
  );
}

function assertGroup(name: string): void {
  if (userTypeGroups.has(name)) return;
  const hint = userTypeCodes.includes(name)
    ? `is a user type; use requireUserType('${name}')`
    : `is no group; the groups are ${[...userTypeGroups.keys()].join(', ')}`;
  throw new TypeError(`requireUserGroup: "${name}" ${hint}`);
}
