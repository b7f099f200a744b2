import { bearerErrorOf, wasJudged } from '../bearer/refusals';
import { keepPrivate } from '../bearer/response-headers';
import { BearerError, type BearerFault, ForbiddenError } from '../errors';
import type { Language } from '../language';
import { messageFor } from '../messages';
import { setMissingHeaders } from '../request-context';
import { createErrorHandler, type ErrorHandler } from '../request-handler';

export interface BearerErrorHandlerOptions {
  /** Of the descriptions. @default 'en' */
  language?: Language;
}

/** The body of a refusal. */
export interface BearerErrorBody {
  code: string;
  description: string;
}

interface Words {
  code: string;
  en: string;
  zh: string;
}

const missing = words(
  'authorization_header_missing',
  'Authorization header is expected',
  '缺少 Authorization 请求头',
);
const scheme = words(
  'invalid_header',
  'Authorization header must start with Bearer',
  'Authorization 请求头必须以 Bearer 开头',
);
const header = words(
  'invalid_header',
  'Authorization header must be Bearer token',
  'Authorization 请求头必须是 Bearer 加一个令牌',
);
const methods = words(
  'invalid_header',
  'The token must be sent once, in one way',
  '令牌只能以一种方式发送一次',
);
const token = words('invalid_header', 'Unable to verify the token', '无法验证令牌');
const expired = words('token_expired', 'The token is expired', '令牌已过期');
const claims = words(
  'invalid_claims',
  'Incorrect claims, please check the audience and issuer',
  '令牌的声明不正确，请检查 audience 与 issuer',
);
const user = words('invalid_claims', "The token's user is not accepted here", '此处不接受该令牌的用户');

const bodies: Record<BearerFault, Words> = {
  ...{ missing, scheme, header, methods, expired, user },
  ...{
    opaque: token,
    malformed: token,
    algorithm: token,
    key: token,
    signature: token,
    type: token,
    bound: token,
  },
  ...{ issuer: claims, audience: claims, claims },
};

function words(code: string, en: string, zh: string): Words {
  return { code, en, zh };
}

/**
 * Answers refusals with JSON, `{ code, description }`, beside status and challenge: those of `jaccount-bearer`, if
 * `passport.authenticate()` was given `failWithError: true`, and those of {@link requireScope}, {@link requireUserType},
 * {@link requireUserGroup} and {@link requireOrganization}. Every other error goes on to the next handler.
 *
 * - Express: `app.use(bearerErrorHandler())`, after the routes.
 * - Koa: `app.use(bearerErrorHandler())`, before `passport.authenticate()` and the routes.
 * - Fastify: `app.setErrorHandler(bearerErrorHandler())`.
 *
 * In Nest, errors of guards and controllers go to its exception filters instead: see {@link jaccountGuard}.
 *
 * The codes are `authorization_header_missing`, `invalid_header`, `token_expired`, `invalid_claims`, and `Unauthorized`
 * with 403. They tell the sender of a bad token more than the challenge does.
 *
 * @throws TypeError for another language, and later for arguments of no framework that it knows.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import passport from 'passport';
 * import { bearerErrorHandler } from 'passport-jaccount';
 *
 * const app = express();
 * app.use('/api', passport.authenticate('jaccount-bearer', { session: false, failWithError: true }));
 * app.get('/api/private', (req, res) => void res.json(req.user));
 * app.use(bearerErrorHandler({ language: 'zh' }));
 * ```
 */
export function bearerErrorHandler({ language = 'en' }: BearerErrorHandlerOptions = {}): ErrorHandler {
  if (language !== 'en' && language !== 'zh')
    throw new TypeError('bearerErrorHandler: the language option must be "en" or "zh"');
  return createErrorHandler('bearerErrorHandler', (error, { request, head }) => {
    const refusal = refusalIn(error, request);
    if (refusal === undefined) return undefined;
    if (wasJudged(request)) keepPrivate(head);
    setMissingHeaders(head, refusal);
    return { status: refusal.status, body: bodyOf(refusal, language) };
  });
}

function bodyOf(refusal: BearerError | ForbiddenError, language: Language): BearerErrorBody {
  if (refusal instanceof ForbiddenError)
    return { code: 'Unauthorized', description: messageFor(refusal, language) };
  const { code, [language]: description } = bodies[refusal.fault];
  return { code, description };
}

function refusalIn(error: unknown, req: object): BearerError | ForbiddenError | undefined {
  if (error instanceof BearerError || error instanceof ForbiddenError) return error;
  const isPassports = error instanceof Error && error.name === 'AuthenticationError';
  return isPassports ? bearerErrorOf(req) : undefined;
}
