import { createHash } from 'node:crypto';
import type { TokenId } from '../protocol/engine.ts';

/** The tokens of a chunk, which is written, read and dropped as a whole. */
export const CHUNK_TOKENS = 256;

/** Raise it when the file format or the meaning of a name changes. Older files are not found then. */
export const FORMAT_VERSION = 1;

/**
 * Returns the names of the whole chunks of `tokens`, 64 hexadecimal digits each. A name hashes everything that decides
 * the rows of its tokens: `key` (the model, the device, the types of the cache), all tokens before, and these tokens.
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
