import { optional, required } from '../http/form';
import { oauthRefusal } from '../http/refusal';
import { type EmulatedClient, grantableScope, isRegistered } from '../state/clients';
import type { Emulation } from '../state/emulation';
import type { Authorization } from '../state/grants';

/** To whom the answer goes, once that is sure. */
export interface Recipient {
  client: EmulatedClient;
  redirectURI: string;
  state: string | undefined;
  /** The answer goes into the fragment, where no server sees it: OpenID Connect Core 1.0, section 3.2.2.5. */
  fragment: boolean;
}

/** What is asked for. */
export interface AuthorizationRequest {
  responseType: 'code' | 'id_token';
  scope: readonly string[];
  nonce: string | undefined;
  codeChallenge: Authorization['codeChallenge'];
}

/**
 * Who asks, and where the answer is to go. What is wrong here is told to the browser, as JSON, and never sent on.
 *
 * @see RFC 6749, section 4.1.2.1
 */
export function recipientOf({ clients, behaviour }: Emulation, query: URLSearchParams): Recipient {
  if (!query.has('client_id') && !query.has('response_type')) {
    throw oauthRefusal('invalid_request', 'Missing response_type parameter value');
  }
  const client = clients.get(required(query, 'client_id'));
  if (!client) throw oauthRefusal('invalid_client', 'Unknown client_id');
  const redirectURI = required(query, 'redirect_uri');
  const known = behaviour.redirectURI === 'any' ? isAbsolute(redirectURI) : isRegistered(client, redirectURI);
  if (!known) throw oauthRefusal('invalid_request', 'redirect_uri is not registered for this client');
  const fragment = behaviour.implicit === 'fragment' && query.get('response_type') === 'id_token';
  return { client, redirectURI, state: optional(query, 'state'), fragment };
}

// Applications on phones have schemes of their own; a script is no address.
function isAbsolute(redirectURI: string): boolean {
  return (
    URL.canParse(redirectURI) && !/^(?:javascript|data|vbscript|file):|#|[^\x21-\x7E]/i.test(redirectURI)
  );
}

/** What the rest of the query asks for. What is wrong here goes to the client. */
export function requestIn(
  { behaviour }: Emulation,
  client: EmulatedClient,
  query: URLSearchParams,
): AuthorizationRequest {
  const responseType = required(query, 'response_type');
  if (responseType !== 'code' && (responseType !== 'id_token' || behaviour.implicit === 'refused')) {
    throw oauthRefusal('unsupported_response_type', 'Invalid response_type parameter value');
  }
  return {
    responseType,
    scope: grantableScope(client, optional(query, 'scope'), 'authorization_code'),
    nonce: optional(query, 'nonce'),
    codeChallenge: behaviour.pkce === 'ignored' ? undefined : codeChallengeIn(query),
  };
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
