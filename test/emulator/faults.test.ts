import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { expect } from 'chai';
import { type Emulator, type Fault, type FaultPoint, startEmulator } from 'passport-jaccount/emulator';
import { formOf, partOf, RelyingParty, responseOf } from '../support/relying-party';
import { UserAgent, type Visit } from '../support/user-agent';

// An authorization request ends in a callback; a profile is one call of the API.
const struckBy: Record<FaultPoint, readonly FaultPoint[]> = {
  authorize: ['authorize', 'callback'],
  callback: ['authorize', 'callback'],
  token: ['token'],
  profile: ['profile', 'api'],
  api: ['profile', 'api'],
  logout: ['logout'],
  jwks: ['jwks'],
};

// jaccount.md, annex C: what clients noticed, and what the emulator must therefore be able to do.
describe('fault()', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  let browser: UserAgent;
  before(async () => {
    emulator = await startEmulator();
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(async () => {
    emulator.reset();
    browser = await party.signedIn();
  });

  const form = { grant_type: 'client_credentials', scope: 'basic' };
  const authorization = () => ({
    authorization: `Basic ${Buffer.from(Object.values(emulator.client).join(':')).toString('base64')}`,
  });
  // A request at which each point strikes.
  const requests: Record<FaultPoint, () => Promise<Visit>> = {
    authorize: () => browser.get(party.authorizationURL()),
    callback: () => browser.get(party.authorizationURL()),
    token: () => browser.post(emulator.endpoints.tokenURL, form, authorization()),
    profile: () => browser.get(`${emulator.endpoints.apiURL}/me/profile`),
    api: () => browser.get(`${emulator.endpoints.apiURL}/me/profile`),
    logout: () => browser.get(emulator.endpoints.logoutURL),
    jwks: () => browser.get(`${emulator.url}/.well-known/jwks.json`),
  };
  const points = Object.keys(requests) as FaultPoint[];

  // How many faults still wait for their request.
  async function pending(): Promise<number> {
    const state: any = await (await fetch(`${emulator.url}/emulator/state`)).json();
    return state.faults.length;
  }

  async function failure(request: Promise<unknown>): Promise<Error | undefined> {
    return request.then(
      () => undefined,
      (error) => error,
    );
  }

  for (const point of points) {
    const request = requests[point];

    describe(`at ${point}`, () => {
      it('drop: closes the connection without a word', async () => {
        emulator.fault(point, { drop: true });

        expect(await failure(request())).to.be.an.instanceOf(Error);
      });

      it('truncate: breaks the answer off', async () => {
        emulator.fault(point, { truncate: true });

        expect(await failure(request())).to.be.an.instanceOf(Error);
      });

      it('status: answers with it, and with HTML of maintenance', async () => {
        emulator.fault(point, { status: 503 });

        const { status, headers, text } = await request();

        expect(status).to.equal(503);
        expect(headers.get('content-type')).to.match(/^text\/html/);
        expect(text).to.match(/^<!doctype html>/i);
      });

      const bodies: [body: string | object, type: RegExp, text: string][] = [
        [{ a: [1] }, /^application\/json/, '{"a":[1]}'],
        [[], /^application\/json/, '[]'],
        ['<p>busy</p>', /^text\/html/, '<p>busy</p>'],
        ['busy', /^text\/plain/, 'busy'],
        ['', /^text\/plain/, ''],
      ];
      for (const [body, type, text] of bodies) {
        it(`body: sends ${JSON.stringify(body)} in place of the right one`, async () => {
          emulator.fault(point, { body });

          const visit = await request();

          expect(visit).to.include({ status: 200, text, location: undefined });
          expect(visit.headers.get('content-type')).to.match(type);
        });
      }

      it('status, body: come together', async () => {
        emulator.fault(point, { status: 418, body: { teapot: true } });

        expect(await request()).to.include({ status: 418, text: '{"teapot":true}' });
      });

      it('body, truncate: breaks that body off', async () => {
        emulator.fault(point, { body: 'x'.repeat(1000), truncate: true });

        expect(await failure(request())).to.be.an.instanceOf(Error);
      });

      it('delay: holds the answer back', async () => {
        emulator.fault(point, { delay: 600_000 });
        let answered = false;
        const answer = () => {
          answered = true;
        };

        void request().then(answer, () => undefined);
        while ((await pending()) > 0);
        await pending();

        expect(answered).to.equal(false);
      });

      it('delay: changes nothing of the answer', async () => {
        const { status } = await request();
        browser = await party.signedIn();
        emulator.fault(point, { delay: 1 });

        expect((await request()).status).to.equal(status);
      });

      it('strikes once, unless told otherwise', async () => {
        emulator.fault(point, { status: 500 });

        await request();

        expect((await request()).status).to.be.below(500);
      });

      for (const other of points.filter((name) => !struckBy[point].includes(name))) {
        it(`leaves ${other} alone`, async () => {
          emulator.fault(point, { status: 500 });

          expect((await requests[other]()).status).to.be.below(500);
        });
      }
    });
  }

  describe('truncate', () => {
    it('begins the right answer', async () => {
      emulator.fault('jwks', { truncate: true });
      const request = http.get(`${emulator.url}/.well-known/jwks.json`);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });

      const [error] = await once(response, 'error');

      expect(error.code).to.equal('ECONNRESET');
      expect(response.statusCode).to.equal(200);
      expect(text).to.match(/^\{"keys":\[/);
      expect(() => JSON.parse(text)).to.throw(SyntaxError);
    });
  });

  describe('error', () => {
    for (const error of ['access_denied', 'server_error', 'temporarily_unavailable', 'odd value & more']) {
      for (const point of ['authorize', 'callback'] as const) {
        it(`at ${point} brings "${error}" back to the client, with its state`, async () => {
          emulator.fault(point, { error });

          const visit = await requests[point]();

          expect(visit.location).to.match(/^http:\/\/localhost:3000\/callback\?/);
          expect(responseOf(visit)).to.deep.equal({ error, state: 'st-1' });
        });
      }
    }

    it('at authorize comes before anybody has signed in', async () => {
      emulator.fault('authorize', { error: 'access_denied' });

      const visit = await new UserAgent().get(party.authorizationURL());

      expect(responseOf(visit)).to.have.property('error', 'access_denied');
    });

    it('at callback waits until somebody has signed in', async () => {
      emulator.fault('callback', { error: 'access_denied' });
      const visit = await new UserAgent().get(party.authorizationURL());

      expect(visit.location).to.contain('/jaccount/jalogin');
      expect(responseOf(await requests.callback())).to.have.property('error', 'access_denied');
    });

    it('at authorize is never told to a foreign address', async () => {
      emulator.fault('authorize', { error: 'access_denied' });

      const visit = await browser.get(party.authorizationURL({ redirect_uri: 'https://evil.example/' }));

      expect(visit).to.include({ status: 400, location: undefined });
    });

    for (const error of ['invalid_grant', 'invalid_client', 'server_error']) {
      it(`at token refuses with "${error}"`, async () => {
        emulator.fault('token', { error });

        const { status, body } = await party.redeem(await party.code());

        expect(status).to.be.within(400, 500);
        expect(body).to.have.property('error', error).and.not.to.have.property('access_token');
      });
    }
  });

  describe('errno', () => {
    for (const point of ['profile', 'api'] as const) {
      it(`at ${point} refuses in the envelope`, async () => {
        emulator.fault(point, { errno: 10010 });

        const visit = await requests[point]();

        expect(visit.status).to.equal(403);
        expect(visit.json()).to.include({ errno: 10010, total: 0 }).and.not.to.have.property('entities');
      });

      it(`at ${point} goes with the status it is given`, async () => {
        emulator.fault(point, { errno: 10001, status: 500 });

        const visit = await requests[point]();

        expect(visit.status).to.equal(500);
        expect(visit.json()).to.have.property('errno', 10001);
      });
    }

    it('comes as HTTP 200 where the API answers so', async () => {
      emulator.behave({ apiErrorStatus: '200' });
      emulator.fault('profile', { errno: 10010 });

      expect(await requests.profile()).to.include({ status: 200 });
    });

    it('may be one that nobody knows', async () => {
      emulator.fault('api', { errno: 99_999 });

      const { errno, error } = (await requests.api()).json();

      expect(errno).to.equal(99_999);
      expect(error).to.be.a('string').and.not.to.equal('');
    });
  });

  describe('parameters', () => {
    const rows: [what: string, parameters: Record<string, string | null>, response: object][] = [
      ['replace the state', { state: 'other' }, { code: '', state: 'other' }],
      ['take the state out', { state: null }, { code: '' }],
      ['replace the code', { code: 'other' }, { code: 'other', state: 'st-1' }],
      ['take the code out', { code: null }, { state: 'st-1' }],
      ['add what nobody asked for', { iss: 'https://x/' }, { code: '', state: 'st-1', iss: 'https://x/' }],
    ];
    for (const [what, parameters, response] of rows) {
      it(`at callback ${what}`, async () => {
        emulator.fault('callback', { parameters });

        const { code, ...others } = responseOf(await requests.callback());

        // A code that is right differs every time.
        const seen = { ...(code !== undefined && { code: code.replace(/^[0-9a-f]{32}$/, '') }), ...others };
        expect(seen).to.deep.equal(response);
      });
    }

    it('go with an error', async () => {
      emulator.fault('callback', { error: 'access_denied', parameters: { error_description: 'no' } });

      expect(responseOf(await requests.callback())).to.deep.equal({
        error: 'access_denied',
        error_description: 'no',
        state: 'st-1',
      });
    });

    it('strike after a consent, too', async () => {
      emulator.behave({ consent: 'always' });
      emulator.fault('callback', { parameters: { state: 'other' } });
      const page = await browser.get(party.authorizationURL());
      const returl = new URL(page.location ?? '').searchParams.get('returl') ?? '';

      const visit = await browser.post(`${emulator.url}/jaccount/consent`, {
        ...{ returl, scope: 'openid', decision: 'allow' },
      });

      expect(responseOf(visit)).to.have.property('state', 'other');
    });
  });

  describe('idToken', () => {
    async function claims(fault: Fault) {
      emulator.fault('token', fault);
      return partOf((await party.login()).body.id_token, 'claims');
    }

    it('replaces claims by an object', async () => {
      expect(await claims({ idToken: { iss: 'https://evil.example/', aud: ['a', 'b'] } })).to.deep.include({
        iss: 'https://evil.example/',
        aud: ['a', 'b'],
        sub: 'zhaoyichen',
      });
    });

    it('takes a claim out by null', async () => {
      expect(await claims({ idToken: { exp: null } }))
        .to.include({ sub: 'zhaoyichen' })
        .and.not.to.have.property('exp');
    });

    it('replaces claims by a function', async () => {
      const issued = await claims({ idToken: ({ sub, exp }) => ({ sub, exp: Number(exp) - 3600 }) });

      expect(issued).to.have.all.keys(['sub', 'exp']);
      expect(issued.exp).to.be.below(Date.now() / 1000);
    });

    it('is signed all the same', async () => {
      emulator.fault('token', { idToken: { sub: 'linmuqing' } });

      const { id_token } = (await party.login()).body;

      expect(hasSignatureBy(id_token, emulator.client.clientSecret)).to.equal(true);
    });
  });

  function hasSignatureBy(token: string, secret: string): boolean {
    const [header, payload, signature] = token.split('.');
    return createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url') === signature;
  }

  describe('sign', () => {
    async function idToken(sign: NonNullable<Fault['sign']>): Promise<string> {
      emulator.fault('token', { sign });
      return (await party.login()).body.id_token;
    }

    it('other-key: looks right and is signed by nobody', async () => {
      const token = await idToken('other-key');

      expect(partOf(token, 'header')).to.deep.equal({ alg: 'HS256', typ: 'JWT' });
      expect(token.split('.')[2]).to.have.length(43);
      expect(hasSignatureBy(token, emulator.client.clientSecret)).to.equal(false);
    });

    it('none: is not signed, and says so', async () => {
      const token = await idToken('none');

      expect(partOf(token, 'header')).to.deep.equal({ alg: 'none', typ: 'JWT' });
      expect(token).to.match(/^[\w-]+\.[\w-]+\.$/);
    });

    it('goes with changed claims', async () => {
      emulator.fault('token', { sign: 'none', idToken: { sub: 'linmuqing' } });

      const { id_token } = (await party.login()).body;

      expect(partOf(id_token, 'claims').sub).to.equal('linmuqing');
      expect(id_token).to.match(/\.$/);
    });
  });

  describe('times', () => {
    async function statuses(count: number): Promise<number[]> {
      const seen: number[] = [];
      for (let i = 0; i < count; i++) seen.push((await requests.jwks()).status);
      return seen;
    }

    for (const [times, expected] of [
      [1, [500, 200, 200, 200, 200]],
      [3, [500, 500, 500, 200, 200]],
      [Number.POSITIVE_INFINITY, [500, 500, 500, 500, 500]],
    ] as const) {
      it(`${times}: strikes that often`, async () => {
        emulator.fault('jwks', { status: 500, times });

        expect(await statuses(5)).to.deep.equal(expected);
      });
    }

    it('lets several faults strike in the order they were set', async () => {
      emulator.fault('jwks', { status: 501 });
      emulator.fault('jwks', { status: 502, times: 2 });
      emulator.fault('jwks', { status: 503 });

      expect(await statuses(5)).to.deep.equal([501, 502, 502, 503, 200]);
    });

    it('counts at the point of the fault only', async () => {
      emulator.fault('jwks', { status: 500 });
      await requests.logout();

      expect(await statuses(2)).to.deep.equal([500, 200]);
    });
  });

  describe('api', () => {
    it('strikes at every call, profile at one', async () => {
      emulator.fault('profile', { status: 500 });
      emulator.fault('api', { status: 501 });

      const elsewhere = await fetch(`${emulator.endpoints.apiURL}/no/such/operation`);
      const profile = await requests.profile();

      expect(elsewhere.status).to.equal(404);
      expect(profile.status).to.equal(500);
      expect((await requests.profile()).status).to.equal(501);
    });
  });

  describe('own pages', () => {
    for (const path of ['/', '/emulator/state', '/jaccount/jalogin']) {
      it(`${path} stays up whatever is wrong`, async () => {
        for (const point of points) emulator.fault(point, { drop: true, times: Number.POSITIVE_INFINITY });

        expect((await fetch(emulator.url + path)).status).to.equal(200);
      });
    }
  });

  it('is forgotten by reset()', async () => {
    for (const point of points) emulator.fault(point, { status: 500, times: Number.POSITIVE_INFINITY });

    emulator.reset();

    expect((await requests.jwks()).status).to.equal(200);
    expect((await requests.token()).status).to.equal(200);
  });

  describe('misuse', () => {
    const mistakes: [what: string, point: string, fault: unknown, named: RegExp][] = [
      ['a point that does not exist', 'userinfo', {}, /"userinfo"/],
      ['a name of Object.prototype for a point', 'constructor', {}, /"constructor"/],
      ['a member that does not exist', 'token', { stauts: 500 }, /"stauts"/],
      ['a negative delay', 'token', { delay: -1 }, /delay/],
      ['a delay of no number', 'token', { delay: Number.NaN }, /delay/],
      ['a delay in words', 'token', { delay: 'long' }, /delay/],
      ['a delay of more than ten minutes', 'token', { delay: 600_001 }, /delay/],
      ['a status below 200', 'token', { status: 101 }, /status/],
      ['a status above 599', 'token', { status: 600 }, /status/],
      ['a broken status', 'token', { status: 200.5 }, /status/],
      ['a status in words', 'token', { status: 'OK' }, /status/],
      ['no times', 'token', { times: 0 }, /times/],
      ['half a time', 'token', { times: 1.5 }, /times/],
      ['times in words', 'token', { times: 'often' }, /times/],
      ['drop in words', 'token', { drop: 'yes' }, /drop/],
      ['truncate in words', 'token', { truncate: 'yes' }, /truncate/],
      ['a body that is a number', 'token', { body: 1 }, /body/],
      ['a body that is null', 'token', { body: null }, /body/],
      ['an error that is no text', 'token', { error: 400 }, /error/],
      ['an empty error', 'token', { error: '' }, /error/],
      ['an errno in words', 'api', { errno: 'denied' }, /errno/],
      ['an errno of success', 'api', { errno: 0 }, /errno/],
      ['parameters that are text', 'callback', { parameters: 'state=x' }, /parameters/],
      ['parameters that are a list', 'callback', { parameters: ['state'] }, /parameters/],
      ['a parameter that is a number', 'callback', { parameters: { state: 1 } }, /parameters/],
      ['claims that are text', 'token', { idToken: 'sub' }, /idToken/],
      ['claims that are a list', 'token', { idToken: ['sub'] }, /idToken/],
      ['a way to sign that does not exist', 'token', { sign: 'RS256' }, /sign/],
      ['an errno where there is no envelope', 'token', { errno: 10010 }, /errno/],
      ['an error where OAuth has none', 'api', { error: 'invalid_grant' }, /error/],
      ['parameters where nobody returns', 'token', { parameters: { state: 'x' } }, /parameters/],
      ['claims where there is no ID Token', 'profile', { idToken: { sub: 'x' } }, /idToken/],
      ['a way to sign where there is no ID Token', 'jwks', { sign: 'none' }, /sign/],
    ];
    for (const [what, point, fault, named] of mistakes) {
      it(`${what} is a TypeError`, () => {
        expect(() => emulator.fault(point as FaultPoint, fault as Fault)).to.throw(TypeError, named);
      });
    }

    for (const fault of [null, undefined, 'drop', 503]) {
      it(`${JSON.stringify(fault) ?? 'undefined'} for a fault is a TypeError`, () => {
        expect(() => emulator.fault('token', fault as any)).to.throw(TypeError);
      });
    }

    it('leaves no fault behind', async () => {
      expect(() => emulator.fault('jwks', { drop: true, times: 0 })).to.throw(TypeError);

      expect((await requests.jwks()).status).to.equal(200);
    });
  });

  it('does not hold stop() up while it delays', async () => {
    const own = await startEmulator();
    own.fault('jwks', { delay: 600_000 });
    const request = http.get(`${own.url}/.well-known/jwks.json`);
    const closed = once(request, 'error');
    await once(request, 'finish');

    await own.stop();

    await closed;
  });

  it('of one emulator is not of another', async () => {
    const other = await startEmulator();
    emulator.fault('jwks', { status: 500 });

    const { status } = await fetch(`${other.url}/.well-known/jwks.json`);

    await other.stop();
    expect(status).to.equal(200);
  });

  it('takes a form as right as before once it is over', async () => {
    emulator.fault('token', { error: 'server_error' });
    await requests.token();

    const { status } = await fetch(emulator.endpoints.tokenURL, {
      method: 'POST',
      body: formOf(form),
      headers: authorization(),
    });

    expect(status).to.equal(200);
  });
});
