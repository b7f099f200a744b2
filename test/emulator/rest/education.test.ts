import { expect } from 'chai';
import { type Account, type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { termOn, today } from '../../../dist/emulator/rest/terms.js';
import { callApi, userToken } from '../../support/api-calls';

const ownLesson = { code: '(2025-2026-2)-XX1-1', bsid: 'own-1', course: { code: 'XX1' }, credits: 1 };
const accounts: Account[] = [
  {
    account: 'ownlessons',
    userType: 'student',
    lessons: [ownLesson],
    examinations: [{ kind: 'own.examination' }],
  },
];

let emulator: Emulator;

function tokenOf(account: string, scope = 'lessons'): Promise<string> {
  return userToken(emulator, account, scope);
}

async function answer(path: string, token: string): Promise<any> {
  return (await callApi(emulator, path, token)).body;
}

describe('the education API', () => {
  before(async () => {
    emulator = await startEmulator({ accounts });
  });
  after(() => emulator.stop());
  beforeEach(() => emulator.reset());

  describe('GET /v1/me/lessons', () => {
    it('has lessons in the shape that clients see', async () => {
      const { entities } = await answer('/v1/me/lessons/2018-2019-2', await tokenOf('zhaoyichen'));

      const [lesson] = entities;
      expect(lesson).to.have.all.keys([
        ...['name', 'kind', 'bsid', 'code', 'course', 'teachers', 'organize', 'hours', 'credits', 'classes'],
      ]);
      expect(lesson).to.include({ kind: 'sjtu.lesson', name: lesson.code });
      expect(lesson.code).to.match(/^\(2018-2019-2\)-\w+-1$/);
      expect(lesson.course).to.include({ kind: 'sjtu.course' }).and.to.have.all.keys('code', 'name', 'kind');
      expect(lesson.teachers[0]).to.include({ kind: 'canvas.profile' }).and.to.have.all.keys('name', 'kind');
      expect(lesson.organize.id).to.match(/^\d{5}$/);
    });

    it('has a class for every hour, counted from zero by week, day and period', async () => {
      const { entities } = await answer('/v1/me/lessons', await tokenOf('zhaoyichen'));

      const [{ classes, hours }] = entities;
      expect(classes).to.have.length(hours);
      const [{ schedule, classroom }] = classes;
      expect(schedule).to.have.all.keys('kind', 'week', 'day', 'period', 'start', 'finish');
      expect(schedule).to.include({ kind: 'sjtu.schedule', week: 0 });
      expect(classroom).to.have.all.keys('name', 'kind');
    });

    it('has the same lessons each time', async () => {
      const first = await answer('/v1/me/lessons', await tokenOf('zhaoyichen'));
      const second = await answer('/v1/me/lessons', await tokenOf('zhaoyichen'));

      expect(second).to.deep.equal(first);
    });

    it('has other lessons in another term', async () => {
      const token = await tokenOf('zhaoyichen');

      const first = await answer('/v1/me/lessons/2018-2019-1', token);
      const second = await answer('/v1/me/lessons/2018-2019-2', token);

      expect(second.entities[0].code).not.to.equal(first.entities[0].code);
    });

    it('without a term is that of the term which the clock is in', async () => {
      const { code } = termOn(today(Date.now() / 1000));

      const { entities } = await answer('/v1/me/lessons', await tokenOf('zhaoyichen'));

      expect(entities[0].code).to.include(`(${code})`);
    });

    it('comes without its classes where classes=false', async () => {
      const { entities } = await answer('/v1/me/lessons?classes=false', await tokenOf('zhaoyichen'));

      expect(entities).to.have.length(3);
      for (const lesson of entities) expect(lesson).not.to.have.property('classes');
    });

    for (const account of ['robot.club', 'linmuqing', 'xuguilai', 'weizhuanye', 'hezuozhe']) {
      it(`is empty for ${account}, who is no student`, async () => {
        const { errno, entities } = await answer('/v1/me/lessons', await tokenOf(account));

        expect({ errno, entities }).to.deep.equal({ errno: 0, entities: [] });
      });
    }

    it('has the lessons that came with an account, in their term', async () => {
      const { entities } = await answer('/v1/me/lessons/2025-2026-2', await tokenOf('ownlessons'));

      expect(entities).to.deep.equal([ownLesson]);
    });

    it('has none of the lessons that came with an account in another term', async () => {
      const { entities } = await answer('/v1/me/lessons/2025-2026-1', await tokenOf('ownlessons'));

      expect(entities).to.deep.equal([]);
    });

    const terms = ['2018-2019-0', '2018-2019-4', '2018-2020-1', '2019-2018-1', '2018-2019', '18-19-1', 'now'];
    for (const term of [...terms, '2018-2019-1%0A', '%202018-2019-1', '２０１８-２０１９-1']) {
      it(`refuses the term ${term}: errno 10001`, async () => {
        const { errno } = await answer(`/v1/me/lessons/${term}`, await tokenOf('zhaoyichen'));

        expect(errno).to.equal(10001);
      });
    }

    for (const value of ['no', 'FALSE', '0']) {
      it(`refuses classes=${value}: errno 10001`, async () => {
        const { errno } = await answer(`/v1/me/lessons?classes=${value}`, await tokenOf('zhaoyichen'));

        expect(errno).to.equal(10001);
      });
    }
  });

  describe('GET /v1/lesson/{code or bsid}', () => {
    for (const member of ['code', 'bsid']) {
      it(`finds each lesson of a student by its ${member}`, async () => {
        const token = await tokenOf('zhaoyichen');
        const { entities } = await answer('/v1/me/lessons/2018-2019-2', token);

        for (const lesson of entities) {
          expect((await answer(`/v1/lesson/${lesson[member]}`, token)).entities).to.deep.equal([lesson]);
        }
      });
    }

    for (const id of ['own-1', '(2025-2026-2)-XX1-1']) {
      it(`finds a lesson that came with an account by ${id}`, async () => {
        const { entities } = await answer(`/v1/lesson/${id}`, await tokenOf('zhaoyichen'));

        expect(entities).to.deep.equal([ownLesson]);
      });
    }

    for (const id of ['(2018-2019-2)-XX9999-1', '20182', '2018209', '2018400', 'CS1501', '__proto__']) {
      it(`finds nothing under ${id}: errno 10008`, async () => {
        expect(await answer(`/v1/lesson/${id}`, await tokenOf('zhaoyichen'))).to.have.property(
          'errno',
          10008,
        );
      });
    }
  });

  describe('GET /v1/me/examinations', () => {
    const members: [scope: string, shown: string, hidden: string][] = [
      ['exams', 'place', 'score'],
      ['scores', 'score', 'place'],
    ];
    for (const [scope, shown, hidden] of members) {
      it(`shows the ${shown} under ${scope}, the ${hidden} not`, async () => {
        const { entities } = await answer('/v1/me/examinations', await tokenOf('zhaoyichen', scope));

        expect(entities[0]).to.have.property(shown);
        expect(entities[0]).not.to.have.property(hidden);
      });
    }

    it('is of the lessons of that term', async () => {
      const token = await tokenOf('zhaoyichen', 'exams lessons');

      const lessons = await answer('/v1/me/lessons/2018-2019-2', token);
      const examinations = await answer('/v1/me/examinations/2018-2019-2', token);

      expect(examinations.entities.map(({ lesson }: any) => lesson)).to.deep.equal(
        lessons.entities.map(({ code }: any) => code),
      );
    });

    it('refuses a bad term: errno 10001', async () => {
      const token = await tokenOf('zhaoyichen', 'exams');

      expect(await answer('/v1/me/examinations/2018', token)).to.have.property('errno', 10001);
    });

    it('is empty for a team', async () => {
      const { entities } = await answer('/v1/me/examinations', await tokenOf('robot.club', 'exams'));

      expect(entities).to.deep.equal([]);
    });

    it('shows the examinations that came with an account', async () => {
      const { entities } = await answer('/v1/me/examinations', await tokenOf('ownlessons', 'exams'));

      expect(entities).to.deep.equal([{ kind: 'own.examination' }]);
    });
  });

  describe('GET /v1/gpa', () => {
    it('has one number for a student', async () => {
      const { entities } = await answer('/v1/gpa', await tokenOf('zhaoyichen', 'scores'));

      expect(entities).to.have.length(1);
      expect(entities[0].gpa).to.be.within(0, 4.3);
    });

    it('is empty for who is no student', async () => {
      expect((await answer('/v1/gpa', await tokenOf('linmuqing', 'scores'))).entities).to.deep.equal([]);
    });
  });
});

describe('termOn()', () => {
  const days: [day: string, term: string][] = [
    ['2026-08-31', '2025-2026-3'],
    ['2026-09-01', '2026-2027-1'],
    ['2026-12-31', '2026-2027-1'],
    ['2027-01-01', '2026-2027-1'],
    ['2027-01-31', '2026-2027-1'],
    ['2027-02-01', '2026-2027-2'],
    ['2028-02-29', '2027-2028-2'],
    ['2027-06-30', '2026-2027-2'],
    ['2027-07-01', '2026-2027-3'],
  ];
  for (const [day, term] of days) {
    it(`has ${day} in ${term}`, () => {
      expect(termOn(day).code).to.equal(term);
    });
  }
});

describe('today()', () => {
  it('begins at midnight in Shanghai', () => {
    const midnight = Date.UTC(2026, 7, 31, 16) / 1000;

    expect([today(midnight - 1), today(midnight)]).to.deep.equal(['2026-08-31', '2026-09-01']);
  });
});
