import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Parameters, partOf, RelyingParty, responseOf } from '../support/relying-party';
import { UserAgent, type Visit } from '../support/user-agent';

const library = { clientID: 'library', clientSecret: 'a secret of the library, long enough for HS256' };

describe('consent', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ clients: [library], behaviour: { consent: 'first' } });
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  const consentPath = '/jaccount/consent';
  const isAsked = (visit: Visit) => new URL(visit.location ?? visit.url).pathname === consentPath;

  /** Answers a consent page as its form does. */
  function decide(browser: UserAgent, page: Visit, fields: Parameters, headers: Record<string, string> = {}) {
    const returl = new URL(page.location ?? page.url).searchParams.get('returl') ?? '';
    const body = new URLSearchParams();
    for (const [name, values] of Object.entries({ returl, ...fields })) {
      for (const value of [values ?? []].flat()) body.append(name, value);
    }
    return browser.get(`${emulator.url}${consentPath}`, { method: 'POST', body, headers });
  }

  async function decision(asked: Parameters, fields: Parameters): Promise<Visit> {
    const browser = await party.signedIn();
    return decide(browser, await browser.get(party.authorizationURL(asked)), fields);
  }

  const allow = (...scope: string[]): Parameters => ({ decision: 'allow', scope });

  describe('is asked for', () => {
    it('never by the switch "never"', async () => {
      emulator.behave({ consent: 'never' });

      expect(responseOf(await party.authorize())).to.have.property('code');
    });

    for (const consent of ['first', 'always'] as const) {
      it(`at the first login by the switch "${consent}"`, async () => {
        emulator.behave({ consent });

        const visit = await party.authorize();

        expect(visit.status).to.equal(302);
        expect(isAsked(visit)).to.equal(true);
      });
    }

    it('only of somebody who has signed in', async () => {
      const visit = await new UserAgent().get(party.authorizationURL());

      expect(visit.location).to.contain('/jaccount/jalogin?');
    });

    it('not before a bad request has been refused', async () => {
      const visit = await party.authorize({ scope: 'no-such-scope' });

      expect(responseOf(visit)).to.deep.equal({ error: 'invalid_scope', state: 'st-1' });
    });
  });

  describe('page', () => {
    async function page(changes: Parameters = {}): Promise<Visit> {
      const browser = await party.signedIn();
      return browser.get((await browser.get(party.authorizationURL(changes))).location ?? '');
    }

    it('names each scope that was asked for, no other', async () => {
      const { text } = await page({ scope: 'openid basic lessons' });

      const scopes = [...text.matchAll(/<input[^>]*name="scope"[^>]*>/g)].map(
        ([input]) => /value="([^"]*)"/.exec(input)?.[1],
      );
      expect(scopes).to.deep.equal(['openid', 'basic', 'lessons']);
    });

    it('is a form that is posted here', async () => {
      const { text } = await page();

      expect(text).to.match(/<form[^>]*method="post"[^>]*action="\/jaccount\/consent"/);
    });

    it('says who asks', async () => {
      expect((await page()).text).to.contain(emulator.client.clientID);
    });

    it('is HTML that nobody frames or stores', async () => {
      const { headers } = await page();

      expect(headers.get('content-type')).to.match(/^text\/html/);
      expect(headers.get('content-security-policy')).to.contain("frame-ancestors 'none'");
      expect(headers.get('cache-control')).to.equal('no-store');
    });

    it('keeps markup of the request text [UI-05]', async () => {
      const { text } = await page({ state: '"><script>alert(1)</script>' });

      expect(text).not.to.contain('<script>alert');
    });

    it('without a session leads back to the login', async () => {
      const asked = await party.authorize();

      const visit = await new UserAgent().get(asked.location ?? '');

      expect(visit.status).to.equal(302);
      expect(visit.location).to.equal(party.authorizationURL());
    });

    const ways = [
      ...['', '/', '//evil.example/oauth2/authorize?', 'https://evil.example/oauth2/authorize?client_id=x'],
      ...['/oauth2/logout?post_logout_redirect_uri=x', '/oauth2/authorize', '/oauth2/authorize/../logout?'],
    ];
    for (const returl of ways) {
      it(`is not shown on the way to ${returl || 'nowhere'} [LO-04]`, async () => {
        const browser = await party.signedIn();

        const visit = await browser.get(`${emulator.url}${consentPath}?${new URLSearchParams({ returl })}`);

        expect(visit.status).to.equal(400);
        expect(visit.location).to.equal(undefined);
      });
    }
  });

  describe('given', () => {
    it('returns to the client with code, state', async () => {
      const visit = await decision({}, allow('openid'));

      expect(visit.location).to.match(/^http:\/\/localhost:3000\/callback\?code=[0-9a-f]{32}&state=st-1$/);
    });

    it('returns by 303, for 307 would post the form on [CB-14]', async () => {
      expect((await decision({}, allow('openid'))).status).to.equal(303);
    });

    it('keeps the nonce of the request', async () => {
      const { code = '' } = responseOf(await decision({ nonce: 'n-1' }, allow('openid')));

      const { body } = await party.redeem(code);

      expect(partOf(body.id_token, 'claims').nonce).to.equal('n-1');
    });

    it('keeps the code challenge of the request', async () => {
      const { code = '' } = responseOf(
        await decision({ code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }, allow('openid')),
      );

      expect((await party.redeem(code)).body).to.have.property('error', 'invalid_grant');
    });
  });

  describe('given in part', () => {
    const asked = { scope: 'openid basic essential privacy' };
    async function tokensFor(...scope: string[]) {
      const { code = '' } = responseOf(await decision(asked, allow(...scope)));
      return (await party.redeem(code)).body;
    }

    it('opens what was ticked', async () => {
      const { access_token } = await tokensFor('openid', 'basic', 'essential');

      const [entity] = (await party.profile(access_token)).body.entities;

      expect(entity).to.include.keys(['account', 'userType', 'code']);
    });

    it('hides what was not', async () => {
      const { access_token } = await tokensFor('openid', 'basic');

      const [entity] = (await party.profile(access_token)).body.entities;

      expect(entity).to.include.keys(['account', 'name']);
      expect(entity).not.to.have.any.keys(['userType', 'code', 'identities', 'birthday', 'gender']);
    });

    it('brings no ID Token without "openid"', async () => {
      expect(await tokensFor('basic')).not.to.have.property('id_token');
    });

    it('does not say so in the token response', async () => {
      expect(await tokensFor('basic')).not.to.have.property('scope');
    });

    it('stays in part after a refresh (RFC 6749, 6)', async () => {
      const { refresh_token } = await tokensFor('basic');

      const { access_token, id_token } = (await party.refresh(refresh_token)).body;

      const [entity] = (await party.profile(access_token)).body.entities;
      expect(entity).not.to.have.any.keys(['userType', 'birthday']);
      expect(id_token).to.equal(undefined);
    });

    it('gives nothing that was never asked for', async () => {
      const { code = '' } = responseOf(
        await decision({ scope: 'basic' }, allow('basic', 'essential', 'openid')),
      );

      const { access_token, id_token } = (await party.redeem(code)).body;

      const [entity] = (await party.profile(access_token)).body.entities;
      expect(entity).not.to.have.property('userType');
      expect(id_token).to.equal(undefined);
    });
  });

  describe('refused', () => {
    const refusals: Record<string, Parameters> = {
      'by the button': { decision: 'deny', scope: ['openid'] },
      'with nothing ticked': { decision: 'allow' },
      'with something else ticked': { decision: 'allow', scope: ['lessons'] },
      'without a button': { scope: ['openid'] },
      'by a button of another name': { decision: 'ALLOW', scope: ['openid'] },
    };
    for (const [how, fields] of Object.entries(refusals)) {
      it(`${how} tells the client, by access_denied with the state (RFC 6749, 4.1.2.1)`, async () => {
        const visit = await decision({}, fields);

        expect(visit.location).to.match(/^http:\/\/localhost:3000\/callback\?/);
        expect(responseOf(visit)).to.deep.equal({ error: 'access_denied', state: 'st-1' });
        expect(visit.status).to.equal(303);
      });
    }

    it('is not remembered', async () => {
      const browser = await party.signedIn();
      const page = await browser.get(party.authorizationURL());

      await decide(browser, page, { decision: 'deny', scope: 'openid', remember: 'on' });

      expect(isAsked(await browser.get(party.authorizationURL()))).to.equal(true);
    });
  });

  describe('remembered', () => {
    let browser: UserAgent;
    beforeEach(async () => {
      browser = await party.signedIn();
    });

    async function remember(asked: string, ...ticked: string[]): Promise<void> {
      const page = await browser.get(party.authorizationURL({ scope: asked }));
      await decide(browser, page, { ...allow(...ticked), remember: 'on' });
    }

    it('is not asked for again', async () => {
      await remember('openid', 'openid');

      expect(responseOf(await browser.get(party.authorizationURL()))).to.have.property('code');
    });

    it('is not asked for again for less', async () => {
      await remember('openid basic', 'openid', 'basic');

      const visit = await browser.get(party.authorizationURL({ scope: 'basic' }));

      expect(responseOf(visit)).to.have.property('code');
    });

    it('is asked for again for a scope that was never asked', async () => {
      await remember('openid', 'openid');

      const visit = await browser.get(party.authorizationURL({ scope: 'openid basic' }));

      expect(isAsked(visit)).to.equal(true);
    });

    it('is kept beside what was agreed to later', async () => {
      await remember('openid', 'openid');
      await remember('basic', 'basic');

      for (const scope of ['openid', 'basic', 'openid basic']) {
        expect(responseOf(await browser.get(party.authorizationURL({ scope })))).to.have.property('code');
      }
    });

    it('is kept in part: what was not ticked stays closed', async () => {
      await remember('basic essential', 'basic');

      const { code = '' } = responseOf(
        await browser.get(party.authorizationURL({ scope: 'basic essential' })),
      );

      const { access_token } = (await party.redeem(code)).body;
      expect((await party.profile(access_token)).body.entities[0]).not.to.have.property('userType');
    });

    it('is asked for again where nothing of it was ticked', async () => {
      await remember('basic essential', 'basic');

      const visit = await browser.get(party.authorizationURL({ scope: 'essential' }));

      expect(isAsked(visit)).to.equal(true);
    });

    it('is of the account, not of the browser', async () => {
      await remember('openid', 'openid');

      const visit = await (await party.signedIn()).get(party.authorizationURL());

      expect(responseOf(visit)).to.have.property('code');
    });

    it('is of the account in whatever case it is typed', async () => {
      emulator.behave({ accountCase: 'typed' });
      await remember('openid', 'openid');

      const visit = await (await party.signedIn('ZhaoYichen')).get(party.authorizationURL());

      expect(responseOf(visit)).to.have.property('code');
    });

    it('is asked of another account', async () => {
      await remember('openid', 'openid');

      const visit = await (await party.signedIn('linmuqing')).get(party.authorizationURL());

      expect(isAsked(visit)).to.equal(true);
    });

    it('is asked for another client', async () => {
      await remember('openid', 'openid');

      const visit = await browser.get(party.authorizationURL({ client_id: library.clientID }));

      expect(isAsked(visit)).to.equal(true);
    });

    it('is asked for all the same by the switch "always"', async () => {
      await remember('openid', 'openid');
      emulator.behave({ consent: 'always' });

      expect(isAsked(await browser.get(party.authorizationURL()))).to.equal(true);
    });

    it('is asked for again where "remember" was not ticked', async () => {
      const page = await browser.get(party.authorizationURL());
      await decide(browser, page, allow('openid'));

      expect(isAsked(await browser.get(party.authorizationURL()))).to.equal(true);
    });

    it('is forgotten by reset()', async () => {
      await remember('openid', 'openid');
      emulator.reset();

      expect(isAsked(await party.authorize())).to.equal(true);
    });
  });

  describe('POST /jaccount/consent', () => {
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null']) {
      it(`from the origin ${origin} is refused [CB-11]`, async () => {
        const browser = await party.signedIn();
        const page = await browser.get(party.authorizationURL());

        const visit = await decide(browser, page, allow('openid'), { origin });

        expect(visit.status).to.equal(403);
        expect(visit.location).to.equal(undefined);
      });
    }

    it('without a session leads back to the login', async () => {
      const page = await party.authorize();

      const visit = await decide(new UserAgent(), page, allow('openid'));

      expect(visit.location).to.equal(party.authorizationURL());
      expect(visit.status).to.equal(303);
    });

    it('remembers nothing without a session', async () => {
      await decide(new UserAgent(), await party.authorize(), { ...allow('openid'), remember: 'on' });

      expect(isAsked(await party.authorize())).to.equal(true);
    });

    it('does not send a code to an address that is not registered', async () => {
      const browser = await party.signedIn();
      const forged = party.authorizationURL({ redirect_uri: 'https://evil.example/' });

      const visit = await browser.post(`${emulator.url}${consentPath}`, {
        returl: forged.slice(emulator.url.length),
        decision: 'allow',
        scope: 'openid',
      });

      expect(visit.status).to.equal(400);
      expect(visit.location).to.equal(undefined);
    });

    for (const returl of ['https://evil.example/oauth2/authorize?', '//evil.example', '/', '']) {
      it(`leads nowhere with the way back ${returl || 'left empty'} [LO-04]`, async () => {
        const browser = await party.signedIn();

        const visit = await browser.post(`${emulator.url}${consentPath}`, {
          returl,
          decision: 'allow',
          scope: 'openid',
        });

        expect(visit.status).to.equal(400);
        expect(visit.location).to.equal(undefined);
      });
    }

    it('takes one decision', async () => {
      const visit = await decision({}, { decision: ['deny', 'allow'], scope: 'openid' });

      expect(visit.status).to.equal(400);
      expect(visit.location).to.equal(undefined);
    });
  });
});
