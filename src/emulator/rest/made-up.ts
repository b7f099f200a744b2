import { createHash } from 'node:crypto';

/** A number below `limit` that is the same for the same text at each start: what is made up stays what it was. */
export function numberFrom(text: string, limit: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE() % limit;
}
