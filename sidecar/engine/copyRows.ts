import { CHUNK_TOKENS } from '../contexts/chunkNames.ts';
import type { TokenId } from '../protocol/engine.ts';
import type { BackendSequence } from './backend.ts';

/** Runs a step when it is a request's turn. */
type Turn = <T>(step: () => Promise<T>) => Promise<T>;

/**
 * Copies from another sequence what `tokens` go on with where `target` ends into them, in whole chunks and a chunk a turn, all but what has to be evaluated for an
 * answer: what one sequence evaluated costs the other no time. Resolves with the number of tokens that `target` holds more.
 */
export async function copyRows(target: BackendSequence, source: BackendSequence, tokens: readonly TokenId[], turn: Turn): Promise<number> {
  const { rows } = target;
  const from = source.rows;
  if (!rows || !from || rows.key !== from.key) return 0;
  const limit = Math.min(tokens.length - rows.evaluatedTokens, rows.capacity);
  const before = target.length;
  for (let start = Math.floor(before / CHUNK_TOKENS) * CHUNK_TOKENS; start + CHUNK_TOKENS <= limit; start += CHUNK_TOKENS) {
    const isCopied = await turn(async () => {
      if (!from.holds(tokens, start + CHUNK_TOKENS)) return false;
      const chunk = new Uint8Array(CHUNK_TOKENS * rows.rowBytes);
      from.read(start, chunk);
      await target.truncate(start);
      rows.append(tokens.slice(start, start + CHUNK_TOKENS), chunk);
      return true;
    });
    if (!isCopied) break;
  }
  return Math.max(0, target.length - before);
}
