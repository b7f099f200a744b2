import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../../jaccount/endpoints';
import { type Grant, scopes } from '../../jaccount/scopes';
import { optional } from '../http/form';
import { oauthRefusal } from '../http/refusal';

/** An application that may use the emulator. */
export interface EmulatedClient {
  clientID: string;
  clientSecret: string;
  /** Compared exactly. Without them any loopback address will do, as one wants in development. */
  redirectURIs?: readonly string[];
  /** The scopes jAccount has approved. Without them all there are. */
  scopes?: readonly string[];
  /** Its APIs, and the scopes of each, for tokens by client credentials. Without them any audience, any scope. */
  audiences?: Readonly<Record<string, readonly string[]>>;
}

/** The client that a token request proves to come from. Basic wins where a request brings both forms. */
export function authenticateClient(
  clients: ReadonlyMap<string, EmulatedClient>,
  authorization: string | undefined,
  form: URLSearchParams,
): EmulatedClient {
  const attempts = authorization
    ? basicCredentials(authorization)
    : [{ id: optional(form, 'client_id') ?? '', secret: optional(form, 'client_secret') ?? '' }];
  const match = attempts.find(({ id, secret }) => sameSecret(clients.get(id)?.clientSecret, secret));
  const client = match && clients.get(match.id);
  if (!client) throw oauthRefusal('invalid_client', 'Client authentication failed', 401);
  return client;
}

// As they are, and form-decoded: clients are divided over RFC 6749, section 2.3.1.
function basicCredentials(authorization: string): { id: string; secret: string }[] {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const secret = rest.join(':');
  const decoded = { id: formDecode(id), secret: formDecode(secret) };
  return [{ id, secret }, decoded];
}

function formDecode(text: string): string {
  return new URLSearchParams(`=${text.replaceAll('&', '%26')}`).get('') ?? '';
}

export function sameSecret(known: string | undefined, given: string): boolean {
  if (known === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(known), digest(given));
}

/** Whether the browser may be sent to this address. */
export function isRegistered({ redirectURIs }: EmulatedClient, redirectURI: string): boolean {
  if (redirectURIs) return redirectURIs.includes(redirectURI);
  return isWebAddress(redirectURI) && isLoopback(new URL(redirectURI));
}

/** An absolute http or https URL without a fragment: RFC 6749, section 3.1.2. */
export function isWebAddress(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value) && !value.includes('#');
}

/** The scope asked for: names, or jAccount's decimal sum of bits; omitted, all that the client may ask for. */
export function grantableScope(
  client: EmulatedClient,
  asked: string | undefined,
  grant: Grant,
): readonly string[] {
  const approved = namesWith(grant).filter((name) => client.scopes?.includes(name) ?? true);
  if (asked === undefined) return approved;
  const names = /^\d+$/.test(asked) ? namesOfSum(BigInt(asked)) : namesIn(asked);
  if (names.length > 0 && names.every((name) => approved.includes(name))) return names;
  throw oauthRefusal('invalid_scope', 'Unknown scope, or not approved for this client');
}

export function namesIn(scope: string): string[] {
  return [...new Set(scope.split(' ').filter((name) => name !== ''))];
}

function namesWith(grant: Grant): string[] {
  return [...scopes.values()].filter(({ grants }) => grants.includes(grant)).map(({ name }) => name);
}

// BigInt: the bits reach beyond what JavaScript's bitwise operators keep. A bit of no scope makes it no sum of scopes.
function namesOfSum(sum: bigint): string[] {
  const set = [...scopes.values()].filter(({ bit }) => bit !== undefined && (sum & BigInt(bit)) !== 0n);
  const known = set.reduce((total, { bit = 0 }) => total + BigInt(bit), 0n);
  return known === sum ? set.map(({ name }) => name) : [];
}
