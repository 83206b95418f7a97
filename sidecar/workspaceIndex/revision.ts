import { createHash } from 'node:crypto';

/** A number that tells a text from others: 48 bits of its digest. */
export function revisionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
