import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { CookieTransactions, verifyIdToken } from 'passport-jaccount';
import { type Begun, origin, resealed, useCookieLogins } from '../support/cookie-logins';
import { strategyOf } from '../support/login-steps';
import { signIdToken } from '../support/provider';
import {
  endedHeader,
  flipped,
  hostEndedHeader,
  keyOf,
  pairOf,
  pendingHeader,
  seal,
  cookieSecret as secret,
  segments,
  signedWith,
  unsealEnded,
  withSegment,
} from '../support/sealed-cookies';

// Section B.2 of the security catalogue.
describe('CookieTransactions, given a cookie that was tampered with,', () => {
  const logins = useCookieLogins();
  const { start, begin, finish, expectRefusal } = logins;

  describe('with a request that has no cookie of the login [CK-01]', () => {
    const headers: { what: string; cookie: (name: string) => string }[] = [
      { what: 'no header', cookie: () => '' },
      { what: 'a blank header', cookie: () => ' ; ;; ' },
      { what: 'cookies of others', cookie: () => 'session=abc; theme=dark' },
      { what: 'a name that only ends like ours', cookie: (name) => `x${name}=abc` },
    ];
    for (const { what, cookie } of headers) {
      it(`but ${what}, says that there is none`, async () => {
        const application = await start();
        const begun = await begin(application);

        await expectRefusal(application, begun, cookie(begun.name), 'no-transaction');
      });
    }
  });

  describe('refuses', () => {
    const forgeries: { id: string; what: string; forge: (begun: Begun, other: Begun) => string }[] = [
      { id: 'CK-01', what: 'an empty value', forge: () => '' },
      ...['header', 'key', 'IV', 'ciphertext', 'tag'].flatMap((segment, index) => [
        {
          id: 'CK-02',
          what: `a cookie with its ${segment} removed`,
          forge: ({ value }: Begun) => value.split('.').toSpliced(index, 1).join('.'),
        },
        {
          id: 'CK-02',
          what: `a cookie with its ${segment} ${segment === 'key' ? 'filled' : 'emptied'}`,
          forge: ({ value }: Begun) => withSegment(value, index, () => (segment === 'key' ? 'AAAA' : '')),
        },
      ]),
      ...['header', 'IV', 'ciphertext', 'tag'].map((segment) => ({
        id: 'CK-02',
        what: `a cookie with a bit of its ${segment} flipped`,
        forge: ({ value }: Begun) => withSegment(value, segments.indexOf(segment), flipped),
      })),
      ...['IV', 'ciphertext', 'tag'].map((segment) => ({
        id: 'CK-02',
        what: `a cookie with the ${segment} of another`,
        forge: ({ value }: Begun, other: Begun) => {
          const index = segments.indexOf(segment);
          return withSegment(value, index, () => other.value.split('.')[index] as string);
        },
      })),
      {
        id: 'CK-02',
        what: 'a cookie with a blank in its IV',
        forge: ({ value }) => withSegment(value, 2, (iv) => `${iv.slice(0, 8)} ${iv.slice(8)}`),
      },
      {
        id: 'CK-02',
        what: 'a cookie with padding after its tag',
        forge: ({ value }) => `${value}==`,
      },
      { id: 'CK-02', what: 'a cookie with a sixth segment', forge: ({ value }) => `${value}.AAAA` },
      { id: 'CK-02', what: 'a cookie with a shorter tag', forge: ({ value }) => value.slice(0, -6) },

      { id: 'CK-03', what: 'a transaction without age', forge: resealed({ createdAt: undefined }) },
      { id: 'CK-03', what: 'a transaction whose age is a text', forge: resealed({ createdAt: '1' }) },

      ...[
        { alg: 'A256KW' },
        { alg: 'A256GCMKW', iv: 'AAAAAAAAAAAAAAAA', tag: 'AAAAAAAAAAAAAAAAAAAAAA' },
        { alg: 'PBES2-HS512+A256KW', p2s: 'AAAAAAAAAAAAAAAAAAAAAA', p2c: 1_000_000_000 },
        { alg: 'RSA-OAEP' },
        { alg: 'ECDH-ES', epk: { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) } },
        { alg: 'none' },
        { alg: undefined },
        { enc: 'A128CBC-HS256' },
        { enc: 'A256CBC-HS512' },
        { enc: 'A128GCM' },
        { enc: undefined },
        { crit: ['exp'], exp: 1 },
      ].flatMap((header) => [
        {
          id: 'CK-05',
          what: `the header ${JSON.stringify(header)}`,
          forge: ({ transaction }: Begun) =>
            seal(JSON.stringify(transaction), { header: { ...pendingHeader, ...header } }),
        },
        {
          id: 'CK-05',
          what: `the header ${JSON.stringify(header)} with a wrapped key`,
          forge: ({ transaction }: Begun) => {
            const sealed = seal(JSON.stringify(transaction), { header: { ...pendingHeader, ...header } });
            return withSegment(sealed, 1, () => 'A'.repeat(54));
          },
        },
      ]),

      {
        id: 'CK-06',
        what: 'a right transaction that was compressed',
        forge: ({ transaction }) =>
          seal(deflateRawSync(JSON.stringify(transaction)), { header: { ...pendingHeader, zip: 'DEF' } }),
      },
      {
        id: 'CK-06',
        what: 'a megabyte that was compressed into one cookie',
        forge: () =>
          seal(deflateRawSync(Buffer.alloc(1_200_000, ' ')), { header: { ...pendingHeader, zip: 'DEF' } }),
      },
      {
        id: 'CK-06',
        what: 'the announcement of a compression that was not made',
        forge: ({ transaction }) =>
          seal(JSON.stringify(transaction), { header: { ...pendingHeader, zip: 'DEF' } }),
      },
      {
        id: 'CK-06',
        what: 'a cookie of 4 KiB',
        forge: resealed({ appState: 'x'.repeat(3000) }),
      },

      ...[undefined, 'JWT', 'jaccount-session', 'JACCOUNT-TXN', 'jaccount-end', 7].map((typ) => ({
        id: 'CK-07',
        what: `the type ${JSON.stringify(typ)}`,
        forge: ({ transaction }: Begun) =>
          seal(JSON.stringify(transaction), { header: { ...pendingHeader, typ } }),
      })),
      { id: 'CK-07', what: 'a session cookie', forge: () => 's%3AZ3w0vT.c2lnbmF0dXJl' },
      {
        id: 'CK-07',
        what: 'an ID Token',
        forge: ({ transaction }) => signIdToken({ sub: 'zhangsan', ...transaction }),
      },
      {
        id: 'CK-07',
        what: 'a JWT that is signed with the key of the cookie',
        forge: ({ transaction }) => signedWith(keyOf(secret), transaction),
      },
      {
        id: 'CK-07',
        what: 'what the application sealed with the secret as it is',
        forge: ({ transaction }) =>
          seal(JSON.stringify(transaction), { key: createHash('sha256').update(secret).digest() }),
      },
      {
        id: 'CK-07',
        what: 'what the application sealed with a key of another purpose',
        forge: ({ transaction }) =>
          seal(JSON.stringify(transaction), { key: keyOf(secret, 'session cookie') }),
      },

      { id: 'CK-08', what: 'the cookie of another login under its name', forge: (_, other) => other.value },

      ...['null', '[]', '"x"', '7', '{}', '', 'undefined', '{"handle":', '\u0000'].map((plaintext) => ({
        id: 'CK-10',
        what: `the plaintext ${JSON.stringify(plaintext)}`,
        forge: () => seal(plaintext),
      })),
      {
        id: 'CK-10',
        what: 'a plaintext that is no UTF-8',
        forge: ({ transaction }) =>
          seal(Buffer.from(JSON.stringify({ ...transaction, returnTo: '/\u00ff' }), 'latin1')),
      },
      {
        id: 'CK-10',
        what: 'a transaction that is only inherited',
        forge: ({ transaction }) => seal(`{"__proto__":${JSON.stringify(transaction)}}`),
      },
      {
        id: 'CK-10',
        what: 'a transaction in a list',
        forge: ({ transaction }) => seal(JSON.stringify([transaction])),
      },
      {
        id: 'CK-10',
        what: 'a transaction whose handle ends otherwise than its name says',
        forge: ({ transaction }) =>
          resealed({ handle: `${transaction.handle.slice(0, 16)}xxxxxx` })({ transaction }),
      },
      ...[
        { handle: undefined },
        { handle: 'x'.repeat(22) },
        { binding: 7 },
        { redirectURI: null },
        { nonce: {} },
        { codeVerifier: 7 },
        { returnTo: ['/'] },
        { scope: 'openid' },
        { scope: [null] },
        { user: {} },
        { after: 'x' },
        { after: [7] },
        { createdAt: null },
      ].map((members) => ({
        id: 'CK-10',
        what: `a transaction with ${JSON.stringify(members)}`,
        forge: resealed(members),
      })),
      {
        id: 'CK-10',
        what: 'an older shape',
        forge: ({ transaction: { handle, nonce } }) => seal(JSON.stringify({ v: 0, state: handle, nonce })),
      },

      {
        id: 'CK-12',
        what: 'what cookie-parser takes for an object',
        forge: ({ transaction }) => `j:${JSON.stringify(transaction)}`,
      },
      {
        id: 'CK-12',
        what: 'the same, encoded',
        forge: ({ transaction }) => encodeURIComponent(`j:${JSON.stringify(transaction)}`),
      },
      { id: 'CK-12', what: 'a signed cookie', forge: ({ value }) => `s:${value}.c2lnbmF0dXJl` },
      { id: 'CK-12', what: 'a quoted cookie', forge: ({ value }) => `"${value}"` },
      { id: 'CK-13', what: 'escapes that do not decode', forge: () => '%E0%A4%A' },
      { id: 'CK-13', what: 'an encoded cookie', forge: ({ value }) => value.replaceAll('.', '%2E') },
      { id: 'CK-13', what: 'octets outside ASCII', forge: () => '\u00e9\u00ff' },
    ];
    for (const { id, what, forge } of forgeries) {
      it(`${what} [${id}]`, async () => {
        const application = await start();
        const [begun, other] = [await begin(application), await begin(application)];
        const cookie = `${begun.name}=${forge(begun, other)}; ${other.name}=${other.value}`;

        await expectRefusal(application, begun, cookie);

        expect((await finish(application, other, cookie)).json().exit).to.equal('success');
      });
    }

    // Proves that the rows above fail for what they changed: the tests seal as the package does.
    it('nothing of a cookie that was opened and sealed again', async () => {
      const application = await start();
      const begun = await begin(application);

      const end = await finish(
        application,
        begun,
        `${begun.name}=${seal(JSON.stringify(begun.transaction))}`,
      );

      expect(end.json().exit).to.equal('success');
    });

    it('its cookie as an ID Token [CK-07]', async () => {
      const { value } = await begin(await start());
      const { clientID, clientSecret } = logins.provider.client;

      await assert.rejects(verifyIdToken(value, { issuer: origin, clientID, clientSecret }), {
        code: 'ERR_JACCOUNT_ID_TOKEN',
        fault: 'malformed',
      });
    });

    const renamings: { what: string; rename: (begun: Begun, other: Begun) => string }[] = [
      { what: 'of another login', rename: (_, other) => other.name },
      { what: 'without the prefix', rename: ({ name }) => name.replace('__Host-', '') },
      { what: 'with another prefix', rename: ({ name }) => name.replace('__Host-', '__Secure-') },
      { what: 'with the prefix in small letters', rename: ({ name }) => name.replace('__Host-', '__host-') },
      {
        what: 'that says jaccount twice',
        rename: ({ name }) => name.replace('jaccount-', 'jaccount-jaccount-'),
      },
      { what: 'that is cut short', rename: ({ name }) => name.slice(0, -1) },
    ];
    for (const { what, rename } of renamings) {
      it(`its cookie under a name ${what} [CK-08]`, async () => {
        const application = await start();
        const [begun, other] = [await begin(application), await begin(application)];

        const end = await finish(application, begun, `${rename(begun, other)}=${begun.value}`);

        expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE' });
        expect(logins.provider.tokenRequests).to.have.length(0);
      });
    }

    it('to mix the strategies of one application [CB-10]', async () => {
      const application = await start();
      const begun = await begin(application);

      const end = await finish(application, begun, `${begun.name}=${begun.value}`, '/callback/campus');

      expect(end.json().challenge).to.include({ reason: 'foreign' });
      expect(logins.provider.tokenRequests).to.have.length(0);
    });

    it('a callback on plain http beyond loopback [CK-15]', () => {
      assert.throws(
        () =>
          strategyOf(logins.provider, 'http://app.example/callback', {
            transactions: new CookieTransactions({ secret }),
          }),
        { name: 'TypeError', message: /callbackURL option must be an https URL/ },
      );
    });
  });

  describe('with two cookies of one name [CK-09]', () => {
    const garbage = 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA';
    const tosses: { what: string; cookie: (begun: Begun, attacker: Begun) => string[] }[] = [
      { what: 'garbage first', cookie: ({ value }) => [garbage, value] },
      { what: 'garbage last', cookie: ({ value }) => [value, garbage] },
      { what: "the attacker's login first", cookie: ({ value }, attacker) => [attacker.value, value] },
      { what: "the attacker's login last", cookie: ({ value }, attacker) => [value, attacker.value] },
    ];
    for (const { what, cookie } of tosses) {
      it(`finds the right one with ${what}`, async () => {
        const application = await start();
        const begun = await begin(application, '?returnTo=/mine');
        const attacker = await begin(application, '?returnTo=/theirs');
        const pairs = cookie(begun, attacker).map((value) => `${begun.name}=${value}`);

        const end = await finish(application, begun, pairs.join('; '));

        expect(end.json()).to.deep.include({ exit: 'success', info: { returnTo: '/mine' } });
      });
    }

    it("refuses the attacker's login in a cookie that a neighbour could set", async () => {
      const application = await start();
      const attacker = await begin(application);

      await expectRefusal(application, attacker, `${attacker.name.replace('__Host-', '')}=${attacker.value}`);
    });
  });

  // What is believed of an ended login shows in the next one: begun by nobody, it may not end as somebody else.
  describe('believes that a login ended', () => {
    /** A login of zhangsan's, and what a browser was given when lisi's ended there. */
    async function beginBeside(account = 'lisi') {
      const application = await start();
      const { script } = logins.provider;
      script.user = () => account;
      const other = await begin(application);
      const end = await finish(application, other, `${other.name}=${other.value}`);
      const ended = pairOf(end.headers.getSetCookie()[0] as string);
      delete script.user;
      logins.provider.tokenRequests.length = 0;
      return { application, begun: await begin(application), other, ended };
    }

    type Beside = Awaited<ReturnType<typeof beginBeside>>;
    const finishWith = ({ application, begun }: Beside, ...cookies: string[]) =>
      finish(application, begun, [`${begun.name}=${begun.value}`, ...cookies].join('; '));

    it('by its own cookie', async () => {
      const beside = await beginBeside();

      const end = await finishWith(beside, `${beside.ended.name}=${beside.ended.value}`);

      expect(end.status).to.equal(403);
      expect(end.json().challenge).to.include({ code: 'ERR_JACCOUNT_STATE', reason: 'user' });
    });

    it('by its own cookie, which lets the same account in again', async () => {
      const beside = await beginBeside('zhangsan');

      const end = await finishWith(beside, `${beside.ended.name}=${beside.ended.value}`);

      expect(end.json().exit).to.equal('success');
    });

    // Proves that the rows below fail for what they changed.
    it('by a cookie that was opened and sealed again', async () => {
      const beside = await beginBeside();
      const value = seal(JSON.stringify(unsealEnded(beside.ended.value)), { header: hostEndedHeader });

      const end = await finishWith(beside, `${beside.ended.name}=${value}`);

      expect(end.json().challenge).to.include({ reason: 'user' });
    });

    const memberOf = (members: object) => (beside: Beside) =>
      `${beside.ended.name}=${seal(JSON.stringify({ ...unsealEnded(beside.ended.value), ...members }), {
        header: hostEndedHeader,
      })}`;
    const sealedAs = (header: object, key?: Buffer) => (beside: Beside) =>
      `${beside.ended.name}=${seal(JSON.stringify(unsealEnded(beside.ended.value)), {
        header,
        ...(key && { key }),
      })}`;
    const forgeries: { id: string; what: string; forge: (beside: Beside) => string }[] = [
      {
        id: 'CK-08',
        what: 'under the name of another login',
        forge: ({ ended, other }) =>
          `${ended.name.replace(other.transaction.handle.slice(0, 16), 'A'.repeat(16))}=${ended.value}`,
      },
      {
        id: 'CK-09',
        what: 'without the prefix __Host-, as a neighbour could set it',
        forge: ({ ended }) => `${ended.name.replace('__Host-', '')}=${ended.value}`,
      },
      {
        id: 'CK-07',
        what: 'with the prefix, sealed where the callback is http',
        forge: sealedAs(endedHeader),
      },
      { id: 'CK-07', what: 'sealed as a pending login', forge: sealedAs(pendingHeader) },
      {
        id: 'CK-07',
        what: 'sealed for another purpose',
        forge: sealedAs(hostEndedHeader, keyOf(secret, 'session cookie')),
      },
      {
        id: 'CK-04',
        what: 'sealed with another secret',
        forge: sealedAs(hostEndedHeader, keyOf('another secret of the tests, longer than 32')),
      },
      { id: 'CK-01', what: 'without a value', forge: ({ ended }) => `${ended.name}=` },
      {
        id: 'CK-02',
        what: 'with a bit flipped',
        forge: ({ ended }) => `${ended.name}=${withSegment(ended.value, 3, flipped)}`,
      },
      {
        id: 'CK-10',
        what: 'with a handle that ends otherwise than its name says',
        forge: (beside) => memberOf({ handle: 'A'.repeat(22) })(beside),
      },
      { id: 'CK-10', what: 'without a handle', forge: memberOf({ handle: undefined }) },
      { id: 'CK-10', what: 'without a time', forge: memberOf({ endedAt: undefined }) },
      { id: 'CK-10', what: 'with a number for an account', forge: memberOf({ account: 7 }) },
      { id: 'CK-10', what: 'with an object for a path', forge: memberOf({ returnTo: {} }) },
      {
        id: 'TX-02',
        what: 'ten minutes ago',
        forge: (beside) => memberOf({ endedAt: Date.now() - 600_000 })(beside),
      },
      {
        id: 'TX-02',
        what: 'two minutes from now',
        forge: (beside) => memberOf({ endedAt: Date.now() + 120_000 })(beside),
      },
    ];
    for (const { id, what, forge } of forgeries) {
      it(`but not ${what} [${id}]`, async () => {
        const beside = await beginBeside();

        const end = await finishWith(beside, forge(beside));

        expect(end.json().exit).to.equal('success');
        expect(logins.provider.tokenRequests).to.have.length(1);
      });
    }

    // Both shapes at once, so that only the type tells them apart.
    const both = ({ transaction }: Begun) => ({
      ...transaction,
      account: 'x'.repeat(22),
      endedAt: Date.now(),
    });

    it('and takes it for no pending login [CK-07]', async () => {
      const application = await start();
      const begun = await begin(application);
      const value = seal(JSON.stringify(both(begun)), { header: hostEndedHeader });

      await expectRefusal(application, begun, `${begun.name}=${value}`, 'used');
    });

    it('and takes the ended cookie of a neighbour for no pending login [CK-07]', async () => {
      const application = await start();
      const begun = await begin(application);
      const value = seal(JSON.stringify(both(begun)), { header: endedHeader });

      await expectRefusal(application, begun, `${begun.name}=${value}`);
    });

    it('and takes a pending login for none that ended [CK-07]', async () => {
      const application = await start();
      const begun = await begin(application);

      const end = await finish(application, begun, `${begun.name}=${seal(JSON.stringify(both(begun)))}`);

      expect(end.json().exit).to.equal('success');
    });
  });
});
