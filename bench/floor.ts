// The least that a correct login can do, made by hand: state and nonce in the session, one request on an open socket, one
// HMAC, and every check of the ID Token's claims. The other adapters are measured against it.
import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Request } from 'express';
import type { Strategy } from 'passport';
import type { StrategySetting } from './login-strategies';

interface Pending {
  state: string;
  nonce: string;
}

interface Claims {
  iss: string;
  sub: string;
  aud: string;
  exp: number;
  iat: number;
  nonce: string;
}

type Session = Record<string, Pending | undefined>;

/** With `twoRequests` it asks the profile API too. */
export function createFloor(setting: StrategySetting, twoRequests: boolean): Strategy {
  const { provider, client, callbackURL } = setting;
  const finish = createFinish(setting, twoRequests);
  return {
    authenticate(req) {
      if (req.query.code !== undefined) {
        const nonce = takeNonce(req);
        if (nonce === undefined) return this.fail('wrong state', 403);
        const finished = finish(String(req.query.code), nonce);
        return void finished.then(
          (id) => this.success({ id }),
          (error) => this.error(error),
        );
      }
      const pending = { state: random(), nonce: random() };
      sessionOf(req).floor = pending;
      const fixed = { response_type: 'code', client_id: client.clientID, redirect_uri: callbackURL };
      const query = new URLSearchParams({ ...fixed, scope: 'openid', ...pending });
      this.redirect(`${provider}/oauth2/authorize?${query}`);
    },
  };
}

function createFinish({ provider, client, callbackURL }: StrategySetting, twoRequests: boolean) {
  const { clientID, clientSecret } = client;
  const key = createSecretKey(Buffer.from(clientSecret));
  const authorization = `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}`;
  const request = createRequest(provider);
  return async (code: string, nonce: string): Promise<string> => {
    const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callbackURL });
    const tokens: Json = JSON.parse(await request('/oauth2/token', authorization, form.toString()));
    const expected = { iss: `${provider}/oauth2/`, aud: clientID, nonce };
    const { sub } = verify(String(tokens.id_token), key, expected);
    if (twoRequests) JSON.parse(await request('/v1/me/profile', `Bearer ${tokens.access_token}`));
    return sub;
  };
}

function takeNonce(req: Request): string | undefined {
  const session = sessionOf(req);
  const pending = session.floor;
  delete session.floor;
  return pending !== undefined && pending.state === req.query.state ? pending.nonce : undefined;
}

type Json = Record<string, unknown>;

// A POST with a form, a GET without.
function createRequest(origin: string) {
  const { request, Agent } = origin.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(origin);
  return (path: string, authorization: string, form?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const type = form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' };
      const length = form !== undefined && { 'content-length': Buffer.byteLength(form) };
      const headers = { authorization, accept: 'application/json', ...type, ...length };
      const method = form === undefined ? 'GET' : 'POST';
      const sent = request({ hostname, port, path, method, agent, headers });
      sent.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject).on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`the provider answered ${response.statusCode}`));
        });
      });
      sent.end(form);
    });
}

function verify(token: string, key: KeyObject, expected: Pick<Claims, 'iss' | 'aud' | 'nonce'>): Claims {
  const [header = '', payload = '', signature = ''] = token.split('.');
  if (decode(header).alg !== 'HS256') throw new Error('wrong algorithm');
  const right = createHmac('sha256', key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw new Error('wrong signature');
  const claims = decode(payload) as unknown as Claims;
  const now = Date.now() / 1000;
  if (claims.iss !== expected.iss || claims.aud !== expected.aud) throw new Error('wrong issuer or audience');
  if (claims.nonce !== expected.nonce) throw new Error('wrong nonce');
  if (!(claims.exp > now - 60 && claims.iat < now + 60)) throw new Error('wrong time');
  if (typeof claims.sub !== 'string' || claims.sub === '') throw new Error('no subject');
  return claims;
}

function decode(part: string): Json {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

function sessionOf(req: Request): Session {
  return (req as unknown as { session: Session }).session;
}
