import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import Provider from 'oidc-provider';
import { JaccountStrategy } from 'passport-jaccount';
import { type Application, startApplication } from './support/application';
import { serve } from './support/serve';
import { UserAgent } from './support/user-agent';

// oidc-provider is certified and none of ours: where it and the emulator agree, the specification does too.
describe('an independent OpenID provider (HS256, issuer with a trailing slash)', () => {
  const client = { clientID: 'jaccount-test', clientSecret: randomBytes(24).toString('hex') };
  let provider: { url: string; stop(): Promise<void> };
  let application: Application;

  before(async () => {
    let answer: (...args: any[]) => void = () => undefined;
    provider = await serve((request, response) => answer(request, response));
    const { url } = provider;
    application = await startApplication({
      strategy: (callbackURL) => {
        answer = openIdProvider(`${url}/`, callbackURL);
        const endpoints = {
          issuer: `${url}/`,
          authorizationURL: `${url}/auth`,
          tokenURL: `${url}/token`,
          apiURL: `${url}/v1`,
        };
        return new JaccountStrategy({ ...client, ...endpoints, callbackURL }, async ({ profile }) => profile);
      },
    });
  });
  after(async () => {
    await application.stop();
    await provider.stop();
  });

  function openIdProvider(issuer: string, callbackURL: string) {
    const op = new Provider(issuer, {
      clients: [
        {
          client_id: client.clientID,
          client_secret: client.clientSecret,
          redirect_uris: [callbackURL],
          id_token_signed_response_alg: 'HS256',
        },
      ],
      cookies: { keys: ['a key of the tests'] },
      enabledJWA: { idTokenSigningAlgValues: ['HS256', 'RS256'] },
      findAccount: (_ctx: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    });
    return op.callback();
  }

  async function signIn(agent: UserAgent, account: string, path = '/login') {
    const login = await agent.follow(await agent.get(`${application.url}${path}`));
    const consent = await agent.follow(
      await agent.post(login.url, { prompt: 'login', login: account, password: 'x' }),
    );
    return agent.follow(await agent.post(consent.url, { prompt: 'consent' }), `${application.url}/callback`);
  }

  it('signs its user in', async () => {
    const agent = new UserAgent();

    const end = await agent.follow(await signIn(agent, 'Zhao.YiChen'));

    expect(end.json().exit).to.equal('success');
    expect(end.json().user).to.include({ id: 'zhao.yichen', username: 'Zhao.YiChen' });
  });

  it('names itself in the callback, which is believed as it stands only [CB-07]', async () => {
    const agent = new UserAgent();
    const { location } = await signIn(agent, 'zhaoyichen');
    const callback = new URL(location as string);
    const issuer = callback.searchParams.get('iss');
    callback.searchParams.set('iss', 'https://evil.example/');

    const forged = await agent.get(callback.href);
    const right = await agent.get(location as string);

    expect(issuer).to.equal(`${provider.url}/`);
    expect(forged.json().challenge.code).to.equal('ERR_JACCOUNT_CALLBACK');
    expect(right.json().exit).to.equal('success');
  });

  it('lets a user decline, which is a failure with a name [CQ-10]', async () => {
    const agent = new UserAgent();
    const login = await agent.follow(await agent.get(`${application.url}/login?returnTo=/wanted`));

    const end = await agent.follow(await agent.get(`${login.url}/abort`));

    expect(end.status).to.equal(401);
    expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_AUTHORIZATION', error: 'access_denied' });
    expect(end.json().challenge.returnTo).to.equal('/wanted');
  });
});
