// An API that is measured, in a process of its own, so that its CPU time is not the clients'.
import express, { type RequestHandler } from 'express';
import { importJWK, type JWTPayload, jwtVerify } from 'jose';
import { Passport } from 'passport';
import {
  JaccountBearerStrategy,
  type JaccountBearerStrategyOptions,
  type JwksUrlIssuer,
} from 'passport-jaccount';
import { serve } from '../test/support/serve';

export interface Setting {
  kind: 'express' | 'jose' | 'jwks' | 'jwksURL' | 'ID Token';
  entry: JwksUrlIssuer;
  jwk: object;
  client: { clientID: string; clientSecret: string };
}

process.on('message', (message: Setting | 'cpu') => {
  if (message === 'cpu') {
    const { user, system } = process.cpuUsage();
    return void process.send?.({ cpu: user + system });
  }
  void start(message).then((url) => process.send?.({ url }));
});

async function start(setting: Setting): Promise<string> {
  const app = express();
  app.disable('etag');
  if (setting.kind !== 'express') app.use(await protectionOf(setting));
  app.get('/', (_req, res) => void res.end('in'));
  return (await serve(app)).url;
}

async function protectionOf(setting: Setting): Promise<RequestHandler> {
  if (setting.kind === 'jose') return floor(setting);
  const passport = new Passport();
  passport.use(new JaccountBearerStrategy(optionsOf(setting), async ({ claims }) => claims));
  return passport.authenticate('jaccount-bearer', { session: false });
}

// The least that can be done: one key, imported once, and the checks of jose.
async function floor({ jwk, entry }: Setting): Promise<RequestHandler> {
  const key = await importJWK(jwk, 'ES256');
  const { issuer, audience } = entry;
  return (req, res, next) => {
    jwtVerify<JWTPayload>(req.headers.authorization?.slice(7) ?? '', key, {
      ...{ issuer, audience: audience as string, algorithms: ['ES256'] },
    }).then(
      () => next(),
      () => void res.status(401).end(),
    );
  };
}

function optionsOf({ kind, entry, jwk, client }: Setting): JaccountBearerStrategyOptions {
  const { issuer, audience } = entry;
  if (kind === 'ID Token') return { ...client, issuer, acceptIdTokens: true };
  if (kind === 'jwksURL') return { issuers: [entry] };
  return { issuers: [{ issuer, audience, algorithms: ['ES256'], jwks: { keys: [jwk] } }] };
}
