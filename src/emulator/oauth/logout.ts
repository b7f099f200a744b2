import { type Exchange, sessionCookie } from '../http/exchange';
import { optional, required } from '../http/form';
import { oauthRefusal } from '../http/refusal';
import { signedOutPage } from '../pages/signed-out';
import { isWebAddress } from '../state/clients';
import type { Emulation } from '../state/emulation';

/** `GET /oauth2/logout`: ends the single sign-on session and sends the browser back, with or without `client_id`. */
export function logout({ grants, behaviour }: Emulation, exchange: Exchange): void {
  const { query, language } = exchange;
  if (behaviour.logoutClient === 'required') required(query, 'client_id');
  grants.closeSession(exchange.cookie(sessionCookie));
  exchange.setCookie(sessionCookie, '', 0);
  const returnAddress = optional(query, 'post_logout_redirect_uri');
  if (returnAddress === undefined) return exchange.html(signedOutPage({ language }));
  if (!isWebAddress(returnAddress)) {
    throw oauthRefusal('invalid_request', 'post_logout_redirect_uri must be an absolute URL');
  }
  const state = optional(query, 'state');
  if (state === undefined) return exchange.redirect(returnAddress);
  // As it was reported: a stray `?` and `&` before it, wherever a query had begun already.
  const stray = `${returnAddress}?&${new URLSearchParams({ state })}`;
  exchange.redirect(behaviour.logoutState === 'malformed' ? stray : withState(returnAddress, state));
}

function withState(returnAddress: string, state: string): string {
  const url = new URL(returnAddress);
  url.searchParams.set('state', state);
  return url.href;
}
