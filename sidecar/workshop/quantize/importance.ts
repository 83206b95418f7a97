import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { openNetwork } from '../../models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../models/chorus/network/placement.ts';
import { openText } from '../../models/llamaCpp/openText.ts';
import { computeThreads } from '../../models/threads.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Calibration } from '../protocol.ts';

/** The length of a sequence in tokens. */
const CHUNK_TOKENS = 512;
/** The matrix that gives the logits. A model without an output matrix uses its embedding. */
export const OUTPUT_NAMES: readonly string[] = ['output.weight', 'token_embd.weight'];
/** Fewer tokens would say too little about other texts. */
const MIN_TOKENS = 256;
/**
 * The least importance of a column, as a share of the mean. A column that is idle in this text may be active in others.
 */
const LEAST_SHARE = 1e-3;

/**
 * Measures the importance of each column of the matrices that `isWatched` selects: `[columns]` by the matrix's name. It
 * is the mean square of the inputs on a text, as in llama.cpp's importance matrix.
 *
 * The experts of a mixture share the inputs of any of them. The output matrix is listed under both `OUTPUT_NAMES`.
 * Throws `TroubleError`.
 */
export async function measureImportance(
  modelPath: string,
  calibration: Calibration,
  { isWatched, signal, onProgress }: MakingOptions & { readonly isWatched: (name: string) => boolean },
): Promise<ReadonlyMap<string, Float32Array>> {
  const threads = await computeThreads(calibration.threads);
  const chunks = await chunksOf(modelPath, calibration, threads);
  using device = new Device('cpu', { threads });
  using opened = await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: CHUNK_TOKENS, signal });
  const { network, sequence } = opened;
  const squares = new Map<string, MeanSquares>();
  for (const [index, chunk] of chunks.entries()) {
    signal?.throwIfAborted();
    sequence.truncate(0);
    for (const { matrices, columns, values } of await network.productInputs(sequence, chunk, isWatched)) {
      const [first = ''] = matrices;
      const means = squares.get(first) ?? new MeanSquares(columns);
      means.add(values);
      for (const matrix of matrices) squares.set(matrix, means);
      // The output matrix may be a copy of the embedding in another layout.
      if (OUTPUT_NAMES.includes(first)) for (const name of OUTPUT_NAMES) squares.set(name, means);
    }
    onProgress?.({ step: 'Calibrating', share: (index + 1) / chunks.length });
  }
  return new Map([...squares].map(([matrix, means]) => [matrix, means.importance(matrix)]));
}

/** The text's tokens in chunks that a sequence can hold. */
async function chunksOf(
  modelPath: string,
  { text, maxTokens }: Calibration,
  threads: number,
): Promise<readonly (readonly TokenId[])[]> {
  const opened = await openText(modelPath, { device: 'cpu', threads });
  try {
    const tokens = opened.text.tokenize(text, false).slice(0, maxTokens);
    if (tokens.length < MIN_TOKENS)
      throw new TroubleError(
        'invalid-input',
        `The calibration text has ${tokens.length} tokens, expected at least ${MIN_TOKENS}. Use some pages of typical text.`,
      );
    const { addBos, bos } = opened.text.special;
    const start = addBos && bos !== undefined ? [bos] : [];
    const step = CHUNK_TOKENS - start.length;
    return Array.from({ length: Math.ceil(tokens.length / step) }, (_, index) => [
      ...start,
      ...tokens.slice(index * step, (index + 1) * step),
    ]);
  } finally {
    await opened.dispose();
  }
}

/** Mean squares of the columns of rows, in double precision. */
class MeanSquares {
  readonly #sums: Float64Array;
  #rows = 0;

  constructor(columns: number) {
    this.#sums = new Float64Array(columns);
  }

  add(values: Float32Array): void {
    const { length: columns } = this.#sums;
    for (let start = 0; start < values.length; start += columns) {
      for (let column = 0; column < columns; column++)
        this.#sums[column] = this.#sums[column]! + values[start + column]! ** 2;
    }
    this.#rows += values.length / columns;
  }

  /** Throws `TroubleError` if an added value is infinite or NaN. */
  importance(matrix: string): Float32Array {
    const mean = this.#sums.reduce((sum, square) => sum + square, 0) / this.#sums.length / this.#rows;
    if (!Number.isFinite(mean))
      throw new TroubleError(
        'invalid-model',
        `The inputs of ${matrix} on the calibration text are infinite or NaN: the model is damaged or its training diverged.`,
      );
    if (mean === 0) return new Float32Array(this.#sums.length).fill(1);
    return Float32Array.from(this.#sums, (sum) => Math.max(sum / this.#rows, LEAST_SHARE * mean));
  }
}
