import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import type { Architecture } from './architecture.ts';
import {
  attentionWeights,
  blockNames,
  buildAttention,
  buildFeedForward,
  buildNorm,
  gatedWeights,
  outerWeights,
  readCommon,
  vector,
} from './parts.ts';

/** Qwen 3, dense (arXiv 2505.09388): queries and keys are normalised per head instead of biased. */
export const qwen3: Architecture = {
  name: 'qwen3',

  readHyperparameters(metadata) {
    return readCommon(metadata, { normKind: 'rms', pairing: 'neox' });
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
        ...gatedWeights(hyperparameters, block),
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
        feedForward: buildFeedForward(context, 'silu'),
      },
      context.outputRows,
    );
  },
};
