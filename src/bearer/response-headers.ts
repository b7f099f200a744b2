import { type ResponseHead, responseHeadOf } from '../frameworks';

/**
 * Keeps the answer to one caller away from the next, while its headers can still be set. The strategy has no head in
 * Fastify, where a request does not lead to its reply.
 *
 * @see RFC 6750, section 5.3, and RFC 9111, section 3.5
 */
export function keepPrivate(head: ResponseHead | undefined): void {
  if (!head || head.headersSent) return;
  if (head.getHeader('Cache-Control') === undefined) head.setHeader('Cache-Control', 'no-store');
  const vary = [head.getHeader('Vary') ?? []].flat().join(', ');
  if (!/(?:^|,)\s*(?:authorization|\*)\s*(?:,|$)/i.test(vary))
    head.setHeader('Vary', vary === '' ? 'Authorization' : `${vary}, Authorization`);
}

/** Passport sets the header for 401 alone. @see RFC 6750, section 3 */
export function setChallenge(req: object, challenge: string): void {
  responseHeadOf(req)?.setHeader('WWW-Authenticate', challenge);
}
