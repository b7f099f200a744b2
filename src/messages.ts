import { isNativeError } from 'node:util/types';
import { ForbiddenError, type ForbiddenFault, type JaccountErrorCode, type StateFailure } from './errors';
import { canonicalUserType, userTypeGroups, userTypes } from './jaccount/user-types';
import { type Language, languages } from './language';
import { LoginFailure } from './login-failure';
import { failed, notAccepted, type Sentences, sentencesByCode } from './sentences';

/**
 * What Passport hands on when a login *fails*: as `info` of a custom callback, to `failureMessage` and to `failureFlash`.
 * It holds `returnTo` and `appState` of the login too, once that was found.
 */
export interface LoginChallenge {
  /** Two sentences for the person who signs in, in their language; or the words of your verify callback. */
  message: string;
  /** What an administrator needs to know, in English. Absent where your verify callback gave a message of its own. */
  detail?: string;
  /** Absent where your verify callback did not accept the user. */
  code?: JaccountErrorCode;
  /** Of `ERR_JACCOUNT_STATE`. */
  reason?: StateFailure;
  /** jAccount's own word, of `ERR_JACCOUNT_AUTHORIZATION` and `ERR_JACCOUNT_TOKEN`. */
  error?: string;
  returnTo?: string;
  appState?: unknown;
}

/**
 * Two sentences for the person at the browser: what happened, and what to do. It takes an error of this package, the
 * challenge of a login that failed, and any other Error, about which it says nothing but that the site has a problem. The
 * `message` of an error is for developers.
 *
 * @throws TypeError for what is neither, and for another language.
 *
 * @example
 * ```ts
 * import type { ErrorRequestHandler } from 'express';
 * import { JaccountError, messageFor } from 'passport-jaccount';
 *
 * const onError: ErrorRequestHandler = (error, req, res, _next) => {
 *   const language = req.acceptsLanguages('zh', 'en') === 'en' ? 'en' : 'zh';
 *   res.status(error instanceof JaccountError ? error.status : 500).send(messageFor(error, language));
 * };
 * ```
 */
export function messageFor(subject: Error | LoginChallenge, language: Language): string {
  if (!languages.includes(language)) throw new TypeError('messageFor requires the language "zh" or "en"');
  if (typeof subject !== 'object' || subject === null)
    throw new TypeError('messageFor requires an error, or the challenge of a login that failed');
  return subject instanceof ForbiddenError
    ? forbidden(subject, language)
    : (sentencesFor(subject)?.[language] ?? subject.message);
}

interface Subject {
  code?: unknown;
  message?: unknown;
  reason?: unknown;
  fault?: unknown;
  error?: unknown;
  errno?: unknown;
}

// Undefined where an application's own words are all there is.
function sentencesFor(subject: Subject): Sentences | undefined {
  const { code, message, reason, fault, error, errno } = subject;
  const entry = ownMember(sentencesByCode, code);
  // jAccount's own `error` may be any word, that of a member of every object too.
  if (entry) return ownMember(entry.exactly ?? {}, reason ?? fault ?? error ?? errno) ?? entry.any;
  if (isForeignError(subject)) return failed;
  const isOurs = message === undefined || Object.values(notAccepted).includes(String(message));
  return isOurs ? notAccepted : undefined;
}

// Of any realm: its message is for the log. A LoginFailure has the words of a challenge.
function isForeignError(subject: Subject): boolean {
  return (subject instanceof Error || isNativeError(subject)) && !(subject instanceof LoginFailure);
}

function ownMember<T>(record: Readonly<Record<string, T>>, name: unknown): T | undefined {
  return Object.hasOwn(record, String(name)) ? record[String(name)] : undefined;
}

const forbiddenSentences: Record<ForbiddenFault, Record<Language, (required: string) => string>> = {
  scope: {
    zh: () => '这个应用没有获得访问这里所需的授权。请联系应用的管理员。',
    en: () => 'The application was not granted the access that this needs. Please ask the people who run it.',
  },
  'user-type': {
    zh: (required) =>
      `这里只对以下身份开放：${required}。如果您有这种身份的其他 jAccount 账号，请换用该账号登录。`,
    en: (required) =>
      `This is only for: ${required}. If you have another jAccount that is one of these, sign in with that one.`,
  },
  organization: {
    zh: () => '这里只对特定单位的成员开放。如果您认为自己应当有权访问，请联系网站的管理员。',
    en: () =>
      'This is only for members of certain organizations. If you think that you are one, please ask the people who run this site.',
  },
};

const separators: Record<Language, string> = { zh: '、', en: ', ' };

function forbidden({ fault, required }: ForbiddenError, language: Language): string {
  const names = required.map((name) => nameOf(name)?.[language] ?? name);
  return forbiddenSentences[fault][language](names.join(separators[language]));
}

function nameOf(code: string): Record<Language, string> | undefined {
  return userTypeGroups.get(code) ?? userTypes.get(canonicalUserType(code))?.name;
}
