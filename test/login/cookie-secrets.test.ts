import { expect } from 'chai';
import { CookieTransactions, type JaccountStrategyOptions } from 'passport-jaccount';
import type { Application } from '../support/application';
import { origin, useCookieLogins } from '../support/cookie-logins';
import { sessionlessFrameworks } from '../support/frameworks';
import { strategyOf, transactionOf } from '../support/login-steps';
import { keyOf, pairOf, seal, cookieSecret as secret, unseal } from '../support/sealed-cookies';
import { UserAgent } from '../support/user-agent';

describe('the secrets of CookieTransactions', () => {
  const logins = useCookieLogins();
  const { start, begin, finish, expectRefusal } = logins;

  describe('of which there are several', () => {
    const [newer, older] = ['n'.repeat(32), 'o'.repeat(32)] as const;

    it('seal with the first [TX-08]', async () => {
      const { url } = await start({ secret: [newer, older] });
      const { headers } = await new UserAgent().get(`${url}/login`);

      const { value } = pairOf(headers.getSetCookie()[0] as string);

      expect(() => unseal(value, newer)).not.to.throw();
      expect(() => unseal(value, older)).to.throw();
    });

    it('seal the end of a login with the first [TX-08]', async () => {
      const application = await start({ secret: [newer, older] });
      const begun = await begin(application, '', newer);
      const value = seal(JSON.stringify(begun.transaction), { key: keyOf(older) });

      const { headers } = await finish(application, begun, `${begun.name}=${value}`);

      const ended = pairOf(headers.getSetCookie()[0] as string);
      expect(() => unseal(ended.value, newer)).not.to.throw();
      expect(() => unseal(ended.value, older)).to.throw();
    });

    const rotations: { sealed: string; opened: string | readonly string[]; outcome: string }[] = [
      { sealed: older, opened: [newer, older], outcome: 'success' },
      { sealed: newer, opened: [older, newer], outcome: 'success' },
      { sealed: newer, opened: [newer], outcome: 'success' },
      { sealed: older, opened: newer, outcome: 'unknown' },
      { sealed: older, opened: [newer], outcome: 'unknown' },
      { sealed: secret, opened: [newer, older], outcome: 'unknown' },
    ];
    for (const { sealed, opened, outcome } of rotations) {
      const name = (text: string) => ({ [newer]: 'new', [older]: 'old' })[text] ?? 'oldest';
      it(`end a login of the ${name(sealed)} one in ${outcome} with ${[opened].flat().map(name)} [CK-04]`, async () => {
        const application = await start({ secret: opened });
        const begun = await begin(await start({ secret }));
        const value = seal(JSON.stringify(begun.transaction), { key: keyOf(sealed) });

        const end = (await finish(application, begun, `${begun.name}=${value}`)).json();

        expect(end.challenge?.reason ?? end.exit).to.equal(outcome);
      });
    }
  });

  describe('where none is given', () => {
    const [one, other] = ['the client secret of one, 32 octets', 'the client secret of another, 32'];

    async function startWith(options: Partial<JaccountStrategyOptions>[]): Promise<Application> {
      const application = await sessionlessFrameworks[0].start({
        strategies: () =>
          options.map((given) => {
            const path = given.name === undefined ? '' : `/${given.name}`;
            return strategyOf(logins.provider, `${origin}/callback${path}`, given);
          }),
      });
      logins.applications.push(application);
      return application;
    }

    beforeEach(() => {
      const secrets: Record<string, string> = { library: other };
      logins.provider.script.secret = ({ clientID }) => secrets[clientID] ?? one;
    });

    const stores: { what: string; options: () => Partial<JaccountStrategyOptions> }[] = [
      { what: 'no option', options: () => ({}) },
      { what: 'new CookieTransactions()', options: () => ({ transactions: new CookieTransactions() }) },
      {
        what: 'new CookieTransactions() of a subclass',
        options: () => ({ transactions: new (class extends CookieTransactions {})() }),
      },
    ];
    for (const { what, options } of stores) {
      it(`are derived from the client secret, with ${what}`, async () => {
        const application = await startWith([{ clientSecret: one, ...options() }]);

        const { value } = await begin(application, '', one);

        expect(() => unseal(value, one)).not.to.throw();
        expect(() => unseal(value, other)).to.throw();
      });

      it(`let a second machine finish what the first began, with ${what}`, async () => {
        const [first, second] = [
          await startWith([{ clientSecret: one, ...options() }]),
          await startWith([{ clientSecret: one, ...options() }]),
        ];
        const begun = await begin(first, '', one);

        const end = await finish(second, begun, `${begun.name}=${begun.value}`);

        expect(end.json().exit).to.equal('success');
      });

      it(`open nothing that began with another client secret, with ${what} [CK-04]`, async () => {
        const [first, second] = [
          await startWith([{ clientSecret: one, ...options() }]),
          await startWith([{ clientSecret: other, ...options() }]),
        ];
        const begun = await begin(first, '', one);

        await expectRefusal(second, begun, `${begun.name}=${begun.value}`);
      });
    }

    it('are not the client secret itself [TX-03]', async () => {
      const application = await startWith([{ clientSecret: one }]);
      const begun = await begin(application, '', one);
      const raw = Buffer.from(one.slice(0, 32));
      const value = seal(JSON.stringify(begun.transaction), { key: raw });

      await expectRefusal(application, begun, `${begun.name}=${value}`);
    });

    it('give way to the option secret', async () => {
      const application = await startWith([
        { clientSecret: one, transactions: new CookieTransactions({ secret }) },
      ]);

      const { value } = await begin(application);

      expect(() => unseal(value, one)).to.throw();
    });

    describe('by two strategies that share one store', () => {
      const startBoth = () => {
        const transactions = new CookieTransactions();
        return startWith([
          { clientSecret: one, transactions },
          { name: 'library', clientID: 'library', clientSecret: other, transactions },
        ]);
      };
      const strategies = [
        { name: 'jaccount', own: one, path: '/callback', elsewhere: '/callback/library' },
        { name: 'library', own: other, path: '/callback/library', elsewhere: '/callback' },
      ];
      for (const { name, own, path, elsewhere } of strategies) {
        it(`let ${name} finish its own login`, async () => {
          const application = await startBoth();
          const begun = await begin(application, `?strategy=${name}`, own);

          const end = await finish(application, begun, `${begun.name}=${begun.value}`, path);

          expect(end.json().exit).to.equal('success');
        });

        it(`open nothing of ${name} for the other [CQ-22]`, async () => {
          const application = await startBoth();
          const begun = await begin(application, `?strategy=${name}`, own);

          const end = await finish(application, begun, `${begun.name}=${begun.value}`, elsewhere);

          expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'unknown' });
          expect(logins.provider.tokenRequests).to.have.length(0);
        });
      }

      it('tell the ends of their logins apart', async () => {
        const application = await startBoth();
        logins.provider.script.user = () => 'lisi';
        const theirs = await begin(application, '?strategy=library', other);
        const end = await finish(application, theirs, `${theirs.name}=${theirs.value}`, '/callback/library');
        logins.provider.script.user = () => 'zhangsan';
        const ours = await begin(application, '', one);
        const ended = pairOf(end.headers.getSetCookie()[0] as string);

        const cookies = `${ended.name}=${ended.value}; ${ours.name}=${ours.value}`;

        expect((await finish(application, ours, cookies)).json().exit).to.equal('success');
      });
    });

    it('are missing in a store that no strategy uses', async () => {
      const transactions = new CookieTransactions({ responseOf: () => ({ header: () => undefined }) });

      const outcome = await transactions
        .put({ headers: {} }, transactionOf('x'.repeat(22)))
        .catch((error) => error);

      expect(outcome).to.be.instanceOf(TypeError);
      expect(outcome.message).to.match(/requires a secret/);
    });
  });
});
