import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Tape } from '../../../kernels/training/autograd/tape.ts';
import { gridOf, rangeOf, roundToGrid, roundWeight } from '../../../kernels/blocks/roundToGrid.ts';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { mul, sumRows } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;

describe(`rounding to 8 bits per tensor on ${kind}`, () => {
  let device: Device;
  before(() => {
    device = new Device(kind, { threads: 1 });
  });
  after(() => device[Symbol.dispose]());

  /** Returns the result of `build(x)`, and the gradient of `Σ factors · result` by `x`. */
  function compute(
    x: readonly number[],
    build: (
      graph: Graph,
      tensor: Tensor,
      context: { readonly tape: Tape; readonly named: Readonly<Record<string, Tensor>> },
    ) => Tensor,
    inputs: Readonly<Record<string, number>> = {},
  ): { result: number[]; gradient: number[] } {
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const tensor = graph.input('x', 'F32', [x.length]);
    const factors = graph.input('factors', 'F32', [x.length]);
    const tape = new Tape(graph, [tensor]);
    const named = Object.fromEntries(Object.keys(inputs).map((name) => [name, graph.input(name, 'F32', [1])]));
    const result = build(graph, tensor, { tape, named });
    const [gradient] = tape.gradients(sumRows(graph, mul(graph, result, factors))).values();
    for (const output of [result, gradient as Tensor]) graph.expand(output, { read: true });
    graph.allocate(memory);
    write(device, tensor, Float32Array.from(x));
    write(
      device,
      factors,
      Float32Array.from(x, (_, index) => index + 1),
    );
    for (const [name, value] of Object.entries(inputs)) write(device, named[name] as Tensor, Float32Array.of(value));
    graph.computeSync();
    return { result: [...readF32(device, result)], gradient: [...readF32(device, gradient as Tensor)] };
  }

  const onGrid = (
    x: readonly number[],
    range: { low: number; high: number },
  ): { result: number[]; gradient: number[] } => {
    const { step, zero } = gridOf(range);
    return compute(
      x,
      (graph, tensor, { named }) => roundToGrid(graph, tensor, named as { step: Tensor; zero: Tensor }),
      { step, zero },
    );
  };

  it('makes a grid from the smallest to the largest value that represents zero exactly', () => {
    assert.deepEqual(gridOf({ low: 0, high: 510 }), { step: 2, zero: 0 });
    assert.deepEqual(gridOf({ low: -127, high: 128 }), { step: 1, zero: 127 });
    // Zero is part of every range.
    assert.deepEqual(gridOf({ low: 100, high: 255 }), { step: 1, zero: 0 });
    assert.deepEqual(gridOf({ low: -255, high: -100 }), { step: 1, zero: 255 });
    assert.ok(gridOf({ low: 0, high: 0 }).step > 0);
  });

  it('rounds to the nearest step, and clamps values beyond the ends', () => {
    const { result } = onGrid([-3, -1, -0.6, 0, 0.4, 99.6, 200, 300], { low: -2, high: 253 });
    assert.deepEqual(result, [-2, -1, -1, 0, 0, 100, 200, 253]);
  });

  it('passes gradients, except for values beyond the ends', () => {
    const { gradient } = onGrid([-3, -2, -0.6, 0, 0.4, 99.6, 253, 300], { low: -2, high: 253 });
    assert.deepEqual(gradient, [0, 2, 3, 4, 5, 6, 7, 0]);
  });

  it('derives the step of a weight from its largest magnitude, and passes all gradients', () => {
    const { result, gradient } = compute([12.7, -0.04, 0.06, -6.31], (graph, tensor, { tape }) =>
      roundWeight(graph, tensor, (build) => tape.constant(build)),
    );
    [12.7, 0, 0.1, -6.3].forEach((expected, index) =>
      assert.ok(Math.abs((result[index] as number) - expected) < 1e-5, `${result[index]}, expected ${expected}`),
    );
    gradient.forEach((value, index) =>
      assert.ok(Math.abs(value - (index + 1)) < 1e-5, `${value}, expected ${index + 1}`),
    );
  });

  it('finds the smallest and the largest value', () => {
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const x = graph.input('x', 'F32', [3, 2]);
    const { low, high } = rangeOf(graph, x);
    for (const tensor of [low, high]) graph.expand(tensor, { read: true });
    graph.allocate(memory);
    write(device, x, Float32Array.of(1, -5, 2, 7, 0, 3));
    graph.computeSync();
    assert.deepEqual([readF32(device, low)[0], readF32(device, high)[0]], [-5, 7]);
  });
});
