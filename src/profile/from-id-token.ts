import type { IdTokenClaims } from '../jaccount/wire';
import {
  buildProfile,
  type JaccountProfile,
  type ProfileMembers,
  present,
  textOf,
  userTypeOf,
} from './profile';

/** The profile that the claims of a verified ID Token make: account, name, number and type of the default identity. */
export function profileFromIdToken(claims: IdTokenClaims, deriveEmail: boolean): JaccountProfile {
  return buildProfile(claims.sub, membersFromIdToken(claims), claims, deriveEmail);
}

/** What the claims of a verified ID Token say about a user. A claim of another type than documented says nothing. */
export function membersFromIdToken(claims: IdTokenClaims): ProfileMembers {
  return present({
    displayName: textOf(claims.name),
    userType: userTypeOf(claims.type),
    code: textOf(claims.code),
    claims,
  });
}
