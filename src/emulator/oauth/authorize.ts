import { type Exchange, sessionCookie } from '../http/exchange';
import { optional } from '../http/form';
import { misbehave } from '../http/misbehave';
import { oauthRefusal, Refusal } from '../http/refusal';
import { consentPage } from '../pages/consent';
import type { Account } from '../state/accounts';
import type { Emulation } from '../state/emulation';
import type { Authorization } from '../state/grants';
import { type AuthorizationRequest, type Recipient, recipientOf, requestIn } from './authorization-request';
import { tokenResponse } from './token';

/**
 * `GET /oauth2/authorize`: who is signed in already is sent on with a code, anybody else to the login page; who has
 * not agreed yet, to the consent page.
 *
 * @see RFC 6749, sections 4.1.1 and 4.1.2
 */
export async function authorize(emulation: Emulation, exchange: Exchange): Promise<void> {
  const recipient = recipientOf(emulation, exchange.query);
  await answer(emulation, exchange, recipient, () => {
    if (exchange.fault?.error !== undefined) throw oauthRefusal(exchange.fault.error, 'A fault on demand');
    const request = requestIn(emulation, recipient.client, exchange.query);
    const account = signedIn(emulation, exchange);
    if (account === undefined) return { page: `/jaccount/jalogin?${returl(exchange)}` };
    const granted = grantedScope(emulation, account, recipient, request);
    if (!granted) return { page: `/jaccount/consent?${returl(exchange)}` };
    return grant(emulation, exchange, recipient, request, account, granted);
  });
}

/** `GET /jaccount/consent`: what the application asks for, to be agreed to, in part or not at all. */
export function showConsent(emulation: Emulation, exchange: Exchange): void {
  const query = authorizationQuery(exchange.query);
  const { client } = recipientOf(emulation, query);
  const { scope } = requestIn(emulation, client, query);
  const account = emulation.directory.find(signedIn(emulation, exchange) ?? '');
  const back = localReturn(exchange.query);
  if (!account) return exchange.redirect(back);
  const { language } = exchange;
  exchange.html(consentPage({ language, client: client.clientID, account, scopes: scope, returl: back }));
}

/** `POST /jaccount/consent`: the user's decision. */
export async function consent(emulation: Emulation, exchange: Exchange): Promise<void> {
  exchange.assertSameOrigin();
  const form = await exchange.readForm();
  const query = authorizationQuery(form);
  const recipient = recipientOf(emulation, query);
  const decision = optional(form, 'decision');
  await answer(emulation, exchange, recipient, () => {
    const request = requestIn(emulation, recipient.client, query);
    const account = signedIn(emulation, exchange);
    if (account === undefined) return { page: localReturn(form) };
    const granted = request.scope.filter((name) => form.getAll('scope').includes(name));
    if (decision !== 'allow' || granted.length === 0) {
      throw oauthRefusal('access_denied', 'The user declined');
    }
    if (form.has('remember')) {
      emulation.consents.remember(account, recipient.client.clientID, request.scope, granted);
    }
    return grant(emulation, exchange, recipient, request, account, granted);
  });
}

/** What a decision leads to: a page here, or an answer to the client. */
type Decision = { page: string } | { response: Record<string, string> } | { body: object };

// A refusal goes to the client; faults strike when the browser is about to be sent there.
async function answer(
  { faults }: Emulation,
  exchange: Exchange,
  { redirectURI, state, fragment }: Recipient,
  decide: () => Decision,
): Promise<void> {
  const status = exchange.request.method === 'POST' ? 303 : 302;
  const decision = attempt(decide);
  if ('page' in decision) return exchange.redirect(decision.page, status);
  if ('body' in decision) return exchange.json(200, decision.body);
  const fault = faults.take('callback');
  if (fault && (await misbehave(exchange, fault))) return;
  const response = fault?.error === undefined ? decision.response : { error: fault.error };
  const parameters = { ...response, ...(state !== undefined && { state }), ...fault?.parameters };
  exchange.redirect(responseURL(redirectURI, parameters, fragment), status);
}

function attempt(decide: () => Decision): Decision {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === undefined) throw error;
    return { response: { error: error.code } };
  }
}

// What the redirect URI already has in its query stays: RFC 6749, section 3.1.2.
function responseURL(
  redirectURI: string,
  parameters: Readonly<Record<string, string | null>>,
  fragment: boolean,
): string {
  const present = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== null);
  const separator = redirectURI.includes('?') ? '&' : '?';
  return `${redirectURI}${fragment ? '#' : separator}${new URLSearchParams(present)}`;
}

function signedIn({ grants, directory }: Emulation, exchange: Exchange): string | undefined {
  const account = grants.accountOfSession(exchange.cookie(sessionCookie));
  return account !== undefined && directory.find(account) ? account : undefined;
}

// Undefined where the user has to be asked.
function grantedScope(
  { behaviour, consents }: Emulation,
  account: string,
  { client }: Recipient,
  { scope }: AuthorizationRequest,
): readonly string[] | undefined {
  if (behaviour.consent === 'never') return scope;
  return behaviour.consent === 'always' ? undefined : consents.find(account, client.clientID, scope);
}

function grant(
  emulation: Emulation,
  exchange: Exchange,
  recipient: Recipient,
  request: AuthorizationRequest,
  account: string,
  scope: readonly string[],
): Decision {
  const { grants, behaviour } = emulation;
  if (behaviour.sso === 'forgotten') grants.closeSession(exchange.cookie(sessionCookie));
  return responseFor(emulation, recipient, request, account, scope);
}

function responseFor(
  emulation: Emulation,
  { client, redirectURI }: Recipient,
  { responseType, nonce, codeChallenge }: AuthorizationRequest,
  account: string,
  scope: readonly string[],
): { response: Record<string, string> } | { body: object } {
  const { grants, behaviour } = emulation;
  const authorization: Authorization = {
    account,
    clientID: client.clientID,
    redirectURI,
    scope,
    ...(nonce !== undefined && { nonce }),
    ...(codeChallenge && { codeChallenge }),
  };
  if (responseType === 'code') return { response: { code: grants.issueCode(authorization) } };
  const body = tokenResponse(emulation, client, grants.issueTokens(authorization));
  if (behaviour.implicit === 'json') return { body };
  if (body.id_token === undefined) throw oauthRefusal('invalid_scope', 'An ID Token wants the scope openid');
  return { response: { id_token: body.id_token } };
}

function returl({ url }: Exchange): URLSearchParams {
  return new URLSearchParams({ returl: url.pathname + url.search });
}

/** Where a page of ours leads on: an authorization request, and nothing else. */
export function localReturn(parameters: URLSearchParams): string {
  const returl = optional(parameters, 'returl') ?? '/';
  return /^\/oauth2\/authorize\?[\x21-\x7E]*$/.test(returl) ? returl : '/';
}

function authorizationQuery(parameters: URLSearchParams): URLSearchParams {
  return new URL(localReturn(parameters), 'http://localhost').searchParams;
}

/** What the browser would bring back, had this account signed in and agreed. */
export function approve(emulation: Emulation, authorizationURL: string, { account }: Account): string {
  // Elsewhere nobody would have signed in here. It is null where an application did not redirect.
  if (!String(authorizationURL).startsWith(`${emulation.endpoints.authorizationURL}?`)) {
    throw new TypeError('approve: the URL is not one of this emulator');
  }
  const query = new URL(authorizationURL).searchParams;
  const recipient = recipientOf(emulation, query);
  const request = requestIn(emulation, recipient.client, query);
  emulation.directory.signIn(account);
  const answer = responseFor(emulation, recipient, request, account, request.scope);
  if ('body' in answer) throw new Error('the emulator answers this request with JSON: nothing comes back');
  const { redirectURI, state, fragment } = recipient;
  return responseURL(redirectURI, { ...answer.response, ...(state !== undefined && { state }) }, fragment);
}
