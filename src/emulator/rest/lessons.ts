import { type Account, userTypeOf } from '../state/accounts';
import { organizationOf } from '../state/organizations';
import { numberFrom } from './made-up';
import { parseTerm } from './terms';

/** A lesson, which is a course in a term, as the documentation shows it. */
export interface Lesson {
  code: string;
  course: { code: string; name: string; kind: string };
  credits: number;
  classes: readonly object[];
  [member: string]: unknown;
}

interface Course {
  code: string;
  name: string;
  teacher: string;
  credits: number;
  organize: string;
  classroom: string;
}

// Code, name, teacher, credits, organization, classroom.
const courses: readonly Course[] = [
  ['CS1501', '程序设计思想与方法', '林慕青', 3, '03300', '东上院101'],
  ['MATH1201', '高等数学', '柯微分', 4, '07200', '东上院205'],
  ['PHY1252', '大学物理', '江远河', 3, '07200', '东中院3-102'],
  ['AU2301', '自动控制原理', '𠮷㛃', 2, '03400', '东下院310'],
  ['EN1062', '学术英语', 'Emma Wales', 2, '24000', '外语楼204'],
  ['PE0003', '网球', '贾步法', 1, '00000', '网球场'],
].map(([code, name, teacher, credits, organize, classroom]) => ({
  code,
  name,
  teacher,
  credits,
  organize,
  classroom,
})) as Course[];

/** The lessons of a student in a term, three of them, or those that came with the account. */
export function lessonsOf(account: Account, term: string): readonly Lesson[] {
  const own = account.lessons as readonly Lesson[] | undefined;
  if (own) return own.filter(({ code }) => String(code).startsWith(`(${term})`));
  if (userTypeOf(account.userType)?.group !== 'student') return [];
  const first = numberFrom(`${account.account} ${term}`, courses.length);
  return [0, 1, 2].map((offset) => lessonFrom((first + offset) % courses.length, term));
}

/** A lesson by its code, as in `(2026-2027-1)-CS1501-1`, or by its bsid. */
export function findLesson(codeOrBsid: string): Lesson | undefined {
  const [, term = '', course] = /^\((.+)\)-(\w+)-1$/.exec(codeOrBsid) ?? [];
  const index = courses.findIndex(({ code }) => code === course);
  if (index >= 0) return lessonFrom(index, parseTerm(term));
  const [, year, part, number] = /^([12]\d{3})([123])0(\d)$/.exec(codeOrBsid) ?? [];
  if (number === undefined || !courses[Number(number)]) return undefined;
  return lessonFrom(Number(number), `${year}-${Number(year) + 1}-${part}`);
}

function lessonFrom(index: number, term: string): Lesson {
  const { code, name, teacher, credits, organize, classroom } = courses[index] as Course;
  const lessonCode = `(${term})-${code}-1`;
  return {
    name: lessonCode,
    kind: 'sjtu.lesson',
    bsid: `${term.slice(0, 4)}${term.slice(-1)}0${index}`,
    code: lessonCode,
    course: { code, name, kind: 'sjtu.course' },
    teachers: [{ name: teacher, kind: 'canvas.profile' }],
    organize: organizationOf(organize),
    hours: credits * weeks,
    credits,
    classes: classesOf(index, credits, classroom),
  };
}

const weeks = 16;
const periods = ['08:00', '08:55', '10:00', '10:55', '12:00', '12:55', '14:00', '14:55'];
const periodEnds = ['08:45', '09:40', '10:45', '11:40', '12:45', '13:40', '14:45', '15:40'];

// One for each period of each week. Weeks, days and periods count from zero; how start and finish look is not known.
function classesOf(index: number, periodsAWeek: number, classroom: string): object[] {
  return Array.from({ length: weeks * periodsAWeek }, (_, number) => {
    const period = (number % periodsAWeek) + (index % 2) * 4;
    const schedule = {
      kind: 'sjtu.schedule',
      week: Math.floor(number / periodsAWeek),
      day: index % 5,
      period,
      start: periods[period],
      finish: periodEnds[period],
    };
    return { schedule, classroom: { name: classroom, kind: 'sjtu.classroom' } };
  });
}
