import type { ForbiddenError, ForbiddenFault } from './errors';
import { canonicalUserType, userTypeGroups, userTypes } from './jaccount/user-types';

/** The languages that this package has sentences in. */
export type Language = 'zh' | 'en';

const sentences: Record<ForbiddenFault, Record<Language, (required: string) => string>> = {
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

/**
 * Two sentences for the person at the browser: what happened, and what to do. The `message` of an error is for developers.
 *
 * @throws TypeError for another error, or another language.
 *
 * @example
 * ```ts
 * import type { ErrorRequestHandler } from 'express';
 * import { ForbiddenError, messageFor } from 'passport-jaccount';
 *
 * const onError: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof ForbiddenError) res.status(error.status).send(messageFor(error, 'zh'));
 *   else next(error);
 * };
 * ```
 */
export function messageFor({ fault, required }: ForbiddenError, language: Language): string {
  const sentence = sentences[fault]?.[language];
  if (sentence === undefined)
    throw new TypeError('messageFor requires a ForbiddenError, and the language "zh" or "en"');
  const names = required.map((name) => nameOf(name)?.[language] ?? name);
  return sentence(names.join(separators[language]));
}

function nameOf(code: string): Record<Language, string> | undefined {
  return userTypeGroups.get(code) ?? userTypes.get(canonicalUserType(code))?.name;
}
