import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { ShapeError, UnsupportedOpError } from '../../../kernels/ggml/errors.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { SplitMemory } from '../../../kernels/ggml/graphMemory.ts';
import { mulMat, relu, view } from '../../../kernels/ggml/ops.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import '../../reference/lavapipe.ts';

/** Without a GPU, two processor devices share a graph. */
const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const [COLUMNS, ROWS, STACK] = [32, 8, 2];

describe('a graph refuses', () => {
  it('more nodes than it has room for', () => {
    using device = new Device('cpu', { build: kind });
    using graph = new Graph(device, { maxNodes: 8 });
    let last = graph.input('x', 'F32', [16]);
    for (let nodes = 1; nodes < 8; nodes++) last = relu(graph, last);
    assert.throws(
      () => relu(graph, last),
      (error: unknown) => error instanceof ShapeError && /no room for more than 8 nodes/.test(error.message),
    );
    assert.throws(() => graph.input('y', 'F32', [16]), ShapeError);
  });

  it('a window with a negative extent', () => {
    using device = new Device('cpu', { build: kind });
    using graph = new Graph(device);
    const x = graph.input('x', 'F32', [16, 4]);
    assert.throws(() => view(graph, x, [-1, 4]), /view: \[-1, 4, 1, 1\] .* has an extent below 0/);
    assert.throws(() => view(graph, x, [16, -3]), ShapeError);
  });
});

describe(`a graph of ${kind} with nodes that run in main memory`, () => {
  it('leaves their inputs there, and copies their results', () => {
    using device = new Device(kind, { threads: 1 });
    using cpu = new Device('cpu', { build: kind, threads: 1 });
    using storage = new Storage(cpu, { maxTensors: 1 });
    const cache = storage.declare('cache', 'F32', [COLUMNS, 2 * ROWS, STACK]);
    storage.allocate({ clear: true });
    write(cpu, cache, new Float32Array(cache.elements).fill(2));
    using graph = new Graph(device, { alsoOn: cpu });
    const x = graph.input('x', 'F32', [COLUMNS, 1, STACK]);
    // The first rows of each matrix of a stack. Vulkan has no product for this view; the processor has.
    const some = view(graph, cache, [COLUMNS, ROWS, STACK], {
      strides: cache.strides.slice(1) as [number, number, number],
    });
    if (kind === 'vulkan') assert.throws(() => mulMat(graph, some, x), UnsupportedOpError);
    const product = graph.on(cpu, () => mulMat(graph, some, relu(graph, x)));
    const result = relu(graph, product);
    graph.expand(result, { read: true });
    using memory = new SplitMemory(device, cpu);
    graph.allocate(memory);
    write(device, x, new Float32Array(x.elements).fill(1));
    graph.computeSync();
    assert.deepEqual(readF32(device, result), new Float32Array(ROWS * STACK).fill(2 * COLUMNS));
    if (kind !== 'cpu') assert.ok(memory.gpuBytes < cache.sizeBytes, `${memory.gpuBytes} bytes on the GPU`);
  });

  it('refuses a device that it does not run on', () => {
    using device = new Device(kind, { threads: 1 });
    using other = new Device('cpu', { build: kind, threads: 1 });
    using graph = new Graph(device);
    assert.throws(
      () => graph.on(other, () => relu(graph, graph.input('x', 'F32', [COLUMNS]))),
      (error: unknown) => error instanceof ShapeError && /The graph does not run on/.test(error.message),
    );
    assert.ok(
      relu(
        graph,
        graph.on(undefined, () => graph.input('x', 'F32', [COLUMNS])),
      ),
    );
  });
});
