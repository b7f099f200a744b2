import assert from 'node:assert/strict';
import type { AuthorizationOptions, JaccountClient, PendingAuthorization, TokenSet } from 'passport-jaccount';
import { UserAgent } from './user-agent';

export const redirectURI = 'http://localhost:9/callback';

/** Lets a person sign in at the emulator, and comes back with what the callback brings. */
export async function consent(
  client: JaccountClient,
  account: string,
  options: Partial<AuthorizationOptions> = {},
  agent = new UserAgent(),
): Promise<PendingAuthorization & { code: string; returned: string | null }> {
  const { url, ...pending } = client.authorizationURL({ redirectURI, scope: 'openid', ...options });
  const loginPage = await agent.follow(await agent.get(url));
  const end = await agent.follow(await agent.choose(loginPage, account), redirectURI);
  const callback = new URL(end.location ?? assert.fail('no callback')).searchParams;
  return { ...pending, code: callback.get('code') ?? '', returned: callback.get('state') };
}

/** The tokens of a person who signs in at the emulator. */
export async function tokensOf(
  client: JaccountClient,
  account: string,
  scope: string | string[] = 'openid',
): Promise<TokenSet> {
  const { code, nonce } = await consent(client, account, { scope });
  return client.exchangeCode({ code, redirectURI, ...(nonce !== undefined && { nonce }) });
}
