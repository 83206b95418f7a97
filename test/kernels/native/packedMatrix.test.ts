import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linear } from '../../../kernels/blocks/linear.ts';
import { Columns, lowRank } from '../../../kernels/blocks/lowRank.ts';
import { fromFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { ShapeError } from '../../../kernels/ggml/errors.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { mulMat } from '../../../kernels/ggml/ops.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { nativeKernels } from '../../../kernels/native/library.ts';
import { PackedMatrix, packedBytes } from '../../../kernels/native/packedMatrix.ts';
import { uniform } from '../../reference/gradientCheck.ts';

const [COLUMNS, ROWS, RANK] = [256, 40, 3];
/** The two sums have another order. */
const TOLERANCE = 1e-5;

interface Fixture {
  readonly plain: Tensor;
  readonly packed: PackedMatrix;
  readonly bias: Tensor;
  readonly down: Tensor;
  readonly up: Tensor;
}

/** Makes the same random matrix in ggml's layout and in ours, with a bias and factors. */
async function fixture(device: Device, storage: Storage): Promise<Fixture> {
  const random = uniform(3);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, random);
  const bytes = fromFloat32('Q4_K', numbers(COLUMNS * ROWS), COLUMNS);
  const plain = storage.declare('plain', 'Q4_K', [COLUMNS, ROWS]);
  const memory = storage.declare('packed', 'I8', [packedBytes('Q4_K', [COLUMNS, ROWS])]);
  const bias = storage.declare('bias', 'F32', [ROWS]);
  const down = storage.declare('down', 'F32', [COLUMNS, RANK]);
  const up = storage.declare('up', 'F32', [ROWS, RANK]);
  storage.allocate();
  write(device, plain, bytes);
  for (const tensor of [bias, down, up]) write(device, tensor, numbers(tensor.elements));
  const packed = new PackedMatrix(memory, 'Q4_K', [COLUMNS, ROWS]);
  // In two parts, as large files are read.
  const first = (bytes.length / ROWS) * 32;
  await packed.pack(device, 0, bytes.subarray(0, first));
  await packed.pack(device, 32, bytes.subarray(first));
  return { plain, packed, bias, down, up };
}

describe('a packed matrix', { skip: !nativeKernels() && 'there are no kernels for this machine' }, () => {
  async function compared(
    shape: readonly number[],
    build: (graph: Graph, matrix: Tensor, x: Tensor, given: Fixture) => Tensor,
  ): Promise<void> {
    using device = new Device('cpu', { threads: 2 });
    using storage = new Storage(device, { maxTensors: 8 });
    const given = await fixture(device, storage);
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const x = graph.input('x', 'F32', shape);
    const results = [given.plain, given.packed].map((matrix) => build(graph, matrix, x, given));
    for (const result of results) graph.expand(result, { read: true });
    graph.allocate(memory);
    write(device, x, Float32Array.from({ length: x.elements }, uniform(5)));
    graph.computeSync();
    const [expected, found] = results.map((result) => readF32(device, result)) as [Float32Array, Float32Array];
    assert.deepEqual(results[0]?.shape, results[1]?.shape);
    const largest = Math.max(...expected.map(Math.abs));
    assert.ok(expected.every((value, index) => Math.abs(value - (found[index] as number)) <= TOLERANCE * largest));
  }

  it('gives the products of ggml', () => compared([COLUMNS, 11], (graph, matrix, x) => mulMat(graph, matrix, x)));
  it('multiplies stacks of inputs', () => compared([COLUMNS, 3, 2, 2], (graph, matrix, x) => mulMat(graph, matrix, x)));
  it('adds a bias in the same pass', () =>
    compared([COLUMNS, 9], (graph, weight, x, { bias }) => linear(graph, x, { weight, bias })));
  it('adds low-rank factors in the same pass', () =>
    compared([COLUMNS, 9], (graph, base, x, { down, up }) =>
      lowRank(graph, x, { base, down, up: new Columns(up), factor: 0.5 }),
    ));

  it('refuses rows that do not begin a panel, that are incomplete or too many', async () => {
    using device = new Device('cpu', { threads: 1 });
    using storage = new Storage(device, { maxTensors: 8 });
    const { packed } = await fixture(device, storage);
    const row = new Uint8Array(144);
    await assert.rejects(packed.pack(device, 8, row), ShapeError);
    await assert.rejects(packed.pack(device, 0, row.subarray(1)), ShapeError);
    await assert.rejects(packed.pack(device, 32, new Uint8Array(9 * 144)), ShapeError);
  });

  it('refuses a type or shape that our kernels do not multiply', () => {
    assert.equal(packedBytes('F16', [COLUMNS, ROWS]), 0);
    assert.equal(packedBytes('Q4_K', [128, ROWS]), 0);
    assert.equal(packedBytes('Q8_0', [COLUMNS, ROWS, 4]), 0);
    using device = new Device('cpu', { threads: 1 });
    using storage = new Storage(device, { maxTensors: 1 });
    const memory = storage.declare('m', 'I8', [64]);
    assert.throws(() => new PackedMatrix(memory, 'Q8_0', [COLUMNS, ROWS]), ShapeError);
  });
});
