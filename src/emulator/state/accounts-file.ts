import { readFileSync } from 'node:fs';
import { type Account, profileMembers } from './accounts';

interface Check {
  is(value: unknown): boolean;
  /** As in "userType must be text". */
  what: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Check = { is: (value) => typeof value === 'string', what: 'text' };
const truth: Check = { is: (value) => typeof value === 'boolean', what: 'true or false' };
const integer: Check = { is: Number.isInteger, what: 'a whole number' };
const object: Check = { is: isObject, what: 'an object' };
const objects: Check = {
  is: (value) => Array.isArray(value) && value.every(isObject),
  what: 'an array of objects',
};

// Three to forty letters, digits, dots, hyphens and underscores; no symbol at either end.
const isAccountName = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z\d][\w.-]{1,38}[a-z\d]$/i.test(value);
const accountName: Check = { is: isAccountName, what: 'an account name of jAccount' };
const date: Check = {
  is: (value) => Number.isInteger(value) || (isObject(value) && Object.values(value).every(text.is)),
  what: 'an object of text, or milliseconds',
};

// What is not here is text.
const checks: ReadonlyMap<string, Check> = new Map([
  ['account', accountName],
  ['timeZone', integer],
  ['birthday', date],
  ['changesIdentity', truth],
  ...['organize', 'topOrganize', 'avatars', 'card'].map((member) => [member, object] as const),
  ...['identities', 'positions', 'rights', 'lessons', 'examinations', 'transactions'].map(
    (member) => [member, objects] as const,
  ),
]);

const ownMembers = ['password', 'changesIdentity', 'card', 'transactions', 'lessons', 'examinations'];
const known = new Set([...profileMembers, ...ownMembers, 'positions', 'rights']);

/**
 * Reads accounts of one's own: a JSON array of profile entities. Only `account` must be there.
 *
 * @throws TypeError naming the file, the entry and the member that is wrong, never its value.
 */
export function readAccounts(path: string): Account[] {
  const entries = parse(path, decode(path, read(path)));
  if (!Array.isArray(entries)) throw new TypeError(`${path}: there must be an array of accounts`);
  const seen = new Map<string, number>();
  return entries.map((entry: unknown, index) => {
    const place = `${path}: entry ${index + 1}`;
    const account = accountIn(place, entry);
    const key = account.account.toLowerCase();
    const first = seen.get(key);
    if (first !== undefined)
      throw new TypeError(`${place} (${account.account}): entry ${first} has this account`);
    seen.set(key, index + 1);
    return account;
  });
}

function accountIn(place: string, entry: unknown): Account {
  if (!isObject(entry)) throw new TypeError(`${place}: must be an object`);
  const { account } = entry;
  if (!isAccountName(account)) throw new TypeError(`${place}: account must be ${accountName.what}`);
  for (const [member, value] of Object.entries(entry)) {
    if (!known.has(member)) throw new TypeError(`${place} (${account}): "${member}" is unknown`);
    const check = checks.get(member) ?? text;
    if (!check.is(value)) throw new TypeError(`${place} (${account}): ${member} must be ${check.what}`);
  }
  return { name: account, kind: 'canvas.profile', timeZone: 0, ...entry, account };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
    throw new TypeError(`${path}: ${reason}`, { cause: error });
  }
}

function decode(path: string, octets: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (cause) {
    throw new TypeError(`${path}: the file is not in UTF-8`, { cause });
  }
}

function parse(path: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own words would repeat what stands there, a password perhaps, and seldom name the place.
    throw new TypeError(`${path}: no JSON from ${placeOf(json)} on`);
  }
}

// Where the longest beginning ends that could still become JSON.
function placeOf(json: string): string {
  let [good, bad] = [0, json.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (couldGoOn(json.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const lines = json.slice(0, good).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

// The parser names the position where it misses something, except where the text ends: then it says so.
function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const { message } = error as SyntaxError;
    const [, position] = / at position (\d+)/.exec(message) ?? [];
    return /end of JSON/.test(message) || Number(position) === beginning.length;
  }
}
