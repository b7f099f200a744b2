import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { UserAgent } from '../support/user-agent';

const callback = 'http://localhost:3000/callback';

interface Tokens {
  access_token: string;
  refresh_token: string;
  id_token?: string;
}

interface Reply {
  status: number;
  headers: Headers;
  body: { errno: number; error: string; total: number; entities?: Record<string, unknown>[] };
}

describe('GET /v1/me/profile', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  async function tokensFor(account: string, scope: string): Promise<Tokens> {
    const { clientID, clientSecret } = emulator.client;
    const browser = new UserAgent();
    await browser.post(`${emulator.url}/jaccount/ulogin`, { account, returl: '/' });
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientID,
      redirect_uri: callback,
      scope,
    });
    const visit = await browser.get(`${emulator.endpoints.authorizationURL}?${query}`);
    const form = {
      grant_type: 'authorization_code',
      code: new URL(visit.location ?? '').searchParams.get('code') ?? '',
      redirect_uri: callback,
      client_id: clientID,
      client_secret: clientSecret,
    };
    return (await new UserAgent().post(emulator.endpoints.tokenURL, form)).json();
  }

  async function get(headers: Record<string, string> = {}, query = ''): Promise<Reply> {
    const response = await fetch(`${emulator.endpoints.apiURL}/me/profile${query}`, { headers });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Reply['body'],
    };
  }

  function bearer(token: string): Record<string, string> {
    return { authorization: `Bearer ${token}` };
  }

  async function entityOf(account: string, scope: string): Promise<Record<string, unknown>> {
    const { body } = await get(bearer((await tokensFor(account, scope)).access_token));
    return body.entities?.[0] ?? {};
  }

  function expectUnauthenticated({ status, body }: Reply): void {
    expect(status).to.equal(403);
    expect(body).to.deep.equal({ errno: 10002, error: 'Authentication Failed.', total: 0 });
  }

  describe('access token', () => {
    it('is taken from the header', async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');

      expect((await get(bearer(access_token))).status).to.equal(200);
    });

    it('is taken from the query', async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');

      const { status, body } = await get({}, `?access_token=${access_token}`);

      expect(status).to.equal(200);
      expect(body.entities?.[0]).to.include({ account: 'zhaoyichen' });
    });

    for (const scheme of ['bearer', 'BEARER']) {
      it(`is taken with the scheme written ${scheme} (RFC 9110, 11.1)`, async () => {
        const { access_token } = await tokensFor('zhaoyichen', 'basic');

        expect((await get({ authorization: `${scheme} ${access_token}` })).status).to.equal(200);
      });
    }

    it('is refused where there is none', async () => {
      expectUnauthenticated(await get());
    });

    const strange: Record<string, (tokens: Tokens) => [Record<string, string>, string?]> = {
      'an unknown token': () => [bearer('0'.repeat(32))],
      'an unknown token in the query': () => [{}, `?access_token=${'0'.repeat(32)}`],
      'an empty token in the query': () => [{}, '?access_token='],
      'a name of Object.prototype': () => [bearer('__proto__')],
      'the refresh token': ({ refresh_token }) => [bearer(refresh_token)],
      'the ID Token': ({ id_token = '' }) => [bearer(id_token)],
      'the token in capitals': ({ access_token }) => [bearer(access_token.toUpperCase())],
      'the token with a character less': ({ access_token }) => [bearer(access_token.slice(1))],
      'the token without a scheme': ({ access_token }) => [{ authorization: access_token }],
      'the token under another scheme': ({ access_token }) => [{ authorization: `Basic ${access_token}` }],
      'two tokens in one header': ({ access_token }) => [bearer(`${access_token} ${access_token}`)],
      'the scheme alone': () => [{ authorization: 'Bearer' }],
      'a parameter in another case': ({ access_token }) => [{}, `?Access_Token=${access_token}`],
    };
    for (const [what, credentials] of Object.entries(strange)) {
      it(`is not ${what}`, async () => {
        const tokens = await tokensFor('zhaoyichen', 'openid basic');

        expectUnauthenticated(await get(...credentials(tokens)));
      });
    }

    it('twice in the query is refused in the envelope', async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');

      const { status, body } = await get({}, `?access_token=${access_token}&access_token=${access_token}`);

      expect(status).to.be.within(400, 403);
      expect(body).to.have.property('errno').that.is.a('number').not.equal(0);
    });

    // Not 1799: the clock may step to the next second in between.
    it('is good for half an hour', async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');
      emulator.advance(1798);

      expect((await get(bearer(access_token))).status).to.equal(200);
    });

    it('is refused after half an hour', async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');
      emulator.advance(1800);

      const { status, body } = await get(bearer(access_token));

      expect(status).to.equal(403);
      expect(body).not.to.have.property('entities');
    });

    it('that has expired is told apart from an unknown one, by errno 10007', async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');
      emulator.advance(1800);

      expect((await get(bearer(access_token))).body.errno).to.equal(10007);
    });
  });

  describe('envelope', () => {
    it('has errno 0, one entity, a total of 0 all the same', async () => {
      const { body } = await get(bearer((await tokensFor('zhaoyichen', 'basic')).access_token));

      expect(body).to.include({ errno: 0, error: 'success', total: 0 });
      expect(body.entities).to.have.length(1);
    });

    it('has no members beside those four', async () => {
      const { body } = await get(bearer((await tokensFor('zhaoyichen', 'basic')).access_token));

      expect(body).to.have.all.keys(['errno', 'error', 'total', 'entities']);
    });

    for (const authorized of [true, false]) {
      it(`${authorized ? 'of a profile' : 'of an error'} is JSON that nobody stores`, async () => {
        const { access_token } = await tokensFor('zhaoyichen', 'basic');

        const { headers } = await get(authorized ? bearer(access_token) : {});

        expect(headers.get('content-type')).to.match(/^application\/json/);
        expect(headers.get('cache-control')).to.equal('no-store');
      });
    }
  });

  describe('entity', () => {
    const basic = ['id', 'account', 'name', 'kind', 'timeZone'];
    const essential = ['code', 'userType', 'organize', 'topOrganize', 'identities', 'unionId', 'classNo'];
    const contact = ['classNo', 'gender', 'email', 'mobile', 'accountExpireDate'];
    const privacy = ['avatars', 'birthday'];

    const students: [scope: string, members: string[]][] = [
      ['basic', basic],
      ['openid', basic],
      ['lessons classes', basic],
      ['essential', [...basic, ...essential]],
      ['profile', [...basic, ...contact]],
      ['privacy', [...basic, ...privacy]],
      ['basic essential', [...basic, ...essential]],
      ['3', [...basic, ...essential]],
      ['263', [...basic, ...essential, ...contact, ...privacy]],
      ['basic essential profile privacy', [...basic, ...essential, ...contact, ...privacy]],
    ];
    for (const [scope, members] of students) {
      it(`of a student under "${scope}" has the members of that scope`, async () => {
        expect(await entityOf('zhaoyichen', scope)).to.have.all.keys([...new Set(members)]);
      });
    }

    it('of a student is the person who signed in', async () => {
      const entity = await entityOf('zhaoyichen', 'essential');

      expect(entity).to.include({
        account: 'zhaoyichen',
        name: '赵一辰',
        kind: 'canvas.profile',
        timeZone: 0,
        code: '523030910417',
        userType: 'student',
      });
    });

    it('of another login is another person', async () => {
      const first = await entityOf('zhaoyichen', 'basic');
      const second = await entityOf('linmuqing', 'basic');

      expect([first.account, second.account]).to.deep.equal(['zhaoyichen', 'linmuqing']);
      expect(second.id).not.to.equal(first.id);
    });

    it('of a student with a past has three identities, one by default', async () => {
      const { identities, code } = await entityOf('zhaoyichen', 'essential');

      const all = identities as { isDefault: boolean; code: string; userType: string; status?: string }[];
      expect(all.map(({ userType, status }) => [userType, status])).to.deep.equal([
        ['alumni', undefined],
        ['student', '正常'],
        ['student', '离校'],
      ]);
      expect(all.filter(({ isDefault }) => isDefault).map((identity) => identity.code)).to.deep.equal([code]);
    });

    it('of an alumnus has an identity without status, expireDate', async () => {
      const { identities } = await entityOf('xuguilai', 'essential');

      expect((identities as object[])[0]).to.have.all.keys([
        ...['code', 'kind', 'organize', 'userType', 'isDefault'],
        ...['createDate', 'updateDate', 'userTypeName', 'defaultOptional'],
      ]);
    });

    // The key sets that were seen of team accounts: no id, no identities.
    const teams: [scope: string, members: string[]][] = [
      ['openid', ['account', 'name', 'kind', 'timeZone']],
      ['basic', ['account', 'name', 'kind', 'timeZone']],
      ['essential', ['account', 'name', 'kind', 'timeZone', 'code', 'userType', 'organize', 'topOrganize']],
    ];
    for (const [scope, members] of teams) {
      it(`of a team under "${scope}" has no id`, async () => {
        expect(await entityOf('robot.club', scope)).to.have.all.keys(members);
      });
    }

    it('of an outside user has empty organizations', async () => {
      const { organize, topOrganize } = await entityOf('hezuozhe', 'essential');

      expect({ organize, topOrganize }).to.deep.equal({ organize: {}, topOrganize: {} });
    });

    it('of an outside user has an empty list of identities', async () => {
      expect((await entityOf('hezuozhe', 'essential')).identities).to.deep.equal([]);
    });

    it('has a birthday of strings', async () => {
      const { birthday } = await entityOf('zhaoyichen', 'privacy');

      expect(birthday).to.have.all.keys(['birthYear', 'birthMonth', 'birthDay']);
      expect(Object.values(birthday as object).every((value) => typeof value === 'string')).to.equal(true);
    });
  });

  for (const method of ['POST', 'DELETE']) {
    it(`does not answer ${method}`, async () => {
      const { access_token } = await tokensFor('zhaoyichen', 'basic');

      const response = await fetch(`${emulator.endpoints.apiURL}/me/profile`, {
        method,
        headers: bearer(access_token),
      });

      expect(response.status).to.be.within(404, 405);
    });
  }
});
