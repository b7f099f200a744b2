import { errnoNames } from './jaccount/api-errnos';
import type { Operation } from './jaccount/operations';

/** The stable codes of this package's errors, one per class. */
export type JaccountErrorCode =
  | 'ERR_JACCOUNT_AUTHORIZATION'
  | 'ERR_JACCOUNT_CALLBACK'
  | 'ERR_JACCOUNT_STATE'
  | 'ERR_JACCOUNT_ACCOUNT_MISMATCH'
  | 'ERR_JACCOUNT_TOKEN'
  | 'ERR_JACCOUNT_ID_TOKEN'
  | 'ERR_JACCOUNT_API'
  | 'ERR_JACCOUNT_RESPONSE'
  | 'ERR_JACCOUNT_NETWORK'
  | 'ERR_JACCOUNT_BEARER'
  | 'ERR_JACCOUNT_FORBIDDEN'
  | 'ERR_JACCOUNT_KEYS';

/** What the application put into a login and gets back when that login fails. */
export interface LoginContext {
  /** The local path the user wanted, sanitised. */
  returnTo?: string;
  /** The application's own value, as it was given to `passport.authenticate()`. */
  appState?: unknown;
}

interface JaccountErrorOptions {
  status: number;
  retryable?: boolean;
  cause?: unknown;
}

/**
 * The base of every error that jAccount, the network or a forged callback can cause. Catch this to catch us;
 * tell the children apart by `code`, or by class.
 *
 * No member of any child holds a token, a secret, a code or a person's data, so an error may be logged whole.
 * Misuse of this package is not a `JaccountError` but a `TypeError`.
 *
 * @example By code:
 * ```ts
 * import type { ErrorRequestHandler } from 'express';
 *
 * const onError: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error.code === 'ERR_JACCOUNT_NETWORK') res.status(error.status).send('jAccount does not answer');
 *   else next(error);
 * };
 * ```
 *
 * @example By class:
 * ```ts
 * import { JaccountError } from 'passport-jaccount';
 *
 * const answerOf = (error: unknown) => (error instanceof JaccountError ? error.status : 500);
 * ```
 */
export abstract class JaccountError extends Error {
  abstract override readonly name: string;
  abstract readonly code: JaccountErrorCode;
  /** The HTTP status that the application should answer with. Express and Koa read this name. */
  readonly status: number;
  /** The same as `status`. Nest and Fastify read this name. */
  readonly statusCode: number;
  /**
   * Whether the message may be shown to users: with a `status` below 500 it may, all else is for the log. Koa and Nest
   * go by it, and Nest 12 answers 500 to whatever lacks it.
   */
  readonly expose: boolean;
  /** Whether the same attempt may succeed a little later. */
  readonly retryable: boolean;
  /** `returnTo` and `appState` of the login that failed, once its transaction was found. */
  transaction?: LoginContext;

  constructor(message: string, { status, retryable = false, cause }: JaccountErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.statusCode = status;
    this.expose = status < 500;
    this.retryable = retryable;
  }
}

/**
 * Thrown when jAccount sent the browser back with an `error`. `access_denied` means that the user declined: offer
 * to sign in again. Anything else is about the registration of the client or about jAccount itself.
 *
 * @see [RFC 6749, section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)
 */
export class AuthorizationResponseError extends JaccountError {
  override readonly name = 'AuthorizationResponseError';
  readonly code = 'ERR_JACCOUNT_AUTHORIZATION';
  /** The provider's `error`; `server_error` where it sent a word that no specification knows. */
  readonly error: string;
  /** The provider's text, bounded and without control characters. Never put it into HTML unescaped. */
  readonly errorDescription?: string;

  constructor(error: string, errorDescription?: string) {
    const declined = error === 'access_denied';
    const unavailable = error === 'temporarily_unavailable';
    super(
      declined ? 'the user declined to sign in' : `jAccount refused the authorization request: "${error}"`,
      {
        status: declined ? 401 : unavailable ? 503 : 502,
        retryable: unavailable,
      },
    );
    this.error = error;
    if (errorDescription !== undefined) this.errorDescription = errorDescription;
  }
}

/**
 * Thrown when a callback is malformed: a parameter is repeated, missing, of the wrong form, or contradicts another.
 * jAccount sends no such callback; a broken link or an attack does. Let the user sign in again.
 *
 * @see [RFC 6749, section 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)
 */
export class CallbackError extends JaccountError {
  override readonly name = 'CallbackError';
  readonly code = 'ERR_JACCOUNT_CALLBACK';

  constructor(message: string, status = 400) {
    super(message, { status });
  }
}

/** Why the login that a callback belongs to was not found, or not accepted. */
export type StateFailure =
  | 'no-session'
  | 'no-transaction'
  | 'unknown'
  | 'expired'
  | 'used'
  | 'foreign'
  | 'user';

const stateFailures: Record<StateFailure, string> = {
  'no-session': 'the request has no session: put the session middleware before passport.authenticate()',
  'no-transaction':
    'the browser sent no pending login: its session cookie was lost on the way to jAccount and back ' +
    '(SameSite=Strict, a Secure cookie over http, "trust proxy" not set behind a proxy, ' +
    'or the login began on another host name), or its session was (a restart, or another machine with ' +
    'a session store or secret of its own)',
  unknown:
    'the "state" belongs to no pending login of this browser: the login was begun elsewhere, or was forged',
  expired: 'the login took too long: it must be finished within ten minutes',
  used: 'this callback was used before: the page was reloaded, or the link was opened twice',
  foreign: 'the login was begun by another strategy, or with other options',
  user: 'the login was begun by a user who is no longer the one signed in',
};

/**
 * Thrown when a callback cannot be matched with a login that this browser began. `reason` says which of the known
 * causes it was, the message what to change.
 *
 * @see [RFC 6749, section 10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)
 */
export class StateError extends JaccountError {
  override readonly name = 'StateError';
  readonly code = 'ERR_JACCOUNT_STATE';
  readonly reason: StateFailure;

  constructor(
    reason: StateFailure,
    { hint, transaction }: { hint?: string; transaction?: LoginContext } = {},
  ) {
    super(hint ?? stateFailures[reason], { status: 403 });
    this.reason = reason;
    if (transaction) this.transaction = transaction;
  }
}

/**
 * Thrown when the ID Token and the profile API name two different accounts. Nobody is signed in. It cannot happen
 * by accident at jAccount: look for a cache or a proxy between the application and the API.
 *
 * @see [OpenID Connect Core 1.0, section 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse)
 */
export class AccountMismatchError extends JaccountError {
  override readonly name = 'AccountMismatchError';
  readonly code = 'ERR_JACCOUNT_ACCOUNT_MISMATCH';

  constructor() {
    super('the ID Token and the profile name two different accounts', { status: 502 });
  }
}

/**
 * Thrown when the token endpoint refused. `invalid_grant` means that the code was too old (60 seconds), used or
 * foreign: let the user sign in again. `invalid_client` and its like mean that client id, secret or redirect URI
 * are not those that jAccount has on file.
 *
 * @see [RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
 */
export class TokenResponseError extends JaccountError {
  override readonly name = 'TokenResponseError';
  readonly code = 'ERR_JACCOUNT_TOKEN';
  /** The provider's `error`. */
  readonly error: string;
  /** The provider's text, bounded and without control characters. */
  readonly errorDescription?: string;
  /** The HTTP status that jAccount answered with. */
  readonly providerStatus: number;

  constructor(error: string, providerStatus: number, errorDescription?: string) {
    super(tokenRefusals[error]?.text ?? `the token endpoint refused: "${error}"`, {
      status: tokenRefusals[error]?.status ?? (providerStatus === 503 ? 503 : 502),
      retryable: error === 'temporarily_unavailable' || isBusy(providerStatus),
    });
    this.error = error;
    this.providerStatus = providerStatus;
    if (errorDescription !== undefined) this.errorDescription = errorDescription;
  }
}

const tokenRefusals: Record<string, { status: number; text: string } | undefined> = Object.assign(
  Object.create(null),
  {
    invalid_grant: {
      status: 401,
      text: "the token endpoint refused the grant: it has expired, was used before, or is not this client's",
    },
    invalid_client: {
      status: 500,
      text: 'the token endpoint refused the client: check clientID, clientSecret and clientAuthMethod',
    },
    unauthorized_client: {
      status: 500,
      text: 'the token endpoint refused the client: jAccount has not approved it for this grant',
    },
    redirect_uri_mismatch: {
      status: 500,
      text: 'the token endpoint refused the redirect URI: check callbackURL against the registration',
    },
  },
);

/** Which check of an ID Token failed. */
export type IdTokenFault =
  | 'missing'
  | 'malformed'
  | 'algorithm'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'issued-at'
  | 'nonce'
  | 'subject'
  | 'at-hash';

const idTokenFaults: Record<IdTokenFault, string> = {
  missing:
    'the token response holds no "id_token" although "openid" was asked: ask for the scope "basic" instead, ' +
    'or have the client approved for "openid"',
  malformed: 'the ID Token is malformed',
  algorithm: 'unexpected ID Token "alg" header value',
  signature: 'the ID Token signature does not match: is clientSecret the one jAccount has on file?',
  issuer: 'unexpected ID Token "iss" claim value',
  audience: 'unexpected ID Token "aud" or "azp" claim value',
  expired: 'the ID Token is not valid now ("exp", "nbf"): is the clock of this machine right?',
  'issued-at': 'unexpected ID Token "iat" claim value: is the clock of this machine right?',
  nonce: 'unexpected ID Token "nonce" claim value',
  subject: 'unexpected ID Token "sub" claim value',
  'at-hash': 'unexpected ID Token "at_hash" claim value',
};

/**
 * Thrown when an ID Token fails a check; `fault` says which. Nobody is signed in. In production, `signature` right
 * after a deployment means a wrong `clientSecret`, and `expired` or `issued-at` a wrong clock.
 *
 * @see [OpenID Connect Core 1.0, section 3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)
 */
export class IdTokenError extends JaccountError {
  override readonly name = 'IdTokenError';
  readonly code = 'ERR_JACCOUNT_ID_TOKEN';
  readonly fault: IdTokenFault;

  constructor(fault: IdTokenFault, cause?: unknown) {
    super(idTokenFaults[fault], { status: 502, cause });
    this.fault = fault;
  }
}

const retryableErrnos = new Set([-1, -2, 10004]);

/**
 * Thrown when jAccount's REST API refused a call. `errno` decides what to do: 10002 and 10007 mean to sign in
 * again, 10003 and 10010 that the user or the client lacks a permission.
 *
 * @see The errno table of jAccount's API overview, developer.sjtu.edu.cn/api/overview.html
 */
export class ApiError extends JaccountError {
  override readonly name = 'ApiError';
  readonly code = 'ERR_JACCOUNT_API';
  /** The number in the envelope. */
  readonly errno: number;
  /** Its name in the published table, such as `AUTHENTICATION_FAILED`. */
  readonly errnoName?: string;
  /** The HTTP status that jAccount answered with. */
  readonly providerStatus: number;
  /** For errno 10010, what was missing: the token needs one of these. Absent where that is not documented. */
  readonly requiredScopes?: readonly string[];

  constructor(errno: number, providerStatus: number, operation?: Operation) {
    const errnoName = errnoNames.get(errno);
    const missing = errno === 10010 && operation?.scopes.length ? operation : undefined;
    super(
      `jAccount's API refused: errno ${errno}${errnoName ? ` ${errnoName}` : ''}${missing ? `: ${needOf(missing)}` : ''}`,
      { status: 502, retryable: retryableErrnos.has(errno) || providerStatus >= 500 },
    );
    this.errno = errno;
    if (errnoName !== undefined) this.errnoName = errnoName;
    this.providerStatus = providerStatus;
    if (missing) this.requiredScopes = missing.scopes;
  }
}

function needOf({ method, path, scopes }: Operation): string {
  return `${method} ${path} needs the scope ${scopes.map((name) => `"${name}"`).join(' or ')}`;
}

/**
 * Thrown when an answer is not what was promised: HTML instead of JSON, a redirect, a member of the wrong type, too
 * many octets. `retryable` is true for 429 and 5xx: jAccount is under maintenance or busy.
 */
export class MalformedResponseError extends JaccountError {
  override readonly name = 'MalformedResponseError';
  readonly code = 'ERR_JACCOUNT_RESPONSE';
  /** The HTTP status that jAccount answered with. */
  readonly providerStatus: number;

  constructor(message: string, providerStatus: number, cause?: unknown) {
    super(message, { status: providerStatus === 503 ? 503 : 502, retryable: isBusy(providerStatus), cause });
    this.providerStatus = providerStatus;
  }
}

/**
 * Thrown when there was no answer, or not in time. `cause` holds Node's own error with its code (`ECONNREFUSED`,
 * `CERT_HAS_EXPIRED`, …).
 */
export class NetworkError extends JaccountError {
  override readonly name = 'NetworkError';
  readonly code = 'ERR_JACCOUNT_NETWORK';
  /** Where the request went, without query. */
  readonly url: string;
  /** Whether the time ran out, rather than the connection broke. */
  readonly timedOut: boolean;

  constructor(url: string, { timedOut = false, cause }: { timedOut?: boolean; cause?: unknown } = {}) {
    const { origin, pathname } = new URL(url);
    const reason = timedOut ? 'did not answer in time' : `could not be reached${codeIn(cause)}`;
    super(`${origin}${pathname} ${reason}`, { status: timedOut ? 504 : 502, retryable: true, cause });
    this.url = origin + pathname;
    this.timedOut = timedOut;
  }
}

/** Why a request to an API is refused. */
export type BearerFault =
  | 'missing'
  | 'scheme'
  | 'header'
  | 'methods'
  | 'opaque'
  | 'malformed'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'type'
  | 'bound'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'claims'
  | 'user';

/** The `error` of a challenge. @see RFC 6750, section 3.1 */
export type BearerErrorCode = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

const unauthenticated = { status: 401 } as const;
const invalidRequest = { status: 400, error: 'invalid_request' } as const;
const invalidToken = { status: 401, error: 'invalid_token' } as const;

const bearerFaults: Record<BearerFault, { status: number; error?: BearerErrorCode; text: string }> = {
  missing: { ...unauthenticated, text: 'the request carries no credentials' },
  scheme: { ...unauthenticated, text: 'the "Authorization" header is of another scheme than Bearer' },
  header: { ...invalidRequest, text: 'the credentials are not one bearer token' },
  methods: { ...invalidRequest, text: 'a bearer token is sent twice, or in more than one way' },
  opaque: {
    ...invalidToken,
    text: 'the token is not a JWT: an opaque access token does not say for whom it was issued',
  },
  malformed: { ...invalidToken, text: 'the token is malformed' },
  algorithm: { ...invalidToken, text: 'unexpected token "alg" header value' },
  key: { ...invalidToken, text: 'no key of the issuer belongs to the token' },
  signature: { ...invalidToken, text: 'the token signature does not match' },
  type: { ...invalidToken, text: 'the token is of another kind than is accepted here' },
  bound: { ...invalidToken, text: 'the token is bound to a key, and is no bearer token' },
  issuer: { ...invalidToken, text: 'unexpected token "iss" claim value' },
  audience: { ...invalidToken, text: 'unexpected token "aud" claim value' },
  expired: { ...invalidToken, text: 'the token is not valid now ("exp", "nbf")' },
  claims: { ...invalidToken, text: 'unexpected token "iat" or "sub" claim value' },
  user: { ...invalidToken, text: 'the application did not accept the user of the token' },
};

/**
 * Passed on when a request to an API is refused: 401 without credentials or with a bad token, 400 for a malformed
 * request. Express, Koa and Fastify answer with its `status` and `headers` by themselves.
 * `fault` says why, for your log: what the client is told must not depend on it.
 *
 * @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)
 */
export class BearerError extends JaccountError {
  override readonly name = 'BearerError';
  readonly code = 'ERR_JACCOUNT_BEARER';
  readonly fault: BearerFault;
  /** The `error` of the challenge. Absent where no token was sent, and where no token would help. */
  readonly error?: BearerErrorCode;
  /** `WWW-Authenticate`, if a challenge goes with the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(fault: BearerFault, { challenge, cause }: { challenge?: string; cause?: unknown } = {}) {
    const { status, error, text } = bearerFaults[fault];
    super(text, { status, cause });
    this.fault = fault;
    if (error !== undefined) this.error = error;
    this.headers = challengeIn(challenge);
  }
}

function challengeIn(challenge: string | undefined): Readonly<Record<string, string>> {
  return challenge === undefined ? {} : { 'WWW-Authenticate': challenge };
}

/** What a signed-in user, or the token of a request, lacks. */
export type ForbiddenFault = 'scope' | 'user-type' | 'organization';

const forbiddenFaults: Record<ForbiddenFault, string> = {
  scope: 'the token was not granted the required scope',
  'user-type': 'the user is of none of the required user types',
  organization: 'the user belongs to none of the required organizations',
};

/**
 * Passed on by `requireScope`, `requireUserType`, `requireUserGroup` and `requireOrganization` when the user is signed in,
 * by a session or a token, and may not do this. Answer with `status`, 403, and show people {@link messageFor}.
 *
 * @see [RFC 9110, section 15.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.4)
 */
export class ForbiddenError extends JaccountError {
  override readonly name = 'ForbiddenError';
  readonly code = 'ERR_JACCOUNT_FORBIDDEN';
  readonly fault: ForbiddenFault;
  /** What the handler was called with: scopes, user types, groups of user types, or ids of organizations. */
  readonly required: readonly string[];
  /** `WWW-Authenticate`, if another token could help. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    fault: ForbiddenFault,
    required: readonly string[],
    { challenge, hint }: { challenge?: string; hint?: string | undefined } = {},
  ) {
    const names = required.map((name) => `"${name}"`).join(', ');
    super(`${forbiddenFaults[fault]}: ${names}${hint === undefined ? '' : `; ${hint}`}`, { status: 403 });
    this.fault = fault;
    this.required = required;
    this.headers = challengeIn(challenge);
  }
}

/**
 * Passed on when the keys of an issuer could not be fetched and none are left: no token of its can be judged. The
 * application answers 503. Look at `cause`, and at `url`.
 *
 * @see [RFC 7517, section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)
 */
export class KeySetError extends JaccountError {
  override readonly name = 'KeySetError';
  readonly code = 'ERR_JACCOUNT_KEYS';
  /** Where the keys should be, without query. */
  readonly url: string;

  constructor(url: string, cause?: unknown) {
    const { origin, pathname } = new URL(url);
    super(`no keys could be had from ${origin}${pathname}`, { status: 503, retryable: true, cause });
    this.url = origin + pathname;
  }
}

// RFC 6585, section 4, and maintenance: the same request may be served later.
function isBusy(providerStatus: number): boolean {
  return providerStatus === 429 || providerStatus >= 500;
}

function codeIn(cause: unknown): string {
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? ` (${code})` : '';
}
