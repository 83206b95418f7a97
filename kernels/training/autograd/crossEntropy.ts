import { ShapeError } from '../../ggml/errors.ts';
import { clamp, getRows, log, mul, mulMat, reshape, scale, setRows, softMax } from '../../ggml/ops.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import type { Rule } from './rule.ts';
import type { Tape } from './tape.ts';

/** Reported losses of single tokens are at most −ln of this, 69 nats. Their gradients stay exact beyond. */
export const LEAST_PROBABILITY = 1e-30;

export interface CrossEntropyInputs {
  /** `[vocabulary, rows]`. */
  readonly logits: Tensor;
  /** `[rows]`, I32: `row · vocabulary + token`, the index of the target token among all logits. */
  readonly places: Tensor;
  /** `[rows]`: the weight of each row. */
  readonly weights: Tensor;
}

/**
 * Cross-entropy `Σ weight · −ln softmax(logits)[token]`, a single value. The gradient, `weight (softmax − one-hot)`,
 * overwrites the softmax: one is subtracted at each target token. So there is never a matrix of labels.
 */
export function crossEntropy(tape: Tape, { logits, places, weights }: CrossEntropyInputs): Tensor {
  const { graph } = tape;
  const [vocabulary, rows] = logits.shape;
  if (places.elements !== rows || weights.elements !== rows) {
    throw new ShapeError(
      `crossEntropy: ${logits.toString()} has ${rows} rows, ${places.toString()} and ${weights.toString()} do not.`,
    );
  }
  if (vocabulary * rows >= 2 ** 31)
    throw new ShapeError(
      `crossEntropy: ${logits.toString()} has more values than a 32-bit number counts. Use smaller batches.`,
    );
  let probabilities: Tensor;
  let wanted: Tensor;
  const rule: Rule = ({ gradient }) => {
    const lessOne = setRows(graph, probabilities, scale(graph, wanted, 1, -1), places);
    const factors = mul(graph, reshape(graph, weights, [1, rows]), gradient);
    return [mul(graph, reshape(graph, lessOne, [vocabulary, rows]), factors)];
  };
  return tape.custom([logits], rule, () => {
    probabilities = reshape(graph, softMax(graph, logits, undefined), [1, vocabulary * rows]);
    wanted = getRows(graph, probabilities, places);
    const losses = scale(graph, log(graph, clamp(graph, wanted, LEAST_PROBABILITY, 1)), -1);
    return mulMat(graph, reshape(graph, losses, [rows]), reshape(graph, weights, [rows]), { preciseF32: true });
  });
}
