import type { IdTokenClaims, Organization, ProfileEntity } from '../jaccount/wire';
import { dateInShanghai, isDate } from './date';
import { membersFromIdToken } from './from-id-token';
import {
  buildProfile,
  type JaccountIdentity,
  type JaccountProfile,
  type ProfileMembers,
  present,
  textOf,
  userTypeOf,
} from './profile';

type Json = Record<string, unknown>;

/**
 * The profile that the profile API's entity makes. What the entity lacks is taken from the claims of a verified ID Token
 * for the same account, if there is one: with the scope `basic` the entity has neither user type nor number.
 */
export function profileFromEntity(
  entity: ProfileEntity,
  deriveEmail: boolean,
  claims?: IdTokenClaims,
): JaccountProfile {
  const members = { ...(claims && membersFromIdToken(claims)), ...membersFromEntity(entity) };
  return buildProfile(entity.account, members, entity, deriveEmail);
}

/**
 * What the entity says about a user. A key is absent if its scope was not granted, and every value may be missing, empty
 * or of another type than documented.
 *
 * @see developer.sjtu.edu.cn/api/profile.html
 */
function membersFromEntity(entity: ProfileEntity): ProfileMembers {
  return present({
    displayName: textOf(entity.name),
    contactEmail: textOf(entity.email),
    photos: photosOf(entity),
    userType: userTypeOf(entity.userType),
    code: textOf(entity.code),
    personId: personIdOf(entity.id),
    organization: organizationOf(entity.organize),
    topOrganization: organizationOf(entity.topOrganize),
    classNo: textOf(entity.classNo),
    gender: textOf(entity.gender),
    birthday: birthdayOf(entity.birthday),
    mobile: textOf(entity.mobile),
    identities: identitiesOf(entity.identities),
  });
}

// Accounts of no person have no id. What a careless serializer makes of that must not become one key for them all.
function personIdOf(value: unknown): string | undefined {
  return value === 'null' || value === 'undefined' ? undefined : textOf(value);
}

function photosOf({ accountPhotoUrl, avatars }: ProfileEntity): JaccountProfile['photos'] {
  const { uriLarge, uriNormal, uriTiny } = objectOf(avatars) ?? {};
  const photos = [accountPhotoUrl, uriLarge, uriNormal, uriTiny]
    .map(textOf)
    .filter((url) => url !== undefined && /^https?:\/\//i.test(url))
    .map((value) => ({ value: value as string }));
  return photos.length > 0 ? photos : undefined;
}

// An outside user's is `{}`.
function organizationOf(value: unknown): Organization | undefined {
  const { id, name } = objectOf(value) ?? {};
  const organizationId = textOf(id);
  return organizationId === undefined ? undefined : { id: organizationId, name: textOf(name) ?? '' };
}

function identitiesOf(value: unknown): JaccountIdentity[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((element) => {
    const identity = objectOf(element);
    return identity ? [identityOf(identity)] : [];
  });
}

function identityOf(identity: Json): JaccountIdentity {
  return {
    isDefault: identity.isDefault === true,
    ...present({
      userType: userTypeOf(identity.userType),
      userTypeName: textOf(identity.userTypeName),
      code: textOf(identity.code),
      organization: organizationOf(identity.organize),
      topOrganization: organizationOf(identity.topOrganize),
      status: textOf(identity.status),
      expireDate: expireDateOf(identity.expireDate),
      classNo: textOf(identity.classNo),
      major: organizationOf(identity.major),
      trainLevel: textOf(identity.trainLevel),
    }),
  };
}

// Keep a value that is no date as text. If it were dropped, the identity would have no end and be in force for ever.
function expireDateOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 64);
}

// The documentation has a number, clients see an object of strings.
function birthdayOf(value: unknown): string | undefined {
  if (typeof value === 'number') return dateInShanghai(value);
  const { birthYear, birthMonth, birthDay } = objectOf(value) ?? {};
  const date = [birthYear, birthMonth, birthDay]
    .map((part) => (textOf(part) ?? '').padStart(2, '0'))
    .join('-');
  return isDate(date) ? date : undefined;
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}
