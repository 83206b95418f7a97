import { parallelBlock } from '../../../kernels/blocks/transformerBlock.ts';
import { isSliding, type Architecture } from './architecture.ts';
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

/**
 * Command R7B and Command A (arXiv 2504.00698). Of four layers, three attend a sliding window with rope, and the fourth
 * attends everything without rope.
 */
export const cohere2: Architecture = {
  name: 'cohere2',

  readHyperparameters(metadata) {
    return {
      ...readCommon(metadata, { normKind: 'layer', pairing: 'normal' }),
      // 0 means no factor, as in llama.cpp.
      logitScale: metadata.number('logit_scale') || 1,
      sliding: {
        windowTokens: metadata.count('attention.sliding_window'),
        fullEvery: metadata.count('attention.sliding_window_pattern', { fallback: 4, minimum: 0 }),
      },
    };
  },

  weights(hyperparameters) {
    const { width, rope } = hyperparameters;
    return [
      ...outerWeights(hyperparameters, { tiedOutput: true }),
      { name: 'rope_freqs.weight', extents: [rope.dimensions / 2], optional: true, use: 'vector' },
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'optional', output: 'none' }),
        ...gatedWeights(hyperparameters, block),
      ]),
    ];
  },

  buildBlock(context, x) {
    return parallelBlock(
      context.graph,
      x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: buildAttention(context, { rope: isSliding(context.hyperparameters, context.block) }),
        feedForward: buildFeedForward(context, 'silu'),
      },
      context.outputRows,
    );
  },
};
