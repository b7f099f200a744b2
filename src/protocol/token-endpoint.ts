import { IdTokenError, TokenResponseError } from '../errors';
import type { TokenResponse } from '../jaccount/wire';
import {
  type HttpRequest,
  type HttpResponse,
  malformed,
  ownMember,
  parseJsonObject,
  sendRequest,
  type Transport,
} from './http';
import { boundedText } from './text';

/** How the client proves who it is. @see RFC 6749, section 2.3.1 */
export type ClientAuthMethod = (typeof clientAuthMethods)[number];

/** The first is the default: it is what the documentation advises. */
export const clientAuthMethods = ['client_secret_basic', 'client_secret_post'] as const;

export interface TokenClient {
  tokenURL: string;
  clientID: string;
  clientSecret: string;
  clientAuthMethod: ClientAuthMethod;
}

/** The parameters of a grant: `grant_type` and what belongs to it. */
export type GrantParameters = Readonly<Record<string, string>>;

const endpoint = "jAccount's token endpoint";
const maxOctets = 64 * 1024;

/**
 * Exchanges a grant for tokens. A request is sent once: repeating an authorization code may revoke what it gave.
 * `secrets` are what else must not get into an error, should the provider repeat it.
 *
 * @see [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)
 */
export async function exchangeGrant(
  client: TokenClient,
  grant: GrantParameters,
  transport: Transport,
  secrets: readonly (string | undefined)[] = [],
): Promise<TokenResponse> {
  const response = await sendRequest(buildTokenRequest(client, grant), transport, maxOctets, endpoint);
  return parseTokenResponse(response, secretsIn(client, grant, secrets));
}

// In every form in which they were sent. A generator, because only a refusal needs them.
function* secretsIn(
  client: TokenClient,
  { code, code_verifier, refresh_token }: GrantParameters,
  more: readonly (string | undefined)[],
): Generator<string> {
  for (const secret of [client.clientSecret, code, code_verifier, refresh_token, ...more]) {
    if (secret === undefined) continue;
    yield secret;
    yield formEncode(secret);
  }
  yield basicCredentials(client);
}

export function buildTokenRequest(
  client: TokenClient,
  grant: GrantParameters,
): HttpRequest & { body: string } {
  const { tokenURL, clientID, clientSecret, clientAuthMethod } = client;
  const basic = clientAuthMethod === 'client_secret_basic';
  const body = new URLSearchParams(grant);
  if (!basic) {
    body.set('client_id', clientID);
    body.set('client_secret', clientSecret);
  }
  return {
    method: 'POST',
    url: tokenURL,
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      'User-Agent': 'passport-jaccount',
      ...(basic && { Authorization: `Basic ${basicCredentials(client)}` }),
    },
    body: body.toString(),
  };
}

const credentials = new WeakMap<TokenClient, string>();

// RFC 6749, section 2.3.1: id and secret are form-encoded before they are joined. Once for each client, not for each login.
function basicCredentials(client: TokenClient): string {
  const known = credentials.get(client);
  if (known !== undefined) return known;
  const { clientID, clientSecret } = client;
  const encoded = Buffer.from(`${formEncode(clientID)}:${formEncode(clientSecret)}`).toString('base64');
  credentials.set(client, encoded);
  return encoded;
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

/**
 * Judges an answer of the token endpoint. `sent` are the secrets of the request: a provider that repeats one in
 * its error text must not get it into our errors.
 *
 * @see [RFC 6749, sections 5.1 and 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5)
 */
export function parseTokenResponse(response: HttpResponse, sent: Iterable<string> = []): TokenResponse {
  const { status } = response;
  const json = parseJsonObject(response);
  assertOneToken(response);
  if (status !== 200 || Object.hasOwn(json, 'error')) throw tokenRefusal(json, response, sent);
  const { expires_in, refresh_token, scope } = optionalMembers(json);
  const id_token = idTokenIn(json);
  return {
    access_token: accessTokenIn(json, response),
    token_type: tokenTypeIn(json, response),
    ...(expires_in !== undefined && { expires_in }),
    ...(refresh_token !== undefined && { refresh_token }),
    ...(id_token !== undefined && { id_token }),
    ...(scope !== undefined && { scope }),
  };
}

// JSON.parse keeps the last of two members, other parsers the first: whoever depends on which has been deceived.
function assertOneToken(response: HttpResponse): void {
  const members = response.body.toString('utf8').match(/"access_token"\s*:/g) ?? [];
  if (members.length > 1) throw malformed(response, 'the token response has two "access_token" members');
}

const errorCode = /^[a-z][a-z_]{0,63}$/;

function tokenRefusal(json: Record<string, unknown>, response: HttpResponse, sent: Iterable<string>): Error {
  const error = ownMember(json, 'error');
  if (typeof error !== 'string' || !errorCode.test(error))
    return malformed(response, 'the token response is neither a success nor an OAuth error');
  return new TokenResponseError(
    error,
    response.status,
    boundedText(ownMember(json, 'error_description'), sent),
  );
}

// It goes into an Authorization header as it is: RFC 6750, section 2.1, and nothing that could end a line.
const headerSafe = /^[\x21-\x7e]{1,4096}$/;

function accessTokenIn(json: Record<string, unknown>, response: HttpResponse): string {
  const token = ownMember(json, 'access_token');
  if (typeof token === 'string' && headerSafe.test(token)) return token;
  throw malformed(response, 'unexpected token response "access_token" member');
}

// jAccount's documentation prints " Bearer ", with spaces.
function tokenTypeIn(json: Record<string, unknown>, response: HttpResponse): string {
  const type = ownMember(json, 'token_type');
  if (typeof type === 'string' && type.trim().toLowerCase() === 'bearer') return 'Bearer';
  throw malformed(response, 'unexpected token response "token_type" member');
}

function idTokenIn(json: Record<string, unknown>): string | undefined {
  if (!Object.hasOwn(json, 'id_token')) return undefined;
  const token = json.id_token;
  if (typeof token === 'string' && token !== '') return token;
  throw new IdTokenError('malformed');
}

function optionalMembers(json: Record<string, unknown>) {
  const text = (name: string) => {
    const value = ownMember(json, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    refresh_token: text('refresh_token'),
    scope: text('scope'),
    expires_in: secondsOf(ownMember(json, 'expires_in')),
  };
}

// What is longer than a lifetime, negative or no number was not meant.
const maxSeconds = 2 ** 31;

function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  const usable =
    typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 && seconds < maxSeconds;
  return usable ? seconds : undefined;
}
