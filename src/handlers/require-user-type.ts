import type { Request } from '../frameworks';
import { canonicalUserType, type UserTypeCode, userTypeCodes, userTypeGroups } from '../jaccount/user-types';
import type { GuardHandler } from '../request-handler';
import { warnOfSlip } from '../typing-slips';
import { parseRequired, type RequiredOfPerson, requireIdentity } from './person';

/**
 * Lets a request through if the user is of one of the named user types, whether a session or a bearer token signed
 * them in. The two spellings that jAccount has for some types are one. {@link requireUserGroup} takes whole groups, such
 * as all staff.
 *
 * It works in Express, Koa, Fastify and Nest; {@link GuardHandler} says how each of them calls it. The user is `req.user`
 * of Express, `ctx.state.user` of Koa or `request.user` of Fastify, or what your application named instead of `user`.
 *
 * All identities of the user that are in force count, as {@link affiliationOf} tells; without identities, `userType` of
 * the user does. If the user has neither, nor an organization, the profile of the ID Token that the request carries is
 * looked at. `of` names another place. A token that speaks for a client is of no user type.
 *
 * It refuses with a {@link BearerError} and 401 if no user is signed in, else with a {@link ForbiddenError} and 403.
 *
 * @throws TypeError without a user type, and for the name of a group. An unknown code is accepted, because jAccount adds
 *   new ones; if it looks like a typing slip, a warning says so.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { requireUserType } from 'passport-jaccount';
 *
 * express().get('/grades', requireUserType('student', 'postphd'), (_req, res) => void res.json([]));
 * ```
 *
 * @see {@link userTypes} for the codes
 */
export function requireUserType<Req = Request>(...needed: RequiredOfPerson<Req, UserTypeCode>): GuardHandler {
  const required = parseRequired('requireUserType', needed);
  for (const name of required.names) assertUserType(name);
  const types = required.names.map(canonicalUserType);
  return requireIdentity('user-type', required, ({ userType }) => {
    return typeof userType === 'string' && types.includes(canonicalUserType(userType));
  });
}

function assertUserType(name: string): void {
  if (userTypeGroups.has(name) && !userTypeCodes.includes(name))
    throw new TypeError(
      `requireUserType: "${name}" is a group of user types; use requireUserGroup('${name}')`,
    );
  warnOfSlip('requireUserType', name, userTypeCodes);
}
