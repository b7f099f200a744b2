// What a JaccountClient does, one row after the other, at a jAccount that runs on this machine:
//   node --import tsx examples/client.ts
// The rows are those of the README of the Python package `oauth-jaccount`, and a few more.

import { JaccountClient, JaccountError, type TokenSet, TokenSource } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

const redirectURI = 'http://localhost:3000/callback';
const scope = 'basic essential lessons exams card_info card_transactions';

async function main() {
  const emulator = await startEmulator();
  const client = new JaccountClient({ ...emulator.client, ...emulator.endpoints });
  const browser = new Browser(emulator.url);
  try {
    const tokens = await tokensOfLogin(client, browser);
    await callAPI(client, tokens);
    await sendByYourself(client, tokens);
    await keepTokens(client, tokens);
    await callAsApplication(client);
    await logOut(client, browser);
  } finally {
    await emulator.stop();
  }
}

// get_authorize_url(), get_token(), the ID Token, refreshing
async function tokensOfLogin(client: JaccountClient, browser: Browser): Promise<TokenSet> {
  // What is pending belongs in the user's session until the callback.
  const { url, ...pending } = client.authorizationURL({ redirectURI, scope: `openid ${scope}` });
  row('authorization address', new URL(url).pathname);

  const { searchParams: callback } = await browser.signIn(url, 'zhaoyichen');
  if (callback.get('state') !== pending.state) throw new Error('not the login that we began');
  const code = callback.get('code') ?? '';
  const nonce = pending.nonce as string;
  const tokens = await client.exchangeCode({ code, redirectURI, nonce });
  row('access token for', `${Math.round((tokens.expiresAt ?? 0) - Date.now() / 1000)} seconds`);

  // Decoded in Python; here signature, issuer, audience, times and nonce are checked as well.
  row('ID Token of', `${tokens.claims?.sub} (${tokens.claims?.type})`);

  const renewed = await client.refresh(tokens);
  row('refreshed', renewed.accessToken === tokens.accessToken ? 'the same token' : 'a new token');
  return renewed;
}

// call_rest_api(): PROFILE, AUTH_POSITIONS, AUTH_RIGHTS, EDU_LESSONS, EDU_EXAMS, and any path
async function callAPI(client: JaccountClient, { accessToken }: TokenSet): Promise<void> {
  const user = client.as(accessToken);
  const { displayName, organization } = await user.profile();
  row('PROFILE', `${displayName}, ${organization?.name}`);
  row('AUTH_POSITIONS', (await user.positions()).map(({ post }) => post?.postName).join(', '));
  row('AUTH_RIGHTS', `${(await user.rights()).length} entities`);
  row('EDU_LESSONS', (await user.lessons()).map(({ name }) => name).join(', '));
  row('EDU_EXAMS', `${(await user.examinations()).length} entities`);
  row('any path', `${(await user.request('/enterprise/organizes')).length} departments`);

  // A long list, page by page
  let count = 0;
  for await (const _transaction of user.cardTransactions({ from: new Date('2026-09-01') })) count++;
  row('card transactions', count);

  // The error names the scope that the token has not.
  const refusal = await client.call('GET /v1/gpa', { accessToken }).catch((error: unknown) => error as Error);
  row('without a scope', refusal instanceof JaccountError ? refusal.message : 'an answer');
}

// get_token_url() and get_rest_api_url(): requests for a library of your own
async function sendByYourself(client: JaccountClient, { accessToken }: TokenSet): Promise<void> {
  const { url, method, headers } = client.apiRequest('/me/profile', { accessToken });
  const answer = await fetch(url, { method, headers });
  row('sent with fetch()', `${answer.status}, ${Object.keys((await answer.json()) as object)}`);

  const { body = '' } = client.tokenRequest({ code: 'the code', redirectURI });
  row('token request, not sent', [...new URLSearchParams(body).keys()].join(' '));
}

// A TokenSource renews the tokens of one user when they have expired, and has them saved.
async function keepTokens(client: JaccountClient, tokens: TokenSet): Promise<void> {
  const saved: TokenSet[] = [];
  const source = new TokenSource(client, {
    tokens: { ...tokens, expiresAt: 0 },
    save: (renewed) => void saved.push(renewed),
  });
  await Promise.all([1, 2, 3, 4, 5].map(() => client.profile({ accessToken: source })));
  row('five calls with expired tokens', `${saved.length} refresh`);
}

// A token of the application itself, without a user
async function callAsApplication(client: JaccountClient): Promise<void> {
  const { accessToken } = await client.clientCredentials({ scope: 'basic' });
  const { displayName } = await client.profileOf('linmuqing', { accessToken });
  row('profile of another account', displayName);
}

// get_logout_url(), and the trap: who ends only the session of the application has ended nothing at jAccount. The next
// login asks no question and signs the same person in, on a shared machine perhaps for somebody else.
async function logOut(client: JaccountClient, browser: Browser): Promise<void> {
  const asksWhoItIs = async () => {
    const { url } = client.authorizationURL({ redirectURI, scope });
    return (await browser.open(url)).pathname === loginPath;
  };
  row(
    'login after a local logout only',
    (await asksWhoItIs()) ? 'asks who it is' : 'the same user, silently',
  );
  await browser.open(client.logoutURL({ postLogoutRedirectURI: 'http://localhost:3000/?signed=out' }));
  row(
    'login after a logout at jAccount',
    (await asksWhoItIs()) ? 'asks who it is' : 'the same user, silently',
  );
}

const loginPath = '/jaccount/jalogin';

/** A browser that keeps jAccount's cookie and follows redirects: to the login page, or back to the application. */
class Browser {
  private cookie = '';

  constructor(private readonly jaccount: string) {}

  async signIn(url: string, account: string): Promise<URL> {
    const loginPage = await this.open(url);
    const returl = loginPage.searchParams.get('returl') ?? '';
    return this.open(`${this.jaccount}/jaccount/ulogin`, { account, returl });
  }

  async open(url: string, form?: Record<string, string>): Promise<URL> {
    let place = await this.redirect(url, form);
    while (place.origin === this.jaccount && place.pathname !== loginPath)
      place = await this.redirect(place.href);
    return place;
  }

  private async redirect(url: string, form?: Record<string, string>): Promise<URL> {
    const { headers } = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: this.cookie },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of headers.getSetCookie()) this.cookie = cookie.split(';', 1)[0] ?? '';
    return new URL(headers.get('location') ?? '/', url);
  }
}

function row(title: string, result: unknown): void {
  console.log(`${title.padEnd(34)} ${result}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
