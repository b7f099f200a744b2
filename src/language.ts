/** The languages that this package has sentences in. */
export type Language = 'zh' | 'en';

export const languages: readonly Language[] = ['zh', 'en'];

/**
 * The language that a browser prefers: Chinese, unless it likes English better, or knows neither.
 *
 * @see [RFC 9110, section 12.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)
 */
export function preferredLanguage(acceptLanguage: unknown): Language {
  if (typeof acceptLanguage !== 'string' || acceptLanguage.trim() === '') return 'zh';
  const ranges = acceptLanguage.split(',', maxRanges).map(rangeOf);
  const weightOf = (language: Language) =>
    Math.max(0, ...ranges.filter(({ tag }) => tag === language || tag === '*').map(({ weight }) => weight));
  return weightOf('zh') > 0 && weightOf('zh') >= weightOf('en') ? 'zh' : 'en';
}

// Browsers send about five.
const maxRanges = 20;

function rangeOf(range: string): { tag: string; weight: number } {
  const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { tag: tag.split('-', 1)[0] as string, weight: weight === undefined ? 1 : Number(weight) || 0 };
}
