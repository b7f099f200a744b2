const form = /^\d{4}-\d{2}-\d{2}$/;

/** Whether a value is a day of the calendar, written as `yyyy-mm-dd`. */
export function isDate(value: unknown): value is string {
  if (typeof value !== 'string' || !form.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  // 30 February is read as 2 March.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

const plausibleYear = /^(?:19|20)\d{2}-/;

// Midnight in Shanghai, whose clocks stood at UTC+9 in the summers of 1986 to 1991. Whether the number counts
// milliseconds or seconds is not documented: as seconds, a birthday in milliseconds lies far in the future.
export function dateInShanghai(value: number): string | undefined {
  const milliseconds = Math.abs(value) > 4_102_444_800 ? value : value * 1000;
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(date);
  return plausibleYear.test(text) ? text : undefined;
}

/** The moment at which a day is over in Shanghai, in milliseconds since the epoch. */
export function endOfDayInShanghai(date: string): number {
  return Date.parse(`${date}T24:00:00+08:00`);
}
