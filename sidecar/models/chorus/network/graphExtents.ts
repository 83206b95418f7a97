import { MAX_PRODUCT_TOKENS } from '../../../../kernels/blocks/attendTransposed.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { BATCH_TOKENS } from './batchTokens.ts';
import { padRows, ROW_PADDING, SHORT_ROW_PADDING } from '../cache/rowPadding.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { valueStretch } from '../cache/valueCells.ts';

/** What decides a graph beside the sequence whose cache it is over. */
export interface GraphExtents {
  readonly tokens: number;
  readonly attendedRows: number;
  /** Whether the tokens attend themselves alone, `AttentionInputs.isFirst`. */
  readonly isFirst: boolean;
  /** Of `ValueCells`. */
  readonly stretch: number;
}

/**
 * The extents of a graph that appends `tokens` tokens to a sequence. Throws `TroubleError` 'context-overflow' where it
 * has no room: ggml would abort on a row that its cache lacks.
 */
export function extentsFor(sequence: SequenceCache, tokens: number): GraphExtents {
  const { rows: past, capacity } = sequence;
  if (past + tokens > capacity)
    throw new TroubleError(
      'context-overflow',
      `${tokens} tokens after ${past} rows do not fit into the context of ${capacity}.`,
    );
  const isTransposed = isValueTransposed(sequence);
  const isFirst = isTransposed && past === 0 && tokens > MAX_PRODUCT_TOKENS;
  const padding = isTransposed && past + tokens < ROW_PADDING ? SHORT_ROW_PADDING : ROW_PADDING;
  return {
    tokens,
    isFirst,
    attendedRows: isFirst ? tokens : Math.min(capacity, padRows(past + tokens, padding)),
    stretch: isTransposed ? valueStretch(tokens, { capacity: sequence.memoryRows, past }) : 1,
  };
}

/** Of the graph that takes the most memory. */
export function largestExtents(sequence: SequenceCache): GraphExtents {
  const { capacity } = sequence;
  const tokens = Math.min(BATCH_TOKENS, capacity);
  return {
    tokens,
    attendedRows: capacity,
    isFirst: false,
    stretch: isValueTransposed(sequence) ? valueStretch(tokens, { capacity: sequence.memoryRows, past: 0 }) : 1,
  };
}

/** Not where some of its blocks are another device's: inputs are the same for all. */
function isValueTransposed({ layers }: SequenceCache): boolean {
  return layers.every((layer) => layer.isValueTransposed);
}
