import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../endpoints';
import { scopes } from '../scopes';
import { oauthRefusal } from './refusal';

/** An application that may use the emulator. */
export interface EmulatedClient {
  clientID: string;
  clientSecret: string;
  /** Compared exactly. Without them any loopback address will do, as one wants in development. */
  redirectURIs?: readonly string[];
  /** The scopes jAccount has approved. Without them all that users can grant. */
  scopes?: readonly string[];
}

const maxBodyOctets = 64 * 1024;

export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw oauthRefusal(
      'invalid_request',
      'Bad request content type. Expecting: application/x-www-form-urlencoded',
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // Read on, or the connection hangs; but keep nothing.
    if (size <= maxBodyOctets) chunks.push(chunk);
  }
  if (size > maxBodyOctets) throw oauthRefusal('invalid_request', 'Request body too large', 413);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** A parameter that may be absent, but never repeated: RFC 6749, section 3.1. */
export function optional(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw oauthRefusal('invalid_request', `Repeated parameter: ${name}`);
  return values[0] || undefined;
}

export function required(parameters: URLSearchParams, name: string): string {
  const value = optional(parameters, name);
  if (value === undefined) throw oauthRefusal('invalid_request', `Missing parameters: ${name}`);
  return value;
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

function sameSecret(known: string | undefined, given: string): boolean {
  if (known === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(known), digest(given));
}

export function assertRedirectURI({ redirectURIs }: EmulatedClient, redirectURI: string): void {
  const url = URL.canParse(redirectURI) ? new URL(redirectURI) : undefined;
  const web = (url?.protocol === 'https:' || url?.protocol === 'http:') && !redirectURI.includes('#');
  const known = redirectURIs
    ? redirectURIs.includes(redirectURI)
    : url !== undefined && web && isLoopback(url);
  if (!known) throw oauthRefusal('invalid_request', 'redirect_uri is not registered for this client');
}

/** The scope asked for: names, or jAccount's decimal sum of bits. Undefined where a name is unknown or not approved. */
export function grantableScope(
  client: EmulatedClient,
  asked: string | undefined,
): readonly string[] | undefined {
  const approved = client.scopes ?? userGrantable;
  if (asked === undefined) return approved;
  const names = /^\d+$/.test(asked)
    ? namesOfSum(BigInt(asked))
    : asked.split(' ').filter((name) => name !== '');
  return names.length > 0 && names.every((name) => approved.includes(name)) ? names : undefined;
}

const userGrantable = [...scopes.values()]
  .filter(({ grants }) => grants.includes('authorization_code'))
  .map(({ name }) => name);

// BigInt: the bits reach beyond what JavaScript's bitwise operators keep. A bit of no scope makes it no sum of scopes.
function namesOfSum(sum: bigint): string[] {
  const set = [...scopes.values()].filter(({ bit }) => bit !== undefined && (sum & BigInt(bit)) !== 0n);
  const known = set.reduce((total, { bit = 0 }) => total + BigInt(bit), 0n);
  return known === sum ? set.map(({ name }) => name) : [];
}
