import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TroubleError } from '../../../sidecar/common/troubleError.ts';
import type { ModelShape } from '../../../sidecar/models/gguf/validate.ts';
import { planMemory, type MemoryRequest } from '../../../sidecar/models/memory.ts';

/** A model of 7 billion parameters in four bits: 32 blocks, 8 key-value heads of 128. */
const shape: ModelShape = {
  architecture: 'llama',
  blockCount: 32,
  trainContextTokens: 32_768,
  embeddingLength: 4096,
  vocabularySize: 32_000,
  headCount: 32,
  queryElementsPerToken: 32 * 4096,
  cacheElementsPerToken: 32 * 8 * 256,
  parameterCount: 7e9,
  weightBytes: 4e9,
};
const request = (changes: Partial<MemoryRequest>): MemoryRequest => ({
  modelName: 'seven.gguf',
  shape,
  weightBytes: 4e9,
  availableBytes: 32e9,
  batchTokens: 128,
  scoredTokens: 128,
  contextSizeTokens: 0,
  ...changes,
});
/** Selection for prompts of more than 2,048 tokens, by a selector that observes nothing. */
const choosingNothing: MemoryRequest['choosing'] = {
  longerThan: 2_048,
  observedBytes: () => 0,
  scoringBytes: () => 0,
  readings: 1,
};

describe('planMemory', () => {
  test('chooses 8,192 tokens and three sequences if they fit', () => {
    const plan = planMemory(request({}));
    assert.deepEqual([plan.contextSizeTokens, plan.sequences], [8192, 3]);
    // Weights and cache: 131,072 bytes per token.
    assert.ok(plan.neededBytes > 4e9 + 3 * 8192 * 131_072);
  });

  test('chooses a smaller context if memory is short', () => {
    const plan = planMemory(request({ availableBytes: 6e9 }));
    assert.ok(plan.contextSizeTokens < 8192 && plan.contextSizeTokens >= 512, `${plan.contextSizeTokens}`);
    assert.ok(plan.neededBytes < 6e9);
  });

  test('never exceeds the context that the model was trained on', () => {
    assert.equal(
      planMemory(request({ shape: { ...shape, trainContextTokens: 2048 }, contextSizeTokens: 100_000 }))
        .contextSizeTokens,
      2048,
    );
  });

  test("takes the user's size, or refuses with the numbers", () => {
    assert.equal(planMemory(request({ contextSizeTokens: 16_384 })).contextSizeTokens, 16_384);
    assert.throws(
      () => planMemory(request({ contextSizeTokens: 32_768, availableBytes: 8e9 })),
      (error: TroubleError) => {
        assert.equal(error.code, 'out-of-memory');
        assert.match(
          error.message,
          /seven\.gguf needs about 1\d\.\d GB .* context of 32768 tokens .*weights 4\.00 GB.*, 7\.74 GB are free/,
        );
        return true;
      },
    );
  });

  test('counts the kept rows of a prompt, and all rows of a single layer', () => {
    const long = { contextSizeTokens: 32_768, scoredTokens: 0 } as const;
    const all = planMemory(request({ ...long, availableBytes: 64e9 })).neededBytes;
    const kept = planMemory(request({ ...long, keptRows: 2_048, choosing: choosingNothing })).neededBytes;
    // For each sequence: 131,072 bytes a row, and all rows of a single layer of 32. In addition 4,096 activations of
    // four bytes between layers, and three copies of a layer's keys for scoring.
    assert.equal(
      Math.round(all - kept),
      3 * (131_072 * (32_768 - 2_048) - 32_768 * (131_072 / 32 + 4 * 4_096 + 3 * 4 * 8 * 128)),
    );
  });

  test('counts the observed attention, and activations twice if a prompt is read twice', () => {
    const long = { contextSizeTokens: 32_768, scoredTokens: 0, keptRows: 2_048 } as const;
    const plain = planMemory(request({ ...long, choosing: choosingNothing })).neededBytes;
    const choosing = {
      longerThan: 2_048,
      observedBytes: (rows: number, heads: number) => 2 * rows * heads,
      scoringBytes: (rows: number, heads: number) => rows * heads,
      readings: 2,
    };
    assert.equal(
      planMemory(request({ ...long, choosing })).neededBytes - plain,
      3 * (2 * 32_768 * 32 + 32_768 * 32 + 4 * 4_096 * 32_768),
    );
    const all = { ...long, keptRows: undefined, availableBytes: 64e9 };
    assert.equal(
      planMemory(request({ ...all, choosing: { ...choosing, longerThan: Infinity } })).neededBytes,
      planMemory(request(all)).neededBytes,
      'nothing is selected if all rows stay',
    );
  });

  test('counts reading layer by layer even if all rows of a context would fit', () => {
    const all = { contextSizeTokens: 8_192, scoredTokens: 0, availableBytes: 64e9 };
    const choosing = { ...choosingNothing, longerThan: 7_000 };
    assert.equal(
      planMemory(request({ ...all, keptRows: 7_000 + 2_048, choosing })).neededBytes -
        planMemory(request(all)).neededBytes,
      3 * 8_192 * (131_072 / 32 + 4 * 4_096 + 3 * 4 * 8 * 128),
    );
  });

  test('counts only the logits that are computed at once', () => {
    const all = planMemory(request({})).neededBytes;
    assert.equal(all - planMemory(request({ logitRows: 64 })).neededBytes, (128 - 64) * 32_000 * 4);
  });

  test('counts the additional memory of a tier', () => {
    const plain = planMemory(request({})).neededBytes;
    assert.equal(
      planMemory(
        request({
          tier: {
            rows: 1_280,
            longerThan: 1_168,
            graphBytes: (rows) => rows,
            cacheElementBytes: 2,
            scoredElementBytes: 0.25,
          },
        }),
      ).neededBytes - plain,
      3 * (131_072 * 1_280 + 8_192 + 0.25 * 65_536 * 8_192),
    );
  });

  test('counts no copies for contexts that are attended as a whole', () => {
    const plain = planMemory(request({})).neededBytes;
    assert.equal(
      planMemory(
        request({
          tier: {
            rows: 1_048_832,
            longerThan: 8_192,
            graphBytes: (rows) => rows,
            cacheElementBytes: 2,
            scoredElementBytes: 0.25,
          },
        }),
      ).neededBytes,
      plain,
    );
  });

  test('refuses a model larger than memory', () => {
    assert.throws(
      () => planMemory(request({ availableBytes: 4e9 })),
      (error: TroubleError) => error.code === 'out-of-memory',
    );
  });
});
