/** The operations of recurrent blocks. Each keeps a state of fixed size in place of keys and values. */
import { ShapeError } from './errors.ts';
import type { Graph } from './graph.ts';
import { view } from './ops.ts';
import type { Tensor } from './tensor.ts';

const FLOAT_BYTES = 4;

/** The results of the tokens, and the state behind the last of them. */
export interface Scanned {
  /** `[headSize, heads, tokens]` */
  readonly results: Tensor;
  /** `[stateSize, headSize, heads]` */
  readonly state: Tensor;
}

function assertFit(isFitting: boolean, op: string, ...tensors: Tensor[]): void {
  if (!isFitting) throw new ShapeError(`${op}: ${tensors.map(String).join(' and ')} do not fit together.`);
}

/**
 * A convolution of each channel along the tokens: `values[width − 1 + tokens, channels], kernel[width, channels] →
 * [channels, tokens]`. The first `width − 1` values of a channel belong to the tokens before.
 */
export function channelConvolution(graph: Graph, values: Tensor, kernel: Tensor): Tensor {
  const tokens = values.shape[0] - kernel.shape[0] + 1;
  assertFit(values.shape[1] === kernel.shape[1] && tokens > 0, 'channelConvolution', values, kernel);
  return graph.node(
    'channelConvolution',
    [values, kernel],
    { type: 'F32', shape: [kernel.shape[1], tokens, 1, 1] },
    () => graph.device.functions.ggml_ssm_conv(graph.context, values.pointer, kernel.pointer),
  );
}

/** The inputs of `stateScan`. */
export interface ScanInputs {
  /** `[stateSize, headSize, heads]` */
  readonly state: Tensor;
  /** `[headSize, heads, tokens]` */
  readonly x: Tensor;
  /** `[heads, tokens]`: the length of a token's step before `softplus`. Without gaps. */
  readonly step: Tensor;
  /** `[1, heads]`: the logarithm of the factor that the state has after a step of length 1. */
  readonly decay: Tensor;
  /** `[stateSize, groups, tokens]` */
  readonly input: Tensor;
  /** `[stateSize, groups, tokens]` */
  readonly output: Tensor;
  /** `[1]`, I32: 0, the number of the state. */
  readonly stateId: Tensor;
}

/**
 * The selective state space of Mamba-2 (arXiv 2405.21060), token by token: `state ← exp(decay · step) · state + step ·
 * x ⊗ input`, `result = state · output`.
 */
export function stateScan(graph: Graph, inputs: ScanInputs): Scanned {
  const { state, x, step, decay, input, output, stateId } = inputs;
  const [stateSize, headSize, heads] = state.shape;
  const tokens = x.shape[2];
  assertFit(x.shape[0] === headSize && x.shape[1] === heads, 'stateScan', state, x);
  assertFit(step.isContiguous && step.shape[0] === heads && step.shape[1] === tokens, 'stateScan', step, x);
  assertFit(decay.shape[0] === 1 && decay.shape[1] === heads, 'stateScan', decay, x);
  for (const part of [input, output])
    assertFit(
      part.shape[0] === stateSize && heads % part.shape[1] === 0 && part.shape[2] === tokens,
      'stateScan',
      part,
      state,
    );
  const elements = headSize * heads * tokens + state.elements;
  const both = graph.node(
    'stateScan',
    [state, x, step, decay, input, output, stateId],
    { type: 'F32', shape: [elements, 1, 1, 1] },
    () =>
      graph.device.functions.ggml_ssm_scan(
        graph.context,
        ...[state, x, step, decay, input, output, stateId].map(({ pointer }) => pointer),
        1,
      ),
  );
  return split(graph, both, [headSize, heads, tokens], [stateSize, headSize, heads]);
}

/** The inputs of `gatedDeltaNet`. */
export interface DeltaInputs {
  /** `[headSize, keyHeads, tokens]` */
  readonly query: Tensor;
  /** `[headSize, keyHeads, tokens]` */
  readonly key: Tensor;
  /** `[headSize, heads, tokens]`: the heads `h` and `h + keyHeads` have the same query and key. */
  readonly value: Tensor;
  /** `[1, heads, tokens]`: the logarithm of the state's factor. Without gaps. */
  readonly gate: Tensor;
  /** `[1, heads, tokens]`: how much of the old value is replaced. Without gaps. */
  readonly rate: Tensor;
  /** `[headSize, headSize, heads]` */
  readonly state: Tensor;
}

/**
 * The gated delta rule (arXiv 2412.06464), token by token: `state ← exp(gate) · state`, then `state ← state + change`
 * with `change = rate · (value - state · key) ⊗ key`. The result is `state · query / √headSize`.
 */
export function gatedDeltaNet(graph: Graph, inputs: DeltaInputs): Scanned {
  const { query, key, value, gate, rate, state } = inputs;
  const [headSize, heads, tokens] = value.shape;
  for (const part of [query, key])
    assertFit(
      part.shape[0] === headSize && heads % part.shape[1] === 0 && part.shape[2] === tokens,
      'gatedDeltaNet',
      part,
      value,
    );
  for (const part of [gate, rate])
    assertFit(
      part.isContiguous && part.shape[0] === 1 && part.shape[1] === heads && part.shape[2] === tokens,
      'gatedDeltaNet',
      part,
      value,
    );
  assertFit(
    state.shape[0] === headSize && state.shape[1] === headSize && state.shape[2] === heads,
    'gatedDeltaNet',
    state,
    value,
  );
  const sources = [query, key, value, gate, rate, state];
  const both = graph.node(
    'gatedDeltaNet',
    sources,
    { type: 'F32', shape: [headSize * heads, tokens + headSize, 1, 1] },
    () => graph.device.functions.ggml_gated_delta_net(graph.context, ...sources.map(({ pointer }) => pointer), 1),
  );
  return split(graph, both, [headSize, heads, tokens], state.shape);
}

/** The two parts of a scan's result, which lie one behind the other. */
function split(graph: Graph, both: Tensor, results: readonly number[], state: readonly number[]): Scanned {
  const strides = (extents: readonly number[]): [number, number, number] => {
    const row = FLOAT_BYTES * extents[0]!;
    return [row, row * extents[1]!, row * extents[1]! * extents[2]!];
  };
  const offsetBytes = results.reduce((product, extent) => product * extent, FLOAT_BYTES);
  return {
    results: view(graph, both, results, { strides: strides(results) }),
    state: view(graph, both, state, { strides: strides(state), offsetBytes }),
  };
}
