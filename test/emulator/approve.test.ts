import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Parameters, partOf, RelyingParty } from '../support/relying-party';

// RFC 7636, appendix B.
const vector = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
};
const library = {
  clientID: 'library',
  clientSecret: 'a secret of the library, long enough for HS256',
  redirectURIs: ['https://library.example/callback?desk=1'],
  scopes: ['openid', 'basic'],
};

describe('approve()', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ clients: [library] });
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  function approved(changes: Parameters = {}, account = 'zhaoyichen'): URL {
    return new URL(emulator.approve(party.authorizationURL(changes), account));
  }

  it('gives the URL that the browser would come back to', () => {
    expect(approved().href).to.match(/^http:\/\/localhost:3000\/callback\?code=[0-9a-f]{32}&state=st-1$/);
  });

  it('gives a code that is good for a whole login', async () => {
    const code = approved({ scope: 'openid basic', nonce: 'n-1' }).searchParams.get('code') ?? '';

    const { body } = await party.redeem(code);

    expect(partOf(body.id_token, 'claims')).to.include({ sub: 'zhaoyichen', nonce: 'n-1' });
    expect((await party.profile(body.access_token)).body.entities[0].account).to.equal('zhaoyichen');
  });

  it('signs in whom it is told, in any case', async () => {
    const code = approved({}, 'LinMuqing').searchParams.get('code') ?? '';

    expect(partOf((await party.redeem(code)).body.id_token, 'claims').sub).to.equal('linmuqing');
  });

  it('holds to the code challenge', async () => {
    const challenge = { code_challenge: vector.challenge, code_challenge_method: 'S256' };
    const codes = [approved(challenge), approved(challenge)].map((url) => url.searchParams.get('code') ?? '');

    expect((await party.redeem(codes[0] ?? '')).status).to.equal(400);
    expect((await party.redeem(codes[1] ?? '', { code_verifier: vector.verifier })).status).to.equal(200);
  });

  it('gives another code every time', () => {
    expect(approved().href).not.to.equal(approved().href);
  });

  it('gives a code that lives a minute', async () => {
    const code = approved().searchParams.get('code') ?? '';
    emulator.advance(61);

    expect((await party.redeem(code)).status).to.equal(400);
  });

  it('invents no state', () => {
    expect([...approved({ state: undefined }).searchParams.keys()]).to.deep.equal(['code']);
  });

  it('keeps the query of a registered address', () => {
    const own = new RelyingParty(emulator, library);
    const url = own.authorizationURL({ redirect_uri: library.redirectURIs[0] });

    expect(emulator.approve(url, 'zhaoyichen')).to.match(
      /^https:\/\/library\.example\/callback\?desk=1&code=[0-9a-f]{32}&state=st-1$/,
    );
  });

  it('asks nobody, whatever the switch of consent says', () => {
    emulator.behave({ consent: 'always' });

    expect(approved().searchParams.has('code')).to.equal(true);
  });

  it('refuses an address that is not its own, where nobody would have signed in here', () => {
    const elsewhere = party.authorizationURL().replace(emulator.url, 'https://jaccount.sjtu.edu.cn');

    expect(() => emulator.approve(elsewhere, 'zhaoyichen')).to.throw(TypeError, 'not one of this emulator');
  });

  it('refuses what is no address, as a missing Location is', () => {
    const missing = null as unknown as string;

    expect(() => emulator.approve(missing, 'zhaoyichen')).to.throw(TypeError, 'not one of this emulator');
  });

  it('refuses to sign in nobody', () => {
    const nobody = undefined as unknown as string;

    expect(() => emulator.approve(party.authorizationURL(), nobody)).to.throw('knows no such account');
  });

  it('opens no session for anybody', async () => {
    approved();

    expect(
      (await fetch(party.authorizationURL(), { redirect: 'manual' })).headers.get('location'),
    ).to.contain('/jaccount/jalogin');
  });

  it('answers a request for an ID Token with one', () => {
    emulator.behave({ implicit: 'fragment' });

    const { hash } = approved({ response_type: 'id_token' });

    expect(partOf(new URLSearchParams(hash.slice(1)).get('id_token') ?? '', 'claims').sub).to.equal(
      'zhaoyichen',
    );
  });

  it('says that JSON comes back to nobody', () => {
    emulator.behave({ implicit: 'json' });

    expect(() => approved({ response_type: 'id_token' })).to.throw(Error, /JSON/);
  });

  const refused: [what: string, changes: Parameters, said: RegExp][] = [
    ['an unknown client', { client_id: 'nobody' }, /invalid_client/],
    ['a foreign redirect URI', { redirect_uri: 'https://evil.example/' }, /redirect_uri/],
    ['no redirect URI', { redirect_uri: undefined }, /redirect_uri/],
    ['an unknown scope', { scope: 'everything' }, /invalid_scope/],
    [
      'a scope that was not approved',
      { client_id: 'library', scope: 'lessons', redirect_uri: library.redirectURIs },
      /invalid_scope/,
    ],
    ['an unknown response type', { response_type: 'token' }, /unsupported_response_type/],
    ['two states', { state: ['a', 'b'] }, /state/],
    ['a bad code challenge', { code_challenge: 'short' }, /code_challenge/],
  ];
  for (const [what, changes, said] of refused) {
    it(`refuses ${what}, and says so`, () => {
      expect(() => approved(changes)).to.throw(Error, said);
    });
  }

  for (const account of ['nobody', '', '__proto__', 'zhaoyichen ', '\u212Aevin']) {
    it(`knows no account ${JSON.stringify(account)}`, () => {
      expect(() => approved({}, account)).to.throw(Error, /account/);
    });
  }

  it('takes no text for a URL', () => {
    expect(() => emulator.approve('/oauth2/authorize', 'zhaoyichen')).to.throw(TypeError);
  });
});
