import { expect } from 'chai';
import { AuthorizationResponseError, CallbackError, messageFor, StateError } from 'passport-jaccount';
import { type Form, type RunningExample, startExample } from '../support/example';
import { UserAgent, type Visit } from '../support/user-agent';

const forms: { title: string; form?: Form }[] = [
  { title: 'ES module' },
  { title: 'compiled to CommonJS', form: { module: 'commonjs' } },
];

for (const { title, form } of forms) {
  describe(`examples/several-providers.mjs: ${title}`, () => {
    let running: RunningExample;
    let agent: UserAgent;

    before(async () => {
      running = await startExample('several-providers.mjs', form);
    });

    beforeEach(() => {
      agent = new UserAgent();
    });

    after(() => running?.stop());

    it('signs in by password, jAccount and OpenID, side by side', async () => {
      const homes = [await byPassword(), await byJaccount('zhaoyichen'), await byOpenID('emma')];

      expect(homes.map(nameIn)).to.deep.equal(['王', '赵一辰', 'emma']);
    });

    it('says why a password was refused', async () => {
      const home = await byPassword('incorrect horse');

      expect(problemIn(home)).to.include('the password is another');
    });

    it('says that a user declined at jAccount', async () => {
      const { state } = await begin('/login/jaccount');

      const home = await agent.follow(await callback('jaccount', { error: 'access_denied', state }));

      expect(problemIn(home)).to.equal(messageFor(new AuthorizationResponseError('access_denied'), 'en'));
    });

    it('answers 503 while jAccount is unavailable, and says so in its log', async () => {
      const { state } = await begin('/login/jaccount');

      const failed = await callback('jaccount', { error: 'temporarily_unavailable', state });

      expect(failed.status).to.equal(503);
      expect(problemIn(failed)).to.include('jAccount is not available');
      await running.logged('ERR_JACCOUNT_AUTHORIZATION');
    });

    it('signs in after a login by another way was given up', async () => {
      await begin('/login/openid');
      await begin('/login/jaccount');

      expect(nameIn(await byJaccount('zhaoyichen'))).to.equal('赵一辰');
    });

    // The jAccount strategy does not know that a user signed in by password. It knows of other jAccounts: the next test.
    it('leaves signed in who finishes last, by whichever way, in another tab', async () => {
      const { location } = await begin('/login/jaccount');
      const first = await byPassword();
      const loginPage = await agent.follow(await agent.get(location));

      const last = await agent.follow(await agent.choose(loginPage, 'zhaoyichen'));

      expect(nameIn(first)).to.equal('王');
      expect(problemIn(last)).to.equal(undefined);
      expect(nameIn(last)).to.equal('赵一辰');
      await signOut(last);
      expect((await byPassword()).text).to.not.include('jaccount#');
    });

    it('leaves signed in who was faster with another jAccount in another tab', async () => {
      const slow = await callbackOf(await agent.get(`${running.url}/login/jaccount`), 'zhaoyichen');
      await signOutOfJaccount();
      const first = await byJaccount('hesuwen');

      const last = await agent.follow(await agent.get(slow));

      expect(problemIn(last)).to.equal(messageFor(new StateError('user'), 'en'));
      expect([nameIn(first), nameIn(last)]).to.deep.equal(['何素问', '何素问']);
    });

    it('knows the user by the jAccount that was added', async () => {
      await byPassword();
      const linked = await linkJaccount('linmuqing');
      await signOut(linked);

      const home = await byJaccount('linmuqing');

      expect(linked.text).to.include('<li>jaccount#linmuqing</li>');
      expect(nameIn(home)).to.equal('王');
    });

    it('does not add a jAccount that belongs to another user', async () => {
      const first = await byJaccount('zhaoyichen');
      await signOut(first);
      await byPassword();

      const refused = await linkJaccount('zhaoyichen');

      expect(refused.status).to.equal(409);
      expect((await home()).text).to.not.include('jaccount#zhaoyichen');
    });

    it('adds a jAccount to nobody but the user who began that [CB-11]', async () => {
      await byPassword();
      const sentBack = await linkCallback('zhaoyichen');
      await byOpenID('emma');

      const refused = await agent.follow(await agent.get(sentBack));

      expect(problemIn(refused)).to.equal(messageFor(new StateError('user'), 'en'));
      expect(nameIn(refused)).to.equal('emma');
      expect(refused.text).to.not.include('jaccount#');
    });

    it('adds a jAccount to nobody once the user has signed out [CB-11]', async () => {
      await byPassword();
      const sentBack = await linkCallback('zhaoyichen');
      await signOut(await home());

      const refused = await agent.get(sentBack);

      expect(refused.status).to.equal(401);
      expect(nameIn(await home())).to.equal(undefined);
    });

    it('adds a jAccount once for one callback', async () => {
      await byPassword();
      const sentBack = await linkCallback('robot.club');
      await agent.get(sentBack);

      const again = await agent.follow(await agent.get(sentBack));

      expect(problemIn(again)).to.equal(messageFor(new StateError('used'), 'en'));
    });

    it('begins to add a jAccount by its own form only [CB-13]', async () => {
      await byPassword();

      const statuses = [
        (await agent.post(`${running.url}/link/jaccount`, {})).status,
        (await agent.post(`${running.url}/link/jaccount`, { csrf: 'of another session' })).status,
        (await agent.get(`${running.url}/link/jaccount`)).status,
      ];

      expect(statuses).to.deep.equal([403, 403, 404]);
    });

    it('begins to add a jAccount for nobody who is not signed in', async () => {
      const { status } = await submit(await home(), '/link/jaccount');

      expect(status).to.equal(401);
    });

    it('does not end at one route what began at another [CB-10, CQ-22]', async () => {
      await byPassword();
      const login = await callbackOf(await agent.get(`${running.url}/login/jaccount`), 'zhaoyichen');
      const link = await callbackOf(await submit(await home(), '/link/jaccount'), 'zhaoyichen');

      const swapped = [
        await agent.follow(await agent.get(login.replace('/callback/jaccount', '/callback/jaccount-link'))),
        await agent.follow(await agent.get(link.replace('/callback/jaccount-link', '/callback/jaccount'))),
      ];

      for (const end of swapped) expect(problemIn(end)).to.equal(messageFor(new StateError('foreign'), 'en'));
      expect(nameIn(await home())).to.equal('王');
      expect((await home()).text).to.not.include('jaccount#zhaoyichen');
    });

    it('does not take the callback of one provider for that of another [CQ-22]', async () => {
      const ofJaccount = new URL(
        await callbackOf(await agent.get(`${running.url}/login/jaccount`), 'zhaoyichen'),
      );
      const ofOpenID = new URL(await openIDCallback('emma'));

      const swapped = [
        await agent.follow(await agent.get(`${running.url}/callback/openid${ofJaccount.search}`)),
        await agent.follow(await agent.get(`${running.url}/callback/jaccount${ofOpenID.search}`)),
      ];

      for (const end of swapped) expect(nameIn(end)).to.equal(undefined);
      expect(problemIn(swapped[1] as Visit)).to.equal(
        messageFor(new CallbackError('unexpected callback "iss" parameter'), 'en'),
      );
    });

    for (const [way, signIn] of [
      ['jaccount', () => byJaccount('zhaoyichen')],
      ['openid', () => byOpenID('emma')],
    ] as const) {
      it(`signs out of ${way} too [LO-01]`, async () => {
        await signOut(await signIn());

        const next = await agent.follow(await agent.get(`${running.url}/login/${way}`));

        expect(nameIn(await home())).to.equal(undefined);
        expect(next.url).to.match(/\/jaccount\/jalogin|\/interaction\//);
      });
    }

    it('signs out of jAccount too after one was added', async () => {
      await byPassword();
      await signOut(await linkJaccount('emma-wales'));

      const next = await agent.follow(await agent.get(`${running.url}/login/jaccount`));

      expect(next.url).to.include('/jaccount/jalogin');
    });

    const home = () => agent.get(running.url);

    async function begin(path: string): Promise<{ location: string; state: string }> {
      const { location = '' } = await agent.get(running.url + path);
      return { location, state: new URL(location).searchParams.get('state') ?? '' };
    }

    function callback(name: string, query: Record<string, string>): Promise<Visit> {
      return agent.get(`${running.url}/callback/${name}?${new URLSearchParams(query)}`);
    }

    async function byPassword(password = 'correct horse'): Promise<Visit> {
      return agent.follow(await submit(await home(), '/login/local', { username: 'wang', password }));
    }

    async function byJaccount(account: string): Promise<Visit> {
      const sentBack = await callbackOf(await agent.get(`${running.url}/login/jaccount`), account);
      return agent.follow(await agent.get(sentBack));
    }

    async function linkJaccount(account: string): Promise<Visit> {
      return agent.follow(await agent.get(await linkCallback(account)));
    }

    async function linkCallback(account: string): Promise<string> {
      return callbackOf(await submit(await home(), '/link/jaccount'), account);
    }

    /** The address that jAccount sends the browser back to. */
    async function callbackOf(begun: Visit, account: string): Promise<string> {
      const page = await agent.follow(begun, running.url);
      const { location = '' } = page.location
        ? page
        : await agent.follow(await agent.choose(page, account), running.url);
      return location;
    }

    async function byOpenID(login: string): Promise<Visit> {
      return agent.follow(await agent.get(await openIDCallback(login)));
    }

    async function openIDCallback(login: string): Promise<string> {
      const loginPage = await agent.follow(await agent.get(`${running.url}/login/openid`));
      const consent = await agent.follow(
        await agent.post(loginPage.url, { prompt: 'login', login, password: 'x' }),
      );
      const { location = '' } = await agent.follow(
        await agent.post(consent.url, { prompt: 'consent' }),
        running.url,
      );
      return location;
    }

    /** The OpenID provider asks whether the user means it. */
    async function signOut(page: Visit): Promise<void> {
      const end = await agent.follow(await submit(page, '/logout'));
      const [, action] = /action="([^"]+\/session\/end\/confirm)"/.exec(end.text) ?? [];
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(end.text) ?? [];
      if (action) await agent.follow(await agent.post(action, { xsrf, logout: 'yes' }));
    }

    /** The browser forgets its session there: the next login may be another person's. */
    async function signOutOfJaccount(): Promise<void> {
      const { location } = await begin('/login/jaccount');
      await agent.jar.store.removeCookies(new URL(location).hostname, null);
    }

    function submit({ text }: Visit, action: string, fields: Record<string, string> = {}): Promise<Visit> {
      const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(text) ?? [];
      return agent.post(running.url + action, { csrf, ...fields });
    }
  });
}

function nameIn({ text }: Visit): string | undefined {
  return /<h1>(.*)<\/h1>/.exec(text)?.[1];
}

function problemIn({ text }: Visit): string | undefined {
  return /<p role="alert">(.*?)<\/p>/.exec(text)?.[1]?.replaceAll('&#34;', '"');
}
