import { TroubleError } from '../common/troubleError.ts';
import { formatBytes } from './gguf/header.ts';
import type { ModelShape } from './gguf/validate.ts';

/** Largest context per sequence taken unasked, in tokens. */
const DEFAULT_CONTEXT_TOKENS = 8_192;
const LEAST_CONTEXT_TOKENS = 512;
/** One for completions, the others for chats and for what is read ahead. */
const PREFERRED_SEQUENCES = 3;
const CACHE_ELEMENT_BYTES = 2;
/** Left to the rest of the machine. */
export const RESERVE_BYTES = 256e6;
/** Copies of a layer's keys, in float32, that selectors take to score. */
const SCORED_KEYS = 3;
/** Code, tables and the vocabulary, besides what is computed below. */
const FIXED_BYTES = 128e6;

export interface MemoryPlan {
  readonly contextSizeTokens: number;
  readonly sequences: number;
  readonly neededBytes: number;
}

type RowsBytes = (rows: number, heads: number) => number;

export interface MemoryRequest {
  readonly modelName: string;
  readonly shape: ModelShape;
  /** Of all parts of the model. */
  readonly weightBytes: number;
  /** Main memory and, where a GPU is used, its memory. */
  readonly availableBytes: number;
  readonly batchTokens: number;
  /** Of a batch those whose logits are computed at once; absent: all. */
  readonly logitRows?: number;
  /** Tokens whose scores against the whole context are held at once: without the flash kernel a whole batch's. */
  readonly scoredTokens: number;
  /** 0 chooses. */
  readonly contextSizeTokens: number;
  /** Rows that a sequence has room for; absent: one for each token of the context. */
  readonly keptRows?: number;
  /**
   * Prompts that are longer are read layer by layer, and some of their rows chosen. What that takes: looking at a
   * prompt's attention, and scoring, with so many rows and query heads; and how often its tokens are read.
   */
  readonly choosing?: {
    readonly longerThan: number;
    readonly observedBytes: RowsBytes;
    readonly scoringBytes: RowsBytes;
    readonly readings: number;
  };
  /**
   * What a sequence holds besides all its rows to attend some of them: copies of so many, in contexts that are longer,
   * and graphs that choose; and what an element of all its rows takes, and what pages are scored by beside it, in
   * contexts that are longer.
   */
  readonly tier?: {
    readonly rows: number;
    readonly longerThan: number;
    readonly graphBytes: (rows: number, shape: ModelShape) => number;
    readonly cacheElementBytes: number;
    readonly scoredElementBytes: number;
  };
}

/**
 * The largest context that fits, up to the default or what the user asked for, never above what the model was trained
 * on. Throws `TroubleError` 'out-of-memory' with the numbers where not even the least fits.
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  const { shape } = request;
  const most = Math.min(
    shape.trainContextTokens,
    request.contextSizeTokens > 0 ? request.contextSizeTokens : DEFAULT_CONTEXT_TOKENS,
  );
  const least = request.contextSizeTokens > 0 ? most : Math.min(most, LEAST_CONTEXT_TOKENS);
  let neededBytes = 0;
  for (let context = most; context >= least; context = Math.floor(context / 2)) {
    for (let sequences = PREFERRED_SEQUENCES; sequences >= 2; sequences--) {
      const { cacheBytes, computeBytes } = memoryNeeds(request, context, sequences);
      neededBytes = request.weightBytes + cacheBytes + computeBytes + FIXED_BYTES;
      if (neededBytes + RESERVE_BYTES <= request.availableBytes)
        return { contextSizeTokens: context, sequences, neededBytes };
    }
  }
  const cache = request.contextSizeTokens > 0 ? ` with a context of ${most} tokens` : '';
  throw new TroubleError(
    'out-of-memory',
    `${request.modelName} needs about ${formatBytes(neededBytes)} of memory${cache} (weights ${formatBytes(request.weightBytes)}), ` +
      `${formatBytes(Math.max(0, request.availableBytes - RESERVE_BYTES))} are free. Close other programs, or choose a smaller model${cache && ' or context'}.`,
  );
}

/** What takes memory at a context, in bytes. */
export function memoryNeeds(
  {
    shape,
    batchTokens,
    logitRows = batchTokens,
    scoredTokens,
    keptRows = Infinity,
    choosing,
    tier,
  }: Omit<MemoryRequest, 'availableBytes'>,
  contextTokens: number,
  sequences: number,
): { readonly cacheBytes: number; readonly computeBytes: number } {
  // Of a mixture of attention the queries, what they attend, and that scaled by the gates.
  const mixtureElements = (4 * shape.queryElementsPerToken) / shape.blockCount;
  // Before and after they are made probabilities.
  const scoreBytes = 2 * scoredTokens * contextTokens * shape.headCount * 4;
  const tokenBytes = shape.cacheElementsPerToken * CACHE_ELEMENT_BYTES;
  const graphBytes = batchTokens * (16 * shape.embeddingLength + mixtureElements) * 4 + scoreBytes;
  const isChosen = choosing !== undefined && contextTokens > choosing.longerThan;
  // One layer's full cache, what passes from layer to layer, what a selector looks at, and its graphs: scoring takes
  // some copies of the layer's keys.
  const layerBytes = tokenBytes / shape.blockCount + 4 * shape.embeddingLength * (choosing?.readings ?? 1);
  const scoringBytes =
    (SCORED_KEYS * 4 * shape.cacheElementsPerToken * contextTokens) / (2 * shape.blockCount) +
    (choosing?.scoringBytes(contextTokens, shape.headCount) ?? 0);
  const readingBytes = isChosen ? layerBytes * contextTokens : 0;
  const choosingBytes = isChosen
    ? Math.max(graphBytes, scoringBytes) + (choosing?.observedBytes(contextTokens, shape.headCount) ?? 0)
    : 0;
  const isTiered = tier !== undefined && contextTokens > tier.longerThan;
  const copiedRows = isTiered ? tier.rows : 0;
  const elementBytes = (tier?.cacheElementBytes ?? CACHE_ELEMENT_BYTES) + (isTiered ? tier.scoredElementBytes : 0);
  const tierBytes = isTiered ? tier.graphBytes(contextTokens, shape) : 0;
  return {
    // Each sequence may be reading a prompt.
    cacheBytes:
      (tokenBytes * copiedRows +
        shape.cacheElementsPerToken * elementBytes * Math.min(contextTokens, keptRows) +
        readingBytes) *
      sequences,
    computeBytes: logitRows * shape.vocabularySize * 4 + graphBytes + (choosingBytes + tierBytes) * sequences,
  };
}
