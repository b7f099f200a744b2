import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { partOf, RelyingParty, responseOf } from '../support/relying-party';
import { UserAgent } from '../support/user-agent';

// jaccount.md, 2.5: documented with a result of JSON, used by nobody.
describe('response_type=id_token', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator();
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  const asked = { response_type: 'id_token', nonce: 'n-1' };

  function isSigned(token: string): boolean {
    const [header, payload, signature] = token.split('.');
    const mac = createHmac('sha256', emulator.client.clientSecret).update(`${header}.${payload}`);
    return mac.digest('base64url') === signature;
  }

  it('is refused by default, and the client is told', async () => {
    expect(responseOf(await party.authorize(asked))).to.deep.equal({
      error: 'unsupported_response_type',
      state: 'st-1',
    });
  });

  describe('json', () => {
    beforeEach(() => emulator.behave({ implicit: 'json' }));

    it('is answered with a token response, a refresh token in it', async () => {
      const visit = await party.authorize(asked);

      expect(visit).to.include({ status: 200, location: undefined });
      expect(visit.json()).to.have.all.keys([
        ...['access_token', 'refresh_token', 'id_token', 'token_type', 'expires_in'],
      ]);
    });

    it('brings an ID Token that is signed and has the nonce', async () => {
      const { id_token } = (await party.authorize(asked)).json();

      expect(isSigned(id_token)).to.equal(true);
      expect(partOf(id_token, 'claims')).to.include({ sub: 'zhaoyichen', nonce: 'n-1' });
    });

    it('brings tokens that work', async () => {
      const { access_token, refresh_token } = (await party.authorize(asked)).json();

      expect((await party.profile(access_token)).status).to.equal(200);
      expect((await party.refresh(refresh_token)).status).to.equal(200);
    });

    it('is not stored (RFC 6749, 5.1)', async () => {
      expect((await party.authorize(asked)).headers.get('cache-control')).to.equal('no-store');
    });
  });

  describe('fragment', () => {
    beforeEach(() => emulator.behave({ implicit: 'fragment' }));

    it('comes back in the fragment, where servers do not see it (OIDC Core, 3.2.2.5)', async () => {
      const { location = '' } = await party.authorize(asked);

      const { search, hash } = new URL(location);
      expect(search).to.equal('');
      expect([...new URLSearchParams(hash.slice(1)).keys()]).to.deep.equal(['id_token', 'state']);
    });

    it('brings an ID Token that is signed and has the nonce', async () => {
      const { hash } = new URL((await party.authorize(asked)).location ?? '');

      const token = new URLSearchParams(hash.slice(1)).get('id_token') ?? '';
      expect(isSigned(token)).to.equal(true);
      expect(partOf(token, 'claims')).to.include({ sub: 'zhaoyichen', nonce: 'n-1' });
    });

    it('keeps the query of the address', async () => {
      const { location } = await party.authorize({ ...asked, redirect_uri: `${party.callback}?a=1` });

      expect(location).to.match(/^http:\/\/localhost:3000\/callback\?a=1#id_token=/);
    });

    it('tells of an error in the fragment, too (OIDC Core, 3.2.2.6)', async () => {
      const { location } = await party.authorize({ ...asked, scope: 'no-such-scope' });

      expect(location).to.equal('http://localhost:3000/callback#error=invalid_scope&state=st-1');
    });
  });

  for (const implicit of ['json', 'fragment'] as const) {
    it(`${implicit}: is given to nobody who has not signed in`, async () => {
      emulator.behave({ implicit });

      expect((await new UserAgent().get(party.authorizationURL(asked))).location).to.contain(
        '/jaccount/jalogin',
      );
    });

    it(`${implicit}: leaves the code flow as it was`, async () => {
      emulator.behave({ implicit });

      expect(responseOf(await party.authorize())).to.have.all.keys(['code', 'state']);
    });

    it(`${implicit}: brings no ID Token that the scope does not open`, async () => {
      emulator.behave({ implicit });

      const visit = await party.authorize({ ...asked, scope: 'basic' });

      expect(visit.location ?? visit.text).not.to.match(/id_token|undefined/);
    });

    for (const responseType of ['token', 'id_token token', 'code id_token', 'none', 'ID_TOKEN']) {
      it(`${implicit}: does not answer response_type=${responseType}`, async () => {
        emulator.behave({ implicit });

        const { location } = await party.authorize({ response_type: responseType });

        expect(location).to.contain('error=unsupported_response_type');
        expect(location).not.to.match(/code=|token=/);
      });
    }
  }
});
