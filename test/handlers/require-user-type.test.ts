import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import {
  bearerErrorHandler,
  type ForbiddenError,
  requireOrganization,
  requireUserGroup,
  requireUserType,
} from 'passport-jaccount';
import { startApi } from '../support/api';
import { audience, startApiIssuer } from '../support/api-issuer';
import { takeClock } from '../support/clock';
import { rightClaims, signIdToken } from '../support/provider';
import { serve } from '../support/serve';

async function statusOf(guard: RequestHandler, user?: unknown, authInfo?: object): Promise<number> {
  const app = express();
  app.use((req, _res, next) => {
    Object.assign(req, { user, authInfo });
    next();
  });
  app.get('/', guard, (_req, res) => void res.end());
  app.use(bearerErrorHandler());
  const { url, stop } = await serve(app);
  const { status, headers } = await fetch(url);
  await stop();
  // A challenge where a token would help, and nowhere else.
  expect(headers.get('www-authenticate')).to.equal(status === 401 ? 'Bearer realm="api"' : null);
  return status;
}

/** What a guard passes on for a user that it refuses. */
function refusalOf(guard: RequestHandler, user: object): ForbiddenError {
  let passedOn: unknown;
  guard({ user } as unknown as express.Request, {} as express.Response, (error) => {
    passedOn = error;
  });
  return passedOn as ForbiddenError;
}

const inForce = { status: '正常', expireDate: '2999-01-01' };
const claims = { iss: 'x', sub: 'zhangsan' };

describe('requireUserType()', () => {
  const rows: [
    what: string,
    needed: string[],
    user: unknown,
    authInfo: object | undefined,
    status: number,
  ][] = [
    ['nobody', ['student'], undefined, undefined, 401],
    ['a student', ['student'], { userType: 'student' }, undefined, 200],
    ['a student of several', ['faculty', 'student'], { userType: 'student' }, undefined, 200],
    ['a teacher', ['student'], { userType: 'faculty' }, undefined, 403],
    ['another case', ['student'], { userType: 'Student' }, undefined, 403],
    ['a longer word', ['student'], { userType: 'students' }, undefined, 403],
    ['a user of no type', ['student'], { id: 'zhangsan' }, undefined, 403],
    ['a type that is an array', ['student'], { userType: ['student'] }, undefined, 403],
    ['an alias for what is needed', ['fsyyjzg'], { userType: 'fs' }, undefined, 200],
    ['what the needed one is an alias for', ['schoolFellow'], { userType: 'alumni' }, undefined, 200],
    ['a code that nobody documents', ['robot'], { userType: 'robot' }, undefined, 200],
    ['a name that every object inherits', ['constructor'], {}, undefined, 403],
    [
      'another identity in force',
      ['student'],
      { userType: 'faculty', identities: [{ ...inForce, userType: 'student' }] },
      undefined,
      200,
    ],
    [
      'another identity without an end',
      ['student'],
      { identities: [{ status: '正常', userType: 'student' }] },
      undefined,
      200,
    ],
    [
      'an identity that has ended',
      ['student'],
      { identities: [{ ...inForce, expireDate: '2001-07-01', userType: 'student' }] },
      undefined,
      403,
    ],
    [
      'a student by the default identity, which has ended',
      ['student'],
      { userType: 'student', identities: [{ ...inForce, expireDate: '2019-07-31', userType: 'student' }] },
      undefined,
      403,
    ],
    [
      'a student who has left without a date',
      ['student'],
      { userType: 'student', identities: [{ status: '离校', userType: 'student' }] },
      undefined,
      403,
    ],
    [
      'a student who has left before the last day',
      ['student'],
      { identities: [{ ...inForce, status: '离校', userType: 'student' }] },
      undefined,
      200,
    ],
    [
      'an identity whose end is no date',
      ['student'],
      { userType: 'student', identities: [{ ...inForce, expireDate: '永久', userType: 'student' }] },
      undefined,
      403,
    ],
    [
      'an alumnus, who has no status',
      ['alumni'],
      { userType: 'faculty', identities: [{ userType: 'alumni' }] },
      undefined,
      200,
    ],
    ['a person with an empty list', ['outside'], { userType: 'outside', identities: [] }, undefined, 200],
    ['identities that are no list', ['student'], { identities: { userType: 'student' } }, undefined, 403],
    [
      'a user of no type with an ID Token',
      ['student'],
      { id: 'x' },
      { claims, profile: { userType: 'student' } },
      200,
    ],
    ['an ID Token alone', ['student'], undefined, { claims, profile: { userType: 'student' } }, 200],
    [
      'a user who is told otherwise than the ID Token',
      ['student'],
      { userType: 'team' },
      { claims, profile: { userType: 'student' } },
      403,
    ],
    [
      'a token with a claim of that name',
      ['student'],
      { id: 'x' },
      { claims: { ...claims, type: 'student' } },
      403,
    ],
    ['a client [RS-16]', ['student'], { userType: 'student' }, { claims, client: 'abc' }, 403],
  ];
  for (const [what, needed, user, authInfo, status] of rows) {
    it(`answers ${status} to ${what}`, async () => {
      expect(await statusOf(requireUserType(...(needed as [string])), user, authInfo)).to.equal(status);
    });
  }

  it('counts an identity until its last day is over in Shanghai', async () => {
    const clock = takeClock();
    clock.advance((Date.parse('2030-01-01T17:00:00Z') - Date.now()) / 1000);
    const endingOn = (expireDate: string) => ({
      identities: [{ ...inForce, expireDate, userType: 'student' }],
    });

    const ended = await statusOf(requireUserType('student'), endingOn('2030-01-01'));
    const ending = await statusOf(requireUserType('student'), endingOn('2030-01-02'));
    clock.restore();

    expect([ended, ending]).to.deep.equal([403, 200]);
  });

  it('looks where it is told', async () => {
    const of = (req: any) => req.user.profile;

    const found = await statusOf(requireUserType('student', { of }), { profile: { userType: 'student' } });
    const missing = await statusOf(requireUserType('student', { of }), { userType: 'student' });

    expect([found, missing]).to.deep.equal([200, 403]);
  });

  it('finds the user under the name that the application chose', async () => {
    const app = express();
    app.use((req, _res, next) => {
      Object.assign(req, { _userProperty: 'account', account: { userType: 'student' } });
      next();
    });
    app.get('/', requireUserType('student'), (_req, res) => void res.end());
    const { url, stop } = await serve(app);
    const { status } = await fetch(url);
    await stop();

    expect(status).to.equal(200);
  });

  it('passes on what it requires', () => {
    const { name, code, status, fault, required, headers } = refusalOf(requireUserType('student', 'fs'), {
      userType: 'team',
    });

    expect({ name, code, status, fault, required, headers }).to.deep.equal({
      ...{ name: 'ForbiddenError', code: 'ERR_JACCOUNT_FORBIDDEN', status: 403 },
      ...{ fault: 'user-type', required: ['student', 'fs'], headers: {} },
    });
  });

  const hints: [what: string, user: object, isHinted: boolean][] = [
    ['keeps the account only', { id: 'zhangsan' }, true],
    ['keeps an organization, which says nothing about user types', { organization: { id: '03000' } }, true],
    ['knows another user type', { userType: 'team' }, false],
    ['knows identities', { identities: [] }, false],
  ];
  for (const [what, user, isHinted] of hints) {
    it(`${isHinted ? 'says' : 'does not say'} what is missing if the application ${what}`, () => {
      const { message } = refusalOf(requireUserType('student'), user);

      expect(message.includes('the user has none of the members "userType", "identities"')).to.equal(
        isHinted,
      );
    });
  }

  it('lets no application change what it requires', () => {
    const guard = requireUserType('student');
    const { required } = refusalOf(guard, {});

    expect(() => (required as string[]).push('team')).to.throw(TypeError);
  });

  for (const group of ['staff', 'guest', 'collective']) {
    it(`refuses the name of the group ${group} and names requireUserGroup`, () => {
      expect(() => requireUserType(group)).to.throw(TypeError, `requireUserGroup('${group}')`);
      expect(() => requireUserType('student', group)).to.throw(TypeError, group);
    });
  }

  it('lets an application hear of what its own function throws', async () => {
    const of = () => {
      throw Object.assign(new Error('no database'), { status: 500 });
    };

    const app = express();
    app.set('env', 'test');
    app.use(
      (req, _res, next) => {
        Object.assign(req, { user: {} });
        next();
      },
      requireUserType('student', { of }),
    );
    const { url, stop } = await serve(app);
    const { status } = await fetch(url);
    await stop();

    expect(status).to.equal(500);
  });

  it('knows the user of an ID Token, whatever verify makes of it [RS-16]', async () => {
    const issuer = await startApiIssuer();
    const clientID = 'japp000001';
    const clientSecret = '4f7c1b9ee2d84a0f9a6d3c5b7e1f2a90c8d7e6f5';
    const api = await startApi({
      options: { issuers: [issuer.entry], clientID, clientSecret, acceptIdTokens: true },
      after: [requireUserType('student')],
      onError: bearerErrorHandler(),
    });
    const idToken = (type: string) => {
      const login = { code: '', nonce: 'n-1', user: 'zhangsan', clientID };
      return signIdToken(
        { ...rightClaims('https://jaccount.sjtu.edu.cn/oauth2/', login), type },
        clientSecret,
      );
    };
    const tokens = [idToken('student'), idToken('faculty'), issuer.token({ type: 'student', aud: audience })];

    const answers = await Promise.all(tokens.map((token) => api.call(`Bearer ${token}`)));
    await Promise.all([api.stop(), issuer.stop()]);

    expect(answers.map(({ status }) => status)).to.deep.equal([200, 403, 403]);
  });

  for (const needed of [
    [],
    [''],
    [null],
    [{}],
    ['student', { from: 'user' }],
    ['student', { of: 'user' }],
    ['student', { from: () => undefined }],
    ['student', 5],
    [5],
  ]) {
    it(`refuses to be called with ${JSON.stringify(needed)}`, () => {
      expect(() => requireUserType(...(needed as [string]))).to.throw(TypeError, 'requireUserType');
    });
  }
});

describe('requireUserGroup()', () => {
  const rows: [what: string, needed: string[], user: unknown, status: number][] = [
    ['a request without a user', ['staff'], undefined, 401],
    ['a teacher', ['staff'], { userType: 'faculty' }, 200],
    ['a postdoctoral researcher', ['staff'], { userType: 'postphd' }, 200],
    ['a hospital employee by an alias', ['staff'], { userType: 'fs' }, 200],
    ['a student', ['staff'], { userType: 'student' }, 403],
    ['a user type with the name of the group', ['staff'], { userType: 'staff' }, 403],
    ['a user of no type', ['staff'], { id: 'zhangsan' }, 403],
    ['a user type that is not documented', ['staff'], { userType: 'micro_degree' }, 403],
    ['a student where students are among the groups', ['staff', 'student'], { userType: 'summer' }, 200],
    ['a collective account', ['collective'], { userType: 'team' }, 200],
    ['a guest', ['guest'], { userType: 'vip' }, 200],
    ['an alumnus by the other spelling', ['alumni'], { userType: 'schoolFellow' }, 200],
    [
      'a student who also teaches',
      ['staff'],
      { userType: 'student', identities: [inForce, { ...inForce, userType: 'faculty' }] },
      200,
    ],
    [
      'somebody who has resigned',
      ['staff'],
      { userType: 'faculty', identities: [{ userType: 'faculty', status: '离职' }] },
      403,
    ],
  ];
  for (const [what, needed, user, status] of rows) {
    it(`answers ${status} to ${what}`, async () => {
      expect(await statusOf(requireUserGroup(...(needed as ['staff'])), user)).to.equal(status);
    });
  }

  it('looks where it is told', async () => {
    const guard = requireUserGroup('staff', { of: (req: any) => req.user.profile });

    expect(await statusOf(guard, { profile: { userType: 'faculty' } })).to.equal(200);
    expect(await statusOf(guard, { userType: 'faculty' })).to.equal(403);
  });

  it('passes on what it requires', () => {
    expect(refusalOf(requireUserGroup('staff', 'guest'), { userType: 'student' })).to.deep.include({
      ...{ code: 'ERR_JACCOUNT_FORBIDDEN', fault: 'user-type', required: ['staff', 'guest'] },
    });
  });

  const misuses: [needed: unknown[], hint: string][] = [
    [['faculty'], "requireUserType('faculty')"],
    [['schoolFellow'], "requireUserType('schoolFellow')"],
    [['staff', 'students'], 'student, staff, alumni, guest, collective'],
    [['constructor'], 'no group'],
    [[], 'requireUserGroup'],
    [[''], 'requireUserGroup'],
    [[5], 'requireUserGroup'],
    [['staff', { from: 'user' }], 'from'],
  ];
  for (const [needed, hint] of misuses) {
    it(`refuses to be called with ${JSON.stringify(needed)} and says ${hint}`, () => {
      expect(() => requireUserGroup(...(needed as ['staff']))).to.throw(TypeError, hint);
    });
  }
});

describe('requireOrganization()', () => {
  const school = { id: '03000', name: '电子信息与电气工程学院' };
  const other = { id: '3000', name: '校友会' };
  const rows: [what: string, user: unknown, status: number][] = [
    ['nobody', undefined, 401],
    ['a member', { organization: school }, 200],
    ['a member of a part of it', { organization: other, topOrganization: school }, 200],
    ['a member of another', { organization: other }, 403],
    ['a user of no organization', { userType: 'student' }, 403],
    ['an id that is a number', { organization: { id: 3000 } }, 403],
    ['an organization without an id', { organization: {} }, 403],
    ['null', { organization: null }, 403],
    [
      'another identity in force',
      { organization: other, identities: [{ ...inForce, organization: school }] },
      200,
    ],
    [
      'an identity that has ended',
      { organization: school, identities: [{ ...inForce, expireDate: '2019-07-31', organization: school }] },
      403,
    ],
    [
      'the organization of the account, of no identity in force',
      { organization: school, identities: [{ ...inForce, organization: other }] },
      403,
    ],
    [
      'the top organization of an identity without a status',
      { identities: [{ organization: other, topOrganization: school }] },
      200,
    ],
  ];
  for (const [what, user, status] of rows) {
    it(`answers ${status} to ${what}`, async () => {
      expect(await statusOf(requireOrganization('03000'), user)).to.equal(status);
    });
  }

  it('says what is missing if the application knows no organization', () => {
    const { message } = refusalOf(requireOrganization('03000'), { userType: 'student' });

    expect(message).to.include('"organization", "topOrganization", "identities"');
  });

  it('passes on what it requires', () => {
    expect(refusalOf(requireOrganization('05000'), { organization: school })).to.deep.include({
      ...{ code: 'ERR_JACCOUNT_FORBIDDEN', fault: 'organization', required: ['05000'] },
    });
  });

  it('lets in a member of one of several', async () => {
    expect(await statusOf(requireOrganization('05000', '03000'), { organization: school })).to.equal(200);
  });

  it('refuses to be called without an id', () => {
    expect(() => requireOrganization(...([] as unknown as [string]))).to.throw(
      TypeError,
      'requireOrganization',
    );
  });
});
