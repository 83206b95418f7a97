import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import type { Architecture } from './architecture.ts';
import {
  attentionWeights,
  blockNames,
  buildAttention,
  buildFeedForward,
  buildNorm,
  matrix,
  outerWeights,
  readCommon,
  vector,
} from './parts.ts';

/** StarCoder2 (arXiv 2402.19173): layer norms, biases everywhere, and a feed-forward without gate. */
export const starcoder2: Architecture = {
  name: 'starcoder2',

  readHyperparameters(metadata) {
    return readCommon(metadata, { normKind: 'layer', pairing: 'neox' });
  },

  weights(hyperparameters) {
    const { width, feedForwardWidth } = hyperparameters;
    return [
      ...outerWeights(hyperparameters, { normBias: 'required' }),
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width, 'required'),
        ...attentionWeights(hyperparameters, block, { qkv: 'optional', output: 'required' }),
        ...vector(`${block}.ffn_norm`, width, 'required'),
        ...matrix(`${block}.ffn_up`, width, feedForwardWidth, 'required'),
        ...matrix(`${block}.ffn_down`, feedForwardWidth, width, 'required'),
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
        feedForward: buildFeedForward(context, 'gelu'),
      },
      context.outputRows,
    );
  },
};
