import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JaccountEndpoints } from 'passport-jaccount';
import { emulatorClient } from '../../dist/jaccount/endpoints.js';

/** What a provider answers with: JSON, or anything at all. */
export type Answer =
  | { status?: number; json: unknown; type?: string }
  | ((response: http.ServerResponse, request: http.IncomingMessage) => void);

export interface Login {
  code: string;
  nonce: string | undefined;
  user: string;
  clientID: string;
}

/** How a {@link Provider} behaves; what is left out, it does right. */
export interface Script {
  /** Who signs in, given the authorization request. */
  user?: (query: URLSearchParams) => string;
  /** Claims that differ from the right ones; `undefined` leaves one out. */
  claims?: (login: Login) => Record<string, unknown>;
  secret?: string | ((login: Login) => string);
  header?: Record<string, unknown>;
  /** The ID Token as it is sent. */
  idToken?: (right: string, login: Login) => unknown;
  /** Members of the token response that differ. */
  tokens?: (login: Login) => Record<string, unknown>;
  token?: (login: Login) => Answer | undefined;
  profile?: (login: Login) => Answer | undefined;
  /** Holds the answer of the token endpoint back until the promise is settled. */
  hold?: (login: Login) => Promise<unknown>;
  /** Milliseconds that token and profile endpoint take, so that answers overtake each other. */
  delay?: (login: Login) => number;
  /** Parameters of the authorization response that differ. */
  response?: Record<string, string>;
}

export interface Provider {
  client: typeof emulatorClient;
  endpoints: JaccountEndpoints;
  script: Script;
  /** `METHOD path` of each request, and the bodies of the token requests. */
  requests: string[];
  tokenRequests: { authorization: string | undefined; form: URLSearchParams }[];
  stop(): Promise<void>;
}

/**
 * A provider that signs a user in without asking and misbehaves as told. It shares nothing with the emulator: what
 * one of the two gets wrong, the other shows.
 */
export async function startProvider(script: Script = {}): Promise<Provider> {
  const logins = new Map<string, Login>();
  const provider = { client: emulatorClient, script, requests: [], tokenRequests: [] } as unknown as Provider;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', provider.endpoints.issuer);
    provider.requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname === '/oauth2/authorize')
      return authorize(provider.script, url.searchParams, logins, response);
    if (url.pathname === '/oauth2/token') return void token(provider, logins, request, response);
    if (url.pathname === '/v1/me/profile') return profile(provider.script, logins, request, response);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider.endpoints = {
    issuer: `${origin}/oauth2/`,
    authorizationURL: `${origin}/oauth2/authorize`,
    tokenURL: `${origin}/oauth2/token`,
    logoutURL: `${origin}/oauth2/logout`,
    apiURL: `${origin}/v1`,
  };
  provider.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return provider;
}

function authorize(
  script: Script,
  query: URLSearchParams,
  logins: Map<string, Login>,
  response: http.ServerResponse,
) {
  const code = `code${String(logins.size).padStart(28, '0')}`;
  logins.set(code, {
    code,
    nonce: query.get('nonce') ?? undefined,
    user: script.user?.(query) ?? 'zhangsan',
    clientID: query.get('client_id') as string,
  });
  const location = new URL(query.get('redirect_uri') as string);
  const answer = { code, state: query.get('state') as string, ...script.response };
  for (const [name, value] of Object.entries(answer)) if (value) location.searchParams.set(name, value);
  response.writeHead(302, { location: location.href }).end();
}

async function token(
  { script, endpoints, tokenRequests }: Provider,
  logins: Map<string, Login>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  tokenRequests.push({ authorization: request.headers.authorization, form });
  const login = logins.get(form.get('code') ?? '');
  if (!login) return send({ status: 400, json: { error: 'invalid_grant' } }, response, request);
  const right = signIdToken(
    { ...rightClaims(endpoints.issuer, login), ...script.claims?.(login) },
    typeof script.secret === 'function' ? script.secret(login) : script.secret,
    script.header,
  );
  const answer = script.token?.(login) ?? {
    json: {
      access_token: `token-${login.code}`,
      refresh_token: `refresh-${login.code}`,
      id_token: script.idToken ? script.idToken(right, login) : right,
      token_type: 'Bearer',
      expires_in: 1800,
      ...script.tokens?.(login),
    },
  };
  await script.hold?.(login);
  setTimeout(() => send(answer, response, request), script.delay?.(login) ?? 0);
}

function profile(
  script: Script,
  logins: Map<string, Login>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
) {
  const code = request.headers.authorization?.replace('Bearer token-', '') ?? '';
  const login = logins.get(code) ?? { code, user: 'nobody', nonce: undefined, clientID: '' };
  const entities = [{ account: login.user, name: '张三', kind: 'canvas.profile', timeZone: 0 }];
  const answer = script.profile?.(login) ?? { json: { errno: 0, error: 'success', total: 0, entities } };
  setTimeout(() => send(answer, response, request), script.delay?.(login) ?? 0);
}

function send(answer: Answer, response: http.ServerResponse, request: http.IncomingMessage) {
  if (typeof answer === 'function') return answer(response, request);
  const { status = 200, json, type = 'application/json;charset=UTF-8' } = answer;
  response
    .writeHead(status, { 'content-type': type })
    .end(typeof json === 'string' ? json : JSON.stringify(json));
}

export function rightClaims(issuer: string, { user, nonce, clientID }: Login): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: user, aud: clientID, exp: iat + 1800, iat };
  return { ...claims, nonce, name: '张三', code: '123456', type: 'student' };
}

/** An HS256 JWT, made with node:crypto alone. */
export function signIdToken(
  claims: object,
  secret = emulatorClient.clientSecret,
  header: object = {},
): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
