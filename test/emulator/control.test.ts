import http from 'node:http';
import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { RelyingParty, responseOf } from '../support/relying-party';
import { UserAgent, type Visit } from '../support/user-agent';

const canary = { clientID: 'canary-client', clientSecret: 'canary-secret, long enough for HS256 keys' };

// What test suites in other languages hold in their hands.
describe('/emulator/', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator({
      clients: [canary],
      accounts: [{ account: 'locked', name: '锁先生', password: 'canary-password' }],
    });
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  function postJSON(name: string, body: unknown, headers: Record<string, string> = {}): Promise<Visit> {
    return new UserAgent().get(`${emulator.url}/emulator/${name}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  function postForm(name: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    return new UserAgent().post(`${emulator.url}/emulator/${name}`, form, headers);
  }

  async function state(): Promise<Record<string, any>> {
    return (await new UserAgent().get(`${emulator.url}/emulator/state`)).json();
  }

  /** Names the host as a browser would that was led here by another name. */
  function requestAs(host: string, method: string, path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { host, 'content-type': 'application/json' };
      http
        .request(emulator.url + path, { method, headers, agent: false })
        .on('response', (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end('{}');
    });
  }

  describe('state', () => {
    it('tells where everything is', async () => {
      expect(await state()).to.deep.include({
        url: emulator.url,
        endpoints: emulator.endpoints,
        client: emulator.client,
        discovery: `${emulator.url}/oauth2/.well-known/openid-configuration`,
        jwks: `${emulator.url}/.well-known/jwks.json`,
      });
    });

    it('tells of the switches, the clock, what is to go wrong', async () => {
      emulator.behave({ sso: 'forgotten' });
      emulator.advance(60);
      emulator.fault('token', { status: 500, times: 2 });

      const { behaviour, skew, faults } = await state();

      expect(behaviour).to.deep.equal(emulator.behaviour);
      expect(skew).to.equal(60);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.deep.include({ point: 'token', fault: { status: 500, times: 2 }, left: 2 });
    });

    it('tells how often a fault will still strike', async () => {
      emulator.fault('jwks', { status: 500, times: 2 });
      emulator.fault('jwks', { status: 501, times: Number.POSITIVE_INFINITY });
      await fetch((await state()).jwks);

      expect((await state()).faults.map(({ left }: { left: unknown }) => left)).to.deep.equal([1, null]);
    });

    it('tells of the latest requests, but not of those to itself', async () => {
      await state();
      await fetch(emulator.endpoints.logoutURL);
      await state();

      const { requests } = await state();

      expect(requests.map(({ path }: { path: string }) => path)).to.deep.equal(['/oauth2/logout']);
    });

    it('shows the claims of the last ID Token', async () => {
      await party.login();
      await party.login({}, 'linmuqing');

      const { idToken } = await state();

      expect(idToken.header).to.deep.equal({ alg: 'HS256', typ: 'JWT' });
      expect(idToken.claims).to.include({ sub: 'linmuqing', aud: emulator.client.clientID });
    });

    it('knows who is signed in at the browser that asks', async () => {
      const browser = await party.signedIn('linmuqing');

      const visit = await browser.get(`${emulator.url}/emulator/state`);

      expect(visit.json().signedIn).to.equal('linmuqing');
      expect(await state()).not.to.have.property('signedIn');
    });

    it('is JSON that nobody stores, and no other site reads', async () => {
      const { headers } = await new UserAgent().get(`${emulator.url}/emulator/state`, {
        headers: { origin: 'https://evil.example' },
      });

      expect(headers.get('content-type')).to.match(/^application\/json/);
      expect(headers.get('cache-control')).to.equal('no-store');
      expect(headers.get('access-control-allow-origin')).to.equal(null);
    });

    for (const path of ['/emulator/state', '/']) {
      it(`holds no secret at ${path} but that of the public client [ER-01]`, async () => {
        const library = new RelyingParty(emulator, canary);
        const asked = { state: 'canary-state', nonce: 'canary-nonce', code_challenge: 'c'.repeat(43) };
        const code = await library.code({ ...asked, code_challenge_method: 'plain' });
        const { access_token, refresh_token, id_token } = (
          await library.redeem(code, { code_verifier: 'c'.repeat(43) })
        ).body;
        await library.profile(access_token);
        await fetch(`${emulator.endpoints.apiURL}/me/profile?access_token=${access_token}`);
        await library.tokenRequest({
          grant_type: 'password',
          username: 'locked',
          password: 'canary-password',
        });
        await new UserAgent().post(`${emulator.url}/jaccount/ulogin`, {
          account: 'locked',
          password: 'canary-password',
        });
        const browser = await party.signedIn();
        const cookie = await browser.jar.getCookieString(emulator.url);

        const { text } = await browser.get(emulator.url + path);

        const secrets = [code, access_token, refresh_token, id_token, id_token.split('.')[2]];
        const others = [canary.clientSecret, 'canary-state', 'canary-password', 'c'.repeat(43)];
        for (const secret of [...secrets, ...others, cookie.split('=')[1]]) {
          expect(secret).to.be.a('string').with.length.above(9);
          expect(text).not.to.contain(secret);
        }
      });
    }
  });

  describe('fault', () => {
    it('takes what JSON says', async () => {
      const reply = await postJSON('fault', { point: 'jwks', status: 503, body: { a: 1 } });

      expect(reply.status).to.equal(200);
      expect(reply.json().faults).to.have.length(1);
      expect(await new UserAgent().get(`${emulator.url}/.well-known/jwks.json`)).to.include({
        status: 503,
        text: '{"a":1}',
      });
    });

    it('takes what a form says', async () => {
      await postForm('fault', {
        point: 'jwks',
        status: '503',
        body: 'busy',
        delay: '1',
        times: '2',
        error: '',
      });

      expect((await state()).faults[0]).to.deep.include({
        ...{ point: 'jwks', fault: { status: 503, body: 'busy', delay: 1, times: 2 }, left: 2 },
      });
    });

    const members: [point: string, member: string, text: string, value: unknown][] = [
      ['profile', 'errno', '10010', 10010],
      ['jwks', 'drop', 'on', true],
      ['jwks', 'truncate', 'on', true],
      ['token', 'error', 'invalid_grant', 'invalid_grant'],
      ['token', 'sign', 'none', 'none'],
      ['token', 'idToken', '{"iss":null,"aud":["a"]}', { iss: null, aud: ['a'] }],
      ['callback', 'parameters', '{"state":null}', { state: null }],
    ];
    for (const [point, member, text, value] of members) {
      it(`reads ${member} from a form`, async () => {
        await postForm('fault', { point, [member]: text });

        expect((await state()).faults[0].fault).to.deep.equal({ [member]: value });
      });
    }

    for (const post of [postJSON, postForm]) {
      it(`strikes ${post === postJSON ? 'by JSON' : 'by a form'} without end with times "always"`, async () => {
        await post('fault', { point: 'jwks', status: '500', times: 'always' });

        const { jwks, faults } = await state();

        expect(faults[0].left).to.equal(null);
        for (let i = 0; i < 3; i++) expect((await fetch(jwks)).status).to.equal(500);
      });
    }

    const mistakes: [what: string, form: Record<string, string>, named: string][] = [
      ['no point', { status: '500' }, 'there are authorize'],
      ['an unknown point', { point: 'userinfo' }, 'userinfo'],
      ['an unknown member', { point: 'token', speed: '1' }, 'speed'],
      ['a status in words', { point: 'token', status: 'OK' }, 'status'],
      ['claims that are no JSON', { point: 'token', idToken: 'sub=x' }, 'idToken'],
      ['claims that are a list', { point: 'token', idToken: '["sub"]' }, 'idToken'],
      ['a function for claims', { point: 'token', idToken: '() => ({})' }, 'idToken'],
      ['parameters that are no JSON', { point: 'callback', parameters: '{' }, 'parameters'],
      ['times in words', { point: 'token', times: 'never' }, 'times'],
    ];
    for (const [what, form, named] of mistakes) {
      it(`refuses ${what} with 400`, async () => {
        const visit = await postForm('fault', form);

        expect(visit.status).to.equal(400);
        expect(visit.json()).to.have.property('error', 'invalid_request');
        expect(visit.json().error_description).to.contain(named);
        expect((await state()).faults).to.deep.equal([]);
      });
    }
  });

  describe('faults/clear', () => {
    beforeEach(() => {
      emulator.fault('token', { status: 500 });
      emulator.fault('jwks', { status: 500 });
      emulator.fault('token', { status: 501 });
    });

    it('forgets every fault', async () => {
      await postForm('faults/clear', {});

      expect((await state()).faults).to.deep.equal([]);
    });

    it('forgets those of one point', async () => {
      await postForm('faults/clear', { point: 'token' });

      expect((await state()).faults.map(({ point }: { point: string }) => point)).to.deep.equal(['jwks']);
    });

    it('forgets the one with an id', async () => {
      const [, second] = (await state()).faults;

      await postForm('faults/clear', { id: String(second.id) });

      expect((await state()).faults.map(({ point }: { point: string }) => point)).to.deep.equal([
        'token',
        'token',
      ]);
    });

    it('takes JSON', async () => {
      const { faults } = (await postJSON('faults/clear', { point: 'jwks' })).json();

      expect(faults).to.have.length(2);
    });

    it('refuses a point that does not exist', async () => {
      expect((await postJSON('faults/clear', { point: 'tokens' })).status).to.equal(400);
      expect((await state()).faults).to.have.length(3);
    });
  });

  describe('behaviour', () => {
    it('turns several switches by a form', async () => {
      await postForm('behaviour', { sso: 'forgotten', tokenType: 'spaced', consent: '' });

      expect(emulator.behaviour).to.include({ sso: 'forgotten', tokenType: 'spaced', consent: 'never' });
    });

    it('turns a switch by JSON', async () => {
      const reply = await postJSON('behaviour', { consent: 'always' });

      expect(reply.json().behaviour.consent).to.equal('always');
      expect(emulator.behaviour.consent).to.equal('always');
    });

    for (const body of [{ sso: 'never' }, { SSO: 'kept' }, { sso: null }, ['kept'], { __proto__x: 'y' }]) {
      it(`refuses ${JSON.stringify(body)} with 400`, async () => {
        expect((await postJSON('behaviour', body)).status).to.equal(400);
        expect(emulator.behaviour.sso).to.equal('kept');
      });
    }
  });

  describe('advance', () => {
    it('puts the clock forward', async () => {
      const code = await party.code();

      await postForm('advance', { seconds: '61' });

      expect((await party.redeem(code)).body).to.have.property('error', 'invalid_grant');
    });

    it('adds up', async () => {
      await postJSON('advance', { seconds: 60 });

      expect((await postJSON('advance', { seconds: 1800 })).json().skew).to.equal(1860);
    });

    for (const seconds of [undefined, null, '', 'soon', 'Infinity', true, [60]]) {
      it(`refuses ${JSON.stringify(seconds) ?? 'nothing'} with 400`, async () => {
        expect((await postJSON('advance', { seconds })).status).to.equal(400);
        expect((await state()).skew).to.equal(0);
      });
    }
  });

  describe('reset', () => {
    it('forgets what happened', async () => {
      emulator.advance(60);
      emulator.behave({ sso: 'forgotten' });
      emulator.fault('jwks', { drop: true });
      await party.login();

      const { skew, behaviour, faults, requests, idToken } = (await postJSON('reset', {})).json();

      expect({ skew, faults, requests, idToken }).to.deep.equal({
        ...{ skew: 0, faults: [], requests: [], idToken: undefined },
      });
      expect(behaviour.sso).to.equal('kept');
    });

    it('ends the sessions', async () => {
      const browser = await party.signedIn();

      await postForm('reset', {});

      expect(responseOf(await browser.get(party.authorizationURL()))).not.to.have.property('code');
    });
  });

  describe('answer', () => {
    const calls: [name: string, form: Record<string, string>][] = [
      ['fault', { point: 'jwks', status: '500' }],
      ['faults/clear', {}],
      ['behaviour', { sso: 'kept' }],
      ['advance', { seconds: '1' }],
      ['reset', {}],
    ];
    for (const [name, form] of calls) {
      it(`of ${name} to a form leads to the dashboard, by 303 [CB-14]`, async () => {
        const visit = await postForm(name, form);

        expect(visit).to.include({ status: 303, location: `${emulator.url}/` });
      });

      it(`of ${name} to JSON is the state`, async () => {
        const visit = await postJSON(name, form);

        expect(visit.status).to.equal(200);
        expect(visit.json()).to.include.keys(['url', 'behaviour', 'faults', 'requests']);
      });

      for (const origin of ['https://evil.example', 'http://localhost:1', 'null', 'file://']) {
        it(`of ${name} is refused to the origin ${origin} [CB-11]`, async () => {
          emulator.advance(7);

          expect((await postForm(name, form, { origin })).status).to.equal(403);
          expect((await postJSON(name, form, { origin })).status).to.equal(403);
          expect((await state()).skew).to.equal(7);
        });
      }

      it(`of ${name} is given to the emulator's own page`, async () => {
        expect((await postForm(name, form, { origin: emulator.url })).status).to.equal(303);
      });

      it(`of ${name} is not given to GET`, async () => {
        emulator.advance(7);
        const { status } = await fetch(`${emulator.url}/emulator/${name}?${new URLSearchParams(form)}`);

        expect(status).to.be.oneOf([404, 405]);
        expect((await state()).skew).to.equal(7);
      });
    }

    const bodies = ['', '{', 'null', '1', '"point"', '[]', '{"point":"jwks",}', '\u0000'];
    for (const body of bodies) {
      it(`to the JSON ${JSON.stringify(body)} is 400`, async () => {
        const visit = await postJSON('behaviour', body);

        expect(visit.status).to.equal(400);
        expect(visit.json()).to.have.property('error', 'invalid_request');
      });
    }

    it('to a body of another type is 400', async () => {
      const visit = await postJSON('reset', '{}', { 'content-type': 'text/plain' });

      expect(visit.status).to.equal(400);
    });

    it('to a body that is too large is 413', async () => {
      const status = await new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        http
          .request(`${emulator.url}/emulator/fault`, { method: 'POST', headers, agent: false })
          .on('response', (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end(`{"point":"jwks","body":"${'x'.repeat(65 * 1024)}"}`);
      });

      expect(status).to.equal(413);
      expect((await state()).faults).to.deep.equal([]);
    });
  });

  // A site whose name was made to lead to this machine is of the same origin as itself.
  describe('by another host name [E-19]', () => {
    const port = () => new URL(emulator.url).port;
    const paths: [method: string, path: string][] = [
      ['GET', '/'],
      ['GET', '/emulator/state'],
      ['POST', '/emulator/fault'],
      ['POST', '/emulator/faults/clear'],
      ['POST', '/emulator/behaviour'],
      ['POST', '/emulator/advance'],
      ['POST', '/emulator/reset'],
    ];
    for (const [method, path] of paths) {
      it(`${method} ${path} is refused`, async () => {
        expect(await requestAs(`rebound.example:${port()}`, method, path)).to.equal(403);
      });
    }

    const foreign = ['rebound.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '%'];
    for (const host of [...foreign, 'localhost:1@evil.example', '[::2]']) {
      it(`${host} is foreign`, async () => {
        expect(await requestAs(host, 'GET', '/emulator/state')).to.equal(403);
      });
    }

    for (const host of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST']) {
      it(`${host} is this machine`, async () => {
        expect(await requestAs(`${host}:${port()}`, 'GET', '/emulator/state')).to.equal(200);
      });
    }
  });
});
