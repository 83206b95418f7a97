import { CHUNK_TOKENS } from '../keptContexts/chunkNames.ts';
import type { TokenId } from '../protocol/engine.ts';
import type { BackendSequence } from '../models/backend.ts';
import { commonPrefixLength } from '../common/commonPrefix.ts';

/** Of the last tokens that two prompts share no more than so many are not copied, whatever is attended. */
export const LARGEST_STRETCH = 64;

/** Runs a step when it is a request's turn. */
type Turn = <T>(step: () => Promise<T>) => Promise<T>;

/**
 * Copies from another sequence what `tokens` go on with where `target` ends into them, a chunk a turn, all but what has
 * to be evaluated for an answer: what one sequence evaluated costs the other no time. Resolves with the number of
 * tokens that `target` holds more.
 */
export async function copyRows(
  target: BackendSequence,
  source: BackendSequence,
  tokens: readonly TokenId[],
  turn: Turn,
): Promise<number> {
  const { rows } = target;
  const from = source.rows;
  if (!rows || !from || rows.key !== from.key) return 0;
  const before = target.length;
  const limit = Math.min(
    tokens.length - rows.evaluatedTokens,
    rows.capacity,
    await turn(async () => commonPrefixLength(tokens, from.tokens)),
  );
  const end = limit - (limit % rows.stretch);
  for (let start = before - (before % rows.stretch); start < end;) {
    const count = Math.min(CHUNK_TOKENS, end - start);
    const isCopied = await turn(async () => {
      if (!from.holds(tokens, start + count)) return false;
      const chunk = new Uint8Array(count * rows.rowBytes);
      from.read(start, chunk);
      await target.truncate(start);
      rows.append(tokens.slice(start, start + count), chunk);
      return true;
    });
    if (!isCopied) break;
    start += count;
  }
  return Math.max(0, target.length - before);
}
