import { parallelBlock } from '../../../kernels/blocks/transformerBlock.ts';
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

/** From this number of blocks, the family normalises queries and keys per head (Command-R+). */
const HEAD_NORM_BLOCKS = 64;

/** Command-R, Aya 23 and Aya Expanse (arXiv 2405.15032): parallel blocks, layer norms without bias, scaled logits. */
export const commandR: Architecture = {
  name: 'command-r',

  readHyperparameters(metadata) {
    return {
      ...readCommon(metadata, { normKind: 'layer', pairing: 'normal' }),
      logitScale: metadata.number('logit_scale', 1) || 1,
    };
  },

  weights(hyperparameters) {
    const { width, headSize, heads, kvHeads, blockCount } = hyperparameters;
    return [
      ...outerWeights(hyperparameters, { tiedOutput: true }),
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'optional', output: 'none' }),
        ...(blockCount < HEAD_NORM_BLOCKS
          ? []
          : ([
              { name: `${block}.attn_q_norm.weight`, extents: [headSize, heads], use: 'vector' },
              { name: `${block}.attn_k_norm.weight`, extents: [headSize, kvHeads], use: 'vector' },
            ] as const)),
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
        attention: buildAttention(context, { headNorm: context.hyperparameters.norm }),
        feedForward: buildFeedForward(context, 'silu'),
      },
      context.outputRows,
    );
  },
};
