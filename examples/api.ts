// An API with public, private and scoped endpoints: `npx tsx examples/api.ts`, then the lines of curl that it prints.
import cors from 'cors';
import express from 'express';
import passport from 'passport';
import { bearerErrorHandler, JaccountBearerStrategy, requireScope } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';

const { ISSUER, AUDIENCE: audience = 'https://api.example/', PORT = '3010' } = process.env;

async function main(): Promise<void> {
  // Yours is https://DOMAIN/, with the slash at its end. Without one, an emulator on this machine mints the tokens.
  const emulator = ISSUER ? undefined : await startEmulator();
  const issuer = ISSUER || `${emulator?.url}/`;

  passport.use(
    new JaccountBearerStrategy(
      { issuers: [{ issuer, jwksURL: new URL('.well-known/jwks.json', issuer).href, audience }] },
      async ({ claims, client, scope }) => ({ id: claims.sub, isClient: client !== undefined, scope }),
    ),
  );

  const app = express();
  const protect = passport.authenticate('jaccount-bearer', { session: false, failWithError: true });

  // Before authentication: the preflight of a browser carries no token. Anybody's page may call; it needs a token, too.
  app.use(cors({ allowedHeaders: ['Authorization', 'Content-Type'], exposedHeaders: ['WWW-Authenticate'] }));

  app.get('/api/public', (_req, res) => {
    res.json({ message: 'Hello from a public endpoint: nobody needs to be signed in.' });
  });
  app.get('/api/private', protect, (req, res) => {
    res.json({ message: 'Hello from a private endpoint: you are signed in.', user: req.user });
  });
  app.get('/api/private-scoped', protect, requireScope('read:messages'), (req, res) => {
    res.json({ message: 'Hello from a private endpoint: you may read:messages.', user: req.user });
  });
  app.use(bearerErrorHandler());

  app.listen(Number(PORT)).once('listening', () => {
    const api = `http://localhost:${PORT}`;
    console.log(`curl -i ${api}/api/public`);
    if (emulator)
      console.log(
        `TOKEN=$(${tokenRequest(emulator)} | node -p 'JSON.parse(fs.readFileSync(0)).access_token')`,
      );
    console.log(`curl -i -H "Authorization: Bearer $TOKEN" ${api}/api/private`);
    console.log(`curl -i -H "Authorization: Bearer $TOKEN" ${api}/api/private-scoped`);
  });
}

function tokenRequest({ client: { clientID, clientSecret }, endpoints: { tokenURL } }: Emulator): string {
  const grant = `-d grant_type=client_credentials -d audience=${audience} -d scope=read:messages`;
  return `curl -s -u '${clientID}:${clientSecret}' ${grant} ${tokenURL}`;
}

void main();
