import { once } from 'node:events';
import http from 'node:http';
import { expect } from 'chai';
import { type Emulator, type LoggedRequest, startEmulator } from 'passport-jaccount/emulator';
import { RelyingParty } from '../support/relying-party';
import { UserAgent } from '../support/user-agent';

describe('requests', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator();
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  /** The latest request to a path. It is logged once it has been answered, which the client may hear of first. */
  async function logged(path: string): Promise<LoggedRequest> {
    for (;;) {
      const found = emulator.requests.findLast((request) => request.path === path);
      if (found) return found;
      await new Promise(setImmediate);
    }
  }

  // What explains a request and gives nothing away.
  const open: Record<string, string> = {
    response_type: 'code',
    grant_type: 'authorization_code',
    client_id: 'library',
    scope: 'openid basic',
    audience: 'https://api.example',
    code_challenge_method: 'S256',
    error: 'access_denied',
    account: 'zhaoyichen',
    limit: '10',
  };
  for (const [name, value] of Object.entries(open)) {
    it(`show ${name}`, async () => {
      await fetch(`${emulator.url}/shown?${new URLSearchParams({ [name]: value })}`);

      expect((await logged('/shown')).parameters).to.deep.equal({ [name]: value });
    });
  }

  const secret = [
    ...['code', 'state', 'nonce', 'access_token', 'refresh_token', 'id_token', 'id_token_hint', 'token'],
    ...['client_secret', 'code_verifier', 'code_challenge', 'password', 'username', 'assertion'],
    ...['client_assertion', 'returl', 'Code', 'unheard-of', '__proto__', 'constructor'],
  ];
  for (const name of secret) {
    it(`name ${name} without its value [ER-01]`, async () => {
      await fetch(`${emulator.url}/hidden?${new URLSearchParams([[name, 'canary']])}`);

      const { parameters } = await logged('/hidden');

      expect(Object.entries(parameters)).to.deep.equal([[name, '[redacted]']]);
    });
  }

  for (const name of ['redirect_uri', 'post_logout_redirect_uri']) {
    it(`show ${name} without its query, where applications keep their state [ER-01]`, async () => {
      const address = 'http://localhost:3000/callback?state=canary#canary';

      await fetch(`${emulator.url}/address?${new URLSearchParams({ [name]: address })}`);

      expect((await logged('/address')).parameters).to.deep.equal({
        [name]: 'http://localhost:3000/callback',
      });
    });
  }

  it('show the parameters of a form', async () => {
    await party.tokenRequest({ grant_type: 'refresh_token', refresh_token: 'canary', scope: 'basic' });

    expect((await logged('/oauth2/token')).parameters).to.deep.equal({
      grant_type: 'refresh_token',
      refresh_token: '[redacted]',
      scope: 'basic',
    });
  });

  it('hold nothing of headers [ER-01]', async () => {
    const headers = {
      authorization: 'Bearer canary',
      cookie: 'JAAuthCookie=canary',
      referer: 'http://canary/',
    };

    await fetch(`${emulator.endpoints.apiURL}/me/profile`, { headers });

    expect(JSON.stringify(await logged('/v1/me/profile'))).not.to.contain('canary');
  });

  it('hold nothing of a whole login that could be used again [ER-01]', async () => {
    const browser = new UserAgent();
    await browser.get(party.authorizationURL({ state: 'canary-state', nonce: 'canary-nonce' }));
    await browser.post(`${emulator.url}/jaccount/ulogin`, { account: 'zhaoyichen', password: 'canary-pass' });
    const code = await party.code({ state: 'canary-state' });
    const { access_token, refresh_token, id_token } = (await party.redeem(code)).body;
    await party.profile(access_token);
    await party.refresh(refresh_token);
    await logged('/oauth2/token');

    const log = JSON.stringify(emulator.requests);

    for (const secret of [
      'canary',
      code,
      access_token,
      refresh_token,
      id_token,
      emulator.client.clientSecret,
    ]) {
      expect(log).not.to.contain(secret);
    }
  });

  it('tell method, status, when, how long', async () => {
    const before = Date.now();
    await party.redeem('0'.repeat(32));

    const { method, status, time, duration } = await logged('/oauth2/token');

    expect({ method, status }).to.deep.equal({ method: 'POST', status: 400 });
    expect(time).to.be.within(before, Date.now());
    expect(duration).to.be.within(0, Date.now() - before);
  });

  for (const fault of [{ drop: true }, { truncate: true }]) {
    it(`have the status 0 where the connection was closed: ${JSON.stringify(fault)}`, async () => {
      emulator.fault('jwks', fault);
      await fetch(`${emulator.url}/.well-known/jwks.json`)
        .then((response) => response.text())
        .catch(() => undefined);

      expect(await logged('/.well-known/jwks.json')).to.include({ status: 0 });
    });
  }

  it('have the status 0 where the client did not wait', async () => {
    emulator.fault('jwks', { delay: 600_000 });
    const request = http.get(`${emulator.url}/.well-known/jwks.json`);
    request.on('error', () => undefined);
    await once(request, 'finish');
    await fetch(emulator.url);
    request.destroy();

    expect(await logged('/.well-known/jwks.json')).to.include({ status: 0 });
  });

  it('are logged once each', async () => {
    await fetch(`${emulator.url}/once`);
    await logged('/once');
    await fetch(`${emulator.url}/twice`);
    await logged('/twice');

    expect(emulator.requests.map(({ path }) => path)).to.deep.equal(['/once', '/twice']);
  });

  it('are without those to the emulator’s own controls', async () => {
    await fetch(`${emulator.url}/emulator/state`);
    await fetch(`${emulator.url}/emulator/style.css`);
    await fetch(`${emulator.url}/after`);
    await logged('/after');

    expect(emulator.requests).to.have.length(1);
  });

  it('are cut where they are long', async () => {
    const query = Array.from({ length: 100 }, (_, i) => `${'n'.repeat(60)}${i}=v`).join('&');
    await fetch(`${emulator.url}/${'p'.repeat(3000)}?scope=${'s'.repeat(3000)}&${query}`);
    await fetch(`${emulator.url}/after`);
    await logged('/after');

    const [{ path, parameters }] = emulator.requests as [LoggedRequest];

    expect(path).to.have.length.of.at.most(200);
    expect(parameters.scope).to.have.length.of.at.most(200);
    expect(Object.keys(parameters)).to.have.length.of.at.most(32);
  });

  it('in the state are the latest 50', async () => {
    for (let i = 0; i < 60; i++) await fetch(`${emulator.url}/${i}`);
    await logged('/59');

    const { requests } = (await (await fetch(`${emulator.url}/emulator/state`)).json()) as {
      requests: LoggedRequest[];
    };

    expect(requests).to.have.length(50);
    expect(requests.at(-1)?.path).to.equal('/59');
  });
});
