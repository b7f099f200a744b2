import { expect } from 'chai';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { applicationToken, callApi, userToken } from '../../support/api-calls';

let emulator: Emulator;

async function entityOf(path: string, token: string): Promise<any> {
  const { body } = await callApi(emulator, path, token);
  expect(body).to.have.property('errno', 0);
  return body.entities?.[0];
}

describe('GET /v1/me/profile of people who are hard to handle', () => {
  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  it('spells an account as it was registered, however it was typed', async () => {
    const entity = await entityOf('/v1/me/profile', await userToken(emulator, 'LIUMINGXUAN', 'basic'));

    expect(entity.account).to.equal('LiuMingXuan');
  });

  it('passes an unknown user type through', async () => {
    const entity = await entityOf('/v1/me/profile', await userToken(emulator, 'weizhuanye', 'essential'));

    expect(entity.userType).to.equal('micro_degree');
  });

  const names: [account: string, name: string][] = [
    ['jigang', '\u{20bb7}\u36c3'],
    ['narentuoya', '娜仁托娅·查干湖'],
  ];
  for (const [account, name] of names) {
    it(`keeps the name ${name} whole`, async () => {
      const entity = await entityOf('/v1/me/profile', await userToken(emulator, account, 'basic'));

      expect(entity.name).to.equal(name);
    });
  }

  it('keeps the zero before an account of digits', async () => {
    const entity = await entityOf('/v1/me/profile', await userToken(emulator, '0730309118', 'basic'));

    expect(entity.account).to.equal('0730309118');
  });

  it('shows a document under privacy alone', async () => {
    const open = await entityOf('/v1/me/profile', await userToken(emulator, 'LiuMingXuan', 'privacy'));
    const scope = 'basic essential profile card_info';
    const closed = await entityOf('/v1/me/profile', await userToken(emulator, 'LiuMingXuan', scope));

    expect(open).to.include({ cardType: '01', cardNo: '000000200401010000' });
    expect(closed).not.to.have.any.keys('cardType', 'cardNo');
  });

  it('has a birthday in milliseconds, where the switch says so', async () => {
    emulator.behave({ birthday: 'number' });

    const entity = await entityOf('/v1/me/profile', await userToken(emulator, 'linmuqing', 'privacy'));

    expect(entity.birthday).to.equal(Date.UTC(1970, 0, 1));
  });
});

describe('GET /v1/profile/{account}', () => {
  let token: string;
  before(async () => {
    emulator = await startEmulator();
    token = await applicationToken(emulator, 'essential');
  });
  after(() => emulator.stop());

  it('finds somebody by account', async () => {
    expect(await entityOf('/v1/profile/linmuqing', token)).to.include({ name: '林慕青', code: '10327' });
  });

  it('finds somebody by account in any case', async () => {
    expect(await entityOf('/v1/profile/liumingxuan', token)).to.include({ account: 'LiuMingXuan' });
  });

  it("finds somebody by a person's id", async () => {
    const { id } = await entityOf('/v1/profile/linmuqing', token);

    expect(await entityOf(`/v1/profile/${id}`, token)).to.include({ account: 'linmuqing' });
  });

  it('shows what the scope of the token opens, and no more', async () => {
    const basic = await applicationToken(emulator, 'basic');

    expect(await entityOf('/v1/profile/linmuqing', basic)).to.have.all.keys([
      ...['id', 'account', 'name', 'kind', 'timeZone'],
    ]);
  });

  it('shows another user to a user', async () => {
    const user = await userToken(emulator, 'zhaoyichen', 'basic');

    expect(await entityOf('/v1/profile/linmuqing', user)).to.include({ account: 'linmuqing' });
  });

  it('never shows a password', async () => {
    expect(await entityOf('/v1/profile/mima', token)).not.to.have.property('password');
  });

  it('gives a birthday in milliseconds, where the switch says so', async () => {
    const privacy = await userToken(emulator, 'zhaoyichen', 'privacy');
    emulator.behave({ birthday: 'number' });

    const { birthday } = await entityOf('/v1/profile/linmuqing', privacy);

    expect(birthday).to.equal(Date.UTC(1970, 0, 1));
  });

  const unknown = ['nobody', 'linmuqing%20', 'undefined', '__proto__', '%E2%84%AAe', 'E0000000'];
  for (const account of unknown) {
    it(`finds nobody under ${account}: errno 10008`, async () => {
      const { body } = await callApi(emulator, `/v1/profile/${account}`, token);

      expect(body).to.deep.equal({ errno: 10008, error: 'GETDATA_NOT_FOUND', total: 0 });
    });
  }
});

describe('GET /v1/me/circles', () => {
  let token: string;
  before(async () => {
    emulator = await startEmulator();
    token = await userToken(emulator, 'zhaoyichen', 'basic');
  });
  after(() => emulator.stop());

  async function circles(query: string): Promise<any> {
    return (await callApi(emulator, `/v1/me/circles?${query}`, token)).body;
  }

  it('has a nextToken until the last page, which has none', async () => {
    const seen: string[] = [];
    let pages = 0;
    let next: string | undefined = '';
    while (next !== undefined && pages < 10) {
      const { entities, nextToken, total } = await circles(`limit=6${next && `&pageToken=${next}`}`);
      expect(total).to.equal(20);
      seen.push(...entities.map(({ id }: { id: string }) => id));
      next = nextToken;
      pages += 1;
    }

    expect(pages).to.equal(4);
    expect(seen).to.deep.equal(Array.from({ length: 20 }, (_, index) => String(100001 + index)));
  });

  it('has no nextToken where the last page is full', async () => {
    expect(await circles('limit=20')).not.to.have.property('nextToken');
  });

  it('goes on at start, which wins over pageToken', async () => {
    const { nextToken } = await circles('limit=5');

    const { entities } = await circles(`limit=1&start=2&pageToken=${nextToken}`);

    expect(entities[0].id).to.equal('100003');
  });

  it('is empty behind the end', async () => {
    expect(await circles('start=20')).to.deep.include({ entities: [], total: 20 });
  });

  const limits: [query: string, errno: number][] = [
    ['limit=1', 0],
    ['limit=0', 10001],
    ['limit=100', 0],
    ['limit=101', 10001],
    ['limit=-1', 10001],
    ['limit=5.5', 10001],
    ['limit=1e1', 10001],
    ['limit=ten', 10001],
    ['limit=', 0],
    ['start=0', 0],
    ['start=-1', 10001],
    ['start=9999999999999999', 10001],
    ['pageToken=3A4bz-e', 10001],
    ['pageToken=%00', 10001],
  ];
  for (const [query, errno] of limits) {
    it(`answers ${query} with errno ${errno}`, async () => {
      expect(await circles(query)).to.have.property('errno', errno);
    });
  }
});
