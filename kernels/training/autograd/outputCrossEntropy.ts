import { ShapeError } from '../../ggml/errors.ts';
import {
  add,
  clamp,
  concat,
  getRows,
  log,
  mul,
  mulMat,
  reshape,
  scale,
  setRows,
  softMax,
  view,
} from '../../ggml/ops.ts';
import type { Graph } from '../../ggml/graph.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import { LEAST_PROBABILITY } from './crossEntropy.ts';
import type { Tape } from './tape.ts';

/** The rows whose logits exist at the same time. */
export const STRETCH_ROWS = 128;

export interface OutputLossInputs {
  /** `[width, rows]`. */
  readonly hidden: Tensor;
  /** `[width, vocabulary]`, not trained. */
  readonly output: Tensor;
  readonly logitScale: number;
  /** `[rows]`, I32: `(row % STRETCH_ROWS) · vocabulary + token`, the index of the target among its stretch's logits. */
  readonly places: Tensor;
  /** `[rows]`: the weight of each row. */
  readonly weights: Tensor;
}

/**
 * The cross-entropy of `output · hidden`, as `crossEntropy` defines it, for an output that is not trained.
 *
 * Logits and their gradient are computed for a stretch of rows at a time, and the gradient of `hidden` is made with
 * them (Cut Cross-Entropy, arXiv 2411.09009, takes stretches of the vocabulary). So no tensor has all logits, which
 * would take more memory than the rest of a small network.
 */
export function outputCrossEntropy(tape: Tape, inputs: OutputLossInputs): Tensor {
  const { graph } = tape;
  const { hidden, output, places, weights } = inputs;
  const [width, rows] = hidden.shape;
  if (output.shape[0] !== width || places.elements !== rows || weights.elements !== rows)
    throw new ShapeError(
      `outputCrossEntropy: ${hidden.toString()}, ${output.toString()}, ${places.toString()} and ${weights.toString()} do not fit together.`,
    );
  let slopes: Tensor;
  return tape.custom(
    [hidden],
    ({ gradient }) => [mul(graph, slopes, gradient)],
    () => {
      const transposed = tape.transposed(output);
      const parts: { readonly loss: Tensor; readonly slope: Tensor }[] = [];
      for (let start = 0; start < rows; start += STRETCH_ROWS)
        parts.push(stretchLoss(tape, inputs, transposed, { start, count: Math.min(STRETCH_ROWS, rows - start) }));
      slopes = parts.map(({ slope }) => slope).reduce((joined, slope) => concat(graph, joined, slope, 1));
      return parts.map(({ loss }) => loss).reduce((sum, loss) => add(graph, sum, loss));
    },
  );
}

/** The loss of some rows, and its gradient by their hidden state `[width, count]`. */
function stretchLoss(
  { graph }: Tape,
  { hidden, output, logitScale, places: allPlaces, weights: allWeights }: OutputLossInputs,
  transposed: Tensor,
  { start, count }: { readonly start: number; readonly count: number },
): { readonly loss: Tensor; readonly slope: Tensor } {
  const vocabulary = output.shape[1];
  const x = window(graph, hidden, hidden.shape[0] * start, [hidden.shape[0], count]);
  const places = window(graph, allPlaces, start, [count, 1]);
  const weights = window(graph, allWeights, start, [count, 1]);
  // The softmax scales the logits.
  const logits = mulMat(graph, output, x);
  const probabilities = reshape(graph, softMax(graph, logits, undefined, logitScale), [1, vocabulary * count]);
  const wanted = getRows(graph, probabilities, places);
  const losses = scale(graph, log(graph, clamp(graph, wanted, LEAST_PROBABILITY, 1)), -1);
  const loss = mulMat(graph, reshape(graph, losses, [count]), weights, { preciseF32: true });
  const lessOne = setRows(graph, probabilities, scale(graph, wanted, 1, -1), places);
  const slope = mulMat(graph, transposed, reshape(graph, lessOne, [vocabulary, count]));
  const factors = scale(graph, reshape(graph, weights, [1, count]), logitScale);
  return { loss, slope: mul(graph, slope, factors) };
}

/** Contiguous values of `a` from the value number `start` on, as a matrix. */
function window(graph: Graph, a: Tensor, start: number, [columns, rows]: readonly [number, number]): Tensor {
  const [valueBytes] = a.strides;
  const rowBytes = columns * valueBytes;
  return view(graph, a, [columns, rows], {
    strides: [rowBytes, rows * rowBytes, rows * rowBytes],
    offsetBytes: start * valueBytes,
  });
}
