import { readFileSync } from 'node:fs';
import type { Account } from './accounts';

/** The people in a JSON file. @throws TypeError saying where the file is wrong. */
export function readAccounts(file: string): Account[] {
  return JSON.parse(readFileSync(file, 'utf8'));
}
