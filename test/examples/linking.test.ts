import { expect } from 'chai';
import type { Behaviour } from 'passport-jaccount/emulator';
import { type RunningExample, startExample } from '../support/example';
import { UserAgent, type Visit } from '../support/user-agent';

describe('examples/linking.mjs', () => {
  let running: RunningExample;
  let browser: Browser;

  const otherBrowser = () => new Browser(() => running.url);

  beforeEach(() => {
    browser = otherBrowser();
  });

  // Users stay in the memory of a process. Where tests change the same ones, each test has a process.
  function runs(often: 'once' | 'for each test') {
    const [begin, end] = often === 'once' ? [before, after] : [beforeEach, afterEach];
    begin(async () => {
      running = await startExample('linking.mjs');
    });
    end(() => running?.stop());
  }

  describe('signing in', () => {
    runs('once');

    it('takes two accounts of one person for two users', async () => {
      const student = await browser.signIn('gulan');
      const staff = await otherBrowser().signIn('gu.lan');

      expect([nameIn(student), nameIn(staff)]).to.deep.equal(['顾岚', '顾岚']);
      expect(userIn(staff)).to.not.equal(userIn(student));
    });

    it('takes two spellings of an account for one user', async () => {
      await browser.behave({ accountCase: 'typed' });
      const first = await browser.signIn('LiuMingXuan');

      const second = await otherBrowser().signIn('liumingxuan');

      expect(userIn(second)).to.equal(userIn(first));
      expect(accountsIn(second)).to.deep.equal(['jaccount liumingxuan student 524030910233']);
    });

    it('finds no user by an e-mail address that the user typed', async () => {
      const linmuqing = await browser.signIn('linmuqing');

      const wang = await otherBrowser().signInAsWang();

      expect(accountsIn(linmuqing)).to.deep.equal(['jaccount linmuqing faculty 10327']);
      expect(accountsIn(wang)).to.deep.equal(['local wang']);
      expect(userIn(wang)).to.not.equal(userIn(linmuqing));
    });

    it('keeps the user when type and number change', async () => {
      const logins = [
        await browser.signIn('bianhuan'),
        await otherBrowser().signIn('bianhuan'),
        await otherBrowser().signIn('bianhuan'),
      ];

      expect(new Set(logins.map(userIn)).size).to.equal(1);
      expect(logins.map(accountsIn)).to.deep.equal([
        ['jaccount bianhuan student 522030910077'],
        ['jaccount bianhuan alumni AA518030910077'],
        ['jaccount bianhuan faculty 11206'],
      ]);
    });

    it('refuses a wrong password', async () => {
      const home = await browser.signInAsWang('incorrect horse');

      expect(problemIn(home)).to.equal('wrong name or password');
      expect(nameIn(home)).to.equal(undefined);
    });
  });

  describe('GET /staff', () => {
    runs('once');

    for (const { who, account, status } of [
      { who: 'a member of staff', account: 'linmuqing', status: 200 },
      { who: 'a student who is staff too', account: 'bianhuan', status: 200 },
      { who: 'a student', account: 'gulan', status: 403 },
      { who: 'an alumnus', account: 'xuguilai', status: 403 },
      { who: 'a member of staff who has left', account: 'yuanli', status: 403 },
      { who: 'a team', account: 'robot.club', status: 403 },
    ]) {
      it(`answers ${status} to ${who}`, async () => {
        await browser.signIn(account);

        expect((await browser.visit('/staff')).status).to.equal(status);
      });
    }

    it('answers 403 to a user without a jAccount', async () => {
      await browser.signInAsWang();

      expect((await browser.visit('/staff')).status).to.equal(403);
    });

    it('answers 401 to a browser that is not signed in', async () => {
      expect((await browser.visit('/staff')).status).to.equal(401);
    });

    it('answers 403 to a member of staff who has left and keeps the identities back', async () => {
      await browser.behave({ consent: 'always' });

      const home = await browser.signIn('yuanli', ['openid']);

      expect(accountsIn(home)).to.deep.equal(['jaccount yuanli faculty 10333']);
      expect((await browser.visit('/staff')).status).to.equal(403);
    });

    it('follows the identities of the last login', async () => {
      await browser.behave({ consent: 'always' });
      const statuses = [];

      for (const scope of [['openid'], ['openid', 'essential'], ['openid']]) {
        const next = otherBrowser();
        await next.signIn('linmuqing', scope);
        statuses.push((await next.visit('/staff')).status);
      }

      expect(statuses).to.deep.equal([403, 200, 403]);
    });
  });

  describe('adding a jAccount', () => {
    runs('for each test');

    it('signs in to the same user from then on', async () => {
      const wang = await browser.signInAsWang();
      await browser.link('linmuqing');

      const home = await otherBrowser().signIn('linmuqing');

      expect(accountsIn(home)).to.deep.equal(['local wang', 'jaccount linmuqing faculty 10327']);
      expect(userIn(home)).to.equal(userIn(wang));
    });

    it('gives the rights of the jAccount', async () => {
      await browser.signInAsWang();

      await browser.link('linmuqing');

      expect((await browser.visit('/staff')).status).to.equal(200);
    });

    it('accepts another jAccount of the same person', async () => {
      await browser.signInAsWang();
      await browser.link('gulan');

      const home = await browser.link('gu.lan');

      expect(accountsIn(home)).to.have.length(3);
    });

    it('refuses to add one to the user of a team', async () => {
      await browser.signIn('robot.club');

      const refused = await browser.link('linmuqing');

      expect(refused.status).to.equal(409);
      expect(accountsIn(await browser.home())).to.deep.equal(['jaccount robot.club team']);
    });

    it('signs out of jAccount too', async () => {
      await browser.signInAsWang();
      await browser.link('linmuqing');

      await browser.follow(await browser.submit('/logout'));

      const next = await browser.follow(await browser.visit('/login/jaccount'));
      expect(next.url).to.include('/jaccount/jalogin');
    });
  });

  describe('adding a jAccount that is refused', () => {
    runs('once');

    for (const { what, holder, account, problem } of [
      {
        what: 'a jAccount of another person',
        holder: 'gulan',
        account: 'linmuqing',
        problem: 'this jAccount does not belong to the same person',
      },
      {
        what: 'the account of a team to a person',
        holder: 'gulan',
        account: 'robot.club',
        problem: 'this jAccount does not belong to the same person',
      },
      {
        what: 'a jAccount that the user has',
        holder: 'gulan',
        account: 'gulan',
        problem: 'you have this jAccount: to add another, sign out of jAccount',
      },
    ]) {
      it(`does not add ${what}`, async () => {
        const before = await browser.signIn(holder);

        const refused = await browser.link(account);

        expect([refused.status, problemIn(refused)]).to.deep.equal([409, problem]);
        expect(accountsIn(await browser.home())).to.deep.equal(accountsIn(before));
      });
    }

    it('does not add the account of a team to a user without a jAccount', async () => {
      await browser.signInAsWang();

      const refused = await browser.link('robot.club');

      expect(refused.status).to.equal(409);
      expect(accountsIn(await browser.home())).to.deep.equal(['local wang']);
    });

    it('does not add a jAccount that belongs to another user', async () => {
      await otherBrowser().signIn('zhaoyichen');
      await browser.signInAsWang();

      const refused = await browser.link('zhaoyichen');

      expect(refused.status).to.equal(409);
      expect(problemIn(refused)).to.equal('this jAccount belongs to another user');
      expect(accountsIn(await browser.home())).to.deep.equal(['local wang']);
    });

    it('does not add a jAccount of the same person that belongs to another user', async () => {
      await otherBrowser().signIn('gu.lan');
      await browser.signIn('gulan');

      const refused = await browser.link('gu.lan');

      expect(problemIn(refused)).to.equal('this jAccount belongs to another user');
      expect(accountsIn(await browser.home())).to.deep.equal(['jaccount gulan student 523030910888']);
    });

    it('ends only for the user who began it', async () => {
      await browser.signInAsWang();
      const callback = await browser.linkCallback('linmuqing');
      await browser.signIn('gulan');

      const refused = await browser.follow(await browser.get(callback));

      expect(problemIn(refused)).to.be.a('string');
      expect(accountsIn(refused)).to.deep.equal(['jaccount gulan student 523030910888']);
    });

    it('does not end after the user signed out', async () => {
      await browser.signInAsWang();
      const callback = await browser.linkCallback('linmuqing');
      await browser.follow(await browser.submit('/logout'));

      const refused = await browser.get(callback);

      expect(refused.status).to.equal(401);
      expect(accountsIn(await browser.signInAsWang())).to.deep.equal(['local wang']);
    });

    it('does not take the callback of a login', async () => {
      await browser.signInAsWang();
      const callback = await browser.callbackOf(await browser.visit('/login/jaccount'), 'linmuqing');

      const refused = await browser.follow(
        await browser.get(callback.replace('/callback/jaccount', '/callback/jaccount-link')),
      );

      expect(problemIn(refused)).to.be.a('string');
      expect(accountsIn(refused)).to.deep.equal(['local wang']);
    });
  });

  describe('merging', () => {
    runs('for each test');

    it('is offered, with the accounts that would come', async () => {
      await otherBrowser().signIn('gu.lan');

      const home = await browser.signIn('gulan');

      expect(offerIn(home)).to.deep.equal(['jaccount gu.lan faculty 11907']);
    });

    it('is offered to a user who signed in first', async () => {
      await browser.signIn('gulan');
      await otherBrowser().signIn('gu.lan');

      expect(offerIn(await browser.home())).to.deep.equal(['jaccount gu.lan faculty 11907']);
    });

    it('moves the accounts to the user who asks for it', async () => {
      await otherBrowser().signIn('gu.lan');
      const before = await browser.signIn('gulan');

      const merged = await browser.merge();

      expect(userIn(merged)).to.equal(userIn(before));
      expect(accountsIn(merged)).to.have.members([
        'jaccount gulan student 523030910888',
        'jaccount gu.lan faculty 11907',
      ]);
      expect(offerIn(merged)).to.equal(undefined);
    });

    it('lets each of the accounts sign in to the user', async () => {
      await otherBrowser().signIn('gu.lan');
      const merged = await browser.mergeAs('gulan');

      const logins = [await otherBrowser().signIn('gulan'), await otherBrowser().signIn('gu.lan')];

      expect(logins.map(userIn)).to.deep.equal([userIn(merged), userIn(merged)]);
    });

    it('gives the rights of all accounts', async () => {
      await otherBrowser().signIn('gu.lan');
      await browser.signIn('gulan');
      const before = await browser.visit('/staff');

      await browser.merge();

      expect([before.status, (await browser.visit('/staff')).status]).to.deep.equal([403, 200]);
    });

    it('ends the sessions of the other user', async () => {
      const other = otherBrowser();
      const before = await other.signIn('gu.lan');

      await browser.mergeAs('gulan');

      expect(nameIn(before)).to.equal('顾岚');
      expect(nameIn(await other.home())).to.equal(undefined);
      expect((await other.visit('/staff')).status).to.equal(401);
    });

    it('keeps the password of the other user', async () => {
      const other = otherBrowser();
      await other.signInAsWang();
      await other.link('gu.lan');
      const merged = await browser.mergeAs('gulan');

      const home = await otherBrowser().signInAsWang();

      expect(userIn(home)).to.equal(userIn(merged));
    });

    it('does not add to the user what the other user began to add', async () => {
      const other = otherBrowser();
      await other.signInAsWang();
      await other.link('gu.lan');
      const callback = await other.linkCallback('linmuqing');
      await browser.mergeAs('gulan');

      const refused = await other.get(callback);

      expect(refused.status).to.equal(401);
      expect((await browser.home()).text).to.not.include('linmuqing');
    });
  });

  describe('merging without another user of the same person', () => {
    runs('once');

    for (const { whom, signIn } of [
      { whom: 'a jAccount of another person', signIn: () => browser.signIn('linmuqing') },
      { whom: 'the account of a team', signIn: () => browser.signIn('robot.club') },
      { whom: 'a user without a jAccount', signIn: () => browser.signInAsWang() },
    ]) {
      describe(`for ${whom}`, () => {
        let home: Visit;

        beforeEach(async () => {
          await otherBrowser().signIn('gulan');
          home = await signIn();
        });

        it('is not offered', () => {
          expect(nameIn(home)).to.be.a('string');
          expect(offerIn(home)).to.equal(undefined);
        });

        it('is refused, whatever the form says', async () => {
          const gulan = 'E1000000-0000-4000-8000-000000000001';
          const form = { personId: gulan, person_id: gulan, userId: '1', account: 'gulan' };

          const refused = await browser.submit('/merge', form);

          expect(refused.status).to.equal(409);
          expect(accountsIn(await browser.home())).to.deep.equal(accountsIn(home));
        });
      });
    }
  });

  describe('a form of another site', () => {
    runs('once');

    for (const path of ['/link/jaccount', '/merge', '/logout', '/login/local']) {
      it(`does not reach ${path}`, async () => {
        await otherBrowser().signIn('gu.lan');
        const before = await browser.signIn('gulan');
        const foreign = tokenIn(await otherBrowser().home());

        const statuses = [
          (await browser.post(running.url + path, {})).status,
          (await browser.post(running.url + path, { csrf: '' })).status,
          (await browser.post(running.url + path, { csrf: foreign })).status,
          (await browser.visit(path)).status,
        ];

        expect(statuses).to.deep.equal([403, 403, 403, path === '/logout' ? 405 : 404]);
        expect((await browser.home()).text).to.equal(before.text);
      });
    }
  });

  describe('a browser that is not signed in', () => {
    runs('once');

    for (const path of ['/link/jaccount', '/merge']) {
      it(`does not reach ${path}`, async () => {
        expect((await browser.submit(path)).status).to.equal(401);
      });
    }
  });
});

/** A browser at the example. */
class Browser extends UserAgent {
  constructor(private readonly urlOf: () => string) {
    super();
  }

  private get url(): string {
    return this.urlOf();
  }

  visit(path: string): Promise<Visit> {
    return this.get(this.url + path);
  }

  home(): Promise<Visit> {
    return this.visit('/');
  }

  /** Sends a form of the home page, with its token. */
  async submit(path: string, fields: Record<string, string> = {}): Promise<Visit> {
    return this.post(this.url + path, { csrf: tokenIn(await this.home()), ...fields });
  }

  async signInAsWang(password = 'correct horse'): Promise<Visit> {
    return this.follow(await this.submit('/login/local', { username: 'wang', password }));
  }

  /** Signs in by jAccount. If its consent page asks, the user agrees to `scope` alone. */
  async signIn(account: string, scope?: string[]): Promise<Visit> {
    const callback = await this.callbackOf(await this.visit('/login/jaccount'), account, scope);
    return this.follow(await this.get(callback));
  }

  async link(account: string): Promise<Visit> {
    return this.follow(await this.get(await this.linkCallback(account)));
  }

  async linkCallback(account: string): Promise<string> {
    return this.callbackOf(await this.submit('/link/jaccount'), account);
  }

  async merge(): Promise<Visit> {
    return this.follow(await this.submit('/merge'));
  }

  async mergeAs(account: string): Promise<Visit> {
    await this.signIn(account);
    return this.merge();
  }

  /** Signs in anew at jAccount, and gives the address that jAccount sends the browser back to. */
  async callbackOf(begun: Visit, account: string, scope = ['openid', 'essential']): Promise<string> {
    await this.jar.store.removeCookies(new URL(begun.location ?? '').hostname, null);
    const loginPage = await this.follow(begun, this.url);
    const visit = await this.follow(await this.choose(loginPage, account), this.url);
    const end = visit.location ? visit : await this.follow(await this.agree(visit, scope), this.url);
    return end.location ?? '';
  }

  private agree(consentPage: Visit, scope: string[]): Promise<Visit> {
    const { origin, pathname, searchParams } = new URL(consentPage.url);
    const form = new URLSearchParams({ decision: 'allow', returl: searchParams.get('returl') ?? '' });
    for (const name of scope) form.append('scope', name);
    return this.get(origin + pathname, { method: 'POST', body: form });
  }

  /** Turns switches of the emulator that runs beside the example. */
  async behave(behaviour: Partial<Behaviour>): Promise<void> {
    const { location } = await this.visit('/login/jaccount');
    await this.post(`${new URL(location ?? '').origin}/emulator/behaviour`, behaviour);
  }
}

function tokenIn({ text }: Visit): string {
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

function nameIn({ text }: Visit): string | undefined {
  return /<h1>(.*)<\/h1>/.exec(text)?.[1];
}

function userIn({ text }: Visit): string | undefined {
  return /<p>User ([\w-]+):/.exec(text)?.[1];
}

/** The accounts of the user: the first list of the page. */
function accountsIn({ text }: Visit): string[] {
  return itemsOf(/<h1>.*?(<ul>.*?<\/ul>)/s.exec(text)?.[1] ?? '');
}

/** The accounts that a merge would move. */
function offerIn({ text }: Visit): string[] | undefined {
  const [, list] = /action="\/merge">.*?(<ul>.*?<\/ul>)/s.exec(text) ?? [];
  return list === undefined ? undefined : itemsOf(list);
}

function itemsOf(list: string): string[] {
  return [...list.matchAll(/<li>(.*?)<\/li>/g)].map(([, text]) => text as string);
}

function problemIn({ text }: Visit): string | undefined {
  return /<p role="alert">(.*?)<\/p>/.exec(text)?.[1];
}
