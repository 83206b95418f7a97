import assert from 'node:assert/strict';
import { Tape, type TapeOptions } from '../../kernels/training/autograd/tape.ts';
import type { Device } from '../../kernels/ggml/device.ts';
import { Graph } from '../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { contiguous, mul, reshape, sumRows } from '../../kernels/ggml/ops.ts';
import type { Tensor } from '../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';

/** Makes the inputs of a case. */
export interface CaseInputs {
  /** A random parameter whose gradient is checked, around `centre`. */
  readonly parameter: (extents: readonly number[], options?: { centre?: number; spread?: number }) => Tensor;
  /** Values without a gradient. */
  readonly constant: (values: readonly number[], extents: readonly number[]) => Tensor;
  readonly integers: (values: readonly number[], extents?: readonly number[]) => Tensor;
}

export interface GradientCase {
  readonly name: string;
  readonly options?: TapeOptions;
  /** The step of the finite differences, if the default does not fit the function. */
  readonly step?: number | undefined;
  readonly build: (graph: Graph, inputs: CaseInputs, tape: Tape) => Tensor;
}

/** The step of fourth-order central differences. At this step neither float32's rounding nor the curvature matters. */
const STEP = 0.03;

/** Uniform values from −1 to 1. The same seed gives the same values. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/**
 * Compares the gradients of `Σ weights · y` with central finite differences, parameter by parameter. `tolerance` bounds
 * the norm of the difference divided by the norm of the gradient.
 */
export function checkGradients(device: Device, gradientCase: GradientCase, tolerance: number): void {
  using built = new BuiltCase(device, gradientCase);
  const { step = STEP } = gradientCase;
  const actual = built.gradients();
  assert.ok(actual.size > 0);
  for (const [parameter, gradient] of actual) {
    const data = built.values.get(parameter) as Float32Array;
    const expected = data.map((centre, index) => {
      const at = (distance: number): number => {
        data[index] = centre + distance;
        return built.evaluate();
      };
      const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      data[index] = centre;
      return slope;
    });
    assertClose(parameter, { gradient, expected, tolerance });
  }
}

/**
 * Compares gradients with those of another device for the same values. Used where finite differences would show only
 * the device's rounding.
 */
export function compareGradients(
  devices: { readonly device: Device; readonly reference: Device },
  gradientCase: GradientCase,
  tolerance: number,
): void {
  using built = new BuiltCase(devices.device, gradientCase);
  using reference = new BuiltCase(devices.reference, gradientCase);
  const expected = [...reference.gradients().values()];
  [...built.gradients()].forEach(([parameter, gradient], index) =>
    assertClose(parameter, { gradient, expected: expected[index] as Float32Array, tolerance }),
  );
}

/** The graph of a case with its gradients, and the values of its inputs. */
class BuiltCase implements Disposable {
  readonly values = new Map<Tensor, Float32Array | Int32Array>();
  readonly #graph: Graph;
  readonly #memory: DeviceMemory;
  readonly #weights: Float32Array;
  readonly #plain: Tensor;
  readonly #gradients: ReadonlyMap<Tensor, Tensor>;

  constructor(
    private readonly device: Device,
    { build, options }: GradientCase,
  ) {
    const graph = (this.#graph = new Graph(device, { maxNodes: 4096 }));
    this.#memory = new DeviceMemory(device);
    const { values } = this;
    const random = uniform(7);
    const make = (
      name: string,
      type: 'F32' | 'I32',
      extents: readonly number[],
      data: Float32Array | Int32Array,
    ): Tensor => {
      const tensor = graph.input(`${name}${values.size}`, type, extents);
      values.set(tensor, data);
      return tensor;
    };
    const tape = new Tape(graph, [], options);
    const inputs: CaseInputs = {
      parameter: (extents, { centre = 0, spread = 1 } = {}) => {
        const count = extents.reduce((product, extent) => product * extent, 1);
        const tensor = make(
          'parameter',
          'F32',
          extents,
          Float32Array.from({ length: count }, () => centre + spread * random()),
        );
        tape.addParameter(tensor);
        return tensor;
      },
      constant: (data, extents) => make('constant', 'F32', extents, Float32Array.from(data)),
      integers: (data, extents = [data.length]) => make('integers', 'I32', extents, Int32Array.from(data)),
    };
    const y = build(graph, inputs, tape);
    this.#weights = Float32Array.from({ length: y.elements }, random);
    this.#plain = y.isContiguous ? y : contiguous(graph, y);
    const weighted = mul(graph, this.#plain, make('weights', 'F32', y.shape, this.#weights));
    const loss = sumRows(graph, reshape(graph, weighted, [y.elements]));
    graph.expand(this.#plain, { read: true });
    graph.expand(loss, { read: true });
    this.#gradients = tape.gradients(loss);
    for (const gradient of this.#gradients.values()) graph.expand(gradient, { read: true });
    graph.allocate(this.#memory);
  }

  /** Evaluates `Σ weights · y` with the current values, summed in double precision. */
  evaluate(): number {
    const { device } = this;
    for (const [tensor, data] of this.values) write(device, tensor, data);
    this.#graph.computeSync();
    return readF32(device, this.#plain).reduce(
      (sum, value, index) => sum + value * (this.#weights[index] as number),
      0,
    );
  }

  /** The gradients by parameter, with the current values. */
  gradients(): ReadonlyMap<Tensor, Float32Array> {
    this.evaluate();
    return new Map([...this.#gradients].map(([parameter, gradient]) => [parameter, readF32(this.device, gradient)]));
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
  }
}

function assertClose(
  parameter: Tensor,
  {
    gradient,
    expected,
    tolerance,
  }: { readonly gradient: Float32Array; readonly expected: Float32Array; readonly tolerance: number },
): void {
  const norm = (values: Float32Array): number => Math.hypot(...values);
  const error = norm(expected.map((value, index) => value - (gradient[index] as number))) / norm(expected);
  assert.ok(norm(expected) > 1e-3, `${parameter.toString()}: what is expected is all zero, so it checks nothing`);
  assert.ok(error <= tolerance, `${parameter.toString()}: the gradient is ${error} off`);
}
