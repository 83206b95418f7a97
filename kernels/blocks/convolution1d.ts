import type { Graph } from '../ggml/graph.ts';
import { add, concat, contiguous, fill, mulMat, repeat, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface ConvolutionWeights {
  /**
   * `[row, out]`: value `tap · channels + channel` of a row; the row may end with zeros, so that it is whole blocks of
   * a quantised type. `convolutionRows` makes it.
   */
  readonly weight: Tensor;
  /** `[out]` */
  readonly bias: Tensor;
}

export interface ConvolutionOptions {
  /** Neighbours in time that one output looks at. */
  readonly taps: number;
  readonly stride: number;
  /** Columns of zeros before the first and after the last. */
  readonly padding: number;
}

/**
 * A convolution over time as one product: `x[channels, time] → [out, (time + 2 · padding − taps) / stride + 1]`. The
 * taps of an output are put side by side, so that any type of matrix will do.
 */
export function convolution1d(
  graph: Graph,
  x: Tensor,
  { weight, bias }: ConvolutionWeights,
  { taps, stride, padding }: ConvolutionOptions,
): Tensor {
  const [channels, time] = x.shape;
  const outputs = Math.floor((time + 2 * padding - taps) / stride) + 1;
  const padded = padColumns(graph, x, padding);
  const columnBytes = padded.strides[1];
  const strides = [stride * columnBytes, stride * columnBytes * outputs, stride * columnBytes * outputs] as const;
  const inputs = Array.from({ length: taps }, (_, tap) =>
    view(graph, padded, [channels, outputs], { strides, offsetBytes: tap * columnBytes }),
  );
  const missing = weight.shape[0] - taps * channels;
  if (missing > 0) inputs.push(zeros(graph, x, [missing, outputs]));
  const windows = inputs.reduce((joined, input) => concat(graph, joined, input, 0));
  return add(graph, mulMat(graph, weight, windows), bias);
}

/** Columns of zeros on both sides of `x[channels, time]`. */
function padColumns(graph: Graph, x: Tensor, columns: number): Tensor {
  if (columns === 0) return x;
  const beside = zeros(graph, x, [x.shape[0], columns]);
  return concat(graph, concat(graph, beside, x, 1), beside, 1);
}

function zeros(graph: Graph, x: Tensor, extents: readonly [width: number, columns: number]): Tensor {
  return repeat(graph, fill(graph, contiguous(graph, view(graph, x, [1])), 0), extents);
}

/**
 * Rows of `convolution1d` from weights as frameworks store them, value `(out · channels + channel) · taps + tap`.
 * `rowLength` fills rows up with zeros.
 */
export function convolutionRows(
  values: Float32Array,
  shape: { readonly taps: number; readonly channels: number; readonly rowLength: number },
): Float32Array {
  const { taps, channels, rowLength } = shape;
  const outputs = values.length / (taps * channels);
  const rows = new Float32Array(outputs * rowLength);
  for (let output = 0; output < outputs; output++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let tap = 0; tap < taps; tap++)
        rows[output * rowLength + tap * channels + channel] = values[
          (output * channels + channel) * taps + tap
        ] as number;
    }
  }
  return rows;
}
