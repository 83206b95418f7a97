import assert from 'node:assert/strict';
import { Tape, type TapeOptions } from '../../kernels/autograd/tape.ts';
import type { Device } from '../../kernels/ggml/device.ts';
import { Graph } from '../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { contiguous, mul, reshape, sumRows } from '../../kernels/ggml/ops.ts';
import type { Tensor } from '../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';

/** Makes the inputs of a case while it builds. */
export interface CaseInputs {
  /** A random parameter whose gradient is checked, around `centre`. */
  readonly parameter: (extents: readonly number[], options?: { centre?: number; spread?: number }) => Tensor;
  /** Values that stay as they are. */
  readonly constant: (values: readonly number[], extents: readonly number[]) => Tensor;
  readonly integers: (values: readonly number[], extents?: readonly number[]) => Tensor;
}

export interface GradientCase {
  readonly name: string;
  readonly options?: TapeOptions;
  /** Distance of the finite differences, where the usual one does not fit the function. */
  readonly step?: number | undefined;
  readonly build: (graph: Graph, inputs: CaseInputs, tape: Tape) => Tensor;
}

/** Central differences of fourth order: at this step neither float32's rounding nor the curve counts. */
const STEP = 0.03;

/** Uniform values of −1 to 1; the same seed gives the same ones. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/**
 * Compares the gradients of `Σ weights · y` with central finite differences, parameter by parameter: the norm of the difference by the norm of
 * the gradient. `tolerance` bounds it.
 */
export function checkGradients(device: Device, { build, options, step = STEP }: GradientCase, tolerance: number): void {
  using graph = new Graph(device, { maxNodes: 4096 });
  using memory = new DeviceMemory(device);
  const random = uniform(7);
  const values = new Map<Tensor, Float32Array | Int32Array>();
  const parameters: Tensor[] = [];
  const make = (name: string, type: 'F32' | 'I32', extents: readonly number[], data: Float32Array | Int32Array): Tensor => {
    const tensor = graph.input(`${name}${values.size}`, type, extents);
    values.set(tensor, data);
    return tensor;
  };
  const tape = new Tape(graph, parameters, options);
  const inputs: CaseInputs = {
    parameter: (extents, { centre = 0, spread = 1 } = {}) => {
      const count = extents.reduce((product, extent) => product * extent, 1);
      const tensor = make('parameter', 'F32', extents, Float32Array.from({ length: count }, () => centre + spread * random()));
      tape.addParameter(tensor);
      return tensor;
    },
    constant: (data, extents) => make('constant', 'F32', extents, Float32Array.from(data)),
    integers: (data, extents = [data.length]) => make('integers', 'I32', extents, Int32Array.from(data)),
  };
  const y = build(graph, inputs, tape);
  const weights = Float32Array.from({ length: y.elements }, random);
  const plain = y.isContiguous ? y : contiguous(graph, y);
  const weighted = mul(graph, plain, make('weights', 'F32', y.shape, weights));
  const loss = sumRows(graph, reshape(graph, weighted, [y.elements]));
  graph.expand(plain, { read: true });
  graph.expand(loss, { read: true });
  const gradients = tape.gradients(loss);
  for (const gradient of gradients.values()) graph.expand(gradient, { read: true });
  graph.allocate(memory);

  const evaluate = (): number => {
    for (const [tensor, data] of values) write(device, tensor, data);
    graph.computeSync();
    return readF32(device, plain).reduce((sum, value, index) => sum + value * (weights[index] as number), 0);
  };
  evaluate();
  const actual = new Map([...gradients].map(([parameter, gradient]) => [parameter, readF32(device, gradient)]));
  assert.ok(actual.size > 0);
  for (const [parameter, gradient] of actual) {
    const data = values.get(parameter) as Float32Array;
    let squaredError = 0;
    let squaredNorm = 0;
    for (let index = 0; index < data.length; index++) {
      const centre = data[index] as number;
      const at = (distance: number): number => {
        data[index] = centre + distance;
        return evaluate();
      };
      const expected = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      data[index] = centre;
      squaredError += (expected - (gradient[index] as number)) ** 2;
      squaredNorm += expected ** 2;
    }
    const error = Math.sqrt(squaredError / squaredNorm);
    assert.ok(squaredNorm > 1e-6, `${parameter.toString()}: the differences are all zero, so they check nothing`);
    assert.ok(error <= tolerance, `${parameter.toString()}: the gradient is ${error} off`);
  }
}
