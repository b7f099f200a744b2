import type { Query } from './request';

/** Where a call goes: its URL, and its path as jAccount's documentation writes it. */
export interface Address {
  url: string;
  path: string;
}

/**
 * The address of a call below `apiURL`. A path may begin with a version; without one it is of the first.
 *
 * @throws TypeError for a path that could lead elsewhere, or a query that cannot be sent.
 */
export function buildAddress(apiURL: string, path: unknown, query: Query = {}): Address {
  const [, version = 'v1', rest = ''] =
    typeof path === 'string' ? (/^\/?(?:(v\d)\/)?(.+)$/.exec(path) ?? []) : [];
  if (!rest.split('/').every(isSegment)) {
    throw new TypeError(
      'JaccountClient: path must be one such as "/me/lessons", percent-encoded; parameters belong in the query option',
    );
  }
  // The root of the API is that of its first version.
  const root = version === 'v1' ? apiURL : `${apiURL.replace(/\/v1$/, '')}/${version}`;
  return { url: `${root}/${rest}${search(query)}`, path: `/${version}/${rest}` };
}

// RFC 3986, section 3.3, less what a server or a proxy may take for a step up or for two segments.
const segment = /^(?:[\w.~!$&'()*+,;=:@-]|%(?!00|2f|5c)[\da-f]{2})+$/i;

function isSegment(text: string): boolean {
  return segment.test(text) && !/^(?:\.|%2e){1,2}$/i.test(text);
}

/** A value as one segment of a path. @throws TypeError for one that cannot be. */
export function encodeSegment(name: string, value: unknown): string {
  const text = typeof value === 'string' && !/\p{Cs}/u.test(value) ? encodeURIComponent(value) : '';
  if (isSegment(text)) return text;
  throw new TypeError(`JaccountClient: ${name} must be a non-empty string, without slashes`);
}

function search(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (name === 'access_token')
      throw new TypeError('JaccountClient: an access token travels in the header, not in the query');
    for (const one of [value].flat()) if (one !== undefined) parameters.append(name, parameterOf(name, one));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function parameterOf(name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return String(value);
  throw new TypeError(
    `JaccountClient: the query parameter "${name}" must be a string, a number or a boolean`,
  );
}

/** A path of the table of operations with its values. @throws TypeError for one that is missing, or not asked for. */
export function fillPath(template: string, params: Readonly<Record<string, string>>): string {
  const stray = Object.keys(params).find((name) => !template.includes(`{${name}}`));
  if (stray !== undefined)
    throw new TypeError(`JaccountClient: the operation has no parameter ${JSON.stringify(stray)}`);
  return template
    .replaceAll(/\[(.*?\{(\w+)\})\]/g, (_, optional: string, name: string) =>
      Object.hasOwn(params, name) ? optional : '',
    )
    .replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeSegment(name, Object.hasOwn(params, name) ? params[name] : undefined),
    );
}

/** The end of a path that a term may narrow. @throws TypeError for one of another form. */
export function termSegment(term: string | undefined): string {
  if (term === undefined) return '';
  const [, first, second] = /^(\d{4})-(\d{4})-[123]$/.exec(term) ?? [];
  if (first !== undefined && Number(second) === Number(first) + 1) return `/${term}`;
  throw new TypeError('JaccountClient: term must be such as "2025-2026-1"');
}

/** A moment as jAccount's queries have it. @throws TypeError for what is none. */
export function millisecondsOf(name: string, moment: Date | number | undefined): number | undefined {
  if (moment === undefined) return undefined;
  const milliseconds = moment instanceof Date ? moment.getTime() : moment;
  if (Number.isInteger(milliseconds)) return milliseconds;
  throw new TypeError(`JaccountClient: ${name} must be a Date, or milliseconds since the epoch`);
}
