export { type JaccountEndpoints, jaccountEndpoints } from './endpoints';
export * from './errors';
export type { JaccountIdentity, JaccountProfile } from './profile/profile';
export { type ExpectedIdToken, verifyIdToken } from './protocol/id-token';
export { type Grant, type Scope, scopes } from './scopes';
export { type UserType, type UserTypeGroup, userTypes } from './user-types';
export type { IdTokenClaims, Organization, ProfileEntity, TokenResponse } from './wire';
