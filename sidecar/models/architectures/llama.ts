import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import type { Architecture } from './architecture.ts';
import {
  attentionWeights,
  blockNames,
  buildAttention,
  buildFeedForward,
  buildMixture,
  buildNorm,
  expertWeights,
  gatedWeights,
  outerWeights,
  readCommon,
  vector,
} from './parts.ts';

/** Llama 1 to 3 (arXiv 2302.13971), and models with the same graph: Mistral, Mixtral, SmolLM, DeepSeek-Coder 1, Yi. */
export const llama: Architecture = {
  name: 'llama',

  readHyperparameters(metadata) {
    const common = readCommon(metadata, { normKind: 'rms', pairing: 'normal' });
    const experts = metadata.count('expert_count', { fallback: 0, minimum: 0, maximum: 1024 });
    if (experts === 0) return common;
    return {
      ...common,
      mixture: {
        experts,
        expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
        expertWidth: common.feedForwardWidth,
      },
    };
  },

  weights(hyperparameters) {
    const { width, rope } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      { name: 'rope_freqs.weight', extents: [rope.dimensions / 2], optional: true, use: 'vector' },
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'optional', output: 'optional' }),
        ...vector(`${block}.ffn_norm`, width),
        ...(hyperparameters.mixture
          ? expertWeights(hyperparameters, block)
          : gatedWeights(hyperparameters, block, 'optional')),
      ]),
    ];
  },

  buildBlock(context, x) {
    return serialBlock(
      context.graph,
      x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: buildAttention(context),
        feedForwardNorm: buildNorm(context, 'ffn_norm'),
        feedForward: context.hyperparameters.mixture ? buildMixture(context) : buildFeedForward(context, 'silu'),
      },
      context.outputRows,
    );
  },
};
