import type { ServerResponse } from 'node:http';
import type { Request } from 'express';

type Answer = Pick<ServerResponse, 'getHeader' | 'setHeader' | 'headersSent'>;

// Express and Nest on Express keep it at the request, Koa at its context: what koa-passport puts in its place has no
// `getHeader`. Fastify keeps it nowhere; there the application sees to its caches itself.
function answerTo(req: Request): Answer | undefined {
  const { res, ctx } = req as { res?: Answer; ctx?: { res?: Answer } };
  const answer = ctx?.res ?? res;
  return typeof answer?.getHeader === 'function' && !answer.headersSent ? answer : undefined;
}

/** Keeps the answer to one caller away from the next. @see RFC 6750, section 5.3, and RFC 9111, section 3.5 */
export function keepPrivate(req: Request): void {
  const answer = answerTo(req);
  if (!answer) return;
  if (answer.getHeader('Cache-Control') === undefined) answer.setHeader('Cache-Control', 'no-store');
  const vary = [answer.getHeader('Vary') ?? []].flat().join(', ');
  if (!/(?:^|,)\s*(?:authorization|\*)\s*(?:,|$)/i.test(vary))
    answer.setHeader('Vary', vary === '' ? 'Authorization' : `${vary}, Authorization`);
}

/** Passport sets the header for 401 alone. @see RFC 6750, section 3 */
export function setChallenge(req: Request, challenge: string): void {
  answerTo(req)?.setHeader('WWW-Authenticate', challenge);
}
