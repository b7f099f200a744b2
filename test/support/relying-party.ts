import type { Emulator } from 'passport-jaccount/emulator';
import { UserAgent, type Visit } from './user-agent';

export type Parameters = Record<string, string | string[] | undefined>;

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, any>;
}

interface Client {
  clientID: string;
  clientSecret: string;
}

/** An application made of requests written by hand: it shares no line with what it tests. */
export class RelyingParty {
  readonly callback = 'http://localhost:3000/callback';

  constructor(
    readonly emulator: Emulator,
    readonly client: Client = emulator.client,
  ) {}

  authorizationURL(changes: Parameters = {}): string {
    const usual = {
      response_type: 'code',
      client_id: this.client.clientID,
      redirect_uri: this.callback,
      scope: 'openid',
      state: 'st-1',
    };
    return `${this.emulator.endpoints.authorizationURL}?${formOf({ ...usual, ...changes })}`;
  }

  /** A browser whose user has signed in. */
  async signedIn(account = 'zhaoyichen'): Promise<UserAgent> {
    const browser = new UserAgent();
    await browser.post(`${this.emulator.url}/jaccount/ulogin`, { account, returl: '/' });
    return browser;
  }

  async authorize(changes: Parameters = {}, account?: string): Promise<Visit> {
    return (await this.signedIn(account)).get(this.authorizationURL(changes));
  }

  async code(changes: Parameters = {}, account?: string): Promise<string> {
    return responseOf(await this.authorize(changes, account)).code ?? '';
  }

  async tokenRequest(form: Parameters): Promise<Reply> {
    const { clientID, clientSecret } = this.client;
    const credentials = Buffer.from(`${clientID}:${clientSecret}`).toString('base64');
    const response = await fetch(this.emulator.endpoints.tokenURL, {
      method: 'POST',
      body: formOf(form),
      headers: { authorization: `Basic ${credentials}` },
    });
    return replyOf(response);
  }

  redeem(code: string, changes: Parameters = {}): Promise<Reply> {
    const usual = { grant_type: 'authorization_code', code, redirect_uri: this.callback };
    return this.tokenRequest({ ...usual, ...changes });
  }

  refresh(refreshToken: string): Promise<Reply> {
    return this.tokenRequest({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  /** The whole login, up to the answer of the token endpoint. */
  async login(changes: Parameters = {}, account?: string): Promise<Reply> {
    return this.redeem(await this.code(changes, account));
  }

  async api(path: string, accessToken: string): Promise<Reply> {
    const headers = { authorization: `Bearer ${accessToken}` };
    return replyOf(await fetch(this.emulator.endpoints.apiURL + path, { headers }));
  }

  profile(accessToken: string): Promise<Reply> {
    return this.api('/me/profile', accessToken);
  }
}

async function replyOf(response: Response): Promise<Reply> {
  const body = (await response.json()) as Record<string, any>;
  return { status: response.status, headers: response.headers, body };
}

export function formOf(parameters: Parameters): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values ?? []].flat()) form.append(name, value);
  }
  return form;
}

/** What a redirect brings back in its query. */
export function responseOf({ location }: Visit): Record<string, string> {
  return Object.fromEntries(new URL(location ?? 'about:blank').searchParams);
}

/** One part of a JWS, decoded and not verified. */
export function partOf(token: string, part: 'header' | 'claims'): Record<string, any> {
  const encoded = token.split('.')[part === 'header' ? 0 : 1] ?? '';
  return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
}
