import { expect } from 'chai';
import { userTypes } from 'passport-jaccount';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { builtInAccounts, entityFor, userTypeOf } from '../../dist/emulator/state/accounts.js';
import { callApi, userToken } from '../support/api-calls';

interface Identity {
  isDefault: boolean;
  code: string;
  userType: string;
  kind: string;
}

function identitiesOf(account: Account): Identity[] {
  return (account.identities ?? []) as Identity[];
}

describe('built-in accounts', () => {
  it('begin with one for each user type, in the order of the table', () => {
    const types = builtInAccounts.slice(0, userTypes.size).map(({ userType }) => userTypeOf(userType)?.code);

    expect(types).to.deep.equal([...userTypes.keys()]);
  });

  it('have names of their own', () => {
    expect(new Set(builtInAccounts.map(({ account }) => account)).size).to.equal(builtInAccounts.length);
  });

  it('have ids of their own', () => {
    const ids = builtInAccounts.flatMap(({ id }) => id ?? []);

    expect(new Set(ids).size).to.equal(ids.length);
  });

  for (const account of builtInAccounts) {
    describe(account.account, () => {
      it('is a name jAccount would give', () => {
        expect(account.account).to.match(/^[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]$/i);
      });

      it('has an id in capitals, unless it is a team', () => {
        if (account.userType === 'team') expect(account).not.to.have.any.keys('id', 'identities');
        else expect(account.id).to.match(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
      });

      it('has its number from its default identity, where it has identities', () => {
        const defaults = identitiesOf(account).filter(({ isDefault }) => isDefault);

        expect(defaults).to.have.length(identitiesOf(account).length === 0 ? 0 : 1);
        for (const { code, userType } of defaults) {
          expect({ code, userType }).to.deep.equal({ code: account.code, userType: account.userType });
        }
      });

      it('belongs to nobody who could be written to', () => {
        if (account.email !== undefined) expect(account.email).to.match(/\.example$/);
      });
    });
  }
});

describe('built-in accounts that are hard to handle', () => {
  function accountOf(name: string): Account {
    return builtInAccounts.find(({ account }) => account === name) as Account;
  }

  it('have one registered with capitals', () => {
    expect(accountOf('LiuMingXuan').userType).to.equal('student');
  });

  it('have one of a user type that nobody knows, whose label has to be taken from the identity', () => {
    const account = accountOf('weizhuanye');

    expect(userTypeOf(account.userType)).to.equal(undefined);
    expect(identitiesOf(account)[0]).to.include({ userType: 'micro_degree', userTypeName: '微专业学员' });
  });

  it('have one whose name has fewer characters than units of UTF-16', () => {
    const { name = '' } = accountOf('jigang');

    expect([...name].length).to.be.below(name.length);
  });

  it('have one with a middle dot in the name', () => {
    expect(accountOf('narentuoya').name).to.include('\u00b7');
  });

  it('have one with the longest of accounts, a name beyond 120 characters', () => {
    const { account, name = '' } = accountOf('x-guillermina.fernanda_de-la-cruz.y-rios');

    expect(account).to.have.length(40);
    expect(name.length).to.be.above(120);
  });

  it('have one of digits alone that a number would not hold', () => {
    const { account } = accountOf('0730309118');

    expect(String(Number(account))).not.to.equal(account);
  });

  it('have one with a password, which the profile API shows under no scope', () => {
    const account = accountOf('mima');

    const entity = entityFor(account, ['basic', 'essential', 'profile', 'privacy', 'password']);

    expect(account.password).to.be.a('string').that.is.not.empty;
    expect(entity).not.to.have.property('password');
  });

  it('have one identity with every member that a student has', () => {
    expect(identitiesOf(accountOf('LiuMingXuan'))[0]).to.include.all.keys([
      ...['classNo', 'gjm', 'major', 'admissionDate', 'graduateDate', 'trainLevel'],
      ...['status', 'expireDate', 'topOrganize'],
    ]);
  });

  it('have a department whose school is the top organization', () => {
    const { organize, topOrganize } = accountOf('LiuMingXuan');

    expect([organize, topOrganize]).to.deep.equal([
      { id: '03300', name: '计算机科学与工程系' },
      { id: '03000', name: '电子信息与电气工程学院' },
    ]);
  });
});

describe('an account that changes identity', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  async function entityAfterLogin(): Promise<any> {
    const token = await userToken(emulator, 'bianhuan', 'essential');
    const { body } = await callApi(emulator, '/v1/me/profile', token);
    return body.entities?.[0];
  }

  it('has another user type, another number after each login, the first again after the last', async () => {
    const logins = [];
    for (let login = 0; login < 4; login++) logins.push(await entityAfterLogin());

    expect(logins.map(({ userType, code }) => [userType, code])).to.deep.equal([
      ['student', '522030910077'],
      ['alumni', 'AA518030910077'],
      ['faculty', '11206'],
      ['student', '522030910077'],
    ]);
  });

  it('is one person under one account all the while', async () => {
    const [first, second] = [await entityAfterLogin(), await entityAfterLogin()];

    expect([second.id, second.account]).to.deep.equal([first.id, first.account]);
  });

  it('has one default identity at a time, which is the one that the profile names', async () => {
    await entityAfterLogin();

    const { identities, code } = await entityAfterLogin();

    const defaults = identities.filter(({ isDefault }: Identity) => isDefault);
    expect(defaults.map((identity: Identity) => identity.code)).to.deep.equal([code]);
  });
});

describe('userTypeOf()', () => {
  const known: [code: string, canonical: string][] = [
    ['student', 'student'],
    ['fs', 'fsyyjzg'],
    ['fsyyjzg', 'fsyyjzg'],
    ['schoolFellow', 'alumni'],
  ];
  for (const [code, canonical] of known) {
    it(`knows ${code} as ${canonical}`, () => {
      expect(userTypeOf(code)?.code).to.equal(canonical);
    });
  }

  for (const code of ['', 'Student', 'constructor', 'robot', undefined]) {
    it(`knows no type ${JSON.stringify(code) ?? 'of an account without one'}`, () => {
      expect(userTypeOf(code)).to.equal(undefined);
    });
  }
});

describe('entityFor()', () => {
  const account: Account = {
    id: 'E0000000-0000-4000-8000-0000000000AA',
    account: 'somebody',
    name: 'Some Body',
    kind: 'canvas.profile',
    timeZone: 0,
    code: '1',
    userType: 'vip',
    gender: 'male',
    cardNo: 'X1',
  };

  it('shows what every token opens where no scope opens more', () => {
    expect(entityFor(account, [])).to.have.all.keys(['id', 'account', 'name', 'kind', 'timeZone']);
  });

  const closed: [member: string, scope: string[]][] = [
    ['code', ['openid', 'basic', 'profile', 'privacy']],
    ['userType', ['lessons']],
    ['gender', ['essential', 'privacy']],
    ['cardNo', ['basic', 'essential', 'profile']],
    ['code', ['constructor', '__proto__']],
  ];
  for (const [member, scope] of closed) {
    it(`leaves ${member} out under "${scope.join(' ')}"`, () => {
      expect(entityFor(account, scope)).not.to.have.property(member);
    });
  }

  it('leaves a member out that the account has not', () => {
    expect(entityFor({ account: 'somebody' }, ['essential'])).to.deep.equal({ account: 'somebody' });
  });

  it('gives a birthday in milliseconds, UTC, where it is asked to', () => {
    const birthday = { birthYear: '2000', birthMonth: '2', birthDay: '29' };

    const entity = entityFor({ ...account, birthday }, ['privacy'], 'number');

    expect(entity).to.have.property('birthday', Date.UTC(2000, 1, 29));
  });

  it('leaves a birthday that is a number already', () => {
    const entity = entityFor({ ...account, birthday: 951782400000 }, ['privacy'], 'number');

    expect(entity).to.have.property('birthday', 951782400000);
  });

  for (const own of ['password', 'changesIdentity', 'lessons', 'card', 'transactions']) {
    it(`never shows ${own}, which is the emulator's own`, () => {
      const entity = entityFor({ ...account, [own]: 'x' } as Account, [
        ...['basic', 'essential', 'profile', 'privacy', 'lessons', 'card_info', 'card_transactions'],
      ]);

      expect(entity).not.to.have.property(own);
    });
  }

  it('keeps an empty member', () => {
    expect(entityFor({ account: 'team', code: '' }, ['essential'])).to.have.property('code', '');
  });
});

describe('startEmulator({ accounts })', () => {
  let emulator: Emulator | undefined;
  afterEach(async () => {
    await emulator?.stop();
    emulator = undefined;
  });

  it('keeps the built-in ones', async () => {
    emulator = await startEmulator({ accounts: [{ account: 'newcomer', name: 'New Comer' }] });

    const names = emulator.accounts.map(({ account }) => account);
    expect(names).to.include.members(['newcomer', ...builtInAccounts.map(({ account }) => account)]);
  });

  it('puts one in the place of the built-in one of its name', async () => {
    emulator = await startEmulator({ accounts: [{ account: 'zhaoyichen', name: 'Somebody Else' }] });

    const same = emulator.accounts.filter(({ account }) => account === 'zhaoyichen');
    expect(same).to.deep.equal([{ account: 'zhaoyichen', name: 'Somebody Else' }]);
  });
});
