import { expect } from 'chai';
import { userTypes } from 'passport-jaccount';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { builtInAccounts, entityFor, userTypeOf } from '../../dist/emulator/accounts.js';

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
  it('cover every user type, one each', () => {
    const types = builtInAccounts.map(({ userType }) => userTypeOf(userType)?.code);

    expect(types).to.have.members([...userTypes.keys()]);
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
