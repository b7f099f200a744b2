import { expect } from 'chai';
import { messageFor, StateError } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type ApiIssuer, startApiIssuer } from '../support/api-issuer';
import { type HandlerApplication, handlerApplications } from '../support/handler-applications';
import { UserAgent, type Visit } from '../support/user-agent';

for (const { name, isNest, isInCookie, start } of handlerApplications) {
  describe(`the handlers in ${name}`, () => {
    let emulator: Emulator;
    let issuer: ApiIssuer;
    let app: HandlerApplication;
    let agent: UserAgent;

    before(async () => {
      [emulator, issuer] = await Promise.all([startEmulator(), startApiIssuer()]);
      app = await start({ emulator, issuer });
    });
    beforeEach(() => {
      agent = new UserAgent();
      app.shelf.kept.clear();
    });
    after(() => Promise.all([app, emulator, issuer].map((one) => one.stop())));

    const visit = (path: string, init?: RequestInit) => agent.get(`${app.url}${path}`, init);
    const signOut = (headers?: Record<string, string>) => agent.post(`${app.url}/logout`, {}, headers);
    const account = async () => (await visit('/me')).json().user?.account;
    const call = (claims: Record<string, unknown>) =>
      visit('/messages', { headers: { authorization: `Bearer ${issuer.token(claims)}` } });
    const challengeOf = ({ headers }: Visit) => headers.get('www-authenticate');

    async function signIn(): Promise<void> {
      const loginPage = await agent.follow(await visit('/login'));
      await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));
      expect(await account()).to.equal('zhaoyichen');
    }

    it('refuse a request without a user', async () => {
      const answer = await visit('/students');

      expect([answer.status, challengeOf(answer)]).to.deep.equal([401, 'Bearer realm="api"']);
    });

    it('let a user of the right user type in', async () => {
      await signIn();

      const answer = await visit('/students');

      expect([answer.status, answer.json()]).to.deep.equal([200, { in: true }]);
    });

    it('refuse a user of another user type', async () => {
      await signIn();

      const answer = await visit('/staff');

      expect([answer.status, challengeOf(answer)]).to.deep.equal([403, null]);
      if (isNest)
        expect(answer.json().message).to.equal('the user is of none of the required user types: "staff"');
      else
        expect(answer.json()).to.have.all.keys('code', 'description').and.include({ code: 'Unauthorized' });
    });

    it('let a token of the right scope in', async () => {
      const answer = await call({ scope: 'read:messages' });

      expect([answer.status, answer.json()]).to.deep.equal([200, { user: { id: 'user-17' } }]);
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      expect(answer.headers.get('vary')).to.match(/\bAuthorization$/);
    });

    const refusals: [
      what: string,
      headers: () => Record<string, string>,
      status: number,
      code: string,
      error: RegExp,
    ][] = [
      ['no token', () => ({}), 401, 'authorization_header_missing', /^Bearer realm="api"$/],
      [
        'a malformed header',
        () => ({ authorization: 'Bearer a b' }),
        400,
        'invalid_header',
        /"invalid_request"/,
      ],
      [
        'a token that expired',
        () => ({ authorization: `Bearer ${issuer.token({ exp: 1 })}` }),
        ...([401, 'token_expired', /"invalid_token"/] as const),
      ],
      [
        'a token of another scope',
        () => ({ authorization: `Bearer ${issuer.token({ scope: 'x' })}` }),
        ...([403, 'Unauthorized', /"insufficient_scope".*scope="read:messages"$/] as const),
      ],
    ];
    for (const [what, headers, status, code, error] of refusals) {
      it(`refuse ${what} with ${status} and a challenge [RS-03]`, async () => {
        const answer = await visit('/messages', { headers: headers() });

        expect(answer.status).to.equal(status);
        expect(challengeOf(answer)).to.match(error);
        expect(answer.headers.get('cache-control')).to.equal('no-store');
        if (isNest) expect(answer.json()).to.include({ statusCode: status });
        else expect(answer.json()).to.have.all.keys('code', 'description').and.include({ code });
      });
    }

    if (isNest) {
      it("refuse a login that this browser did not begin, with the strategy's status [CQ-21]", async () => {
        const answer = await visit('/callback?code=A&state=unknown');

        expect(answer.status).to.equal(403);
        expect(answer.json()).to.include({ statusCode: 403 });
        expect(answer.json().message).to.equal(messageFor(new StateError('no-transaction'), 'zh'));
      });
    }

    it('sign out here and at jAccount [LO-01]', async () => {
      await signIn();
      const cookie = await agent.jar.getCookieString(app.url);

      const answer = await signOut();
      const left = await agent.jar.getCookieString(app.url);
      await agent.follow(answer);

      expect(answer.status).to.equal(303);
      expect(answer.location).to.match(new RegExp(`^${emulator.endpoints.logoutURL}\\?`));
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      expect(cookie).to.match(/^|; (?!jaccount-)/);
      expect(left).to.match(/^(?:jaccount-[\w-]{16}=[^;]+)?$/);
      expect(await account()).to.equal(undefined);
      expect((await agent.follow(await visit('/login'))).url).to.include('/jaccount/jalogin');
    });

    it('sign out by POST only [LO-01]', async () => {
      await signIn();

      const { status, headers } = await visit('/logout');

      expect([status, headers.get('allow')]).to.deep.equal([405, 'POST']);
      expect(await account()).to.equal('zhaoyichen');
    });

    it('refuse a form of another site [LO-01]', async () => {
      await signIn();

      const { status } = await signOut({ 'sec-fetch-site': 'cross-site' });

      expect(status).to.equal(403);
      expect(await account()).to.equal('zhaoyichen');
    });

    it('sign out a browser that is not signed in, and serve on', async () => {
      const answer = await signOut();

      expect(answer.status).to.equal(303);
      expect(await account()).to.equal(undefined);
    });

    if (isInCookie) return;

    it('leave no session in the store', async () => {
      await signIn();
      const cookie = await agent.jar.getCookieString(app.url);

      await signOut();

      const replay = await fetch(`${app.url}/me`, { headers: { cookie } });
      expect(await replay.json()).to.deep.equal({ user: null });
      expect([...app.shelf.kept.values()].join()).not.to.include('zhaoyichen');
    });

    it('redirect nowhere if the store fails [LO-01]', async () => {
      await signIn();
      app.shelf.isBroken = true;

      const { status, location } = await signOut();
      app.shelf.isBroken = false;

      expect([status, location]).to.deep.equal([500, undefined]);
    });
  });
}
