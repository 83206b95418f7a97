import { ShapeError } from '../../ggml/errors.ts';
import {
  add,
  clamp,
  concat,
  div,
  getRows,
  log,
  mul,
  mulMat,
  reshape,
  scale,
  setRows,
  softMax,
  sub,
  sumRows,
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
  /**
   * `[rows]`, or `[targets, rows]` with `soft`, I32: `(row % STRETCH_ROWS) · vocabulary + token`, the index of a target
   * among its stretch's logits. A row's targets are different tokens.
   */
  readonly places: Tensor;
  /** Probabilities in place of single tokens. */
  readonly soft?: SoftTargets;
  /** `[rows]`: the weight of each row. */
  readonly weights: Tensor;
}

export interface SoftTargets {
  /** `[targets, rows]`: the wanted probability of each target. */
  readonly shares: Tensor;
  /** `[rows]`: the wanted probability of all other tokens together. */
  readonly tails: Tensor;
}

/** The other tokens count as having at least this probability, since it is a difference of rounded numbers. */
const LEAST_TAIL = 1e-6;

/**
 * The cross-entropy of `output · hidden`, as `crossEntropy` defines it, for an output that is not trained. With `soft`
 * it is `−Σ share · ln p − tail · ln (1 − Σ p)` over the targets of a row.
 *
 * Logits and their gradient are computed for a stretch of rows at a time, and the gradient of `hidden` is made with
 * them (Cut Cross-Entropy, arXiv 2411.09009, takes stretches of the vocabulary). So no tensor has all logits, which
 * would take more memory than the rest of a small network.
 */
export function outputCrossEntropy(tape: Tape, inputs: OutputLossInputs): Tensor {
  const { graph } = tape;
  const { hidden, output, places, weights, soft } = inputs;
  const [width, rows] = hidden.shape;
  if (output.shape[0] !== width || places.elements !== (soft?.shares.elements ?? rows) || weights.elements !== rows)
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
  { hidden, output, logitScale, places: allPlaces, weights: allWeights, soft }: OutputLossInputs,
  transposed: Tensor,
  { start, count }: { readonly start: number; readonly count: number },
): { readonly loss: Tensor; readonly slope: Tensor } {
  const vocabulary = output.shape[1];
  const x = window(graph, hidden, hidden.shape[0] * start, [hidden.shape[0], count]);
  const targets = allPlaces.elements / hidden.shape[1];
  const places = window(graph, allPlaces, targets * start, [targets * count, 1]);
  const weights = window(graph, allWeights, start, [count, 1]);
  // The softmax scales the logits.
  const logits = mulMat(graph, output, x);
  const probabilities = reshape(graph, softMax(graph, logits, undefined, logitScale), [1, vocabulary * count]);
  const wanted = getRows(graph, probabilities, places);
  const { losses, slopes } = soft
    ? softLoss(
        graph,
        { probabilities, wanted, places, vocabulary },
        {
          shares: window(graph, soft.shares, targets * start, [targets, count]),
          tails: window(graph, soft.tails, start, [1, count]),
        },
      )
    : {
        losses: minusLog(graph, wanted, LEAST_PROBABILITY),
        slopes: setRows(graph, probabilities, scale(graph, wanted, 1, -1), places),
      };
  const loss = mulMat(graph, reshape(graph, losses, [count]), weights, { preciseF32: true });
  const slope = mulMat(graph, transposed, reshape(graph, slopes, [vocabulary, count]));
  const factors = scale(graph, reshape(graph, weights, [1, count]), logitScale);
  return { loss, slope: mul(graph, slope, factors) };
}

/**
 * The loss of soft targets, and its slope by the logits: `p − share` at the targets, and `p (1 − tail ⁄ (1 − Σ p))`
 * elsewhere.
 */
function softLoss(
  graph: Graph,
  found: {
    readonly probabilities: Tensor;
    readonly wanted: Tensor;
    readonly places: Tensor;
    readonly vocabulary: number;
  },
  { shares, tails }: SoftTargets,
): { readonly losses: Tensor; readonly slopes: Tensor } {
  const { probabilities, wanted, places, vocabulary } = found;
  const [targets, count] = shares.shape;
  const byRow = reshape(graph, wanted, [targets, count]);
  const rest = clamp(graph, scale(graph, sumRows(graph, byRow), -1, 1), LEAST_TAIL, 1);
  const losses = add(
    graph,
    sumRows(graph, mul(graph, minusLog(graph, byRow, LEAST_PROBABILITY), shares)),
    mul(graph, minusLog(graph, rest, LEAST_TAIL), tails),
  );
  const kept = scale(graph, div(graph, tails, rest), -1, 1);
  const others = mul(graph, reshape(graph, probabilities, [vocabulary, count]), kept);
  const atTargets = reshape(graph, sub(graph, byRow, shares), [1, targets * count]);
  return { losses, slopes: setRows(graph, reshape(graph, others, [1, vocabulary * count]), atTargets, places) };
}

const minusLog = (graph: Graph, a: Tensor, least: number): Tensor =>
  scale(graph, log(graph, clamp(graph, a, least, 1)), -1);

/** Contiguous values of `a` from the value number `start` on, as a matrix. */
function window(graph: Graph, a: Tensor, start: number, [columns, rows]: readonly [number, number]): Tensor {
  const [valueBytes] = a.strides;
  const rowBytes = columns * valueBytes;
  return view(graph, a, [columns, rows], {
    strides: [rowBytes, rows * rowBytes, rows * rowBytes],
    offsetBytes: start * valueBytes,
  });
}
