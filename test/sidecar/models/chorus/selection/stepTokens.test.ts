import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hyperparameters } from '../../../../../sidecar/models/architectures/architecture.ts';
import { promptChunks } from '../../../../../sidecar/models/chorus/selection/promptChunks.ts';
import { stepTokens } from '../../../../../sidecar/models/chorus/selection/stepTokens.ts';
import type { Placement } from '../../../../../sidecar/models/chorus/network/placement.ts';

const small = {
  blockCount: 2,
  width: 576,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  feedForwardWidth: 1_536,
} as Hyperparameters;
const large = {
  blockCount: 2,
  width: 4_096,
  heads: 32,
  kvHeads: 8,
  headSize: 128,
  feedForwardWidth: 14_336,
} as Hyperparameters;
const middle = {
  blockCount: 2,
  width: 2_048,
  heads: 32,
  kvHeads: 8,
  headSize: 64,
  feedForwardWidth: 8_192,
} as Hyperparameters;
const on = (device: 'cpu' | 'vulkan', cpu?: 'cpu'): Placement =>
  ({ device: { kind: device }, cpu: cpu && { kind: cpu } }) as Placement;

describe('stepTokens', () => {
  const cases = [
    {
      what: 'allows more than a batch of a small model on the processor',
      model: small,
      place: on('cpu'),
      rows: 1_024,
      tokens: 1_792,
    },
    {
      what: 'allows fewer tokens if many rows are attended',
      model: small,
      place: on('cpu'),
      rows: 32_768,
      tokens: 192,
    },
    { what: 'allows fewer tokens of a larger model', model: middle, place: on('cpu'), rows: 1_024, tokens: 128 },
    { what: 'allows a tile of a large model', model: large, place: on('cpu'), rows: 32_768, tokens: 64 },
    {
      what: 'allows no more if a GPU shares the model with the processor',
      model: large,
      place: on('vulkan', 'cpu'),
      rows: 1_024,
      tokens: 64,
    },
    {
      what: 'allows any number if a GPU has the whole model',
      model: large,
      place: on('vulkan'),
      rows: 32_768,
      tokens: Infinity,
    },
    {
      what: 'allows fewer tokens if two experts of a mixture compute',
      model: { ...middle, mixture: { experts: 8, expertsUsed: 2, expertWidth: 8_192 } } as Hyperparameters,
      place: on('cpu'),
      rows: 1_024,
      tokens: 64,
    },
    {
      what: 'allows fewer tokens if all experts of a mixture attend',
      model: { ...small, attentionMixture: { experts: 4, cache: 'shared' } } as Hyperparameters,
      place: on('cpu'),
      rows: 1_024,
      tokens: 768,
    },
  ];
  for (const { what, model, place, rows, tokens } of cases)
    it(what, () => assert.equal(stepTokens(model, place)(rows), tokens));

  it('shortens chunks deep in a prompt', () => {
    const chunks = promptChunks(40_000, { chunkTokens: 512, stepTokens: stepTokens(small, on('cpu')) });
    assert.deepEqual([chunks[0]?.count, chunks.at(-2)?.count], [512, 128]);
    assert.equal(
      chunks.reduce((sum, { count }) => sum + count, 0),
      40_000,
    );
  });
});
