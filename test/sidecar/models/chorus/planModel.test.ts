import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decidePlan,
  needsOf,
  type FreeMemory,
  type PlannedNeeds,
  type SizedWeight,
} from '../../../../sidecar/models/chorus/planModel.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import type { ModelShape } from '../../../../sidecar/models/gguf/validate.ts';

/**
 * A model of 7 billion parameters in four bits: 32 blocks, 8 KV heads of 128. A token's keys and values take 131,072
 * bytes in float16.
 */
const shape: ModelShape = {
  architecture: 'llama',
  blockCount: 32,
  trainContextTokens: 131_072,
  embeddingLength: 4096,
  vocabularySize: 32_000,
  headCount: 32,
  queryElementsPerToken: 32 * 4096,
  cacheElementsPerToken: 32 * 8 * 256,
  parameterCount: 7e9,
  weightBytes: 4e9,
};
const weights: readonly SizedWeight[] = Array.from(
  { length: 32 },
  (_, block) => ({ name: `blk.${block}.ffn_up.weight`, use: 'matrix', sizeBytes: 4e9 / 32 }) as const,
);
const tier = { rows: 1_280, longerThan: 1_168, graphBytes: () => 0, cacheElementBytes: 2, scoredElementBytes: 0 };
const needs = {
  modelName: 'seven.gguf',
  shape,
  weightBytes: 4e9,
  batchTokens: 128,
  scoredTokens: 0,
  contextSizeTokens: 32_768,
  tier,
  tierInMainMemory: tier,
} satisfies PlannedNeeds;
const machine = (gpuBytes: number, mainBytes: number, unifiedBytes = 0): FreeMemory => ({
  mainBytes,
  gpu: { label: 'CUDA (Card)', freeBytes: gpuBytes, unifiedBytes },
});

describe('decidePlan', () => {
  it('puts everything on the GPU if it fits', () => {
    const plan = decidePlan(needs, weights, machine(24e9, 64e9));
    assert.deepEqual(
      [plan.contextSizeTokens, plan.slowTierInMainMemory, plan.split, plan.reason],
      [32_768, undefined, undefined, undefined],
    );
  });

  it('keeps all rows in main memory if they do not fit the GPU beside the model', () => {
    const plan = decidePlan(needs, weights, machine(8e9, 64e9));
    assert.deepEqual(
      [plan.contextSizeTokens, plan.sequences, plan.slowTierInMainMemory, plan.split],
      [32_768, 3, true, undefined],
    );
    // Three sequences of 32,768 tokens.
    assert.match(
      plan.reason ?? '',
      /^CUDA \(Card\) has 8\.00 GB free: it holds the model and the attended rows\. All rows, up to 12\.\d+ GB, are kept in main memory\.$/,
    );
    assert.ok(plan.neededBytes > 4e9 + 3 * 131_072 * (32_768 + tier.rows));
  });

  it('counts the keys that the processor scores pages by', () => {
    const bytes = (scoredElementBytes: number): number =>
      decidePlan({ ...needs, tierInMainMemory: { ...tier, scoredElementBytes } }, weights, machine(8e9, 64e9))
        .neededBytes;
    assert.equal(bytes(0.53125) - bytes(0), 0.53125 * shape.cacheElementsPerToken * 3 * 32_768);
  });

  it('prefers main memory to a smaller context on the GPU', () => {
    const chosen = { ...needs, contextSizeTokens: 0 };
    assert.equal(decidePlan({ ...chosen, tier: undefined }, weights, machine(6.4e9, 64e9)).contextSizeTokens, 4_096);
    const plan = decidePlan(chosen, weights, machine(6.4e9, 64e9));
    assert.deepEqual([plan.contextSizeTokens, plan.slowTierInMainMemory], [8_192, true]);
  });

  it('chooses a smaller context on the GPU if main memory has no more room', () => {
    const plan = decidePlan({ ...needs, contextSizeTokens: 0 }, weights, machine(6.4e9, 1e9));
    assert.deepEqual([plan.contextSizeTokens, plan.slowTierInMainMemory], [4_096, undefined]);
  });

  it('counts shared memory of GPU and processor once', () => {
    assert.equal(decidePlan(needs, weights, machine(8e9, 20e9, 16e9)).slowTierInMainMemory, true);
    // Memory that the GPU takes is missing for contexts.
    assert.notEqual(
      decidePlan({ ...needs, contextSizeTokens: 0 }, weights, machine(5.4e9, 6e9, 6e9)).slowTierInMainMemory,
      true,
    );
  });

  it('shares a model by layers if it is too large for the GPU', () => {
    const plan = decidePlan(needs, weights, machine(3e9, 64e9));
    assert.deepEqual([plan.split?.kind, plan.slowTierInMainMemory], ['blocks', undefined]);
  });

  it('never keeps rows in main memory if all are attended', () => {
    assert.equal(decidePlan({ ...needs, tier: undefined }, weights, machine(8e9, 64e9)).split?.kind, 'blocks');
  });

  it('refuses with the numbers if there is no room anywhere', () => {
    assert.throws(
      () => decidePlan(needs, weights, machine(8e9, 2e9)),
      (error: TroubleError) =>
        error instanceof TroubleError &&
        error.code === 'out-of-memory' &&
        /seven\.gguf needs about/.test(error.message),
    );
  });
});

describe('needsOf', () => {
  it('counts no block that Chorus does not run', () => {
    const tensor = (name: string): readonly [string, never] => [name, { sizeBytes: 1_000 } as never];
    const file = { shape: { ...shape, blockCount: 4, weightBytes: 4_000 } };
    const model = {
      specs: [0, 1, 2].map((block) => ({ name: `blk.${block}.ffn_up.weight`, use: 'matrix' })),
      tensors: new Map(['output.weight', ...[0, 1, 2, 3].map((block) => `blk.${block}.ffn_up.weight`)].map(tensor)),
      hyperparameters: { blockCount: 3 },
    } as never;
    const { shape: run, weightBytes } = needsOf(file, model, { device: 'cpu', contextSizeTokens: 0, batchTokens: 1 });
    assert.equal(weightBytes, 3_000);
    assert.equal(run.blockCount, 3);
    assert.equal(run.cacheElementsPerToken, (shape.cacheElementsPerToken * 3) / 4);
  });

  it('counts states instead of rows in recurrent blocks', () => {
    const recurrent = {
      blocks: [true, true, true, false],
      convolutionTokens: 4,
      channels: 8_192,
      stateSize: 128,
      headSize: 128,
      heads: 32,
      groups: 16,
    };
    const hyperparameters = { blockCount: 4, kvHeads: 4, headSize: 256, recurrent };
    const file = { shape: { ...shape, blockCount: 4 } };
    const model = { specs: [], tensors: new Map([['output.weight', { sizeBytes: 1 }]]), hyperparameters } as never;
    const [onProcessor, onGpu] = (['cpu', 'cuda'] as const).map((device) =>
      needsOf(file, model, { device, contextSizeTokens: 0, batchTokens: 1 }),
    );
    const stateBytes = 3 * 4 * (3 * 8_192 + 128 * 4_096);
    assert.equal(onProcessor?.shape.cacheElementsPerToken, 2 * 4 * 256);
    // Two states on the device. Eight checkpoints are always in main memory.
    assert.equal(onGpu?.stateBytes, 2 * stateBytes);
    assert.equal(onProcessor?.stateBytes, 10 * stateBytes);
  });
});
