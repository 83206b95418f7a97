import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { ShapeError } from '../../../kernels/ggml/errors.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { relu, view } from '../../../kernels/ggml/ops.ts';

describe('what ggml would abort the process on', () => {
  it('a graph with more nodes than it has room for', () => {
    using device = new Device('cpu');
    using graph = new Graph(device, { maxNodes: 8 });
    let last = graph.input('x', 'F32', [16]);
    for (let nodes = 1; nodes < 8; nodes++) last = relu(graph, last);
    assert.throws(() => relu(graph, last), (error: unknown) => error instanceof ShapeError && /no room for more than 8 nodes/.test(error.message));
    assert.throws(() => graph.input('y', 'F32', [16]), ShapeError);
  });

  it('a window with an extent below 0', () => {
    using device = new Device('cpu');
    using graph = new Graph(device);
    const x = graph.input('x', 'F32', [16, 4]);
    assert.throws(() => view(graph, x, [-1, 4]), /view: \[-1, 4, 1, 1\] .* has an extent below 0/);
    assert.throws(() => view(graph, x, [16, -3]), ShapeError);
  });
});
