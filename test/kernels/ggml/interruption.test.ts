import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { mulMat, scale } from '../../../kernels/ggml/ops.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';

/** Successive matrix products: seconds of work. */
const PRODUCTS = 400;
const EXTENT = 512;

describe('a computation on the processor', () => {
  test('ends when its signal aborts, with the reason, and can be computed again', async () => {
    using device = new Device('cpu', { threads: 2 });
    using memory = new DeviceMemory(device);
    using graph = new Graph(device);
    const identity = graph.input('identity', 'F32', [EXTENT, EXTENT]);
    const input = graph.input('input', 'F32', [EXTENT, EXTENT]);
    let product = input;
    for (let index = 0; index < PRODUCTS; index++) product = mulMat(graph, identity, product);
    const result = scale(graph, product, 2);
    graph.expand(result, { read: true });
    graph.allocate(memory);
    const set = (): void => {
      write(
        device,
        identity,
        Float32Array.from({ length: EXTENT * EXTENT }, (_, index) => (index % (EXTENT + 1) === 0 ? 1 : 0)),
      );
      write(
        device,
        input,
        Float32Array.from({ length: EXTENT * EXTENT }, (_, index) => index % 7),
      );
    };
    assert.ok(graph.isInterruptible);

    set();
    const abort = new AbortController();
    const computed = graph.compute(abort.signal);
    // The computation has begun on its own thread, or begins now.
    await setImmediate();
    const reason = new Error('enough');
    abort.abort(reason);
    await assert.rejects(computed, reason);
    await assert.rejects(graph.compute(abort.signal), reason);

    set();
    await graph.compute(new AbortController().signal);
    assert.deepEqual([...readF32(device, result).subarray(0, 8)], [0, 2, 4, 6, 8, 10, 12, 0]);
  });
});
