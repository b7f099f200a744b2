import type { Account } from './accounts';
import type { Emulation, Exchange } from './emulator';
import { sessionCookie } from './exchange';
import type { Authorization } from './grants';
import {
  assertRedirectURI,
  type EmulatedClient,
  grantableScope,
  optional,
  readForm,
  required,
} from './guards';
import { loginPage } from './pages';
import { oauthRefusal, Refusal } from './refusal';

/**
 * `GET /oauth2/authorize`: who is signed in already is sent on with a code, anybody else to the login page. What is
 * wrong with client or redirect URI is told here, as JSON; the rest goes to the client.
 *
 * @see RFC 6749, sections 4.1.1 and 4.1.2.1
 */
export function authorize(emulation: Emulation, exchange: Exchange): void {
  const { query } = exchange;
  if (!query.has('client_id') && !query.has('response_type')) {
    throw oauthRefusal('invalid_request', 'Missing response_type parameter value');
  }
  const client = emulation.clients.get(required(query, 'client_id'));
  if (!client) throw oauthRefusal('invalid_client', 'Unknown client_id');
  const redirectURI = required(query, 'redirect_uri');
  assertRedirectURI(client, redirectURI);
  const state = optional(query, 'state');
  try {
    const code = issueCode(emulation, exchange, client, redirectURI);
    exchange.redirect(code === undefined ? loginURL(exchange) : responseURL(redirectURI, { code }, state));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === undefined) throw error;
    exchange.redirect(responseURL(redirectURI, { error: error.code }, state));
  }
}

// Undefined while nobody is signed in.
function issueCode(
  { grants, accounts }: Emulation,
  exchange: Exchange,
  client: EmulatedClient,
  redirectURI: string,
): string | undefined {
  const { query } = exchange;
  const responseType = required(query, 'response_type');
  if (responseType !== 'code')
    throw oauthRefusal('unsupported_response_type', 'Invalid response_type parameter value');
  const scope = grantableScope(client, optional(query, 'scope'));
  if (!scope) throw oauthRefusal('invalid_scope', 'Unknown scope, or not approved for this client');
  const codeChallenge = codeChallengeIn(query);
  const nonce = optional(query, 'nonce');
  const account = grants.accountOfSession(exchange.cookie(sessionCookie));
  if (account === undefined || !accounts.has(account)) return undefined;
  return grants.issueCode({
    account,
    clientID: client.clientID,
    redirectURI,
    scope,
    ...(nonce !== undefined && { nonce }),
    ...(codeChallenge && { codeChallenge }),
  });
}

function loginURL({ url }: Exchange): string {
  return `/jaccount/jalogin?${new URLSearchParams({ returl: url.pathname + url.search })}`;
}

// What the redirect URI already has in its query stays: RFC 6749, section 3.1.2.
function responseURL(
  redirectURI: string,
  response: Record<string, string>,
  state: string | undefined,
): string {
  const added = new URLSearchParams({ ...response, ...(state !== undefined && { state }) });
  return `${redirectURI}${redirectURI.includes('?') ? '&' : '?'}${added}`;
}

// jAccount does not document PKCE. Who sends it wants it honoured.
function codeChallengeIn(query: URLSearchParams): Authorization['codeChallenge'] {
  const value = optional(query, 'code_challenge');
  const method = optional(query, 'code_challenge_method') ?? 'plain';
  if (value === undefined) return undefined;
  const known = method === 'S256' || method === 'plain';
  if (known && /^[A-Za-z0-9._~-]{43,128}$/.test(value)) return { value, method };
  throw oauthRefusal('invalid_request', 'Unexpected code_challenge or code_challenge_method');
}

/** `GET /jaccount/jalogin`: the login page. */
export function showLogin({ accounts }: Emulation, exchange: Exchange): void {
  exchange.html(loginPage([...accounts.values()], localReturn(exchange.query)));
}

/** `POST /jaccount/ulogin`: opens the single sign-on session. There are no passwords to get wrong. */
export async function login({ accounts, grants }: Emulation, exchange: Exchange): Promise<void> {
  exchange.assertSameOrigin();
  const form = await readForm(exchange.request);
  const account: Account | undefined = accounts.get(required(form, 'account'));
  if (!account) throw new Refusal(400, { error: 'invalid_request', error_description: 'Unknown account' });
  exchange.setCookie(sessionCookie, grants.openSession(account.account));
  exchange.redirect(localReturn(form), 303);
}

function localReturn(parameters: URLSearchParams): string {
  const returl = optional(parameters, 'returl') ?? '/';
  return /^\/oauth2\/authorize\?[\x21-\x7E]*$/.test(returl) ? returl : '/';
}
