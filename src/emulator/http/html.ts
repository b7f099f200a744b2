/** Text that is markup already. */
class Markup {
  constructor(readonly text: string) {}
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A template of HTML in which every value is text, unless it is markup made by this very function. `false` and
 * `undefined` are nothing.
 */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  return new Markup(
    strings.map((part, index) => part + (index < values.length ? render(values[index]) : '')).join(''),
  );
}

/** A sentence with a value in place of its `{}`. */
export function filled(sentence: string, value: unknown): Markup {
  const [before, after] = sentence.split('{}');
  return html`${before}${value}${after}`;
}

function render(value: unknown): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  if (value === undefined || value === false) return '';
  return String(value).replace(/[&<>"']/g, (character) => entities[character] as string);
}

export type { Markup };
