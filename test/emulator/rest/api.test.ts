import { expect } from 'chai';
import { type Grant, scopes } from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { apiOperations } from '../../../dist/emulator/rest/operations.js';
import { applicationToken, callApi, type Reply, userToken } from '../../support/api-calls';

const code: Grant = 'authorization_code';
const credentials: Grant = 'client_credentials';
const identity = ['basic', 'essential', 'profile', 'privacy'];

interface Operation {
  path: string;
  grants: Grant[];
  /** Each alone opens it. */
  opens?: string[];
}

// The grants and scopes of the pages under developer.sjtu.edu.cn/api.
const operations: Operation[] = [
  { path: '/v1/me/profile', grants: [code] },
  { path: '/v1/profile/linmuqing', grants: [code, credentials], opens: identity },
  { path: '/v1/me/circles', grants: [code] },
  {
    path: '/v1/enterprise/user/positions',
    grants: [code],
    opens: ['basic', 'essential', 'profile'],
  },
  { path: '/v1/enterprise/user/rights?account=zhaoyichen', grants: [code, credentials], opens: identity },
  { path: '/v1/enterprise/position/03000:BuiltInStudent/users', grants: [credentials], opens: ['basic'] },
  { path: '/v1/enterprise/organizes', grants: [code, credentials] },
  { path: '/v1/enterprise/calendar', grants: [code, credentials] },
  { path: '/v1/me/lessons', grants: [code], opens: ['lessons'] },
  { path: '/v1/me/lessons/2018-2019-2', grants: [code], opens: ['lessons'] },
  { path: '/v1/lesson/(2018-2019-2)-CS1501-1', grants: [code], opens: ['lessons'] },
  { path: '/v1/me/examinations', grants: [code], opens: ['exams', 'scores'] },
  { path: '/v1/me/examinations/2018-2019-2', grants: [code], opens: ['exams', 'scores'] },
  { path: '/v1/gpa', grants: [code], opens: ['scores'] },
  { path: '/v1/me/card', grants: [code], opens: ['card_info'] },
  { path: '/v1/me/card/user', grants: [code], opens: ['manage_card', 'card_info'] },
  { path: '/v1/me/card/transactions', grants: [code], opens: ['card_transactions'] },
  { path: '/v1/card?code=523030910417', grants: [credentials], opens: ['card_info'] },
];

// Documented without a grant and without a scope.
function isOpen(path: string): boolean {
  return /^\/v1\/enterprise\/(?:organizes|calendar)\b/.test(path);
}

function scopesOf(grant: Grant): string[] {
  return [...scopes.values()].filter(({ grants }) => grants.includes(grant)).map(({ name }) => name);
}

describe('the REST API', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  function tokenFor(grant: Grant, scope: readonly string[]): Promise<string> {
    return grant === code
      ? userToken(emulator, 'zhaoyichen', scope.join(' '))
      : applicationToken(emulator, scope.join(' '));
  }

  function expectErrno({ status, body }: Reply, errno: number, expected = 403): void {
    expect({ status, errno: body.errno }).to.deep.equal({ status: expected, errno });
    expect(body).to.include({ total: 0 }).and.not.to.have.property('entities');
  }

  it('has no operation beside those of this table', () => {
    const strangers = apiOperations.filter(({ path: template }) => {
      const path = new RegExp(`^${template.replace(/\{\w+\}/, '[^/]+')}(?:\\?|$)`);
      return !operations.some((operation) => path.test(operation.path));
    });

    expect(strangers).to.deep.equal([]);
  });

  for (const { path, grants, opens } of operations) {
    describe(`GET ${path}`, () => {
      if (isOpen(path)) {
        it('is open without a token', async () => {
          const { status, body } = await callApi(emulator, path);

          expect({ status, errno: body.errno }).to.deep.equal({ status: 200, errno: 0 });
        });
      } else {
        it('is closed without a token: 403, errno 10002', async () => {
          const { status, body } = await callApi(emulator, path);

          expect(status).to.equal(403);
          expect(body).to.deep.equal({ errno: 10002, error: 'Authentication Failed.', total: 0 });
        });
      }

      for (const grant of grants) {
        for (const scope of opens?.filter((name) => scopesOf(grant).includes(name)) ?? [undefined]) {
          it(`is open to ${grant} with ${scope ?? 'any scope'}`, async () => {
            const token = await tokenFor(grant, [scope ?? 'unicode']);

            const { status, body } = await callApi(emulator, path, token);

            expect({ status, errno: body.errno }).to.deep.equal({ status: 200, errno: 0 });
            expect(body.entities).to.be.an('array').that.is.not.empty;
          });
        }

        if (opens) {
          it(`is closed to ${grant} with all other scopes: errno 10010`, async () => {
            const others = scopesOf(grant).filter((name) => !opens.includes(name));

            expectErrno(await callApi(emulator, path, await tokenFor(grant, others)), 10010);
          });
        }
      }

      for (const grant of [code, credentials].filter((name) => !grants.includes(name))) {
        it(`is closed to ${grant} whatever its scope: errno 10003`, async () => {
          const token = await tokenFor(grant, scopesOf(grant));

          expectErrno(await callApi(emulator, path, token), 10003);
        });
      }

      it('is closed to a token that has expired: errno 10007', async () => {
        const [grant = code] = grants;
        const token = await tokenFor(grant, opens?.slice(0, 1) ?? ['basic']);
        emulator.advance(1801);

        expectErrno(await callApi(emulator, path, token), 10007);
      });
    });
  }

  describe('access token', () => {
    it('of a query opens what that of a header opens', async () => {
      const token = await tokenFor(code, ['lessons']);

      const inHeader = await callApi(emulator, '/v1/me/lessons', token);
      const inQuery = await callApi(emulator, `/v1/me/lessons?access_token=${token}`);

      expect(inQuery.body).to.deep.equal(inHeader.body);
      expect(inQuery.body.errno).to.equal(0);
    });

    it('of a client credentials grant is nobody: me/profile answers errno 10003', async () => {
      const token = await tokenFor(credentials, ['basic']);

      expectErrno(await callApi(emulator, '/v1/me/profile', token), 10003);
    });

    it('tells in the log neither itself nor what was asked of whom', async () => {
      const token = await tokenFor(credentials, ['basic', 'card_info']);

      await callApi(emulator, `/v1/card?code=523030910417&access_token=${token}`);

      const logged = JSON.stringify(emulator.requests.at(-1));
      expect(logged).not.to.include(token).and.not.to.include('523030910417');
    });
  });

  describe('path', () => {
    const unknown = [
      '/v1/',
      '/v1/me',
      '/v1/me/nothing',
      '/v1/profile/',
      '/v2/me/profile',
      '/v1/me/profile/x',
    ];
    for (const path of [...unknown, '/v1/Me/profile', '/v1/constructor', '/v1/me/lessons/2018-2019-2/x']) {
      it(`${path} is unknown: 404, errno 10008`, async () => {
        const token = await tokenFor(code, ['basic']);

        expectErrno(await callApi(emulator, path, token), 10008, 404);
      });
    }

    it('with a broken percent-encoding is refused: 400, errno 10001', async () => {
      const token = await tokenFor(code, ['basic']);

      expectErrno(await callApi(emulator, '/v1/profile/%E4%B8', token), 10001, 400);
    });

    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      it(`takes no ${method} where GET is meant: 405`, async () => {
        const response = await fetch(`${emulator.url}/v1/me/card`, { method });

        expect(response.status).to.equal(405);
      });
    }
  });

  describe('parameter', () => {
    const bad: [path: string, scope: string][] = [
      ['/v1/enterprise/user/rights?account=zhaoyichen&account=linmuqing', 'basic'],
      ['/v1/enterprise/calendar?from=2026-09-01&from=2026-09-02', 'basic'],
      ['/v1/me/lessons?classes=true&classes=true', 'lessons'],
      ['/v1/me/circles?limit=5&limit=5', 'basic'],
      ['/v1/me/card/transactions?cardNo=1&cardNo=1', 'card_transactions'],
    ];
    for (const [path, scope] of bad) {
      it(`twice is refused: ${path}`, async () => {
        const reply = await callApi(emulator, path, await tokenFor(code, [scope]));

        expectErrno(reply, 10001);
      });
    }

    it('that is refused is named behind MORE_INFORMATION, as in the documentation', async () => {
      const { body } = await callApi(emulator, '/v1/me/circles?limit=0', await tokenFor(code, ['basic']));

      expect(body.error).to.match(/^BAD_PARAMETERS\n\nMORE_INFORMATION:limit /);
    });
  });

  describe('envelope', () => {
    it('of an error is the same with HTTP 200, where the switch says so', async () => {
      emulator.behave({ apiErrorStatus: '200' });

      const { status, body } = await callApi(emulator, '/v1/me/card');

      expect(status).to.equal(200);
      expect(body).to.deep.equal({ errno: 10002, error: 'Authentication Failed.', total: 0 });
    });

    it('of a bad parameter is the same with HTTP 200, where the switch says so', async () => {
      emulator.behave({ apiErrorStatus: '200' });

      const token = await tokenFor(code, ['lessons']);

      expectErrno(await callApi(emulator, '/v1/me/lessons/now', token), 10001, 200);
    });

    const successes = ['success', 'Succeed.', 'null'] as const;
    for (const envelopeError of successes) {
      it(`says ${envelopeError} on success, where the switch says so`, async () => {
        emulator.behave({ envelopeError });

        const { body } = await callApi(emulator, '/v1/me/lessons', await tokenFor(code, ['lessons']));

        expect(body).to.include({ errno: 0, error: envelopeError === 'null' ? null : envelopeError });
      });
    }

    const totals = { '0': 0, '1': 1, string: '1' } as const;
    for (const [envelopeTotal, total] of Object.entries(totals)) {
      it(`has the total ${JSON.stringify(total)} where nothing is paged, where the switch says so`, async () => {
        emulator.behave({ envelopeTotal: envelopeTotal as keyof typeof totals });

        const { body } = await callApi(emulator, '/v1/me/lessons', await tokenFor(code, ['lessons']));

        expect(body.total).to.equal(total);
      });
    }

    it('counts what is paged, whatever the switch says', async () => {
      emulator.behave({ envelopeTotal: 'string' });

      const { body } = await callApi(emulator, '/v1/me/circles', await tokenFor(code, ['basic']));

      expect(body.total).to.equal(20);
    });

    it('is left out around a profile, where the switch says so', async () => {
      emulator.behave({ profile: 'bare' });

      const { body } = await callApi(emulator, '/v1/me/profile', await tokenFor(code, ['basic']));

      expect(body).to.include({ account: 'zhaoyichen' }).and.not.to.have.any.keys('errno', 'entities');
    });

    it('stays around all else, where the profile is bare', async () => {
      emulator.behave({ profile: 'bare' });

      const { body } = await callApi(emulator, '/v1/me/circles', await tokenFor(code, ['basic']));

      expect(body).to.have.property('errno', 0);
    });

    it('stays around an error, where the profile is bare', async () => {
      emulator.behave({ profile: 'bare' });

      expectErrno(await callApi(emulator, '/v1/me/profile'), 10002);
    });
  });
});
