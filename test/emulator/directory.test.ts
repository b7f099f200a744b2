import { expect } from 'chai';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { partOf, RelyingParty } from '../support/relying-party';
import { UserAgent } from '../support/user-agent';

const school = (id: string, name: string) => ({ id, name });
const graduate: Account = {
  account: 'DoubleLife',
  name: '双面人',
  userType: 'student',
  code: '519030910001',
  organize: school('03000', '电子信息与电气工程学院'),
  topOrganize: school('03000', '电子信息与电气工程学院'),
  changesIdentity: true,
  identities: [
    { code: '519030910001', userType: 'student', organize: school('03000', '电子信息与电气工程学院') },
    { code: '11234', userType: 'faculty', organize: school('07200', '物理与天文学院') },
  ],
} as Account;
const people: Account[] = [
  graduate,
  { account: 'rootless', name: '无根', changesIdentity: true, userType: 'outside', code: 'TQ1' },
  { account: 'kevin', name: '凯文' },
  { account: 'guarded', name: '有密码', password: 'sesame' },
];

describe('directory', () => {
  let emulator: Emulator;
  let party: RelyingParty;
  before(async () => {
    emulator = await startEmulator({ accounts: people });
    party = new RelyingParty(emulator);
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  async function claimsOf(account: string) {
    return partOf((await party.login({}, account)).body.id_token, 'claims');
  }

  describe('an account that changes its identity', () => {
    it('has its first one at the first login', async () => {
      expect(await claimsOf('doublelife')).to.include({ type: 'student', code: '519030910001' });
    });

    it('has the next one at each login, the first again after the last', async () => {
      const types: string[] = [];
      for (let i = 0; i < 4; i++) types.push((await claimsOf('doublelife')).type);

      expect(types).to.deep.equal(['student', 'faculty', 'student', 'faculty']);
    });

    it('has the next one at each approve(), for that is a login too', async () => {
      const types: string[] = [];
      for (let i = 0; i < 3; i++) {
        const url = emulator.approve(party.authorizationURL(), 'doublelife');
        const code = new URL(url).searchParams.get('code') ?? '';
        types.push(partOf((await party.redeem(code)).body.id_token, 'claims').type);
      }

      expect(types).to.deep.equal(['student', 'faculty', 'student']);
    });

    it('keeps its name', async () => {
      await claimsOf('doublelife');

      expect(await claimsOf('doublelife')).to.include({ sub: 'DoubleLife', name: '双面人' });
    });

    it('is the same in the ID Token as in the profile', async () => {
      await claimsOf('doublelife');
      const { body } = await party.login({ scope: 'openid essential' }, 'doublelife');

      const [entity] = (await party.profile(body.access_token)).body.entities;

      expect(entity).to.include({ userType: 'faculty', code: '11234' });
      expect(entity.organize).to.deep.equal(school('07200', '物理与天文学院'));
      expect(entity.identities.map(({ isDefault }: { isDefault: boolean }) => isDefault)).to.deep.equal([
        false,
        true,
      ]);
      expect(partOf(body.id_token, 'claims')).to.include({ type: 'faculty', code: '11234' });
    });

    it('does not change while it is signed in', async () => {
      const browser = await party.signedIn('doublelife');
      const types: string[] = [];
      for (let i = 0; i < 2; i++) {
        const { location } = await browser.get(party.authorizationURL());
        const code = new URL(location ?? '').searchParams.get('code') ?? '';
        types.push(partOf((await party.redeem(code)).body.id_token, 'claims').type);
      }

      expect(types).to.deep.equal(['student', 'student']);
    });

    it('begins anew after reset()', async () => {
      await claimsOf('doublelife');
      emulator.reset();

      expect((await claimsOf('doublelife')).type).to.equal('student');
    });

    it('stays as it is where there are no others', async () => {
      await claimsOf('rootless');

      expect(await claimsOf('rootless')).to.include({ type: 'outside', code: 'TQ1' });
    });

    it('says nothing of it at the API', async () => {
      const { access_token } = (await party.login({ scope: 'essential profile privacy' }, 'doublelife')).body;

      const [entity] = (await party.profile(access_token)).body.entities;

      expect(entity).not.to.have.any.keys(['changesIdentity', 'password']);
    });
  });

  describe('a name', () => {
    for (const typed of ['kevin', 'KEVIN', 'Kevin', ' kevin ']) {
      it(`is found as ${JSON.stringify(typed)}`, async () => {
        expect((await claimsOf(typed)).sub).to.equal('kevin');
      });
    }

    // Folded by Unicode these would be kevin and linmuqing.
    for (const typed of ['\u212Aevin', 'kev\u0131n', 'kev\u0130n', 'ｋevin', 'kevin\u0000']) {
      it(`is not found as ${JSON.stringify(typed)} [IT-07]`, async () => {
        const visit = await new UserAgent().post(`${emulator.url}/jaccount/ulogin`, { account: typed });

        expect(visit.status).to.equal(400);
        expect(visit.headers.get('set-cookie')).to.equal(null);
      });
    }
  });

  describe('an account with a password', () => {
    const login = (form: Record<string, string>) =>
      new UserAgent().post(`${emulator.url}/jaccount/ulogin`, { account: 'guarded', ...form });

    it('signs in with it', async () => {
      expect((await login({ password: 'sesame' })).status).to.equal(303);
    });

    for (const form of [{}, { password: '' }, { password: 'Sesame' }, { password: 'sesame ' }]) {
      it(`does not sign in with ${JSON.stringify(form)}`, async () => {
        const visit = await login(form as Record<string, string>);

        expect(visit.status).to.equal(400);
        expect(visit.headers.get('set-cookie')).to.equal(null);
      });
    }

    it('does not see it again on the page that refuses it', async () => {
      expect((await login({ password: 'canary-password' })).text).not.to.contain('canary-password');
    });
  });

  it('needs no password of an account without one, whatever is typed', async () => {
    const visit = await new UserAgent().post(`${emulator.url}/jaccount/ulogin`, {
      account: 'zhaoyichen',
      password: 'anything',
    });

    expect(visit.status).to.equal(303);
  });
});
