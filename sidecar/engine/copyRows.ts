import { CHUNK_TOKENS } from '../keptContexts/chunkNames.ts';
import type { TokenId } from '../protocol/engine.ts';
import type { BackendSequence } from '../models/backend.ts';
import { commonPrefixLength } from '../common/commonPrefix.ts';

/**
 * The largest `SequenceRows.stretch`. Whole stretches are copied, so that fewer common tokens than this stay behind.
 */
export const LARGEST_STRETCH = 64;

/** Runs a step when it is the request's turn. */
type Turn = <T>(step: () => Promise<T>) => Promise<T>;

/**
 * Copies the rows of a prompt from `source` to `target`, behind the rows that `target` holds of it, one chunk per turn.
 * Rows of the last tokens are not copied, since an answer needs their evaluation. Resolves with the number of copied
 * tokens; 0 where the rows of both sequences cannot replace each other.
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
      // Another request may have changed the source since the last turn.
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
