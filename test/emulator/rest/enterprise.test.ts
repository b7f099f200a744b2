import { expect } from 'chai';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { applicationToken, callApi, userToken } from '../../support/api-calls';

const position = {
  post: { postCode: 'P1', postName: '报销员', bizTypes: ['finance'], formal: false },
  dept: { organizeId: '40100', organizeName: '网络信息中心', parentOrganizeId: '00000', independent: true },
};
const accounts: Account[] = [
  { account: 'baoxiao', name: '包晓', userType: 'faculty', positions: [position], rights: [{ code: 'r' }] },
  { account: 'newschool', userType: 'student', organize: { id: '99900', name: '未来学院' } },
];

describe('the enterprise API', () => {
  let emulator: Emulator;
  let application: string;
  before(async () => {
    emulator = await startEmulator({ accounts });
    application = await applicationToken(emulator, 'basic');
  });
  after(() => emulator.stop());

  async function answer(path: string, token = application): Promise<any> {
    return (await callApi(emulator, `/v1/enterprise/${path}`, token)).body;
  }

  async function positionsOf(account: string): Promise<any[]> {
    const { entities } = await answer('user/positions', await userToken(emulator, account, 'basic'));
    return entities[0].positions;
  }

  describe('GET user/positions', () => {
    it('shows account, name and positions', async () => {
      const token = await userToken(emulator, 'linmuqing', 'basic');

      const { entities } = await answer('user/positions', token);

      expect(entities).to.deep.equal([
        {
          account: 'linmuqing',
          name: '林慕青',
          positions: [
            {
              post: { postCode: 'BuiltInFaculty', postName: '教职员工', bizTypes: [], formal: true },
              dept: {
                organizeId: '03000',
                organizeName: '电子信息与电气工程学院',
                parentOrganizeId: '00000',
                independent: true,
              },
            },
          ],
        },
      ]);
    });

    const posts: [account: string, codes: string[]][] = [
      ['zhaoyichen', ['BuiltInAlumni', 'BuiltInStudent', 'BuiltInStudent']],
      ['tangrenjie', ['BuiltInAffiliated']],
      ['robot.club', ['BuiltInTeam']],
      ['xinlaide', ['BuiltInFreshman']],
      ['hezuozhe', []],
      ['weizhuanye', []],
    ];
    for (const [account, codes] of posts) {
      it(`has ${codes.length === 0 ? 'no post' : codes.join(', ')} for ${account}`, async () => {
        expect((await positionsOf(account)).map(({ post }) => post.postCode)).to.deep.equal(codes);
      });
    }

    it('names the school above a department', async () => {
      const [{ dept }] = await positionsOf('LiuMingXuan');

      expect(dept).to.include({ organizeId: '03300', parentOrganizeId: '03000', independent: false });
    });

    it('takes an organization that is not in the table as it is', async () => {
      const [{ dept }] = await positionsOf('newschool');

      expect(dept).to.include({ organizeId: '99900', organizeName: '未来学院' });
    });

    it('shows the positions that came with an account', async () => {
      expect(await positionsOf('baoxiao')).to.deep.equal([position]);
    });
  });

  describe('GET position/{dept:post:biz}/users', () => {
    const holders: [name: string, accounts: string[]][] = [
      ['03300:BuiltInStudent', ['LiuMingXuan']],
      ['60200:BuiltInStudent', []],
      ['40100:P1', ['baoxiao']],
      ['40100:P1:finance', ['baoxiao']],
      ['40100:P1:travel', []],
      ['40100:P1:', ['baoxiao']],
      ['99999:BuiltInStudent', []],
    ];
    for (const [name, found] of holders) {
      it(`of ${name} is ${found.join(', ') || 'nobody'}`, async () => {
        const { errno, entities } = await answer(`position/${name}/users`);

        expect(errno).to.equal(0);
        expect(entities.map(({ account }: Account) => account)).to.deep.equal(found);
      });
    }

    it('shows no more of them than the scope opens', async () => {
      const { entities } = await answer('position/03300:BuiltInStudent/users');

      expect(entities[0]).to.have.all.keys(['id', 'account', 'name', 'kind', 'timeZone']);
    });

    for (const name of ['03300', ':BuiltInStudent', '03300:', 'a:b:c:d']) {
      it(`of ${name} is refused: errno 10001`, async () => {
        expect(await answer(`position/${name}/users`)).to.have.property('errno', 10001);
      });
    }
  });

  describe('GET user/rights', () => {
    it('tells an application of whom it names', async () => {
      const { entities } = await answer('user/rights?account=linmuqing');

      expect(entities[0]).to.include({ account: 'linmuqing', name: '林慕青' });
      expect(entities[0].rights).to.be.an('array').that.is.not.empty;
    });

    it('tells a user of the user', async () => {
      const { entities } = await answer('user/rights', await userToken(emulator, 'zhaoyichen', 'basic'));

      expect(entities[0]).to.include({ account: 'zhaoyichen' });
    });

    it('tells a user of the user by name, in any case', async () => {
      const token = await userToken(emulator, 'LiuMingXuan', 'basic');

      const { entities } = await answer('user/rights?account=liumingxuan', token);

      expect(entities[0]).to.include({ account: 'LiuMingXuan' });
    });

    it('tells a user of nobody else: errno 10003', async () => {
      const token = await userToken(emulator, 'zhaoyichen', 'basic');

      expect(await answer('user/rights?account=linmuqing', token)).to.have.property('errno', 10003);
    });

    it('wants to know from an application whom it means: errno 10001', async () => {
      expect(await answer('user/rights')).to.have.property('errno', 10001);
    });

    it('knows nothing of an unknown account: errno 10008', async () => {
      expect(await answer('user/rights?account=nobody')).to.have.property('errno', 10008);
    });

    it('shows the rights that came with an account', async () => {
      const { entities } = await answer('user/rights?account=baoxiao');

      expect(entities[0].rights).to.deep.equal([{ code: 'r' }]);
    });
  });

  describe('GET organizes', () => {
    it('has ids of five digits in text, whose zeros stay', async () => {
      const { entities } = await answer('organizes');

      for (const { organizeId } of entities)
        expect(organizeId)
          .to.be.a('string')
          .that.matches(/^\d{5}$/);
      expect(entities.map(({ organizeId }: any) => organizeId)).to.include('03000');
    });

    it('has a parent for each but the university, and the parent too', async () => {
      const { entities } = await answer('organizes');

      const ids = entities.map(({ organizeId }: any) => organizeId);
      const parents = entities.map(({ parentOrganizeId }: any) => parentOrganizeId);
      expect(ids).to.include.members(parents.filter((id: string) => id !== ''));
      expect(parents.filter((id: string) => id === '')).to.have.length(1);
    });
  });

  describe('GET calendar', () => {
    async function terms(query: string): Promise<string[]> {
      const { entities } = await answer(`calendar?${query}`);
      return entities.map(({ code }: any) => code);
    }

    it('has the term of one day', async () => {
      expect(await terms('from=2026-11-21&to=2026-11-21')).to.deep.equal(['2026-2027-1']);
    });

    it('has every term of a span', async () => {
      expect(await terms('from=2026-11-21&to=2027-09-01')).to.deep.equal([
        ...['2026-2027-1', '2026-2027-2', '2026-2027-3', '2027-2028-1'],
      ]);
    });

    it('has the term of today without days', async () => {
      expect(await terms('')).to.have.length(1);
    });

    const bad = ['from=yesterday', 'from=2026-13-01', 'to=20261121', 'from=2026-11-21&to=2026-11-20'];
    for (const query of [...bad, 'from=1000-01-01&to=2999-12-31', 'from=0001-01-01']) {
      it(`refuses ${query}: errno 10001`, async () => {
        expect(await answer(`calendar?${query}`)).to.have.property('errno', 10001);
      });
    }
  });
});
