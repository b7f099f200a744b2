export type { BearerClaims } from './bearer/claims';
export type { TokenType } from './bearer/issuer';
export type {
  BearerIssuer,
  JaccountIssuer,
  JwksIssuer,
  JwksUrlIssuer,
  SecretIssuer,
  SignatureAlgorithm,
} from './bearer/issuer-options';
export type { JaccountBearerStrategyOptions } from './bearer/options';
export { bearerErrorOf } from './bearer/refusals';
export type { KeyTimes } from './bearer/remote-keys';
export { type BearerAuthInfo, JaccountBearerStrategy } from './bearer/strategy';
export type {
  BearerContext,
  BearerContextVerifyFunction,
  BearerVerifyFunction,
  BearerVerifyFunctionWithRequest,
} from './bearer/verify-callback';
export type { JaccountApi } from './client/api';
export {
  type AuthorizationOptions,
  JaccountClient,
  type LogoutOptions,
  type PendingAuthorization,
} from './client/client';
export type {
  Card,
  CardTransaction,
  Department,
  Lesson,
  LessonClass,
  Position,
  TransactionRange,
} from './client/entities';
export type { ClientCredentialsGrant, CodeGrant, RefreshGrant, TokenGrant } from './client/grants';
export type { JaccountClientOptions } from './client/options';
export type {
  CallOptions,
  Entity,
  OperationOptions,
  PageOptions,
  Query,
  RequestOptions,
} from './client/request';
export type { TokenSet } from './client/token-set';
export { TokenSource, type TokenSourceOptions } from './client/token-source';
export type { JaccountLoginMessage, JaccountRefusedMessage, JaccountRequestMessage } from './diagnostics';
export * from './errors';
export type { CookieResponse } from './frameworks';
export {
  type BearerErrorBody,
  type BearerErrorHandlerOptions,
  bearerErrorHandler,
} from './handlers/bearer-error-handler';
export { jaccountGuard, type PassportGuardClass } from './handlers/nest-guard';
export type { RequirePersonOptions } from './handlers/person';
export { requireOrganization } from './handlers/require-organization';
export { type RequireScopeOptions, requireScope } from './handlers/require-scope';
export { requireUserGroup } from './handlers/require-user-group';
export { requireUserType } from './handlers/require-user-type';
export { type LogoutEndpoint, type SignOutOptions, signOut } from './handlers/sign-out';
export { type JaccountEndpoints, jaccountEndpoints } from './jaccount/endpoints';
export { type Operation, type OperationName, operations } from './jaccount/operations';
export { type Grant, type Scope, type ScopeName, scopes } from './jaccount/scopes';
export { type UserType, type UserTypeCode, type UserTypeGroup, userTypes } from './jaccount/user-types';
export type { IdTokenClaims, Organization, ProfileEntity, TokenResponse } from './jaccount/wire';
export type { Language } from './language';
export { CookieTransactions, type CookieTransactionsOptions } from './login/cookie-transactions';
export type { ExchangedLogin } from './login/finish';
export { sanitizeReturnTo } from './login/return-to';
export { SessionTransactions, type SessionTransactionsOptions } from './login/session-transactions';
export type { EndedLogin, Transaction, TransactionStore } from './login/transaction';
export { LoginFailure } from './login-failure';
export { type LoginChallenge, messageFor } from './messages';
export {
  type Affiliation,
  affiliationOf,
  type Person,
  type PersonIdentity,
} from './profile/affiliation';
export type { JaccountIdentity, JaccountProfile } from './profile/profile';
export type { HttpRequest } from './protocol/http';
export { type ExpectedIdToken, verifyIdToken } from './protocol/id-token';
export type { AnswerHandler, ErrorHandler, GuardHandler } from './request-handler';
export type { JaccountAuthenticateOptions } from './strategy/authenticate-options';
export type { JaccountStrategyOptions } from './strategy/options';
export { JaccountStrategy, JaccountStrategy as Strategy } from './strategy/strategy';
export type { VerifiedUser, VerifyDone } from './strategy/verdict';
export type {
  ContextVerifyFunction,
  ContextVerifyFunctionWithDone,
  VerifyContext,
  VerifyFunction,
  VerifyFunctionWithParams,
  VerifyFunctionWithRequest,
  VerifyFunctionWithRequestAndParams,
} from './strategy/verify-callback';
