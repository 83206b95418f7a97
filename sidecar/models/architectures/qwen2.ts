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

/** Qwen 2 and 2.5, including Coder (arXiv 2407.10671): Llama's block with biases for queries, keys and values. */
export const qwen2: Architecture = {
  name: 'qwen2',

  readHyperparameters(metadata) {
    return readCommon(metadata, { normKind: 'rms', pairing: 'neox' });
  },

  weights(hyperparameters) {
    const { width } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'required', output: 'none' }),
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
        attention: buildAttention(context),
        feedForwardNorm: buildNorm(context, 'ffn_norm'),
        feedForward: buildFeedForward(context, 'silu'),
      },
      context.outputRows,
    );
  },
};
