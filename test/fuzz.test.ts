import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { parse as parseQuery } from 'node:querystring';
import { expect } from 'chai';
import type { Request } from 'express';
import fc from 'fast-check';
import {
  CallbackError,
  CookieTransactions,
  IdTokenError,
  JaccountError,
  SessionTransactions,
  StateError,
  sanitizeReturnTo,
  type Transaction,
  verifyIdToken,
} from 'passport-jaccount';
import { parseAuthorizationResponse } from '../dist/login/authorization-response.js';
import { profileFromEntity } from '../dist/profile/from-entity.js';
import { profileFromIdToken } from '../dist/profile/from-id-token.js';
import { parseEnvelope, profileIn } from '../dist/protocol/envelope.js';
import type { HttpResponse } from '../dist/protocol/http.js';
import { parseTokenResponse } from '../dist/protocol/token-endpoint.js';
import { rightClaims, signIdToken } from './support/provider';

// Where a run with a random seed fails, its title says which seed to try again: FUZZ_SEED=… npm test.
const random = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const seeds = { 'a seed that stays': 20_251_121, [`the seed ${random}`]: random };

const issuer = 'https://jaccount.example/oauth2/';
const clientID = 'client-of-the-tests';
const clientSecret = 'a client secret of 48 octets, or somewhat above';
const handle = 'h'.repeat(22);

const hostileNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
];
const hostileText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    'null',
    'undefined',
    'NaN',
    '[object Object]',
    '\0',
    '\u202e',
    '\ud800',
    ...hostileNames,
  ),
);
const scalar = fc.oneof(hostileText, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));

/** JSON whose objects hold some of `names`, and members that JavaScript takes for its own. */
function jsonWith(names: readonly string[]): fc.Arbitrary<unknown> {
  const name = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...names) },
    fc.constantFrom(...hostileNames),
    fc.string(),
  );
  return fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    // As JSON.parse makes it, so that "__proto__" is a member and nothing else.
    object: fc
      .array(fc.tuple(name, tie('value')), { maxLength: 6 })
      .map((members) =>
        JSON.parse(
          `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`)}}`,
        ),
      ),
  })).value;
}

/** An object of which each member is right or anything at all, or missing; sometimes with others beside. */
function nearly(right: Record<string, fc.Arbitrary<unknown>>, names: readonly string[]): fc.Arbitrary<any> {
  const members = Object.entries(right).map(
    ([name, value]) => [name, fc.oneof({ weight: 6, arbitrary: value }, jsonWith(names))] as const,
  );
  return fc.record(Object.fromEntries(members), { requiredKeys: [] });
}

function outcomeOf<T>(act: () => T): { value?: T; error?: unknown } {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const membersOfPrototypes = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).length);
const untouched = membersOfPrototypes();

function jsonResponse(body: unknown, status = 200): HttpResponse {
  const octets = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { status, contentType: 'application/json', body: octets };
}

for (const [name, seed] of Object.entries(seeds)) {
  const parameters = { seed, numRuns: 500, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true };

  describe(`with ${name}`, () => {
    const check = (property: fc.IProperty<any>) => fc.assert(property, parameters);
    const checkLater = (property: fc.IAsyncProperty<any>) => fc.assert(property, parameters);

    afterEach(() => {
      expect(membersOfPrototypes(), 'members of prototypes').to.deep.equal(untouched);
    });

    describe('parseAuthorizationResponse()', () => {
      const names = ['code', 'error', 'state', 'iss', 'id_token', 'access_token', 'error_description'];
      const bracketed = names.flatMap((one) => [one, `${one}[]`, `${one}[x]`, `${one}[__proto__]`]);
      const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...bracketed) }, hostileText);
      const value = fc.oneof(
        { weight: 4, arbitrary: fc.string({ minLength: 1 }) },
        fc.constantFrom(issuer, 'access_denied'),
        jsonWith(names),
        fc.array(hostileText),
      );
      // No framework gives a list for a query.
      const tree = jsonWith(names).filter((one) => !Array.isArray(one));
      const query = fc.oneof(
        fc.dictionary(key, value, { maxKeys: 5 }),
        tree,
        fc
          .array(fc.tuple(key, fc.string({ unit: 'grapheme' })), { maxLength: 6 })
          .map((pairs) => new URLSearchParams(pairs.map(([one, text]) => [one, text] as [string, string]))),
        fc.webQueryParameters().map((text) => parseQuery(text)),
        fc.string().map((text) => parseQuery(`code=a&state=b&${text}`)),
      );

      it('believes only one code or one error with one state [CB-06, CB-08]', () => {
        check(
          fc.property(query, (one) => {
            const { value: response, error } = outcomeOf(() =>
              parseAuthorizationResponse(
                { query: one, url: '/callback', body: undefined } as Request,
                issuer,
              ),
            );

            if (error)
              return assert(error instanceof CallbackError || error instanceof StateError, String(error));
            if (!response) return;
            const { state, code, error: word } = response;
            assert(typeof state === 'string' && state !== '', 'state');
            assert(
              (typeof code === 'string' && code !== '') !== (typeof word === 'string' && word !== ''),
              'one answer',
            );
          }),
        );
      });

      it('never takes a query with one of the parameters for the start of a login [CB-06]', () => {
        check(
          fc.property(
            fc.constantFrom('code', 'error', 'state', 'iss'),
            value,
            query,
            (parameter, one, rest) => {
              const others = typeof rest === 'object' && rest !== null ? { ...rest } : {};
              const request = { query: { ...others, [parameter]: one }, url: '/' } as unknown as Request;
              const { value: response, error } = outcomeOf(() => parseAuthorizationResponse(request, issuer));

              assert(response !== undefined || error !== undefined, 'a start');
            },
          ),
        );
      });

      it('refuses any body that holds an answer beside a state [CQ-18]', () => {
        check(
          fc.property(value, value, fc.constantFrom('code', 'error'), (state, answer, member) => {
            const request = { query: {}, url: '/', body: { state, [member]: answer } } as unknown as Request;

            assert.throws(() => parseAuthorizationResponse(request, issuer), CallbackError);
          }),
        );
      });
    });

    const transaction: Transaction = {
      handle,
      binding: 'binding',
      redirectURI: 'http://localhost/callback',
      scope: ['openid'],
      nonce: 'nonce',
      createdAt: Date.now(),
    };

    describe('CookieTransactions', () => {
      const secret = 'a cookie secret of more than 32 characters';
      const transactions = new CookieTransactions({ secret });
      const ours = `jaccount-${handle.slice(0, 16)}`;
      let sealed: string;

      before(async () => {
        const lines: string[] = [];
        const res = {
          appendHeader: (_name: string, line: string) => lines.push(line),
          setHeader: () => undefined,
        };
        await transactions.put({ headers: {}, res } as unknown as Request, transaction);
        sealed = (lines[0] as string).split(/[=;]/)[1] as string;
      });

      const take = (cookie: unknown) => {
        const res = { appendHeader: () => undefined, setHeader: () => undefined };
        return transactions.take({ headers: { cookie }, res } as unknown as Request, handle);
      };

      it('opens the cookie that it sealed', async () => {
        assert.deepEqual(await take(`a=b; ${ours}=${sealed}; ${ours}=x`), transaction);
      });

      it('opens nothing in any other header [CK-01, CK-13]', async () => {
        const pair = fc
          .tuple(
            fc.oneof(fc.constantFrom(ours, `__Host-${ours}`, 'jaccount-', '__Host-jaccount-'), fc.string()),
            fc.oneof(
              fc.string(),
              fc.base64String(),
              fc.constantFrom('a.b.c.d.e', '....', 'e30..AA.AA.AA', 'j:{"a":1}', '%E0%A4%A'),
            ),
          )
          .map(([one, text]) => `${one}=${text}`);
        const header = fc.oneof(
          hostileText,
          fc.array(pair).map((pairs) => pairs.join('; ')),
          fc.constant(undefined),
        );

        await checkLater(
          fc.asyncProperty(header, async (cookie) => assert.rejects(take(cookie), StateError)),
        );
      });

      it('opens nothing that differs from it in a character [CK-02]', async () => {
        const change = fc.tuple(fc.nat(), fc.nat(2), fc.string({ maxLength: 3 }));

        await checkLater(
          fc.asyncProperty(change, async ([at, removed, added]) => {
            const start = at % sealed.length;
            const forged = sealed.slice(0, start) + added + sealed.slice(start + removed);
            // A space before it, or a semicolon behind it, is not part of the cookie.
            fc.pre(forged.split(';', 1)[0]?.trim() !== sealed);

            await assert.rejects(take(`${ours}=${forged}`), StateError);
          }),
        );
      });

      const value = fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.constantFrom('a.b.c.d.e', '....', 'e30..AA.AA.AA', 'j:{"a":1}', '%E0%A4%A'),
      );
      // Also those that say that they are sealed, as what they are not.
      const claimed = fc
        .tuple(
          fc.constantFrom('jaccount-txn', 'jaccount-end', '__Host-jaccount-end', 'other'),
          fc.base64String(),
        )
        .map(([typ, text]) => {
          const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', typ })).toString(
            'base64url',
          );
          return `${header}..AAAAAAAAAAAAAAAA.${text.replace(/[^\w-]/g, 'A')}.AAAAAAAAAAAAAAAAAAAAAA`;
        });
      const cookies = fc.array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom(
              ours,
              `__Host-${ours}`,
              'jaccount-AAAAAAAAAAAAAAAA',
              '__Host-jaccount-BBBBBBBBBBBBBBBB',
            ),
            hostileText,
          ),
          fc.oneof(value, claimed),
        ),
        { maxLength: 12 },
      );
      const headerOf = (pairs: readonly (readonly [string, string])[]) =>
        pairs.map(([one, text]) => `${one}=${text}`).join('; ');

      it('remembers no login that it did not end, whatever the header holds [CK-01]', () => {
        check(
          fc.property(cookies, (pairs) => {
            assert.deepEqual(transactions.ended(requestWith(headerOf(pairs)).request), []);
          }),
        );
      });

      it('begins a login whatever the header holds, in a cookie of its own [CK-01]', async () => {
        await checkLater(
          fc.asyncProperty(cookies, async (pairs) => {
            const { request, lines } = requestWith(headerOf(pairs));

            await transactions.put(request, transaction);

            const set = lines.filter((line) => !line.includes('Max-Age=0;'));
            assert.equal(set.length, 1);
            assert.match(set[0] as string, /^jaccount-h{16}=[\w.-]+; Path=\/; Max-Age=600; /);
            for (const line of lines) assert.match(line, /^(?:__Host-)?jaccount-[\w-]{16}=[\w.-]*; Path=\//);
            const [, fresh = ''] = (set[0] as string).split(/[=;]/);
            assert.deepEqual(await take(`${ours}=${fresh}`), transaction);
          }),
        );
      });

      it('ends a login whatever the header holds, so that it is remembered [CK-01]', () => {
        check(
          fc.property(cookies, (pairs) => {
            const { request, lines } = requestWith(headerOf(pairs));

            transactions.end(request, transaction, 'account');

            const set = lines.filter((line) => !line.includes('Max-Age=0;'));
            assert.equal(set.length, 1);
            const [name = '', ended = ''] = (set[0] as string).split(/[=;]/);
            const [remembered] = transactions.ended(requestWith(`${name}=${ended}`).request);
            assert.equal(remembered?.handle, handle);
            assert.equal(remembered?.account, 'account');
          }),
        );
      });

      it('takes nothing that ended for pending, and nothing pending for ended [CK-01]', async () => {
        const { request, lines } = requestWith('');
        transactions.end(request, transaction, 'account');
        const [, ended = ''] = (lines[0] as string).split(/[=;]/);

        await assert.rejects(take(`${ours}=${ended}`), StateError);
        assert.deepEqual(transactions.ended(requestWith(`${ours}=${sealed}`).request), []);
        assert.deepEqual(transactions.ended(requestWith(`__Host-${ours}=${ended}`).request), []);
      });

      function requestWith(cookie: string): { request: Request; lines: string[] } {
        const lines: string[] = [];
        const res = {
          appendHeader: (name: string, line: string) => name === 'Set-Cookie' && lines.push(line),
          setHeader: () => undefined,
        };
        return { request: { headers: { cookie }, res } as unknown as Request, lines };
      }
    });

    describe('SessionTransactions', () => {
      const names = [
        ...['pending', 'ended', 'handle', 'binding', 'redirectURI', 'scope', 'createdAt', 'returnTo'],
        ...['user', 'after', 'nonce', 'codeVerifier', 'account', 'endedAt'],
      ];
      const entry = nearly(
        {
          handle: fc.constantFrom(handle, 'another'),
          binding: fc.string(),
          redirectURI: fc.string(),
          scope: fc.array(fc.string()),
          createdAt: fc.constantFrom(Date.now(), 0),
          returnTo: fc.string(),
        },
        names,
      );
      const over = nearly(
        {
          handle: fc.constantFrom(handle, 'another'),
          account: fc.string(),
          returnTo: fc.string(),
          endedAt: fc.constantFrom(Date.now(), 0),
        },
        names,
      );
      const ledger = nearly({ pending: fc.array(entry), ended: fc.array(over) }, names);

      it('remembers at most two ended logins, each of the right shape [CK-10]', () => {
        check(
          fc.property(fc.oneof(ledger, jsonWith(names)), (value: unknown) => {
            const session = { 'passport-jaccount': value };
            const ended = new SessionTransactions().ended({ session } as unknown as Request);

            assert(ended.length <= 2, 'at most two');
            for (const login of ended) {
              assert(typeof login.handle === 'string' && typeof login.endedAt === 'number', 'shape');
              assert(login.account === undefined || typeof login.account === 'string', 'account');
              assert(login.returnTo === undefined || typeof login.returnTo === 'string', 'returnTo');
            }
          }),
        );
      });

      it('gives back a transaction of this handle, or says why not [CK-10]', async () => {
        await checkLater(
          fc.asyncProperty(fc.oneof(ledger, jsonWith(names)), async (value: unknown) => {
            const session: Record<string, unknown> = { 'passport-jaccount': value, cart: 1 };
            const taken = await new SessionTransactions()
              .take({ session } as unknown as Request, handle)
              .catch((error) => error);

            if (taken instanceof Error) return assert(taken instanceof StateError, String(taken));
            assert.equal(taken.handle, handle);
            assert(
              taken.scope.every((one: unknown) => typeof one === 'string'),
              'scope',
            );
            assert.equal(session.cart, 1);
            const again = new SessionTransactions().take({ session } as unknown as Request, handle);
            await again.catch((error) => assert(error instanceof StateError, String(error)));
          }),
        );
      });

      it('keeps what is put into a session that holds anything [CK-10]', async () => {
        await checkLater(
          fc.asyncProperty(fc.oneof(ledger, jsonWith(names)), async (value) => {
            const request = { session: { 'passport-jaccount': value } } as unknown as Request;
            const fresh = { ...transaction, handle: 'fresh' };
            await new SessionTransactions().put(request, fresh);

            assert.deepEqual(await new SessionTransactions().take(request, 'fresh'), fresh);
          }),
        );
      });
    });

    describe('parseTokenResponse()', () => {
      const names = [
        'access_token',
        'token_type',
        'expires_in',
        'refresh_token',
        'id_token',
        'scope',
        'error',
      ];
      const tokens = nearly(
        {
          access_token: fc.string({ unit: fc.constantFrom('a', '-', '.', '~'), minLength: 1 }),
          token_type: fc.constantFrom('Bearer', 'bearer', ' Bearer '),
          expires_in: fc.oneof(fc.integer(), fc.constantFrom('1800', Number.POSITIVE_INFINITY, -1)),
          refresh_token: fc.string(),
          id_token: fc.string({ minLength: 1 }),
          scope: fc.string(),
        },
        names,
      );
      const types = [
        'application/json',
        'application/json;charset=UTF-8',
        'text/html',
        'application/x+json',
        '',
      ];
      const response = fc.record({
        status: fc.oneof({ weight: 4, arbitrary: fc.constant(200) }, fc.integer({ min: 100, max: 599 })),
        contentType: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...types) }, fc.string()),
        body: fc.oneof(
          { weight: 3, arbitrary: tokens.map((value) => Buffer.from(JSON.stringify(value))) },
          jsonWith(names).map((value) => Buffer.from(JSON.stringify(value) ?? '')),
          fc.uint8Array().map((octets) => Buffer.from(octets)),
          fc.json().map((text) => Buffer.from(text)),
        ),
      });

      it('gives tokens of the promised types, or an error of ours [TK-03, TR-12, TR-14]', () => {
        check(
          fc.property(response, (one) => {
            const { value, error } = outcomeOf(() => parseTokenResponse(one));

            if (error) return assert(error instanceof JaccountError, String(error));
            const { access_token, token_type, expires_in, ...rest } = value as any;
            assert.equal(one.status, 200);
            assert.match(access_token, /^[\x21-\x7e]+$/);
            assert.equal(token_type, 'Bearer');
            assert(
              expires_in === undefined || (Number.isSafeInteger(expires_in) && expires_in >= 0),
              'expires_in',
            );
            assert(!Number.isNaN(new Date(Date.now() + 1000 * (expires_in ?? 0)).getTime()), 'a date');
            for (const [member, text] of Object.entries(rest)) {
              assert(names.includes(member) && typeof text === 'string' && text !== '', member);
            }
          }),
        );
      });

      it('never repeats in an error what was sent [ER-01]', () => {
        const secret = 'a-secret-that-was-sent';
        const body = nearly(
          {
            error: fc.constantFrom('invalid_grant', secret),
            error_description: fc.string().map((text) => text + secret),
          },
          names,
        );

        check(
          fc.property(body, fc.integer({ min: 400, max: 599 }), (one, status) => {
            const { error } = outcomeOf(() => parseTokenResponse(jsonResponse(one, status), [secret]));

            assert(error instanceof JaccountError, String(error));
            assert(!`${error.stack}${JSON.stringify(error)}`.includes(secret), 'a leak');
          }),
        );
      });
    });

    describe('the profile', () => {
      const names = [
        'account',
        'name',
        'id',
        'code',
        'userType',
        'organize',
        'identities',
        'birthday',
        'avatars',
      ];
      const unit = nearly({ id: fc.string(), name: fc.string() }, ['id', 'name']);
      const text = fc.string();
      const id = fc.oneof(text, fc.constantFrom('null', 'undefined'));
      const person = {
        account: fc.oneof(
          fc.string({ minLength: 1 }),
          fc.constantFrom('zhangsan', 'null', 'Ｚhang', '\u212Aevin'),
        ),
        name: text,
        id,
        code: text,
        userType: fc.constantFrom('student', 'faculty', 'x', ''),
        organize: unit,
        topOrganize: unit,
        email: text,
        birthday: fc.oneof(
          fc.double(),
          nearly({ birthYear: text, birthMonth: text, birthDay: text }, ['birthYear']),
        ),
        avatars: nearly({ uriLarge: fc.webUrl(), uriTiny: text }, ['uriLarge']),
        identities: fc.array(
          nearly({ userType: text, code: text, isDefault: fc.boolean(), organize: unit }, names),
        ),
      };
      const entity = nearly(person, names).map((one) => ({ account: 'lisi', ...one }));
      const envelope = fc.oneof(
        { weight: 4, arbitrary: entity.map((one) => ({ errno: 0, entities: [one] })) },
        { weight: 2, arbitrary: entity },
        nearly({ errno: fc.constantFrom(0, 10002, -1), entities: fc.array(entity, { maxLength: 2 }) }, [
          'errno',
          'entities',
        ]),
        jsonWith(['errno', 'entities', ...names]),
      );
      const nobody = ['', 'null', 'undefined'];

      it('is of an account that was sent, or an error of ours is thrown [UI-02, UI-04, PR-06, PR-07]', () => {
        check(
          fc.property(envelope, fc.boolean(), (one, deriveEmail) => {
            const { value, error } = outcomeOf(() =>
              profileFromEntity(profileIn(parseEnvelope(jsonResponse(one))), deriveEmail),
            );

            if (error) return assert(error instanceof JaccountError, String(error));
            const profile = value as any;
            const sent = (one as any).entities?.[0] ?? one;
            assert.equal(profile.username, sent.account);
            assert.equal(
              profile.id,
              sent.account.replace(/[A-Z]/g, (letter: string) => letter.toLowerCase()),
            );
            assert(
              Object.hasOwn(profile._json, 'account') && typeof profile.displayName === 'string',
              'account',
            );
            assert(
              profile.personId === undefined || (profile.personId === sent.id && !nobody.includes(sent.id)),
              'personId',
            );
            assert(profile.code === undefined || profile.code === sent.code, 'code');
            assert(profile.birthday === undefined || /^[\d-]+$/.test(profile.birthday), 'birthday');
            assert.equal(Object.getPrototypeOf(profile), Object.prototype);
          }),
        );
      });

      it('is refused whatever the octets are, or read [PR-13, PR-14]', () => {
        check(
          fc.property(fc.oneof(fc.uint8Array(), fc.json(), fc.string()), (octets) => {
            const { error } = outcomeOf(() =>
              profileIn(parseEnvelope(jsonResponse(Buffer.from(octets as string)))),
            );

            assert(error instanceof JaccountError, String(error));
          }),
        );
      });
    });

    describe('verifyIdToken()', () => {
      const now = Math.floor(Date.now() / 1000);
      const claims = rightClaims(issuer, { code: 'c', nonce: 'n', user: 'zhangsan', clientID });
      const right = signIdToken(claims, clientSecret);
      const expected = { issuer, clientID, clientSecret, nonce: 'n', now };
      const names = Object.keys(claims);
      const isRefused = (token: string) => assert.rejects(verifyIdToken(token, expected), IdTokenError);

      it('accepts the token that the others are made of', async () => {
        assert.equal((await verifyIdToken(right, expected)).sub, 'zhangsan');
      });

      it('refuses any text [ID-01]', async () => {
        const segment = fc.oneof(
          fc.string(),
          fc.base64String(),
          jsonWith(['alg', 'typ', ...names]).map(encode),
        );
        const text = fc.oneof(
          hostileText,
          fc.array(segment, { maxLength: 5 }).map((parts) => parts.join('.')),
        );

        await checkLater(fc.asyncProperty(text, isRefused));
      });

      it('refuses the right token with any change [ID-04]', async () => {
        const change = fc.tuple(
          fc.nat(),
          fc.nat(3),
          fc.oneof(
            fc.string({ maxLength: 3 }),
            fc.constantFrom(' ', '\n', '=', '==', '.'),
            fc.base64String({ maxLength: 4 }),
          ),
        );

        await checkLater(
          fc.asyncProperty(change, async ([at, removed, added]) => {
            const start = at % (right.length + 1);
            const forged = right.slice(0, start) + added + right.slice(start + removed);
            // Of the last character two bits say nothing: another spelling of the same signature.
            fc.pre(octetsOf(forged) !== octetsOf(right));

            await isRefused(forged);
          }),
        );
      });

      it('refuses other claims under the right signature [ID-04]', async () => {
        const [header, , signature] = right.split('.');

        await checkLater(
          fc.asyncProperty(jsonWith(names), (forged) =>
            isRefused(`${header}.${encode(forged)}.${signature}`),
          ),
        );
      });

      it('accepts of all that is rightly signed only what says the right things [ID-06]', async () => {
        const forged = nearly(
          Object.fromEntries(Object.entries(claims).map(([claim, value]) => [claim, fc.constant(value)])),
          names,
        );

        await checkLater(
          fc.asyncProperty(fc.oneof(forged, jsonWith(names)), async (one) => {
            const token = signIdToken(one as object, clientSecret);
            const verified = await verifyIdToken(token, expected).catch((error) => error);

            if (verified instanceof Error) return assert(verified instanceof IdTokenError, String(verified));
            const { iss, aud, nonce, sub, exp, iat } = verified;
            assert.deepEqual([iss, [aud].flat(), nonce], [issuer, [clientID], 'n']);
            assert(
              typeof sub === 'string' && sub !== '' && exp > now - 60 && iat <= now + 60,
              'sub or times',
            );
          }),
        );
      });

      it('refuses any header but its own, by an error of its own [ID-02, ID-05, ID-15]', async () => {
        const header = nearly(
          {
            alg: fc.constantFrom('HS256', 'none', 'HS512', 'RS256', 'dir'),
            typ: fc.constantFrom<unknown>('JWT', 'at+jwt', ['JWT'], { toString: 1 }),
          },
          ['alg', 'typ', 'crit', 'b64', 'kid', 'jwk', 'jku', 'x5c'],
        );

        await checkLater(
          fc.asyncProperty(header, jsonWith(['crit', 'b64']), async (one, crit) => {
            const verified = await verifyIdToken(
              signIdToken(claims, clientSecret, { ...one, ...(crit !== null && { crit }) }),
              expected,
            ).catch((error) => error);

            if (verified instanceof Error) return assert(verified instanceof IdTokenError, String(verified));
            assert.equal(one.alg ?? 'HS256', 'HS256');
            assert(one.typ === undefined || one.typ === 'JWT', 'typ');
            assert.equal(crit, null);
          }),
        );
      });
    });

    describe('sanitizeReturnTo()', () => {
      const part = fc.oneof(
        fc.constantFrom(
          '/',
          '\\',
          '//',
          '.',
          '..',
          '%2e',
          '%2f',
          '\t',
          '\n',
          '@',
          ':',
          '?',
          '#',
          'evil.example',
          'https:',
        ),
        hostileText,
      );
      const value = fc.oneof(
        fc.array(part).map((parts) => `/${parts.join('')}`),
        fc
          .array(fc.constantFrom('/', '.', '..', '%2e', 'a', ''), { maxLength: 6 })
          .map((parts) => `/${parts.join('/')}`),
        fc.array(part).map((parts) => parts.join('')),
        fc.webUrl(),
        jsonWith(['toString', 'length']),
      );
      const bases = ['https://app.example/', 'http://localhost:3000/a/b', 'https://app.example/login?x=//y'];

      it('stays on the site, whatever is asked of it [LO-04]', () => {
        check(
          fc.property(value, (one) => {
            const local = sanitizeReturnTo(one);

            assert.match(local, /^\/(?![/\\])[^\p{Cc}\s\\]*$/u);
            for (const base of bases) assert.equal(new URL(local, base).origin, new URL(base).origin);
            assert.equal(sanitizeReturnTo(local), local);
          }),
        );
      });
    });
  });
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value) ?? '').toString('base64url');
}

function octetsOf(token: string): string {
  return token
    .split('.')
    .map((segment) =>
      /^[\w-]*$/.test(segment) ? Buffer.from(segment, 'base64url').toString('hex') : segment,
    )
    .join('.');
}

describe('an answer nested as deep as it may be long', () => {
  const nested = (octets: number) => '['.repeat(octets / 2) + ']'.repeat(octets / 2);

  it('gives no tokens [TR-12]', () => {
    expect(() => parseTokenResponse(jsonResponse(nested(60_000)))).to.throw(JaccountError);
  });

  it('gives no profile but by an error of ours, or a profile [PR-14]', () => {
    const body = `{"errno":0,"entities":[{"account":"zhangsan","x":${nested(1_000_000)}}]}`;
    const { value, error } = outcomeOf(() =>
      profileFromEntity(profileIn(parseEnvelope(jsonResponse(body))), true),
    );

    expect(value?.id === 'zhangsan' || error instanceof JaccountError, String(error)).to.equal(true);
  });

  it('gives no claims but by an error of ours, or claims [ID-06]', async () => {
    const claims = rightClaims(issuer, { code: 'c', nonce: 'n', user: 'zhangsan', clientID });
    const payload = JSON.stringify({ ...claims, x: 0 }).replace('"x":0', `"x":${nested(11_000)}`);
    const input = `${encode({ alg: 'HS256' })}.${Buffer.from(payload).toString('base64url')}`;
    const token = `${input}.${createHmac('sha256', clientSecret).update(input).digest('base64url')}`;

    const { profile, error } = await verifyIdToken(token, {
      issuer,
      clientID,
      clientSecret,
      nonce: 'n',
    }).then(
      (verified) => ({ profile: profileFromIdToken(verified, true), error: undefined }),
      (refusal) => ({ profile: undefined, error: refusal }),
    );

    expect(profile?.id === 'zhangsan' || error instanceof JaccountError, String(error)).to.equal(true);
  });
});
