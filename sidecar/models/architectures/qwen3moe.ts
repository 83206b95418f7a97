import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import type { Architecture } from './architecture.ts';
import {
  attentionWeights,
  blockNames,
  buildAttention,
  buildMixture,
  buildNorm,
  expertWeights,
  outerWeights,
  readCommon,
  vector,
} from './parts.ts';

/** Qwen 3's mixtures of experts, including Coder 30B-A3B (arXiv 2505.09388). */
export const qwen3moe: Architecture = {
  name: 'qwen3moe',

  readHyperparameters(metadata) {
    const experts = metadata.count('expert_count', { maximum: 1024 });
    return {
      ...readCommon(metadata, { normKind: 'rms', pairing: 'neox' }),
      mixture: {
        experts,
        expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
        expertWidth: metadata.count('expert_feed_forward_length'),
      },
    };
  },

  weights(hyperparameters) {
    const { width, headSize } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'none', output: 'none' }),
        ...vector(`${block}.attn_q_norm`, headSize),
        ...vector(`${block}.attn_k_norm`, headSize),
        ...vector(`${block}.ffn_norm`, width),
        ...expertWeights(hyperparameters, block),
      ]),
    ];
  },

  buildBlock(context, x) {
    return serialBlock(
      context.graph,
      x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: buildAttention(context, { headNorm: context.hyperparameters.norm }),
        feedForwardNorm: buildNorm(context, 'ffn_norm'),
        feedForward: buildMixture(context),
      },
      context.outputRows,
    );
  },
};
