import { JaccountStrategy, type JaccountStrategyOptions, type Transaction } from 'passport-jaccount';
import type { Application } from './application';
import type { Provider } from './provider';
import type { UserAgent } from './user-agent';

/** A strategy at the provider of a test, whose users have an `id` and nothing else. */
export function strategyOf(
  provider: Provider,
  callbackURL: string,
  options: Partial<JaccountStrategyOptions> = {},
): JaccountStrategy {
  return new JaccountStrategy(
    { ...provider.client, ...provider.endpoints, callbackURL, ...options },
    async ({ profile }) => ({ id: profile.id }),
  );
}

/** Begins a login and gives the address at which the provider sends the browser back. */
export async function beginAt(
  { url }: Pick<Application, 'url'>,
  agent: UserAgent,
  returnTo = '/',
): Promise<string> {
  const { location } = await agent.follow(await agent.get(`${url}/login?returnTo=${returnTo}`), url);
  return location as string;
}

/** The id of the user who is signed in. */
export async function signedIn({ url }: Application, agent: UserAgent): Promise<string | undefined> {
  return (await agent.get(`${url}/me`)).json().user?.id;
}

export function transactionOf(handle: string, redirectURI = 'http://localhost/callback'): Transaction {
  return { handle, binding: 'binding', redirectURI, scope: ['openid'], createdAt: Date.now() };
}
