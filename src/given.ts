import type { Agent } from 'node:http';
import { isLoopback } from './endpoints';

/**
 * Options as they were given to `door`, read one by one. Whatever is wrong with one is a `TypeError` that names it, and
 * never its value. `path` leads to options within options, such as `issuers[0].`.
 */
export class Given {
  private readonly values: Record<string, unknown>;

  constructor(
    private readonly door: string,
    options: unknown,
    private readonly path = '',
  ) {
    if (typeof options !== 'object' || options === null || Array.isArray(options))
      throw new TypeError(`${door} requires options`);
    this.values = { ...options };
  }

  refuse(name: string, requirement: string): never {
    throw new TypeError(`${this.door}: the ${this.path}${name} option ${requirement}`);
  }

  value(name: string): unknown {
    return Object.hasOwn(this.values, name) ? this.values[name] : undefined;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  assertKnown(names: readonly string[], synonyms: ReadonlyMap<string, string> = new Map()): void {
    for (const name of Object.keys(this.values)) {
      if (names.includes(name)) continue;
      const meant = names.find((known) => known.toLowerCase() === name.toLowerCase()) ?? synonyms.get(name);
      this.refuse(JSON.stringify(name), `is unknown${meant ? `; do you mean ${meant}?` : ''}`);
    }
  }

  text(name: string, fallback?: string): string {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'string' || value === '')
      return this.refuse(name, 'is required, and must be a non-empty string');
    if (value !== value.trim() || /\p{Cc}/u.test(value)) {
      return this.refuse(
        name,
        'must not begin or end with white space, nor hold control characters (a line end of a file?)',
      );
    }
    return value;
  }

  // As it was written: an issuer is compared octet by octet.
  url(name: string, fallback?: string): string {
    const value = this.text(name, fallback);
    if (!URL.canParse(value)) return this.refuse(name, 'must be an absolute URL');
    const url = new URL(value);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
      return this.refuse(name, 'must be an https URL (http on loopback only)');
    if (url.username || url.password || value.includes('#'))
      return this.refuse(name, 'must hold no credentials and no fragment');
    return value;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.value(name) ?? fallback;
    return typeof value === 'boolean' ? value : this.refuse(name, 'must be true or false');
  }

  number(name: string, range: { default: number; least: number; most: number }): number {
    const value = this.has(name) ? this.value(name) : range.default;
    if (typeof value === 'number' && value >= range.least && value <= range.most) return value;
    return this.refuse(name, `must be a number from ${range.least} to ${range.most}`);
  }

  /** One text or several, none of them empty. */
  texts(name: string, fallback?: readonly string[]): readonly string[] {
    const value = this.value(name) ?? fallback;
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    if (
      texts.length > 0 &&
      texts.every((text) => typeof text === 'string' && text !== '' && text === text.trim())
    )
      return Object.freeze([...(texts as string[])]);
    return this.refuse(name, 'is required, and must be a non-empty string, or several in an array');
  }

  agent(): Agent | undefined {
    const agent = this.value('agent');
    if (agent === undefined || typeof (agent as Partial<Agent> | null)?.destroy === 'function')
      return agent as Agent | undefined;
    return this.refuse('agent', 'must be an agent of node:https');
  }

  /** Options within the options. */
  group(name: string, options: unknown = this.value(name) ?? {}): Given {
    if (typeof options !== 'object' || options === null || Array.isArray(options))
      return this.refuse(name, 'must be an object');
    return new Given(this.door, options, `${this.path}${name}.`);
  }
}
