import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hyperparameters } from '../../../../../sidecar/models/architectures/architecture.ts';
import { stepTokens } from '../../../../../sidecar/models/chorus/selection/stepTokens.ts';
import type { Placement } from '../../../../../sidecar/models/chorus/network/placement.ts';

const small = { width: 576, heads: 9, kvHeads: 3, headSize: 64, feedForwardWidth: 1_536 } as Hyperparameters;
const large = { width: 4_096, heads: 32, kvHeads: 8, headSize: 128, feedForwardWidth: 14_336 } as Hyperparameters;
const middle = { width: 2_048, heads: 32, kvHeads: 8, headSize: 64, feedForwardWidth: 8_192 } as Hyperparameters;
const on = (device: 'cpu' | 'vulkan', cpu?: 'cpu'): Placement => ({ device: { kind: device }, cpu: cpu && { kind: cpu } }) as Placement;

describe('a step through one layer takes', () => {
  const cases = [
    { what: 'a whole batch of a small model on the processor', model: small, place: on('cpu'), tokens: 512 },
    { what: 'fewer tokens of a larger one', model: middle, place: on('cpu'), tokens: 128 },
    { what: 'a tile of a large one', model: large, place: on('cpu'), tokens: 64 },
    { what: 'no more where a GPU shares it with the processor', model: large, place: on('vulkan', 'cpu'), tokens: 64 },
    { what: 'a whole batch where a GPU has all of it', model: large, place: on('vulkan'), tokens: 512 },
    { what: 'fewer where two experts of a mixture compute', model: { ...middle, mixture: { experts: 8, expertsUsed: 2, expertWidth: 8_192 } } as Hyperparameters, place: on('cpu'), tokens: 64 },
    { what: 'fewer where all experts of a mixture attend', model: { ...small, width: 2_048, heads: 32, attentionMixture: { experts: 4, cache: 'shared' } } as Hyperparameters, place: on('cpu'), tokens: 128 },
  ];
  for (const { what, model, place, tokens } of cases) it(what, () => assert.equal(stepTokens(model, place), tokens));
});
