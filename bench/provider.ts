// The provider of the login benches, in a process of its own: raw HTTP, so that it is fast and always behaves the same. It
// remembers no login: the authorization code itself names the user and the nonce.
import { createHmac } from 'node:crypto';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { listen } from './listen';

export interface Client {
  clientID: string;
  clientSecret: string;
}

export interface ProviderSetting {
  client: Client;
  /** Key and certificate, for https. */
  tls?: { key: string; cert: string };
  /** For the scope `openid` only, as jAccount documents it, or always, as its clients see it. */
  idToken: 'openid' | 'always';
}

/** What an authorization code holds. */
export interface Grant {
  sub: string;
  scope: string;
  nonce?: string;
  /** Milliseconds that the token endpoint takes. */
  delay?: number;
}

export type Counts = Record<string, number>;

let counts: Counts = {};

process.on('disconnect', () => process.exit());
process.on('message', (message: ProviderSetting | 'counts') => {
  if (message !== 'counts') return void start(message).then((origin) => process.send?.(origin));
  process.send?.(counts);
  counts = {};
});

async function start(setting: ProviderSetting): Promise<string> {
  const { tls } = setting;
  let origin = '';
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '/';
    counts[path] = (counts[path] ?? 0) + 1;
    answerOf(request, setting, `${origin}/oauth2/`).then(
      (answer) => {
        const body = JSON.stringify(answer);
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        response.writeHead(200, headers).end(body);
      },
      () => response.writeHead(400).end(),
    );
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  origin = `${tls ? 'https' : 'http'}://${await listen(server)}`;
  return origin;
}

async function answerOf(request: IncomingMessage, setting: ProviderSetting, issuer: string): Promise<object> {
  if (request.url === '/v1/me/profile') return profileOf(request);
  if (request.url !== '/oauth2/token') throw new Error('not found');
  const code = new URLSearchParams(await text(request)).get('code') ?? '';
  const grant: Grant = JSON.parse(Buffer.from(code, 'base64url').toString());
  if (grant.delay !== undefined) await wait(grant.delay);
  const tokens = { access_token: `token-of-${grant.sub}`, token_type: 'Bearer', expires_in: 1800 };
  const isWanted = setting.idToken === 'always' || grant.scope.split(' ').includes('openid');
  return isWanted ? { ...tokens, id_token: signIdToken(grant, setting.client, issuer) } : tokens;
}

function profileOf(request: IncomingMessage): object {
  const account = request.headers.authorization?.replace('Bearer token-of-', '');
  const entity = { account, name: '张三', kind: 'canvas.profile', userType: 'student', timeZone: 0 };
  return { errno: 0, error: 'success', total: 0, entities: [entity] };
}

function signIdToken({ sub, nonce }: Grant, { clientID, clientSecret }: Client, issuer: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub, aud: clientID, exp: iat + 1800, iat, nonce };
  const payload = encode({ ...claims, name: '张三', code: '', type: 'student' });
  const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}`;
  return `${input}.${createHmac('sha256', clientSecret).update(input).digest('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
