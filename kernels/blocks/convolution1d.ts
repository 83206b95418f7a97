import type { Graph } from '../ggml/graph.ts';
import { add, concat, contiguous, fill, mulMat, repeat, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface ConvolutionWeights {
  /**
   * `[row, out]`, made by `convolutionRows`: value `tap · channels + channel` of a row. Zeros may fill the row up to
   * whole blocks of a quantised type.
   */
  readonly weight: Tensor;
  /** `[out]` */
  readonly bias: Tensor;
}

export interface ConvolutionOptions {
  /** The width of the window in time steps. */
  readonly taps: number;
  readonly stride: number;
  /** Columns of zeros before the first column and after the last. */
  readonly padding: number;
}

/**
 * A convolution over time as a single matrix product: `x[channels, time] → [out, (time + 2 · padding − taps) / stride +
 * 1]`. The inputs of each output are put side by side, so the matrix may have any type.
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

/** Adds columns of zeros on both sides of `x[channels, time]`. */
function padColumns(graph: Graph, x: Tensor, columns: number): Tensor {
  if (columns === 0) return x;
  const beside = zeros(graph, x, [x.shape[0], columns]);
  return concat(graph, concat(graph, beside, x, 1), beside, 1);
}

function zeros(graph: Graph, x: Tensor, extents: readonly [width: number, columns: number]): Tensor {
  return repeat(graph, fill(graph, contiguous(graph, view(graph, x, [1])), 0), extents);
}

/**
 * Converts weights as frameworks store them, value `(out · channels + channel) · taps + tap`, to the rows of
 * `convolution1d`. Fills each row with zeros up to `rowLength`.
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
