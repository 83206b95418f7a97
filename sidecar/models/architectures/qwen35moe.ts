import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import type { Architecture } from './architecture.ts';
import { expertWeights } from './parts.ts';
import { qwen35Parts, qwen35Weights, readQwen35 } from './qwen35.ts';
import { buildSharedMixture, refuseJoinedExperts, sharedExpertWeights } from './sharedExpert.ts';

/** Qwen 3.5's mixtures: the blocks of Qwen 3.5 with experts, and an expert of every token with a gate of its own. */
export const qwen35moe: Architecture = {
  name: 'qwen35moe',

  readHyperparameters(metadata) {
    refuseJoinedExperts(metadata);
    const experts = metadata.count('expert_count', { maximum: 1024 });
    return {
      ...readQwen35(metadata),
      mixture: {
        experts,
        expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
        expertWidth: metadata.count('expert_feed_forward_length'),
        sharedWidth: metadata.count('expert_shared_feed_forward_length'),
      },
    };
  },

  weights(hyperparameters) {
    return qwen35Weights(hyperparameters, (name) => [
      ...expertWeights(hyperparameters, name),
      ...sharedExpertWeights(hyperparameters, name, { isGated: true }),
    ]);
  },

  buildBlock(context, x) {
    const parts = { ...qwen35Parts(context), feedForward: buildSharedMixture(context, { isGated: true }) };
    return serialBlock(context.graph, x, parts, context.outputRows);
  },
};
