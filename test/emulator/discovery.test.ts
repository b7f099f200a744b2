import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';

describe('discovery', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());

  const path = '/oauth2/.well-known/openid-configuration';

  it('is the document of jAccount, member for member, at this origin', async () => {
    const response = await fetch(emulator.url + path);

    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({
      response_types_supported: ['code', 'code id_token', 'id_token', 'id_token token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['HS256'],
      scopes_supported: ['openid', 'basic'],
      issuer: `${emulator.url}/oauth2/`,
      authorization_endpoint: `${emulator.url}/oauth2/authorize`,
      token_endpoint: `${emulator.url}/oauth2/token`,
    });
  });

  it('is JSON (OIDC Discovery, 4.2)', async () => {
    const { headers } = await fetch(emulator.url + path);

    expect(headers.get('content-type')).to.match(/^application\/json/);
  });

  it('is found at the issuer it names (OIDC Discovery, 4.1)', async () => {
    const { issuer } = emulator.endpoints;

    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);

    expect(await response.json()).to.have.property('issuer', issuer);
  });

  for (const absent of [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration/oauth2',
    '/oauth2/jwks',
    '/oauth2/userinfo',
    '/oauth2/introspect',
    '/oauth2/revoke',
    '/oauth2/register',
  ]) {
    it(`has nothing at ${absent}, as jAccount has not`, async () => {
      expect((await fetch(emulator.url + absent)).status).to.equal(404);
    });
  }

  // RFC 9110, section 15.5.6: the methods that are there must be named.
  const endpoints: [path: string, allowed: string, refused: string[]][] = [
    [path, 'GET', ['POST', 'PUT', 'DELETE', 'OPTIONS']],
    ['/.well-known/jwks.json', 'GET', ['POST', 'PUT']],
    ['/oauth2/authorize', 'GET', ['PUT', 'DELETE', 'OPTIONS']],
    ['/oauth2/token', 'POST', ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/oauth2/logout', 'GET', ['PUT', 'DELETE']],
    ['/jaccount/ulogin', 'POST', ['GET', 'PUT']],
    ['/jaccount/jalogin', 'GET', ['POST']],
    ['/jaccount/consent', 'GET, POST', ['PUT', 'DELETE']],
    ['/v1/me/profile', 'GET', ['POST', 'PUT', 'DELETE']],
    ['/emulator/state', 'GET', ['POST', 'DELETE']],
    ['/emulator/reset', 'POST', ['GET', 'DELETE']],
    ['/', 'GET', ['POST']],
  ];
  for (const [endpoint, allowed, refused] of endpoints) {
    for (const method of refused) {
      it(`answers ${method} ${endpoint} with 405 and what is allowed (RFC 9110, 15.5.6)`, async () => {
        const response = await fetch(emulator.url + endpoint, { method });

        expect(response.status).to.equal(405);
        expect(response.headers.get('allow')).to.equal(allowed);
      });
    }
  }
});
