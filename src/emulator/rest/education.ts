import { apiRefusal } from '../http/refusal';
import type { ApiCall, ApiOperation, Entities } from './api';
import { findLesson, type Lesson, lessonsOf } from './lessons';
import { numberFrom } from './made-up';
import { choice } from './query';
import { parseTerm, termOn, today } from './terms';

const lessons = { method: 'GET', scopes: ['lessons'], user: true, answer: myLessons } as const;
const examinations = {
  method: 'GET',
  scopes: ['exams', 'scores'],
  user: true,
  answer: myExaminations,
} as const;

/** @see developer.sjtu.edu.cn/api/education.html */
export const educationOperations: readonly ApiOperation[] = [
  { ...lessons, path: '/v1/me/lessons' },
  { ...lessons, path: '/v1/me/lessons/{term}' },
  { method: 'GET', path: '/v1/lesson/{id}', scopes: ['lessons'], user: true, answer: lesson },
  { ...examinations, path: '/v1/me/examinations' },
  { ...examinations, path: '/v1/me/examinations/{term}' },
  { method: 'GET', path: '/v1/gpa', scopes: ['scores'], user: true, answer: gpa },
];

function myLessons(call: ApiCall): Entities {
  const withClasses = choice(call.query, 'classes', ['true', 'false']) === 'true';
  const all = lessonsIn(call);
  return { entities: withClasses ? all : all.map(({ classes: _, ...rest }) => rest) };
}

function lessonsIn(call: ApiCall): readonly Lesson[] {
  return call.account ? lessonsOf(call.account, termIn(call)) : [];
}

function termIn({ emulation, path }: ApiCall): string {
  return path.term === undefined ? termOn(today(emulation.now())).code : parseTerm(path.term);
}

function lesson({ emulation: { directory }, path: { id = '' } }: ApiCall): Entities {
  const own = directory.all.flatMap(({ lessons = [] }) => lessons as readonly Lesson[]);
  const found = own.find(({ code, bsid }) => code === id || bsid === id) ?? findLesson(id);
  if (!found) throw apiRefusal(10008);
  return { entities: [found] };
}

// The shape is not known, and jAccount is said not to serve it yet. What a scope does not open is absent.
function myExaminations(call: ApiCall): Entities {
  if (call.account?.examinations) return { entities: call.account.examinations };
  const { scope } = call;
  const entities = lessonsIn(call).map(({ code, course }) => ({
    kind: 'sjtu.examination',
    term: termIn(call),
    lesson: code,
    course,
    ...(scope.includes('exams') && { place: '东上院100' }),
    ...(scope.includes('scores') && { score: 60 + numberFrom(`${call.account?.account} ${code}`, 41) }),
  }));
  return { entities };
}

// The shape is not known either.
function gpa(call: ApiCall): Entities {
  const all = lessonsIn(call);
  if (all.length === 0) return { entities: [] };
  const credits = all.reduce((sum, lesson) => sum + lesson.credits, 0);
  return { entities: [{ gpa: (200 + numberFrom(`${call.account?.account} gpa`, 201)) / 100, credits }] };
}
