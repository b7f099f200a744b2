import type { Agent } from 'node:http';
import { warnOfShortSecret, weaknessOf } from './client-secret';
import { acceptsHttp, insecureHostOf } from './insecure-hosts';
import { type JaccountEndpoints, jaccountEndpoints } from './jaccount/endpoints';
import { scopes } from './jaccount/scopes';
import { slipOf, warnOfSlip } from './typing-slips';

const endpointNames = ['issuer', 'authorizationURL', 'tokenURL', 'logoutURL', 'apiURL'] as const;

/** A parser for each setting: where one is missing, the program does not compile. */
export type Parsers<Settings> = {
  readonly [Name in keyof Settings]-?: (given: GivenOptions) => Settings[Name];
};

/**
 * What was given to one door of this package, read name by name. What is wrong throws a TypeError that names the door
 * and the option, never the value. `path` leads to options within options, such as `issuers[0].`.
 */
export class GivenOptions {
  private readonly given: Readonly<Record<string, unknown>>;

  constructor(
    private readonly door: string,
    options: unknown,
    private readonly path = '',
    private readonly hostsAround: readonly string[] = [],
  ) {
    if (typeof options !== 'object' || options === null || Array.isArray(options))
      throw new TypeError(`${door} requires options`);
    this.given = { ...options };
  }

  refuse(name: string, requirement: string): never {
    throw new TypeError(`${this.door}: the ${this.path}${name} option ${requirement}`);
  }

  /** Options within the options. */
  group(name: string, options: unknown = this.valueOr(name, {})): GivenOptions {
    if (typeof options !== 'object' || options === null || Array.isArray(options))
      return this.refuse(name, 'must be an object');
    return new GivenOptions(this.door, options, `${this.path}${name}.`, this.insecureHosts());
  }

  /**
   * Refuses every name that is not one of `names`. `synonyms` maps what other packages call a thing to our name for it;
   * `instead` says what to do about a name that has no counterpart here.
   */
  assertKnown(
    names: readonly string[],
    synonyms: ReadonlyMap<string, string> = new Map(),
    instead: ReadonlyMap<string, string> = new Map(),
  ): void {
    for (const name of Object.keys(this.given)) {
      if (names.includes(name)) continue;
      const advice = instead.get(name);
      if (advice !== undefined) this.refuse(JSON.stringify(name), advice);
      const meant = synonyms.get(name) ?? slipOf(name, names);
      this.refuse(JSON.stringify(name), `is unknown${meant ? `; do you mean ${meant}?` : ''}`);
    }
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  value(name: string): unknown {
    return Object.hasOwn(this.given, name) ? this.given[name] : undefined;
  }

  // `null` is something that was given, and wrong.
  private valueOr(name: string, fallback: unknown): unknown {
    return this.has(name) ? this.value(name) : fallback;
  }

  text(name: string, fallback?: string): string {
    const value = this.valueOr(name, fallback);
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

  /** One text or several, none of them empty. */
  texts(name: string, fallback?: readonly string[]): readonly string[] {
    const value = this.valueOr(name, fallback);
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    const isText = (text: unknown) => typeof text === 'string' && text !== '' && text === text.trim();
    if (texts.length > 0 && texts.every(isText)) return Object.freeze([...(texts as string[])]);
    return this.refuse(name, 'is required, and must be a non-empty string, or several in an array');
  }

  /** Returned as it was written: an issuer and a redirect URI are compared octet by octet. */
  url(name: string, fallback?: string): string {
    const value = this.text(name, fallback);
    if (!URL.canParse(value)) return this.refuse(name, 'must be an absolute URL');
    const url = new URL(value);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && acceptsHttp(url, this.insecureHosts()))) {
      return this.refuse(
        name,
        'must be an https URL: http is accepted on loopback, and on the hosts that the option insecureHosts names',
      );
    }
    if (url.username || url.password || value.includes('#'))
      return this.refuse(name, 'must hold no credentials and no fragment');
    return value;
  }

  /** The hosts that http is accepted on. Those of the options around count for options within them. */
  insecureHosts(): readonly string[] {
    if (!this.has('insecureHosts')) return this.hostsAround;
    const names = this.value('insecureHosts');
    const hosts = (Array.isArray(names) ? names : [undefined]).map(insecureHostOf);
    if (hosts.every((host) => host !== undefined)) return Object.freeze(hosts);
    return this.refuse(
      'insecureHosts',
      'must be an array of host names without scheme, path and wildcard, such as ["192.168.1.5"]; jAccount itself is reached by https only',
    );
  }

  /** The secret of the client. It is read with the endpoints, because the emulator's goes with loopback alone. */
  clientSecret(): string {
    const clientSecret = this.text('clientSecret');
    const urls = endpointNames.map((name) => [name, this.url(name, jaccountEndpoints[name])]);
    const weakness = weaknessOf(clientSecret, Object.fromEntries(urls), this.insecureHosts());
    if (weakness !== undefined) this.refuse('clientSecret', weakness);
    warnOfShortSecret(clientSecret);
    return clientSecret;
  }

  /** Every setting, each by its parser. */
  parsed<Settings>(parsers: Parsers<Settings>): Settings {
    const entries = Object.entries<(given: GivenOptions) => unknown>(parsers);
    return Object.fromEntries(entries.map(([name, parse]) => [name, parse(this)])) as Settings;
  }

  /** The names in a scope, whichever way it is written. */
  scope(fallback?: string): readonly string[] {
    const scope = this.valueOr('scope', fallback);
    const parts: unknown[] = typeof scope === 'string' ? scope.split(' ') : Array.isArray(scope) ? scope : [];
    const names = [...new Set(parts)].filter((name) => name !== '');
    if (names.length === 0 || !names.every((name) => typeof name === 'string' && scopeToken.test(name)))
      return this.refuse('scope', 'must be names of scopes, as an array or with spaces between them');
    for (const name of names as string[]) warnOfSlip(`${this.door}: scope`, name, scopeNames);
    return Object.freeze(names as string[]);
  }

  /** One of a few words; the first where none was given. */
  oneOf<T extends string>(name: string, words: readonly [T, ...T[]]): T {
    const value = this.valueOr(name, words[0]);
    const word = words.find((one) => one === value);
    return word ?? this.refuse(name, `must be ${words.map((one) => `"${one}"`).join(' or ')}`);
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.valueOr(name, fallback);
    return typeof value === 'boolean' ? value : this.refuse(name, 'must be true or false');
  }

  number(name: string, range: { default: number; least: number; most: number }): number {
    const value = this.valueOr(name, range.default);
    if (typeof value === 'number' && value >= range.least && value <= range.most) return value;
    return this.refuse(name, `must be a number from ${range.least} to ${range.most}`);
  }

  /** Milliseconds, by the names that `defaults` has. */
  timeout<Name extends string>(defaults: Record<Name, number>): Record<Name, number> {
    const names = Object.keys(defaults) as Name[];
    const given = this.group('timeout');
    given.assertKnown(names);
    return Object.fromEntries(
      names.map((name) => [
        name,
        given.number(name, { default: defaults[name], least: 1, most: maxMilliseconds }),
      ]),
    ) as Record<Name, number>;
  }

  agent(): { agent?: Agent } {
    const agent = this.value('agent');
    if (agent === undefined) return {};
    if (typeof (agent as Partial<Agent> | null)?.destroy === 'function') return { agent: agent as Agent };
    return this.refuse('agent', 'must be an agent of node:https');
  }
}

const scopeNames = [...scopes.keys()];

// RFC 6749, section 3.3, less the comma, which nobody means as part of a name.
const scopeToken = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;

// The longest that a timer waits.
const maxMilliseconds = 2 ** 31 - 1;

/** The endpoints of jAccount. Every door takes all of them, so the emulator's fit anywhere. */
export const endpointParsers: Parsers<JaccountEndpoints> = {
  issuer: issuerIn,
  authorizationURL: (given) => given.url('authorizationURL', jaccountEndpoints.authorizationURL),
  tokenURL: (given) => given.url('tokenURL', jaccountEndpoints.tokenURL),
  logoutURL: (given) => given.url('logoutURL', jaccountEndpoints.logoutURL),
  apiURL: (given) => given.url('apiURL', jaccountEndpoints.apiURL).replace(/\/+$/, ''),
};

function issuerIn(given: GivenOptions): string {
  const issuer = given.url('issuer', jaccountEndpoints.issuer);
  if (`${issuer}/` === jaccountEndpoints.issuer)
    process.emitWarning(`jAccount's issuer is ${jaccountEndpoints.issuer}, with the slash at its end`);
  return issuer;
}
