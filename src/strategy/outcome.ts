import type { JaccountRefusedMessage } from '../diagnostics';
import {
  type ApiError,
  AuthorizationResponseError,
  CallbackError,
  type IdTokenError,
  type JaccountError,
  StateError,
  TokenResponseError,
} from '../errors';
import { boundedText } from '../protocol/text';

// RFC 6749, section 4.1.2.1, and OpenID Connect Core 1.0, section 3.1.2.6.
const authorizationErrors = new Set([
  ...[
    'invalid_request',
    'unauthorized_client',
    'access_denied',
    'unsupported_response_type',
    'invalid_scope',
  ],
  ...['server_error', 'temporarily_unavailable', 'interaction_required', 'login_required'],
  ...['account_selection_required', 'consent_required', 'invalid_request_uri', 'invalid_request_object'],
  ...['request_not_supported', 'request_uri_not_supported', 'registration_not_supported'],
]);

/** The error that an authorization response stands for. Its description is dropped if it repeats one of `secrets`. */
export function refusalOf(error: string, description: unknown, secrets: readonly string[]): JaccountError {
  const known = authorizationErrors.has(error) ? error : 'server_error';
  return new AuthorizationResponseError(known, boundedText(description, secrets));
}

/** Whether it is the user's or the browser's doing: all else is jAccount's, the network's, or the configuration's. */
export function isFailure(error: JaccountError): boolean {
  if (error instanceof AuthorizationResponseError) return error.error === 'access_denied';
  if (error instanceof TokenResponseError) return error.error === 'invalid_grant';
  return error instanceof CallbackError || error instanceof StateError;
}

/** What Passport shows of a failure: a plain object, for templates trip over an Error. */
export function challengeOf(error: JaccountError): object {
  const { code, message, transaction } = error;
  const { reason, error: providerError } = error as Partial<StateError & TokenResponseError>;
  return {
    code,
    message,
    ...(reason !== undefined && { reason }),
    ...(providerError !== undefined && { error: providerError }),
    ...transaction,
  };
}

/** What of an error goes to `passport-jaccount:refused`: codes, and no text. */
export type RefusalCodes = Pick<
  JaccountRefusedMessage,
  'code' | 'status' | 'reason' | 'fault' | 'errno' | 'error'
>;

export function codesOf(cause: JaccountError): RefusalCodes {
  const { code, status } = cause;
  const { reason, fault, errno, error } = cause as Partial<
    StateError & IdTokenError & ApiError & TokenResponseError
  >;
  return {
    code,
    status,
    ...(reason !== undefined && { reason }),
    ...(fault !== undefined && { fault }),
    ...(errno !== undefined && { errno }),
    ...(error !== undefined && { error }),
  };
}
