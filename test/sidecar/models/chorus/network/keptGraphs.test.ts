import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AllocationError } from '../../../../../kernels/ggml/errors.ts';
import type { Graph } from '../../../../../kernels/ggml/graph.ts';
import type { GraphMemory } from '../../../../../kernels/ggml/graphMemory.ts';
import { KeptGraphs } from '../../../../../sidecar/models/chorus/network/keptGraphs.ts';

/** Graphs of `sizeBytes` in a memory of `mostBytes`. As in ggml, a larger allocation first frees the memory before. */
function keptGraphs({ mostBytes, isOnGpu = false }: { readonly mostBytes: number; readonly isOnGpu?: boolean }): {
  readonly obtain: (name: string, sizeBytes: number) => void;
  readonly alive: Set<string>;
  readonly builds: string[];
} {
  const alive = new Set<string>();
  const builds: string[] = [];
  let heldBytes = 0;
  const memory = {
    isOnGpu,
    holdsSeveral: true,
    get sizeBytes() {
      return heldBytes;
    },
    [Symbol.dispose]: () => undefined,
  } as GraphMemory;
  const build = (name: string, sizeBytes: number): { graph: Graph } => {
    alive.add(name);
    builds.push(name);
    const allocate = (): void => {
      if (sizeBytes <= heldBytes) return;
      heldBytes = 0;
      if (sizeBytes > mostBytes) throw new AllocationError(`${name} does not fit.`);
      heldBytes = sizeBytes;
    };
    return { graph: { allocate, [Symbol.dispose]: () => alive.delete(name) } as unknown as Graph };
  };
  const kept = new KeptGraphs(memory, 4);
  return {
    obtain: (name, sizeBytes) =>
      void kept.obtain(
        name,
        () => build(name, sizeBytes),
        () => build('largest', mostBytes + 1),
      ),
    alive,
    builds,
  };
}

describe('KeptGraphs', () => {
  it('drops all graphs if there is no memory for another, since theirs was freed for it', () => {
    const { obtain, alive, builds } = keptGraphs({ mostBytes: 10 });
    for (const name of ['a', 'b']) obtain(name, 5);
    assert.deepEqual([...alive], ['a', 'b']);
    assert.throws(() => obtain('large', 11), AllocationError);
    assert.deepEqual([...alive], []);
    obtain('a', 5);
    assert.deepEqual(builds, ['a', 'b', 'large', 'a']);
  });

  it('drops the largest graph too, which takes memory first on a GPU', () => {
    const { obtain, alive } = keptGraphs({ mostBytes: 10, isOnGpu: true });
    assert.throws(() => obtain('a', 5), AllocationError);
    assert.deepEqual([...alive], []);
  });
});
