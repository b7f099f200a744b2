import { expect } from 'chai';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { applicationToken, callApi, userToken } from '../../support/api-calls';

const day = 24 * 3_600_000;
const ownCard = { user: { code: '1' }, cardNo: '0000001', cardId: 'ABCDEF01', cardBalance: 0.1, lost: true };
const ownTransactions = [
  { dateTime: 2000, amount: -1, cardBalance: 0.1 },
  { dateTime: 1000, amount: 1.1, cardBalance: 1.1 },
];
const accounts: Account[] = [
  { account: 'owncard', code: '1', card: ownCard, transactions: ownTransactions },
  { account: 'fresh-card', userType: 'student', code: '2', transactions: [] },
];

describe('the card API', () => {
  let emulator: Emulator;
  before(async () => {
    emulator = await startEmulator({ accounts });
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  async function answer(path: string, token: string): Promise<any> {
    return (await callApi(emulator, path, token)).body;
  }

  async function cardsOf(account: string): Promise<any[]> {
    return (await answer('/v1/me/card', await userToken(emulator, account, 'card_info'))).entities;
  }

  describe('GET /v1/me/card', () => {
    it('has the card of a student in the shape that clients see', async () => {
      const [card] = await cardsOf('zhaoyichen');

      expect(card).to.have.all.keys([
        ...['user', 'cardNo', 'cardId', 'bankNo', 'expireDate', 'cardBalance', 'transBalance'],
        ...['lost', 'frozen', 'faceType', 'faceSubType'],
      ]);
      expect(card.cardNo)
        .to.be.a('string')
        .that.matches(/^00\d{5}$/);
      expect(card.expireDate).to.match(/^\d{8}$/);
      expect(card.cardBalance).to.be.a('number');
    });

    it('names its user by number, name and organization', async () => {
      const [{ user }] = await cardsOf('zhaoyichen');

      expect(user).to.deep.equal({
        code: '523030910417',
        name: '赵一辰',
        organize: { id: '03000', name: '电子信息与电气工程学院' },
      });
    });

    for (const account of ['robot.club', 'xuguilai', 'guibin.ou', 'weizhuanye']) {
      it(`is empty for ${account}, who has none`, async () => {
        expect(await cardsOf(account)).to.deep.equal([]);
      });
    }

    it('shows the card that came with an account', async () => {
      expect(await cardsOf('owncard')).to.deep.equal([ownCard]);
    });

    it('of nobody who ever paid holds nothing', async () => {
      expect((await cardsOf('fresh-card'))[0].cardBalance).to.equal(0);
    });
  });

  describe('GET /v1/me/card/user', () => {
    it('has what the card says of its user', async () => {
      const token = await userToken(emulator, 'zhaoyichen', 'card_info');

      const [user] = (await answer('/v1/me/card/user', token)).entities;

      expect(user).to.deep.equal((await cardsOf('zhaoyichen'))[0].user);
    });

    it('is empty for a team', async () => {
      const token = await userToken(emulator, 'robot.club', 'card_info');

      expect((await answer('/v1/me/card/user', token)).entities).to.deep.equal([]);
    });
  });

  describe('GET /v1/me/card/transactions', () => {
    async function transactions(query = '', account = 'zhaoyichen'): Promise<any> {
      const token = await userToken(emulator, account, 'card_transactions');
      return answer(`/v1/me/card/transactions?${query}`, token);
    }

    it('has transactions in the shape that clients see', async () => {
      const { entities } = await transactions('limit=1');

      expect(entities[0]).to.have.all.keys([
        ...['dateTime', 'system', 'merchantNo', 'merchant', 'description', 'amount', 'cardBalance'],
      ]);
    });

    it('spells dateTimAccount as jAccount does, where it is asked to order by it', async () => {
      const { entities } = await transactions('limit=1&orderBy=dateTimeAccount');

      expect(entities[0].dateTimAccount).to.be.a('number').that.is.above(entities[0].dateTime);
      expect(entities[0]).not.to.have.property('dateTimeAccount');
    });

    it('is read to its end in pages of a hundred, nothing twice, the latest first', async () => {
      const all: any[] = [];
      const { total } = await transactions('limit=1');
      while (all.length < total) {
        const { entities } = await transactions(`limit=100&start=${all.length}`);
        expect(entities).to.be.an('array').that.is.not.empty;
        all.push(...entities);
      }

      const times = all.map(({ dateTime }) => dateTime);
      expect(all).to.have.length(total);
      expect(total).to.be.above(200);
      expect(times).to.deep.equal([...new Set(times)].sort((one, other) => other - one));
    });

    it('leads from page to page by nextToken too', async () => {
      const { nextToken } = await transactions('limit=100');

      const byToken = await transactions(`limit=100&pageToken=${nextToken}`);

      expect(byToken).to.deep.equal(await transactions('limit=100&start=100'));
    });

    it('has balances that follow from the amounts', async () => {
      const { entities } = await transactions('limit=100');

      for (const [index, { cardBalance, amount }] of entities.slice(0, -1).entries()) {
        const before = entities[index + 1].cardBalance;
        expect(cardBalance).to.be.closeTo(before + amount, 0.001);
        expect(cardBalance).to.be.above(0);
      }
    });

    it('ends with the balance of the card', async () => {
      const { entities } = await transactions('limit=1');

      expect((await cardsOf('zhaoyichen'))[0].cardBalance).to.equal(entities[0].cardBalance);
    });

    it('has nothing from the future', async () => {
      const { entities } = await transactions('limit=1');

      expect(entities[0].dateTime).to.be.at.most(Date.now());
    });

    it('stays what it was when the clock goes on', async () => {
      const window = `beginDate=${Date.now() - 60 * day}&endDate=${Date.now() - 30 * day}&limit=100`;
      const before = await transactions(window);
      emulator.advance(20 * 86_400);

      expect(await transactions(window)).to.deep.equal(before);
    });

    it('has what lies between beginDate and endDate, both of them included', async () => {
      const { entities } = await transactions('limit=5');
      const [, second, , fourth] = entities;

      const between = await transactions(`beginDate=${fourth.dateTime}&endDate=${second.dateTime}`);

      expect(between.total).to.equal(3);
      expect(between.entities).to.deep.equal(entities.slice(1, 4));
    });

    it('takes the number of the own card', async () => {
      const [{ cardNo }] = await cardsOf('zhaoyichen');

      expect((await transactions(`cardNo=${cardNo}`)).errno).to.equal(0);
    });

    it("knows nothing of another's card: errno 10008", async () => {
      const [{ cardNo }] = await cardsOf('linmuqing');

      expect((await transactions(`cardNo=${cardNo}`)).errno).to.equal(10008);
    });

    it('takes no number without its zeros: errno 10008', async () => {
      const [{ cardNo }] = await cardsOf('zhaoyichen');

      expect((await transactions(`cardNo=${Number(cardNo)}`)).errno).to.equal(10008);
    });

    it('is empty for who has no card', async () => {
      expect(await transactions('', 'robot.club')).to.deep.include({ errno: 0, entities: [], total: 0 });
    });

    it('shows the transactions that came with an account', async () => {
      expect((await transactions('', 'owncard')).entities).to.deep.equal(ownTransactions);
    });

    it('has of the transactions that came with an account those of the time asked for', async () => {
      expect((await transactions('beginDate=1500', 'owncard')).entities).to.deep.equal([ownTransactions[0]]);
    });

    const parameters: [query: string, errno: number][] = [
      ['limit=100', 0],
      ['limit=101', 10001],
      ['limit=0', 10001],
      ['start=-1', 10001],
      ['beginDate=2026-01-01', 10001],
      ['endDate=-1', 10001],
      ['beginDate=1e3', 10001],
      ['orderBy=dateTime', 0],
      ['orderBy=dateTimAccount', 10001],
      ['orderBy=amount', 10001],
    ];
    for (const [query, errno] of parameters) {
      it(`answers ${query} with errno ${errno}`, async () => {
        expect((await transactions(query)).errno).to.equal(errno);
      });
    }
  });

  describe('GET /v1/card', () => {
    let application: string;
    beforeEach(async () => {
      application = await applicationToken(emulator, 'card_info');
    });

    it('finds a card by the number of its student', async () => {
      const { entities } = await answer('/v1/card?code=523030910417', application);

      expect(entities).to.deep.equal(await cardsOf('zhaoyichen'));
    });

    it('finds a card by its chip', async () => {
      const [card] = await cardsOf('linmuqing');

      const { entities } = await answer(`/v1/card?cardId=${card.cardId}`, application);

      expect(entities).to.deep.equal([card]);
    });

    it('finds a card that came with an account', async () => {
      expect((await answer('/v1/card?cardId=ABCDEF01', application)).entities).to.deep.equal([ownCard]);
    });

    // The team's number is empty, and the alumnus has no card.
    const queries: [query: string, errno: number][] = [
      ['', 10001],
      ['code=', 10001],
      ['code=523030910417&cardId=ABCDEF01', 10001],
      ['code=nobody', 10008],
      ['code=AA5080309417', 10008],
      ['cardId=00000000', 10008],
    ];
    for (const [query, errno] of queries) {
      it(`answers ${query || 'no parameter'} with errno ${errno}`, async () => {
        expect((await answer(`/v1/card?${query}`, application)).errno).to.equal(errno);
      });
    }
  });
});
