import { isObject } from './frameworks';

/**
 * Thrown by a guard of {@link jaccountGuard} when a login fails: when the user declined, when the browser sent a login that
 * it did not begin, when the application did not accept the user. Nest answers with `status`; an exception filter can
 * send the browser back to sign in, and to `returnTo` afterwards.
 */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure';
  /** What the strategy failed with; 401 where it named no status. */
  readonly status: number;
  /** The same as `status`. Nest reads this name. */
  readonly statusCode: number;
  /** Whether the message may be shown to users. Nest 12 answers 500 to an error that lacks it. */
  readonly expose: boolean;
  /** The code of the error behind the failure, such as `ERR_JACCOUNT_STATE`. */
  declare readonly code?: string;
  /** What went wrong in detail, for `ERR_JACCOUNT_STATE`. */
  declare readonly reason?: string;
  /** What jAccount answered, such as `access_denied`. */
  declare readonly error?: string;
  /** What the administrator should know. */
  declare readonly detail?: string;
  /** The local path that the user wanted. */
  declare readonly returnTo?: string;
  /** The application's own value, as it was given to `passport.authenticate()`. */
  declare readonly appState?: unknown;

  constructor(challenge: unknown, status: unknown) {
    const members = isObject(challenge) ? challenge : { message: challenge };
    const { message } = members;
    super(
      typeof message === 'string' && message !== '' ? message : 'the user is not signed in',
      challenge instanceof Error ? { cause: challenge } : undefined,
    );
    this.status = isErrorStatus(status) ? status : 401;
    this.statusCode = this.status;
    this.expose = this.status < 500;
    for (const name of challengeMembers)
      if (members[name] !== undefined) Object.assign(this, { [name]: members[name] });
  }
}

const challengeMembers = ['code', 'reason', 'error', 'detail', 'returnTo', 'appState'];

function isErrorStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) < 600;
}
