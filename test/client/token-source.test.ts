import assert from 'node:assert/strict';
import { expect } from 'chai';
import { JaccountClient, type TokenSet, TokenSource } from 'passport-jaccount';
import { refused, type ScriptedServer, served, startScriptedServer } from '../support/scripted-server';

const expired = 1;
const seconds = () => Math.floor(Date.now() / 1000);

describe('TokenSource', () => {
  let server: ScriptedServer;
  let client: JaccountClient;
  let refreshes: string[];

  beforeEach(async () => {
    server = await startScriptedServer();
    client = new JaccountClient({ ...server.client, ...server.endpoints });
    refreshes = [];
    server.token = ({ body }) => {
      const token = new URLSearchParams(body).get('refresh_token') ?? '';
      refreshes.push(token);
      return { json: renewed(token) };
    };
  });
  afterEach(() => server.stop());

  /** What the provider gives for `refresh-zhangsan-0`: access-zhangsan-1, and so on. */
  function renewed(refreshToken: string, more: object = {}) {
    const [, user, number] = refreshToken.split('-');
    const next = `${user}-${Number(number) + 1}`;
    return {
      ...{ access_token: `access-${next}`, refresh_token: `refresh-${next}` },
      ...{ token_type: 'Bearer', expires_in: 1800, ...more },
    };
  }

  const tokensOf = (user: string, number = 0, expiresAt: number = expired): TokenSet => ({
    accessToken: `access-${user}-${number}`,
    refreshToken: `refresh-${user}-${number}`,
    expiresAt,
  });
  const later = () => seconds() + 1800;

  describe('accessToken()', () => {
    it('gives a token that has not expired, and asks nobody', async () => {
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()) });

      expect(await source.accessToken()).to.equal('access-zhangsan-0');
      expect(refreshes).to.deep.equal([]);
    });

    it('gives a token whose end is not known', async () => {
      const source = new TokenSource(client, { tokens: { accessToken: 'a', refreshToken: 'refresh-x-0' } });

      expect(await source.accessToken()).to.equal('a');
    });

    it('renews one that has expired [RF-01]', async () => {
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan') });

      expect(await source.accessToken()).to.equal('access-zhangsan-1');
      expect(await source.accessToken()).to.equal('access-zhangsan-1');
      expect(refreshes).to.deep.equal(['refresh-zhangsan-0']);
    });

    const ends: [what: string, leeway: number, left: number, token: string][] = [
      ['within the leeway', 30, 20, 'access-zhangsan-1'],
      ['after the leeway', 30, 60, 'access-zhangsan-0'],
      ['soon, without a leeway', 0, 20, 'access-zhangsan-0'],
    ];
    for (const [what, leeway, left, token] of ends) {
      it(`gives ${token} where the old one ends ${what}`, async () => {
        const tokens = tokensOf('zhangsan', 0, seconds() + left);

        expect(await new TokenSource(client, { tokens, leeway }).accessToken()).to.equal(token);
      });
    }

    it('goes on with the refresh token that came last [RF-01]', async () => {
      server.token = ({ body }) => {
        const token = new URLSearchParams(body).get('refresh_token') ?? '';
        refreshes.push(token);
        return { json: renewed(token, { expires_in: 0 }) };
      };
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan') });

      for (let call = 0; call < 3; call++) await source.accessToken();

      expect(refreshes).to.deep.equal(['refresh-zhangsan-0', 'refresh-zhangsan-1', 'refresh-zhangsan-2']);
    });

    it('keeps the refresh token where none comes back [RF-01]', async () => {
      server.token = () => ({ json: { access_token: 'new', token_type: 'Bearer' } });
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan') });

      expect(await source.tokens()).to.deep.equal({ accessToken: 'new', refreshToken: 'refresh-zhangsan-0' });
    });

    it('gives what it has where there is no refresh token', async () => {
      const source = new TokenSource(client, { tokens: { accessToken: 'old', expiresAt: expired } });

      expect(await source.accessToken()).to.equal('old');
      expect(server.requests).to.deep.equal([]);
    });

    it('refreshes once for all who wait [RF-02]', async () => {
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan') });

      const tokens = await Promise.all(Array.from({ length: 20 }, () => source.accessToken()));

      expect(new Set(tokens)).to.deep.equal(new Set(['access-zhangsan-1']));
      expect(refreshes).to.have.length(1);
    });

    it('refreshes once for two sources of one user [RF-02]', async () => {
      const sources = [1, 2].map(() => new TokenSource(client, { tokens: tokensOf('zhangsan') }));

      await Promise.all(sources.map((source) => source.accessToken()));

      expect(refreshes).to.have.length(1);
    });

    it('tells all who wait of a failure, and forgets it [RF-02]', async () => {
      const right = server.token;
      server.token = () => ({ status: 503, json: { error: 'temporarily_unavailable' } });
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan') });

      const outcomes = await Promise.allSettled([source.accessToken(), source.accessToken()]);
      server.token = right;

      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
      expect(await source.accessToken()).to.equal('access-zhangsan-1');
    });

    it('says when the user has to sign in again', async () => {
      server.token = () => ({ status: 400, json: { error: 'invalid_grant' } });
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan') });

      await assert.rejects(source.accessToken(), { code: 'ERR_JACCOUNT_TOKEN', error: 'invalid_grant' });
    });
  });

  describe('save', () => {
    it('takes new tokens before anybody gets them', async () => {
      const saved: TokenSet[] = [];
      const source = new TokenSource(client, {
        tokens: tokensOf('zhangsan'),
        save: async (tokens) => void saved.push(tokens),
      });

      const { accessToken } = await source.tokens();

      expect(accessToken).to.equal('access-zhangsan-1');
      expect(saved).to.have.length(1);
      expect(saved[0]).to.include({ accessToken: 'access-zhangsan-1', refreshToken: 'refresh-zhangsan-1' });
    });

    it('is not called where nothing is new', async () => {
      const save = () => assert.fail('nothing is new');

      await new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()), save }).tokens();
    });

    for (const [what, fail] of [
      [
        'rejects',
        async () => {
          throw new Error('the storage is full');
        },
      ],
      [
        'throws',
        () => {
          throw new Error('the storage is full');
        },
      ],
    ] as const) {
      it(`loses nothing when it ${what}: the callers hear, the next call saves again`, async () => {
        const saved: TokenSet[] = [];
        let save: (tokens: TokenSet) => void | Promise<void> = fail;
        const source = new TokenSource(client, {
          tokens: tokensOf('zhangsan'),
          save: (tokens) => save(tokens),
        });

        await assert.rejects(source.accessToken(), /the storage is full/);
        await assert.rejects(source.accessToken(), /the storage is full/);
        save = (tokens) => void saved.push(tokens);

        expect(await source.accessToken()).to.equal('access-zhangsan-1');
        expect(saved.map(({ refreshToken }) => refreshToken)).to.deep.equal(['refresh-zhangsan-1']);
        expect(refreshes).to.have.length(1);
      });
    }
  });

  describe('load', () => {
    it('gives the tokens to begin with, once', async () => {
      let loads = 0;
      const source = new TokenSource(client, {
        load: async () => {
          loads++;
          return tokensOf('zhangsan', 0, later());
        },
      });

      expect([await source.accessToken(), await source.accessToken()]).to.deep.equal([
        ...['access-zhangsan-0', 'access-zhangsan-0'],
      ]);
      expect(loads).to.equal(1);
    });

    it('says that the user has to sign in where it finds nothing', async () => {
      const source = new TokenSource(client, { load: async () => undefined });

      await assert.rejects(source.accessToken(), /sign in/);
    });

    it('passes a failure of the storage on', async () => {
      const load = async () => {
        throw new Error('no connection');
      };

      await assert.rejects(new TokenSource(client, { load }).accessToken(), /no connection/);
    });

    it('spares a refresh that another process made', async () => {
      const load = async () => tokensOf('zhangsan', 5, later());
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan'), load });

      expect(await source.accessToken()).to.equal('access-zhangsan-5');
      expect(refreshes).to.deep.equal([]);
    });

    it('brings the refresh token that another process got', async () => {
      const load = async () => tokensOf('zhangsan', 5, expired + 1);
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan'), load });

      expect(await source.accessToken()).to.equal('access-zhangsan-6');
    });

    it('does not bring back what is older than what is known', async () => {
      const source = new TokenSource(client, {
        tokens: tokensOf('zhangsan', 7, expired + 1),
        load: async () => tokensOf('zhangsan', 0, expired),
      });

      expect(await source.accessToken()).to.equal('access-zhangsan-8');
    });

    it('helps out where another process was quicker with the same refresh token', async () => {
      const right = tokensOf('zhangsan', 1, later());
      let stored = tokensOf('zhangsan');
      server.token = () => {
        stored = right;
        return { status: 400, json: { error: 'invalid_grant' } };
      };
      const source = new TokenSource(client, { load: async () => stored });

      expect(await source.accessToken()).to.equal('access-zhangsan-1');
    });

    it('does not pass tokens off as new that the provider refuses', async () => {
      server.token = () => ({ status: 400, json: { error: 'invalid_grant' } });
      const source = new TokenSource(client, { load: async () => tokensOf('zhangsan') });

      await assert.rejects(source.accessToken(), { code: 'ERR_JACCOUNT_TOKEN', error: 'invalid_grant' });
    });

    it('is not asked twice where the provider is at fault', async () => {
      server.token = () => ({ status: 503, json: { error: 'temporarily_unavailable' } });
      let loads = 0;
      const load = async () => tokensOf('zhangsan', loads++);
      const source = new TokenSource(client, { load });

      await assert.rejects(source.accessToken(), { error: 'temporarily_unavailable' });

      expect(loads).to.equal(1);
    });

    for (const tokens of [null, {}, { accessToken: '' }, 'access-zhangsan-0']) {
      it(`takes no ${JSON.stringify(tokens)} for tokens`, async () => {
        const source = new TokenSource(client, { load: async () => tokens as never });

        await assert.rejects(source.accessToken(), TypeError);
      });
    }
  });

  describe('renew()', () => {
    it('renews tokens that seemed good', async () => {
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()) });

      expect(await source.renew(await source.tokens())).to.include({ accessToken: 'access-zhangsan-1' });
    });

    it('gives who comes late what was fetched meanwhile', async () => {
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()) });
      const used = await source.tokens();

      await source.renew(used);
      await source.renew(used);

      expect(refreshes).to.have.length(1);
    });

    it('keeps who comes meanwhile from the token that was refused', async () => {
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()) });
      const renewal = source.renew(await source.tokens());

      const meanwhile = await source.accessToken();

      expect([meanwhile, (await renewal).accessToken]).to.deep.equal([
        ...['access-zhangsan-1', 'access-zhangsan-1'],
      ]);
    });

    it('gives nobody what save has not taken', async () => {
      let full = true;
      const saved: TokenSet[] = [];
      const save = async (tokens: TokenSet) => {
        if (full) throw new Error('the storage is full');
        saved.push(tokens);
      };
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()), save });
      const used = await source.tokens();

      await assert.rejects(source.renew(used), /the storage is full/);
      await assert.rejects(source.renew(used), /the storage is full/);
      full = false;

      expect(await source.renew(used)).to.include({ accessToken: 'access-zhangsan-1' });
      expect([saved.length, refreshes.length]).to.deep.equal([1, 1]);
    });

    it('does so although the provider renews the very same access token', async () => {
      server.token = ({ body }) => {
        refreshes.push(body);
        return { json: { access_token: 'access-zhangsan-0', token_type: 'Bearer', expires_in: 1800 } };
      };
      const source = new TokenSource(client, { tokens: tokensOf('zhangsan', 0, later()) });
      const used = await source.tokens();

      await source.renew(used);
      await source.renew(used);

      expect(refreshes).to.have.length(1);
    });
  });

  const bad: [what: string, options: unknown, option: string][] = [
    ['no options', undefined, 'options'],
    ['neither tokens nor load', {}, 'tokens'],
    ['tokens without an access token', { tokens: { refreshToken: 'r' } }, 'accessToken'],
    ['an empty refresh token', { tokens: { accessToken: 'a', refreshToken: '' } }, 'refreshToken'],
    ['an end in milliseconds', { tokens: { accessToken: 'a', expiresAt: Date.now() } }, 'seconds'],
    ['an end that is a Date', { tokens: { accessToken: 'a', expiresAt: new Date() } }, 'seconds'],
    ['a save that is none', { tokens: { accessToken: 'a' }, save: 'redis' }, 'save'],
    ['a load that is none', { load: 'redis' }, 'load'],
    ['a negative leeway', { tokens: { accessToken: 'a' }, leeway: -1 }, 'leeway'],
    ['an unknown option', { tokens: { accessToken: 'a' }, store: {} }, 'store'],
  ];
  for (const [what, options, option] of bad) {
    it(`throws a TypeError that names ${option} for ${what} [CF-01]`, () => {
      expect(() => new TokenSource(client, options as never)).to.throw(TypeError, option);
    });
  }

  it('throws a TypeError without a client', () => {
    expect(() => new TokenSource(undefined as never, { tokens: { accessToken: 'a' } })).to.throw(TypeError);
  });

  describe('under 500 calls of 50 users whose tokens have expired', function () {
    this.timeout(120_000);

    const users = Array.from({ length: 50 }, (_, index) => `user${index}`);
    const calls = Array.from({ length: 500 }, (_, index) => users[index % users.length] as string);
    let sources: Map<string, TokenSource>;
    let saved: [user: string, refreshToken: string | undefined][];

    // Answers overtake each other: each waits for a number of turns that its user decides.
    const delay = async (user: string) => {
      for (let turns = Number(user.slice(4)) % 7; turns > 0; turns--) await new Promise(setImmediate);
    };

    beforeEach(() => {
      saved = [];
      // A busy machine takes its time for 1050 requests: how long is not the question here.
      const timeout = { response: 100_000, deadline: 100_000 };
      client = new JaccountClient({ ...server.client, ...server.endpoints, timeout });
      const right = server.token;
      server.token = async (received) => {
        await delay(new URLSearchParams(received.body).get('refresh_token')?.split('-')[1] as string);
        return right(received);
      };
      server.api = async ({ headers }) => {
        const [, user = '', number] = headers.authorization?.replace('Bearer ', '').split('-') ?? [];
        await delay(user);
        return number === '1' ? served([{ account: user }]) : refused(10007, 'ACCESS_TOKEN_EXPIRED');
      };
    });

    for (const [what, expiresAt] of [
      ['by their clock', expired],
      ['by jAccount alone', undefined],
    ] as const) {
      it(`refreshes once for each user, and answers each caller with its own, ${what} [LD-08]`, async () => {
        sources = new Map(
          users.map((user) => {
            const { expiresAt: _, ...tokens } = tokensOf(user);
            const save = ({ refreshToken }: TokenSet) => void saved.push([user, refreshToken]);
            return [
              user,
              new TokenSource(client, { tokens: { ...tokens, ...(expiresAt && { expiresAt }) }, save }),
            ];
          }),
        );

        const answers = await Promise.all(
          calls.map((user) => client.profile({ accessToken: sources.get(user) })),
        );

        expect(answers.map(({ id }) => id)).to.deep.equal(calls);
        expect(refreshes.sort()).to.deep.equal(users.map((user) => `refresh-${user}-0`).sort());
        expect(saved.sort()).to.deep.equal(users.map((user) => [user, `refresh-${user}-1`]).sort());
      });
    }

    it('releases all where the refresh fails, and the next try works [LD-08]', async () => {
      const right = server.token;
      server.token = () => (response) => void response.destroy();
      sources = new Map(users.map((user) => [user, new TokenSource(client, { tokens: tokensOf(user) })]));
      const call = () =>
        Promise.allSettled(calls.map((user) => client.profile({ accessToken: sources.get(user) })));

      const first = await call();
      server.token = right;
      const second = await call();

      expect(first.filter(({ status }) => status === 'rejected')).to.have.length(500);
      expect(second.map((outcome) => outcome.status === 'fulfilled' && outcome.value.id)).to.deep.equal(
        calls,
      );
      expect(refreshes).to.have.length(50);
    });
  });
});
