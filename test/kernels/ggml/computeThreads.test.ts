import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { mulMat } from '../../../kernels/ggml/ops.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';

const skip = process.platform !== 'linux' ? 'needs /proc' : availableParallelism() < 2 ? 'needs two processors' : false;
const EXTENT = 64;

const threadsOfProcess = (): number => readdirSync('/proc/self/task').length;

describe('the compute threads of a device', { skip }, () => {
  test('live from graph to graph, may rest, and end with the device', () => {
    new Device('cpu', { threads: 1 })[Symbol.dispose]();
    const before = threadsOfProcess();
    {
      using device = new Device('cpu', { threads: 1 });
      assert.equal(threadsOfProcess(), before, 'the caller computes alone');
      device.setThreads(2);
      assert.equal(threadsOfProcess(), before + 1);
      using memory = new DeviceMemory(device);
      using graph = new Graph(device);
      const identity = graph.input('identity', 'F32', [EXTENT, EXTENT]);
      const input = graph.input('input', 'F32', [EXTENT, EXTENT]);
      const result = mulMat(graph, identity, input);
      graph.expand(result, { read: true });
      graph.allocate(memory);
      const values = Float32Array.from({ length: EXTENT * EXTENT }, (_, index) => index % 7);
      for (const threads of [2, 1, 2, 2, 1]) {
        device.setThreads(threads);
        write(
          device,
          identity,
          values.map((_, index) => (index % (EXTENT + 1) === 0 ? 1 : 0)),
        );
        write(device, input, values);
        graph.computeSync();
        assert.deepEqual(readF32(device, result), values, `${threads} threads`);
        assert.equal(threadsOfProcess(), before + 1, `${threads} threads`);
      }
    }
    assert.equal(threadsOfProcess(), before);
  });
});
