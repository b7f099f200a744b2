import type { Request } from '../frameworks';
import type { GuardHandler } from '../request-handler';
import { parseRequired, type RequiredOfPerson, requireIdentity } from './person';

/**
 * Lets a request through if the user belongs to one of the organizations, by id: as the organization or the top
 * organization of an identity that is in force, or without identities those of the account. An ID Token names no
 * organization, so this needs a login with the scope `essential`, or what your application knows of the user.
 *
 * It looks in the same places as {@link requireUserType}, refuses with the same errors, and works in the same frameworks.
 *
 * @throws TypeError without an id.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import type { JaccountProfile } from 'passport-jaccount';
 * import { requireOrganization } from 'passport-jaccount';
 *
 * const ofSchool = requireOrganization('03000', {
 *   of: (req) => (req.user as { profile: JaccountProfile } | undefined)?.profile,
 * });
 * express().get('/rooms', ofSchool, (_req, res) => void res.json([]));
 * ```
 */
export function requireOrganization<Req = Request>(...needed: RequiredOfPerson<Req>): GuardHandler {
  const required = parseRequired('requireOrganization', needed);
  return requireIdentity('organization', required, ({ organization, topOrganization }) =>
    [organization?.id, topOrganization?.id].some(
      (id) => typeof id === 'string' && required.names.includes(id),
    ),
  );
}
