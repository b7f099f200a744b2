import type { Emulator } from 'passport-jaccount/emulator';
import { UserAgent } from './user-agent';

const callback = 'http://localhost:3000/callback';

export interface Envelope {
  errno: number;
  error: string | null;
  total: number | string;
  nextToken?: string;
  entities?: any[];
}

export interface Reply {
  status: number;
  headers: Headers;
  body: Envelope;
}

/** An access token that a user gave, by the authorization code flow from the login page on. */
export async function userToken(emulator: Emulator, account: string, scope: string): Promise<string> {
  const browser = new UserAgent();
  const query = { response_type: 'code', client_id: emulator.client.clientID, redirect_uri: callback, scope };
  const start = await browser.get(`${emulator.endpoints.authorizationURL}?${new URLSearchParams(query)}`);
  const visit = await browser.choose(await browser.follow(start), account);
  const { location = '' } = await browser.follow(visit, callback);
  const code = new URL(location).searchParams.get('code') ?? '';
  return accessToken(emulator, { grant_type: 'authorization_code', code, redirect_uri: callback });
}

/** An access token of the application itself, by client credentials. */
export function applicationToken(emulator: Emulator, scope: string): Promise<string> {
  return accessToken(emulator, { grant_type: 'client_credentials', scope });
}

async function accessToken({ client, endpoints }: Emulator, grant: Record<string, string>): Promise<string> {
  const credentials = { client_id: client.clientID, client_secret: client.clientSecret };
  const visit = await new UserAgent().post(endpoints.tokenURL, { ...grant, ...credentials });
  return visit.json().access_token;
}

/** Calls an operation, such as `/v1/me/profile`. */
export async function callApi(emulator: Emulator, path: string, token?: string): Promise<Reply> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${emulator.url}${path}`, { headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Envelope };
}
