import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type JaccountProfile, JaccountStrategy } from 'passport-jaccount';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { type Application, startApplication } from '../support/application';
import { UserAgent } from '../support/user-agent';

const scopes = ['openid', 'basic', 'essential', 'profile', 'privacy'];
const scopeSets = [...scopes, 'openid basic', 'openid essential', 'openid profile', 'openid privacy'];
const everyScope = scopes.join(' ');

/** An account with a value for each member that the profile API has. */
const complete: Account = {
  account: 'quanbuyou',
  id: 'E0000000-0000-4000-8000-00000000FFFF',
  name: '全有',
  userType: 'student',
  code: '525030910999',
  organize: { id: '03300', name: '示例系' },
  topOrganize: { id: '03000', name: '示例学院' },
  identities: [{ isDefault: true, userType: 'student', status: '正常', expireDate: '2031-08-31' }],
  classNo: 'F2503001',
  gender: 'female',
  email: 'quanbuyou@mail.example',
  mobile: '19900000999',
  accountPhotoUrl: 'https://photos.example/quanbuyou.jpg',
  avatars: { uriTiny: '', uriNormal: '', uriLarge: 'https://photos.example/large.jpg' },
  birthday: { birthYear: '2006', birthMonth: '1', birthDay: '2' },
};

/** Which scopes fill a member of the profile, as a page of the documentation says. */
function matrixIn(file: string): Map<string, string[]> {
  const lines = readFileSync(path.join(__dirname, '../..', file), 'utf8').split('\n');
  const head = lines.findIndex((line) => scopes.every((scope) => line.includes(`| \`${scope}\` |`)));
  const rows = lines.slice(head + 2, lines.indexOf('', head)).map((line) => line.split('|').slice(1, -1));
  return new Map(
    rows.flatMap(([members = '', ...cells]) => {
      const filling = scopes.filter((_, index) => cells[index]?.trim() === '✓');
      return [...members.matchAll(/`(\w+)`/g)].map(([, member]): [string, string[]] => [member!, filling]);
    }),
  );
}

const matrix = matrixIn('README.md');

describe('scopes and the profile', () => {
  let emulator: Emulator;
  let application: Application;

  before(async () => {
    emulator = await startEmulator({ accounts: [complete] });
    const { client, endpoints } = emulator;
    application = await startApplication({
      strategy: (callbackURL) =>
        new JaccountStrategy({ ...client, ...endpoints, callbackURL }, async ({ profile }) => profile),
      session: false,
    });
  });
  after(() => Promise.all([application.stop(), emulator.stop()]));

  async function profileOf(account: string, scope: string): Promise<Partial<JaccountProfile>> {
    const agent = new UserAgent();
    const { location = '' } = await agent.get(`${application.url}/login?${new URLSearchParams({ scope })}`);
    const answer = await agent.get(emulator.approve(location, account));
    const { _raw, _json, provider, ...members } = answer.json().user;
    return members;
  }

  for (const file of ['README.zh-CN.md', 'docs/profile.md', 'docs/profile.zh-CN.md']) {
    it(`${file} has the matrix of README.md`, () => {
      expect([...matrixIn(file)]).to.deep.equal([...matrix]);
    });
  }

  it('has a matrix that names every member of a profile', async () => {
    expect(Object.keys(await profileOf(complete.account, everyScope))).to.have.members([...matrix.keys()]);
  });

  for (const scope of scopeSets) {
    it(`fills what the matrix says for ${scope}, for every person of the emulator`, async () => {
      const asked = scope.split(' ');
      for (const { account } of emulator.accounts) {
        const all = Object.keys(await profileOf(account, everyScope));
        const expected = all.filter((member) => matrix.get(member)?.some((one) => asked.includes(one)));

        expect(Object.keys(await profileOf(account, scope)), account).to.have.members(expected);
      }
    });
  }

  it('fills what `basic` fills for a scope that is about no profile', async () => {
    for (const { account } of emulator.accounts) {
      const members = Object.keys(await profileOf(account, 'lessons'));

      expect(members, account).to.have.members(Object.keys(await profileOf(account, 'basic')));
    }
  });

  it('says the same of a person whichever scope is asked', async () => {
    const steady = emulator.accounts.filter(({ changesIdentity }) => !changesIdentity);
    for (const { account } of steady) {
      const all = await profileOf(account, everyScope);
      for (const scope of scopeSets) {
        // The claims are those of one login, and each of two scopes fills some of the photos.
        const { claims: _, photos: __, ...some } = await profileOf(account, scope);

        expect(all, `${account}, ${scope}`).to.deep.include(some);
      }
    }
  });

  it('never takes a member away when a scope is added', async () => {
    const accounts = fc.constantFrom(...emulator.accounts.map(({ account }) => account));
    const sets = fc.subarray(scopes, { minLength: 1 });

    await fc.assert(
      fc.asyncProperty(accounts, sets, sets, async (account, first, second) => {
        const smaller = await profileOf(account, first.join(' '));
        const larger = await profileOf(account, [...new Set([...first, ...second])].join(' '));

        expect(larger).to.include.all.keys(Object.keys(smaller));
      }),
      { numRuns: 60 },
    );
  });
});
