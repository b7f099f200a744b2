import { expect } from 'chai';
import express from 'express';
import express4 from 'express4';
import { CallbackError, JaccountStrategy } from 'passport-jaccount';
import { parseAuthorizationResponse } from '../../dist/login/authorization-response.js';
import { type Application, startApplication } from '../support/application';
import { type Provider, startProvider } from '../support/provider';
import { UserAgent, type Visit } from '../support/user-agent';

// Section B.1 of the security catalogue. `S` stands for a state that is good, in a browser that has a second login
// pending: after every refusal that one must still finish.
const refused: [id: string, query: string, status: number, code: string][] = [
  ['CQ-01, CB-08', 'code=A&code=B&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-02', 'code=A&state=S&state=evil', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-02', 'code=A&state=evil&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-03', 'code[x]=1', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-03', 'code[]=A&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-03', 'code[0]=A&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-03', 'code=A&state[$ne]=', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-04', '__proto__[code]=A&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-04', 'constructor[prototype][code]=A&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-05', 'code=&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-05', 'code&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-06', 'state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CB-06', 'state=', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CB-06', 'error=', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CB-06', 'iss=', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-07', 'code=A', 403, 'ERR_JACCOUNT_STATE'],
  ['CB-02', 'code=A&state=evil', 403, 'ERR_JACCOUNT_STATE'],
  ['CQ-08', 'code=A&error=access_denied&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-09', 'error=access_denied', 403, 'ERR_JACCOUNT_STATE'],
  ['CQ-09, CB-05', 'error=access_denied&state=evil', 403, 'ERR_JACCOUNT_STATE'],
  ['CQ-13', 'code=A&state=S&iss=https://evil.example/', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-13', 'code=A&state=S&iss=', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-13', 'code=A&state=S&iss=I&iss=I', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-15', `code=${'A'.repeat(2049)}&state=S`, 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-16', 'code=A%0D%0A&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-16', 'code=A%00&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-16', 'code=%F0%9F%98%80&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-17', 'id_token=a.b.c&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CQ-17', 'code=A&access_token=t&state=S', 400, 'ERR_JACCOUNT_CALLBACK'],
  ['CB-01', 'id_token=a.b.c', 400, 'ERR_JACCOUNT_CALLBACK'],
];

for (const [name, framework] of [
  ['Express 4', express4],
  ['Express 5', express],
] as const) {
  describe(`GET /callback (${name})`, () => {
    let provider: Provider;
    let application: Application;
    let agent: UserAgent;
    let pending: Visit;
    let state: string;

    before(async () => {
      provider = await startProvider();
      application = await startApplication({
        express: framework,
        strategy: (callbackURL) =>
          new JaccountStrategy(
            { ...provider.client, ...provider.endpoints, callbackURL },
            async ({ profile }) => profile,
          ),
      });
    });
    beforeEach(async () => {
      agent = new UserAgent();
      const begin = async () =>
        agent.follow(await agent.get(`${application.url}/login?returnTo=/wanted`), application.url);
      const first = await begin();
      pending = await begin();
      state = new URL(first.location as string).searchParams.get('state') as string;
      provider.requests.length = 0;
    });
    after(async () => {
      await application.stop();
      await provider.stop();
    });

    const callback = (query: string, init?: RequestInit) => {
      const values: Record<string, string> = { S: state, I: provider.endpoints.issuer };
      const filled = query.replace(/(?<==)[SI](?=&|$)/g, (placeholder) => values[placeholder] as string);
      return agent.get(`${application.callbackURL}?${filled}`, init);
    };

    for (const [id, query, status, code] of refused) {
      it(`refuses ?${query.slice(0, 60)} [${id}]`, async () => {
        const end = await callback(query);

        expect(end.status).to.equal(status);
        expect(end.json().challenge.code).to.equal(code);
        expect(provider.requests).to.deep.equal([]);
        expect((await agent.follow(pending)).json().exit).to.equal('success');
      });
    }

    const errors: [id: string, query: string, status: number, error: string][] = [
      ['CQ-10', 'error=access_denied', 401, 'access_denied'],
      ['CQ-11', 'error=server_error', 502, 'server_error'],
      ['CQ-11', 'error=temporarily_unavailable', 503, 'temporarily_unavailable'],
      ['CQ-11', 'error=invalid_scope', 502, 'invalid_scope'],
      ['CQ-11', 'error=login_required', 502, 'login_required'],
      ['CQ-11', 'error=never_heard_of', 502, 'server_error'],
      ['CQ-11', `error=${'x'.repeat(10_000)}`, 502, 'server_error'],
      ['CQ-11', 'error=<script>alert(1)</script>', 502, 'server_error'],
      ['CQ-11', 'error=a%0D%0Ab', 502, 'server_error'],
      ['CQ-11', 'error=%E9%94%99', 502, 'server_error'],
      [
        'CQ-12',
        'error=server_error&error_description[]=a&error_uri=javascript:alert(1)',
        502,
        'server_error',
      ],
    ];
    for (const [id, query, status, error] of errors) {
      it(`believes ?${query.slice(0, 40)} of its own state [${id}]`, async () => {
        const end = await callback(`${query}&state=S`);

        expect(end.status).to.equal(status);
        expect(end.text).to.include(status === 401 ? `"error":"${error}"` : 'ERR_JACCOUNT_AUTHORIZATION');
        expect(end.text).not.to.match(/<script>|javascript:/);
        expect(end.text).to.include('"returnTo":"/wanted"');
      });

      it(`ends the login with ?${query.slice(0, 40)} [${id}]`, async () => {
        await callback(`${query}&state=S`);

        expect((await callback(`${query}&state=S`)).json().challenge).to.include({ reason: 'used' });
      });
    }

    it('accepts the issuer’s own iss [CQ-14]', async () => {
      const end = await agent.get(`${pending.location}&iss=${encodeURIComponent(provider.endpoints.issuer)}`);

      expect(end.json().exit).to.equal('success');
    });

    it('sends a code of 2048 characters on as it is [CQ-15]', async () => {
      const code = `&"=%+ ${'A'.repeat(2042)}`;

      await callback(`code=${encodeURIComponent(code)}&state=S`);

      expect(provider.tokenRequests.at(-1)?.form.get('code')).to.equal(code);
    });

    it('sends no half of a character on [CQ-16]', async () => {
      const end = await callback('code=%ED%A0%80&state=S');

      // Express 5 decodes it to a replacement character, Express 4 leaves the text as it is.
      expect([400, 401]).to.include(end.status);
      expect(provider.tokenRequests.at(-1)?.form.get('code') ?? '').to.match(/^[\x20-\x7e]*$/);
    });

    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'POST', 'DELETE']) {
      it(`answers ${method} with 405 [CQ-23]`, async () => {
        const end = await agent.get(pending.location as string, { method });

        expect(end.status).to.equal(405);
        expect((await agent.follow(pending)).json().exit).to.equal('success');
      });
    }

    it('takes no redirect URI from the request [CQ-24, CB-09]', async () => {
      const headers = {
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'http',
        Host: 'evil.example',
      };
      const { location } = await agent.get(`${application.url}/login`, { headers });

      expect(new URL(location as string).searchParams.get('redirect_uri')).to.equal(application.callbackURL);
    });

    for (const query of ['%', '%E0%A4%A', '%zz=1&code=A&state=%E0%A4%A']) {
      it(`survives the malformed escape ?${query} [CQ-25]`, async () => {
        expect((await agent.get(`${application.callbackURL}?${query}`)).status).to.be.within(300, 403);
      });
    }

    it('survives five thousand parameters [CQ-25]', async () => {
      const many = Array.from({ length: 1200 }, (_, number) => `p${number}=`).join('&');

      expect((await agent.get(`${application.callbackURL}?code=A&state=evil&${many}`)).status).to.equal(403);
    });
  });
}

// Section B.1: what a request has for a query differs from framework to framework.
describe('parseAuthorizationResponse()', () => {
  const issuer = 'https://jaccount.sjtu.edu.cn/oauth2/';
  const parse = (req: object) => parseAuthorizationResponse(req as express.Request, issuer);
  const nullPrototype = Object.assign(Object.create(null), { code: 'A', state: 'S' });

  const forms: [string, object][] = [
    ['an object', { query: { code: 'A', state: 'S' } }],
    ['an object without prototype', { query: nullPrototype }],
    ['URLSearchParams', { query: new URLSearchParams({ code: 'A', state: 'S' }) }],
    ['the URL alone', { url: '/callback?code=A&state=S' }],
    ['a URL that is none', { url: '//?code=A&state=S' }],
  ];
  for (const [form, req] of forms) {
    it(`reads ${form}`, () => {
      expect(parse(req)).to.include({ code: 'A', state: 'S' });
    });
  }

  const repeated: [string, object][] = [
    ['URLSearchParams', { query: new URLSearchParams('code=A&code=B&state=S') }],
    ['the URL alone', { url: '/callback?code=A&code=B&state=S' }],
  ];
  for (const [form, req] of repeated) {
    it(`refuses a parameter that is repeated in ${form} [CB-08]`, () => {
      expect(() => parse(req)).to.throw(CallbackError);
    });
  }

  const none: [string, object][] = [
    ['an empty object', { query: {} }],
    ['what the prototype has', { query: Object.create({ code: 'A', state: 'S' }) }],
    ['an array of anything', { query: ['code', 5] }],
    ['no query and no URL', {}],
    ['a URL without query', { url: '//' }],
  ];
  for (const [form, req] of none) {
    it(`finds no response in ${form}`, () => {
      expect(parse(req)).to.equal(undefined);
    });
  }
});

describe('a callback in a form', () => {
  let provider: Provider;
  let application: Application;

  before(async () => {
    provider = await startProvider();
    application = await startApplication({
      before: [express.urlencoded()],
      strategy: (callbackURL) =>
        new JaccountStrategy(
          { ...provider.client, ...provider.endpoints, callbackURL },
          async ({ profile }) => profile,
        ),
    });
  });
  after(async () => {
    await application.stop();
    await provider.stop();
  });

  it('is refused [CQ-18]', async () => {
    const end = await new UserAgent().post(application.callbackURL, { code: 'A', state: 'S' });

    expect(end.json().challenge.code).to.equal('ERR_JACCOUNT_CALLBACK');
  });

  it('is not what a field called code makes of a login form [CQ-18]', async () => {
    const end = await new UserAgent().post(application.callbackURL, { code: '200240', name: 'a form' });

    expect(end.location).to.match(/\/oauth2\/authorize\?/);
  });
});
