import { canonicalUserType } from '../jaccount/user-types';
import type { IdTokenClaims } from '../jaccount/wire';
import { accountKey, type JaccountProfile, mailboxOf, present, textOf } from './profile';

/** The profile that the claims of a verified ID Token make: account, name, number and type of the default identity. */
export function profileFromIdToken(claims: IdTokenClaims, deriveEmail: boolean): JaccountProfile {
  const id = accountKey(claims.sub);
  const type = textOf(claims.type);
  const userType = type && canonicalUserType(type);
  const mailbox = deriveEmail ? mailboxOf(id, userType) : undefined;
  return {
    provider: 'jaccount',
    id,
    username: claims.sub,
    displayName: textOf(claims.name) ?? claims.sub,
    ...present({
      emails: mailbox ? [{ value: mailbox, type: 'jaccount' as const }] : undefined,
      userType,
      code: textOf(claims.code),
    }),
    claims,
    _raw: JSON.stringify(claims),
    _json: claims,
  };
}
