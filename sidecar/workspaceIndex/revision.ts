import { createHash } from 'node:crypto';

/** Returns a number that identifies a text: 48 bits of its digest. */
export function revisionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
