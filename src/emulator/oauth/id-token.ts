import { createHmac, randomBytes } from 'node:crypto';
import type { EmulatedClient } from '../state/clients';
import { secondsNow } from '../state/clock';
import type { Emulation } from '../state/emulation';
import type { Fault } from '../state/faults';
import { type Authorization, accessTokenLifetime } from '../state/grants';

/**
 * An ID Token as jAccount makes it: HS256 over the octets of the client secret, no `kid`, no `at_hash`. Written by
 * hand, so that a misreading of ours is not made twice and cancels out.
 */
export function idToken(
  emulation: Emulation,
  client: EmulatedClient,
  granted: Authorization,
  { idToken: change, sign }: Pick<Fault, 'idToken' | 'sign'> = {},
): string {
  const header = { alg: sign === 'none' ? 'none' : 'HS256', typ: 'JWT' };
  const claims = changed(claimsOf(emulation, client, granted), change);
  emulation.lastIdToken = { header, claims };
  const input = `${encode(header)}.${encode(claims)}`;
  if (sign === 'none') return `${input}.`;
  const key = sign === 'other-key' ? randomBytes(32) : client.clientSecret;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

function claimsOf(
  { endpoints, directory, behaviour }: Emulation,
  client: EmulatedClient,
  { account = '', nonce }: Authorization,
): Record<string, unknown> {
  const { name = '', code = '', userType = '' } = directory.find(account) ?? {};
  const time = secondsNow();
  return {
    aud: client.clientID,
    iss: endpoints.issuer,
    sub: account,
    exp: time + accessTokenLifetime,
    iat: time,
    ...(nonce !== undefined && behaviour.nonce === 'echoed' && { nonce }),
    name,
    code,
    type: userType,
  };
}

function changed(claims: Record<string, unknown>, change: Fault['idToken']): object {
  if (typeof change === 'function') return change(claims);
  return Object.fromEntries(Object.entries({ ...claims, ...change }).filter(([, value]) => value !== null));
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
