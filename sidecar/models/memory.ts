import { TroubleError } from '../common/troubleError.ts';
import { formatBytes } from './gguf/header.ts';
import type { ModelShape } from './gguf/validate.ts';

/** The largest default context per sequence, in tokens. */
const DEFAULT_CONTEXT_TOKENS = 8_192;
const LEAST_CONTEXT_TOKENS = 512;
/** Enough for a completion, a chat and a prompt that is read ahead. Any of them may take any sequence. */
const PREFERRED_SEQUENCES = 3;
const CACHE_ELEMENT_BYTES = 2;
/** Memory that stays free for the rest of the machine. */
export const RESERVE_BYTES = 256e6;
/** The float32 copies of a layer's keys that selectors need for scoring. */
const KEY_COPIES = 3;
/** Code, tables and the vocabulary, besides the parts computed below. */
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
  /** The bytes of all parts of the model. */
  readonly weightBytes: number;
  /** Free main memory, plus the GPU's memory if a GPU is used. */
  readonly availableBytes: number;
  readonly batchTokens: number;
  /** How many tokens of a batch get logits at once. Absent: all. */
  readonly logitRows?: number;
  /**
   * How many tokens' scores against the whole context are held at once. Without the flash kernel it is a whole batch.
   */
  readonly scoredTokens: number;
  /** 0 means automatic. */
  readonly contextSizeTokens: number;
  /** What a sequence keeps of all its tokens together, besides their rows. Absent: nothing. */
  readonly stateBytes?: number;
  /** The rows that a sequence has room for. Absent: a row for each token of the context. */
  readonly keptRows?: number;
  /**
   * Present if rows are selected: prompts longer than `longerThan` are read layer by layer, and only some rows are
   * kept. The functions give the memory for observing attention and for scoring, by rows and query heads. `readings` is
   * how often the tokens are read.
   */
  readonly choosing?: {
    readonly longerThan: number;
    readonly observedBytes: RowsBytes;
    readonly scoringBytes: RowsBytes;
    readonly readings: number;
  };
  /**
   * Present if sequences use a tiered cache. Contexts longer than `longerThan` have copies of `rows` rows, graphs that
   * select, and keys for scoring pages. The element sizes are those of the full cache and of the keys for scoring.
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
 * Chooses the largest context that fits: at most the user's or the default size, and never more than the model was
 * trained on. Throws `TroubleError` 'out-of-memory' with the numbers if not even the smallest fits.
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

/** The memory for a context, in bytes. */
export function memoryNeeds(
  {
    shape,
    batchTokens,
    logitRows = batchTokens,
    scoredTokens,
    stateBytes = 0,
    keptRows = Infinity,
    choosing,
    tier,
  }: Omit<MemoryRequest, 'availableBytes'>,
  contextTokens: number,
  sequences: number,
): { readonly cacheBytes: number; readonly computeBytes: number } {
  // In a mixture of attention: the queries, the attended values, and these scaled by the gates.
  const mixtureElements = (4 * shape.queryElementsPerToken) / shape.blockCount;
  // Scores before and after the softmax.
  const scoreBytes = 2 * scoredTokens * contextTokens * shape.headCount * 4;
  const tokenBytes = shape.cacheElementsPerToken * CACHE_ELEMENT_BYTES;
  const graphBytes = batchTokens * (16 * shape.embeddingLength + mixtureElements) * 4 + scoreBytes;
  const isChosen = choosing !== undefined && contextTokens > choosing.longerThan;
  // A layer's full cache, the activations between layers, the observed attention and its graphs. Scoring needs some
  // copies of the layer's keys.
  const layerBytes = tokenBytes / shape.blockCount + 4 * shape.embeddingLength * (choosing?.readings ?? 1);
  const scoringBytes =
    (KEY_COPIES * 4 * shape.cacheElementsPerToken * contextTokens) / (2 * shape.blockCount) +
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
        readingBytes +
        stateBytes) *
      sequences,
    computeBytes: logitRows * shape.vocabularySize * 4 + graphBytes + (choosingBytes + tierBytes) * sequences,
  };
}
