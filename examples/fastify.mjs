// Fastify 5 with @fastify/passport and @fastify/session.
import fastifyCookie from '@fastify/cookie';
import passport from '@fastify/passport';
import fastifySession from '@fastify/session';
import fastify from 'fastify';
import { JaccountStrategy, messageFor, requireUserType, signOut } from 'passport-jaccount';
import { startEmulator } from 'passport-jaccount/emulator';

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;
const emulator = clientID ? undefined : await startEmulator();
const jaccount = emulator ? { ...emulator.client, ...emulator.endpoints } : { clientID, clientSecret };

const url = `http://localhost:${PORT}`;
const callbackURL = `${url}/callback`;
// #region login
const strategy = new JaccountStrategy({ ...jaccount, callbackURL }, async ({ profile }) => {
  return { account: profile.id, name: profile.displayName, userType: profile.userType };
});
passport.use(strategy);
passport.registerUserSerializer(async (user) => user);
passport.registerUserDeserializer(async (user) => user);

const app = fastify();
await app.register(fastifyCookie);
await app.register(fastifySession, {
  secret: 'a long random text of 32 characters',
  saveUninitialized: false,
  // `true` behind https.
  cookie: { secure: false, sameSite: 'lax' },
});
await app.register(passport.initialize());
await app.register(passport.secureSession());

app.addHook('onRequest', async (_request, reply) => {
  // The address of the callback holds a code.
  reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
});
app.setErrorHandler((error, _request, reply) => {
  const { statusCode = 500 } = error;
  if (statusCode >= 500) console.error(error);
  return reply.status(statusCode).send({ problem: messageFor(error, 'zh'), signIn: '/login' });
});

app.get('/', async (request) => request.user ?? { signIn: '/login' });
app.get('/login', { preValidation: passport.authenticate('jaccount') }, () => undefined);
const finish = passport.authenticate('jaccount', async (request, reply, error, user, info, status = 401) => {
  if (error) throw error;
  if (!user) return reply.status(status).send({ problem: info.message, signIn: '/login' });
  await request.logIn(user);
  return reply.redirect('/', 303);
});
app.get('/callback', { preValidation: finish }, () => undefined);
app.get('/students', { preHandler: requireUserType('student') }, async ({ user }) => ({ hello: user.name }));
// Fastify parses no forms without this. The form that signs out has no fields.
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async () => ({}));
app.all('/logout', signOut(strategy, { returnTo: `${url}/` }));
// #endregion

await app.listen({ port: Number(PORT) });
console.log(url);
