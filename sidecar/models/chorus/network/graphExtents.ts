import { MAX_PRODUCT_TOKENS } from '../../../../kernels/blocks/attendTransposed.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { BATCH_TOKENS } from './batchTokens.ts';
import { padRows, ROW_PADDING, SHORT_ROW_PADDING } from '../cache/rowPadding.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { valueStretch } from '../cache/valueCells.ts';

/** The extents of a graph, which together with the sequence determine it. */
export interface GraphExtents {
  readonly tokens: number;
  readonly attendedRows: number;
  /** Whether the tokens attend themselves alone, as `AttentionInputs.isFirst`. */
  readonly isFirst: boolean;
  /** As `ValueCells.stretch`. */
  readonly stretch: number;
  /** As `RecurrentState.slot`; 0 without recurrent blocks. */
  readonly slot: 0 | 1;
}

/**
 * Returns the extents of a graph that appends `tokens` tokens to a sequence. Throws `TroubleError` 'context-overflow'
 * if they do not fit: ggml would abort on a row outside the cache.
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
    slot: sequence.state?.slot ?? 0,
    attendedRows: isFirst ? tokens : Math.min(capacity, padRows(past + tokens, padding)),
    stretch: isTransposed ? valueStretch(tokens, { capacity: sequence.memoryRows, past }) : 1,
  };
}

/** Returns the extents of the graph that takes the most memory. */
export function largestExtents(sequence: SequenceCache): GraphExtents {
  const { capacity } = sequence;
  const tokens = Math.min(BATCH_TOKENS, capacity);
  return {
    tokens,
    attendedRows: capacity,
    isFirst: false,
    slot: 0,
    stretch: isValueTransposed(sequence) ? valueStretch(tokens, { capacity: sequence.memoryRows, past: 0 }) : 1,
  };
}

/** False if some blocks are on another device: all blocks share the inputs of a graph. */
function isValueTransposed({ layers }: SequenceCache): boolean {
  return layers.every((layer) => !layer || layer.isValueTransposed === true);
}
