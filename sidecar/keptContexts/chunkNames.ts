import { createHash } from 'node:crypto';
import type { TokenId } from '../protocol/engine.ts';

/** Tokens of a chunk: what is written, read and dropped as one. */
export const CHUNK_TOKENS = 256;

/** Raised whenever the file's form or the meaning of a name changes: what was written before is then found no more. */
export const FORMAT_VERSION = 1;

/**
 * Names of the whole chunks of `tokens`, 64 hexadecimal digits each. A name says all that decides the rows of its
 * tokens: `key` (the model, the device, the types of the cache), every token before them, and they themselves.
 */
export function chunkNames(key: string, tokens: readonly TokenId[]): string[] {
  const names: string[] = [];
  let before = createHash('sha256').update(`chorus contexts ${FORMAT_VERSION} ${CHUNK_TOKENS}\n${key}`).digest();
  for (let start = 0; start + CHUNK_TOKENS <= tokens.length; start += CHUNK_TOKENS) {
    before = createHash('sha256')
      .update(before)
      .update(Uint32Array.from(tokens.slice(start, start + CHUNK_TOKENS)))
      .digest();
    names.push(before.toString('hex'));
  }
  return names;
}
