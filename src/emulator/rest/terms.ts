import { badParameter } from './query';

/** A term, such as the first of the academic year 2026-2027. */
export interface Term {
  /** As in `2026-2027-1`. */
  code: string;
  name: string;
  /** The first and the last day, `yyyy-MM-dd`. */
  begin: string;
  end: string;
}

// Autumn, spring and the short one in summer. The days are made up: jAccount's calendar knows the real ones.
const parts = [
  { name: '第1学期', yearOffset: 0, begin: '09-01', end: '01-31', endOffset: 1 },
  { name: '第2学期', yearOffset: 1, begin: '02-01', end: '06-30', endOffset: 1 },
  { name: '第3学期', yearOffset: 1, begin: '07-01', end: '08-31', endOffset: 1 },
];

/** The three terms of the academic year that begins in `year`. */
export function termsOf(year: number): Term[] {
  return parts.map(({ name, yearOffset, begin, end, endOffset }, index) => ({
    code: `${year}-${year + 1}-${index + 1}`,
    name: `${year}-${year + 1}学年${name}`,
    begin: `${year + yearOffset}-${begin}`,
    end: `${year + endOffset}-${end}`,
  }));
}

/** The term of a day, `yyyy-MM-dd`. */
export function termOn(day: string): Term {
  const year = Number(day.slice(0, 4));
  const terms = [...termsOf(year - 1), ...termsOf(year)];
  return terms.find(({ begin, end }) => begin <= day && day <= end) as Term;
}

/** Today in Shanghai, `yyyy-MM-dd`. */
export function today(secondsSinceEpoch: number): string {
  return new Date((secondsSinceEpoch + 8 * 3600) * 1000).toISOString().slice(0, 10);
}

/** The code of a term that comes from outside: two years, one after the other, and a number from 1 to 3. */
export function parseTerm(code: string): string {
  const [, begin, end] = /^(\d{4})-(\d{4})-[123]$/.exec(code) ?? [];
  if (Number(end) !== Number(begin) + 1) throw badParameter('term is as in 2026-2027-1');
  return code;
}
