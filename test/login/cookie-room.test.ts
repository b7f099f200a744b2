import { expect } from 'chai';
import type { Application } from '../support/application';
import { Jar, origin, resealed, useCookieLogins } from '../support/cookie-logins';
import { headerIn, pairOf, unseal, unsealEnded } from '../support/sealed-cookies';
import { UserAgent } from '../support/user-agent';

describe('CookieTransactions keeps cookies few and small [TX-06]', () => {
  const logins = useCookieLogins();
  const { start } = logins;

  // Of nginx and of others: the application's own cookies must fit in the same line of 8 KiB.
  const together = 4096;
  const each = 1024;

  async function beginMany(
    application: Application,
    count: number,
    query = '',
    jar = new Jar(),
  ): Promise<Jar> {
    for (let tab = 0; tab < count; tab++)
      await jar.visit(`${application.url}/login?returnTo=/${tab}${query}`);
    return jar;
  }

  /** Signs somebody in with the cookies of `jar`. */
  async function signIn(application: Application, jar: Jar, account: string): Promise<void> {
    logins.provider.script.user = () => account;
    const sent = await jar.visit(`${application.url}/login`);
    const { location } = await new UserAgent().follow(sent, origin);
    const end = await jar.visit(`${application.url}/callback${new URL(location as string).search}`);
    expect(end.json().exit).to.equal('success');
  }

  const valuesIn = async (jar: Jar, typ: string) =>
    (await jar.cookies()).map(({ value }) => value).filter((value) => headerIn(value).typ === typ);
  const pendingIn = async (jar: Jar) =>
    (await valuesIn(jar, 'jaccount-txn')).map((value) => unseal(value).returnTo);
  const endedIn = async (jar: Jar) =>
    (await valuesIn(jar, '__Host-jaccount-end')).map((value) => unsealEnded(value));
  const garbage = (count: number, size: number) =>
    Array.from({ length: count }, (_, number) => ({
      name: `jaccount-${String(number).padStart(16, '0')}`,
      value: 'x'.repeat(size),
    }));
  const headerOf = (cookies: { name: string; value: string }[]) =>
    cookies.map(({ name, value }) => `${name}=${value}`).join('; ');

  it('with a name for each login', async () => {
    const jar = await beginMany(await start(), 3);

    expect((await jar.cookies()).map(({ key }) => key)).to.have.length(3);
  });

  it('with seven of twelve that were begun, the newest [CK-11]', async () => {
    const jar = await beginMany(await start(), 12);

    expect(await pendingIn(jar)).to.deep.equal(['/5', '/6', '/7', '/8', '/9', '/10', '/11']);
    expect((await jar.header()).length).to.be.at.most(together);
  });

  it('with answers under 8 KiB whatever the browser sends [CK-11]', async () => {
    const { url } = await start();
    const cookie = headerOf(garbage(150, 70));

    const { headers } = await new UserAgent().get(`${url}/login`, { headers: { cookie } });

    const cleared = headers.getSetCookie().filter((header) => header.includes('Max-Age=0'));
    expect(cleared).not.to.deep.equal([]);
    expect([...headers].join('\r\n').length).to.be.below(8192);
  });

  it('clearing what it cannot open before what it can', async () => {
    const application = await start();
    const begun = await logins.begin(application);
    const cookies = garbage(6, 600);
    const cookie = headerOf([begun, ...cookies]);

    const { headers } = await new UserAgent().get(`${application.url}/login`, { headers: { cookie } });

    const [first, ...cleared] = headers.getSetCookie().toReversed();
    expect(first).to.match(/Max-Age=600/);
    expect(cleared.map((header) => pairOf(header))).to.have.deep.members(
      cookies.map(({ name }) => ({ name, value: '' })),
    );
  });

  it('clearing logins that have expired before those that have not', async () => {
    const application = await start();
    const [begun, jar] = [await logins.begin(application), await beginMany(application, 6)];
    const createdAt = begun.transaction.createdAt - 600_000;
    const cookie = `${begun.name}=${resealed({ createdAt })(begun)}; ${await jar.header()}`;

    const { headers } = await new UserAgent().get(`${application.url}/login`, { headers: { cookie } });

    const cleared = headers.getSetCookie().filter((header) => header.includes('Max-Age=0'));
    expect(cleared.map((header) => pairOf(header).name)).to.deep.equal([begun.name]);
  });

  it('clearing nothing while there is room', async () => {
    const application = await start();
    const jar = await beginMany(application, 6);

    const { headers } = await jar.visit(`${application.url}/login?returnTo=/6`);

    expect(headers.getSetCookie()).to.have.length(1);
    expect(await pendingIn(jar)).to.have.length(7);
  });

  it('clearing nothing of the application', async () => {
    const { url } = await start();
    const cookie = Array.from({ length: 9 }, (_, count) => `jaccount-theme-${count}=${'x'.repeat(600)}`).join(
      '; ',
    );

    const { headers } = await new UserAgent().get(`${url}/login`, { headers: { cookie } });

    expect(headers.getSetCookie()).to.have.length(1);
  });

  describe('at 4 KiB together', () => {
    /** The longest `returnTo` that one cookie takes. */
    async function longest(application: Application): Promise<number> {
      const fits = async (size: number) =>
        (await new UserAgent().get(`${application.url}/login?returnTo=/0${'x'.repeat(size)}`)).status === 302;
      let [low, high] = [0, 1000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (await fits(middle)) low = middle;
        else high = middle;
      }
      return low;
    }

    it('with each at 1 KiB', async () => {
      const application = await start();
      const jar = await beginMany(application, 1, 'x'.repeat(await longest(application)));

      const [{ key = '', value = '' } = {}] = await jar.cookies();

      // The next octet would make two or none of base64url.
      expect(`${key}=${value}`.length).to.be.within(each - 4, each);
    });

    it('for four logins of the largest size', async () => {
      const application = await start();
      const jar = await beginMany(application, 8, 'x'.repeat(await longest(application)));

      expect((await pendingIn(jar)).map((returnTo) => returnTo?.[1])).to.deep.equal(['4', '5', '6', '7']);
      expect((await jar.header()).length).to.be.at.most(together);
    });

    const lengths = [0, 1, 30, 100, 200, 300, 340];
    it('whichever lengths forty logins have that nobody finishes', async () => {
      const application = await start();
      const jar = new Jar();
      const headers: number[] = [];

      for (let tab = 0; tab < 40; tab++) {
        const returnTo = `/${tab}${'x'.repeat(lengths[tab % lengths.length] as number)}`;
        expect((await jar.visit(`${application.url}/login?returnTo=${returnTo}`)).status).to.equal(302);
        headers.push((await jar.header()).length);
        // The login that has begun last is never the one that makes room.
        expect(await pendingIn(jar)).to.include(returnTo);
      }

      expect(Math.max(...headers))
        .to.be.at.most(together)
        .and.above(together - each);
    });

    it('with the ends of two logins among them', async () => {
      const application = await start();
      const jar = new Jar();
      for (const account of ['zhangsan', 'lisi']) await signIn(application, jar, account);
      const headers: number[] = [];

      for (let tab = 0; tab < 20; tab++) {
        await beginMany(application, 1, 'x'.repeat(lengths[tab % lengths.length] as number), jar);
        headers.push((await jar.header()).length);
      }

      expect(Math.max(...headers))
        .to.be.at.most(together)
        .and.above(together - each);
    });
  });

  describe('and the ends of logins', () => {
    it('at two, the newest', async () => {
      const application = await start();
      const jar = new Jar();
      const handles: string[] = [];
      for (const account of ['zhangsan', 'lisi', 'wangwu', 'zhaoliu']) {
        await signIn(application, jar, account);
        handles.push((await endedIn(jar)).at(-1)?.handle as string);
      }

      const kept = (await endedIn(jar)).map(({ handle }) => handle);

      expect(kept).to.deep.equal(handles.slice(2));
      expect(await jar.cookies()).to.have.length(2);
    });

    it('while pending logins make room', async () => {
      const application = await start();
      const jar = new Jar();
      for (const account of ['zhangsan', 'lisi']) await signIn(application, jar, account);
      const before = await endedIn(jar);

      await beginMany(application, 12, '', jar);

      expect(before).to.have.length(2);
      expect(await endedIn(jar)).to.deep.equal(before);
      expect(await pendingIn(jar)).to.deep.equal(['/7', '/8', '/9', '/10', '/11']);
    });

    it('while another login fails', async () => {
      const application = await start();
      const jar = new Jar();
      for (const account of ['zhangsan', 'lisi']) await signIn(application, jar, account);
      const before = await endedIn(jar);
      logins.provider.script.response = { code: '', error: 'access_denied' };
      const { location } = await new UserAgent().follow(await jar.visit(`${application.url}/login`), origin);

      const end = await jar.visit(`${application.url}/callback${new URL(location as string).search}`);

      expect(end.status).to.equal(401);
      expect(await endedIn(jar)).to.deep.equal(before);
      expect(await jar.cookies()).to.have.length(2);
    });

    for (const { length, kept } of [
      { length: 64, kept: true },
      { length: 65, kept: false },
    ]) {
      it(`${kept ? 'with' : 'without'} a returnTo of ${length} characters`, async () => {
        const application = await start();
        const returnTo = `/${'x'.repeat(length - 1)}`;
        const jar = new Jar();
        const sent = await jar.visit(`${application.url}/login?returnTo=${returnTo}`);
        const { location } = await new UserAgent().follow(sent, origin);

        const end = await jar.visit(`${application.url}/callback${new URL(location as string).search}`);

        expect(end.json().info.returnTo).to.equal(returnTo);
        expect((await endedIn(jar)).map((ended) => ended.returnTo)).to.deep.equal([
          kept ? returnTo : undefined,
        ]);
      });
    }
  });

  const sizes: { what: string; query: string }[] = [
    { what: 'appState', query: `?appState=${'x'.repeat(1000)}` },
    { what: 'returnTo', query: `?returnTo=/${'x'.repeat(1000)}` },
  ];
  for (const { what, query } of sizes) {
    it(`by refusing a large ${what}`, async () => {
      const { url } = await start();

      const end = await new UserAgent().get(`${url}/login${query}`);

      expect(end.location).to.equal(undefined);
      expect(end.json()).to.include({ exit: 'error', name: 'TypeError' });
      expect(end.json().message).to.match(/returnTo and appState are too large/);
      expect(end.headers.getSetCookie()).to.deep.equal([]);
    });
  }
});
