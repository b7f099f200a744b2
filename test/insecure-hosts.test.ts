import http from 'node:http';
import { expect } from 'chai';
import { JaccountBearerStrategy, JaccountClient, JaccountStrategy } from 'passport-jaccount';
import { startApplication } from './support/application';
import { type Provider, startProvider } from './support/provider';
import { UserAgent } from './support/user-agent';

/** Finds every name on this machine, as the names of containers are found in their network. */
const agent = new http.Agent({
  lookup: (_hostname, { all }, done) =>
    all
      ? done(null, [{ address: '127.0.0.1', family: 4 }])
      : (done as unknown as (error: null, address: string, family: number) => void)(null, '127.0.0.1', 4),
});

describe('an emulator in another container, named in insecureHosts', () => {
  const insecureHosts = ['jaccount-emulator'];
  let provider: Provider;
  let endpoints: Provider['endpoints'];

  before(async () => {
    provider = await startProvider();
    const named = Object.entries(provider.endpoints).map(([name, url]) => [
      name,
      url.replace('127.0.0.1', 'jaccount-emulator'),
    ]);
    endpoints = { ...Object.fromEntries(named), authorizationURL: provider.endpoints.authorizationURL };
    provider.script.claims = () => ({ iss: endpoints.issuer });
  });
  after(() => provider.stop());

  for (const scope of ['openid', 'openid basic']) {
    it(`signs in with the built-in client and the scope ${scope}`, async () => {
      const application = await startApplication({
        strategy: (callbackURL) =>
          new JaccountStrategy(
            { ...provider.client, ...endpoints, callbackURL, scope, agent, insecureHosts },
            async ({ profile }) => ({ account: profile.id }),
          ),
      });
      const browser = new UserAgent();

      const end = await browser.follow(await browser.get(`${application.url}/login`));

      await application.stop();
      expect(end.json()).to.deep.include({ exit: 'success', user: { account: 'zhangsan' } });
    });
  }

  it('serves a JaccountClient, and a redirect URI of a campus address', () => {
    const hosts = [...insecureHosts, '192.168.1.5'];
    const redirectURI = 'http://192.168.1.5:3000/callback';
    const client = new JaccountClient({ ...provider.client, ...endpoints, insecureHosts: hosts });

    expect(client.authorizationURL({ redirectURI, scope: 'openid' }).url).to.include('192.168.1.5');
    expect(client.tokenRequest({ code: 'A', redirectURI }).body).to.include('192.168.1.5');
    expect(client.logoutURL('http://192.168.1.5:3000/')).to.include('192.168.1.5');
    expect(() => client.logoutURL('http://192.168.1.6:3000/')).to.throw(TypeError, 'insecureHosts');
  });

  it('serves a JaccountBearerStrategy, with its key sets', () => {
    const keys = { issuer: `${endpoints.issuer}api`, jwksURL: `${endpoints.issuer}keys`, audience: 'api' };
    const verify = async () => ({ id: 1 });
    const create = (options: object) => () => new JaccountBearerStrategy(options, verify);
    const idTokens = { ...provider.client, ...endpoints, acceptIdTokens: true };

    expect(create({ ...idTokens, insecureHosts })).not.to.throw();
    expect(create({ issuers: [keys], insecureHosts })).not.to.throw();
    expect(create(idTokens)).to.throw(TypeError);
    expect(create({ issuers: [keys] })).to.throw(TypeError, 'insecureHosts');
    expect(create({ issuers: [{ ...keys, insecureHosts }] })).to.throw(TypeError, 'insecureHosts');
  });
});
