import { responseHeadOf } from '../frameworks';

/**
 * Keeps the answer to one caller away from the next. In Fastify, where a request does not lead to its reply, the application
 * sees to its caches itself.
 *
 * @see RFC 6750, section 5.3, and RFC 9111, section 3.5
 */
export function keepPrivate(req: object): void {
  const head = responseHeadOf(req);
  if (!head) return;
  if (head.getHeader('Cache-Control') === undefined) head.setHeader('Cache-Control', 'no-store');
  const vary = [head.getHeader('Vary') ?? []].flat().join(', ');
  if (!/(?:^|,)\s*(?:authorization|\*)\s*(?:,|$)/i.test(vary))
    head.setHeader('Vary', vary === '' ? 'Authorization' : `${vary}, Authorization`);
}

/** Passport sets the header for 401 alone. @see RFC 6750, section 3 */
export function setChallenge(req: object, challenge: string): void {
  responseHeadOf(req)?.setHeader('WWW-Authenticate', challenge);
}
