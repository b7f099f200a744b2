import type { Emulation, Exchange } from './emulator';
import { sessionCookie } from './exchange';
import { optional } from './guards';
import { signedOutPage } from './pages';
import { oauthRefusal } from './refusal';

/** `GET /oauth2/logout`: ends the single sign-on session and sends the browser back, with or without `client_id`. */
export function logout({ grants }: Emulation, exchange: Exchange): void {
  grants.closeSession(exchange.cookie(sessionCookie));
  exchange.setCookie(sessionCookie, '', 0);
  const returnAddress = optional(exchange.query, 'post_logout_redirect_uri');
  if (returnAddress === undefined) return exchange.html(signedOutPage());
  if (!/^https?:\/\//i.test(returnAddress) || !URL.canParse(returnAddress)) {
    throw oauthRefusal('invalid_request', 'post_logout_redirect_uri must be an absolute URL');
  }
  const url = new URL(returnAddress);
  const state = optional(exchange.query, 'state');
  if (state !== undefined) url.searchParams.set('state', state);
  exchange.redirect(url.href);
}
