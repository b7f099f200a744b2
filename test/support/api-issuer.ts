import { createHmac, generateKeyPairSync, type KeyObject, sign as signWithKey } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JwksUrlIssuer } from 'passport-jaccount';
import type { Answer } from './provider';

/** A pair of keys and what is published of it. */
export interface Key {
  kid: string;
  algorithm: 'RS256' | 'ES256';
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: Record<string, unknown>;
}

export function createKey(kid: string, algorithm: Key['algorithm'] = 'ES256', modulusLength = 2048): Key {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm };
  return { kid, algorithm, privateKey, publicKey, jwk };
}

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A JWT, made with node:crypto alone; `undefined` in `header` leaves a member out. */
export function signJwt(claims: unknown, { privateKey, kid, algorithm }: Key, header: object = {}): string {
  const input = `${encode({ alg: algorithm, typ: 'at+jwt', kid, ...header })}.${encode(claims)}`;
  const signature = signWithKey('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** The same under HS256, with any octets for a secret. */
export function macJwt(claims: unknown, secret: string | Buffer, header: object = {}): string {
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', ...header })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export interface ApiIssuer {
  issuer: string;
  jwksURL: string;
  /** What a strategy takes to accept its tokens. */
  entry: JwksUrlIssuer;
  /** What it publishes; a document of another form, or an answer of any kind, in `answer`. */
  keys: Key[];
  answer: Answer | undefined;
  /** Requests for the keys, and for anything else. */
  fetches: number;
  strays: string[];
  /** Claims of a right token, with what differs. */
  claims(different?: Record<string, unknown>): Record<string, unknown>;
  /** A token under the latest key. */
  token(different?: Record<string, unknown>, header?: object): string;
  stop(): Promise<void>;
}

export const audience = 'https://api.example/';

/** An issuer of access tokens for an API, which publishes its keys as told. */
export async function startApiIssuer(keys: Key[] = [createKey('first')]): Promise<ApiIssuer> {
  const issuer = { keys, fetches: 0, strays: [] } as unknown as ApiIssuer;
  const server = http.createServer((request, response) => {
    if (request.url !== '/.well-known/jwks.json') {
      issuer.strays.push(`${request.method} ${request.url}`);
      return void response.writeHead(404).end();
    }
    issuer.fetches++;
    send(issuer.answer ?? { json: { keys: issuer.keys.map(({ jwk }) => jwk) } }, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer.issuer = `${origin}/`;
  issuer.jwksURL = `${origin}/.well-known/jwks.json`;
  issuer.entry = { ...issuerOf(issuer), audience, algorithms: ['ES256'] };
  issuer.claims = (different) => ({ ...rightClaims(issuer.issuer), ...different });
  issuer.token = (different, header) => signJwt(issuer.claims(different), issuer.keys.at(-1) as Key, header);
  issuer.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return issuer;
}

const issuerOf = ({ issuer, jwksURL }: ApiIssuer) => ({ issuer, jwksURL });

function send(answer: Answer, request: http.IncomingMessage, response: http.ServerResponse): void {
  if (typeof answer === 'function') return answer(response, request);
  const { status = 200, json, type = 'application/json' } = answer;
  response
    .writeHead(status, { 'content-type': type })
    .end(typeof json === 'string' ? json : JSON.stringify(json));
}

export function rightClaims(issuer: string): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1000);
  return { iss: issuer, sub: 'user-17', aud: audience, iat, exp: iat + 600, scope: 'read:messages' };
}
