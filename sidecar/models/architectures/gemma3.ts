import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import { scale } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Architecture, Hyperparameters } from './architecture.ts';
import type { Metadata } from './metadata.ts';
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

/** The number of blocks of the 27B model, whose attention scale follows from the width. No key of the file says so. */
const BLOCKS_OF_27B = 62;

/**
 * Gemma 3 (arXiv 2503.19786), text only. Of six layers, five attend a sliding window with a rope of their own. Norms
 * stand before and after attention and feed-forward, and queries and keys are normalised per head.
 */
export const gemma3: Architecture = {
  name: 'gemma3',

  readHyperparameters(metadata) {
    refuseLogitCap(metadata);
    const common = readCommon(metadata, { normKind: 'rms', pairing: 'neox' });
    const { blockCount, width, heads } = common;
    return {
      ...common,
      ...(blockCount === BLOCKS_OF_27B ? { attentionScale: 1 / Math.sqrt(Math.floor(width / heads)) } : {}),
      sliding: readSliding(metadata, common),
    };
  },

  weights(hyperparameters) {
    const { width, headSize } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'optional', output: 'none' }),
        ...vector(`${block}.attn_q_norm`, headSize),
        ...vector(`${block}.attn_k_norm`, headSize),
        ...vector(`${block}.post_attention_norm`, width),
        ...vector(`${block}.ffn_norm`, width),
        ...gatedWeights(hyperparameters, block),
        ...vector(`${block}.post_ffw_norm`, width),
      ]),
    ];
  },

  buildBlock(context, x) {
    const { graph, block, hyperparameters } = context;
    const attention = buildAttention(context, { headNorm: hyperparameters.norm });
    const attentionEndNorm = buildNorm(context, 'post_attention_norm');
    const feedForward = buildFeedForward(context, 'gelu');
    const feedForwardEndNorm = buildNorm(context, 'post_ffw_norm');
    return serialBlock(
      graph,
      block === 0 ? scaledEmbedding(graph, x) : x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: (normed) => attentionEndNorm(attention(normed)),
        feedForwardNorm: buildNorm(context, 'ffn_norm'),
        feedForward: (normed) => feedForwardEndNorm(feedForward(normed)),
      },
      context.outputRows,
    );
  },
};

/** Embeddings `x[width, tokens]` times √width. */
function scaledEmbedding(graph: Graph, x: Tensor): Tensor {
  return scale(graph, x, Math.sqrt(x.shape[0]));
}

/** A file without a window has no sliding layers. Sliding layers do not scale the frequencies of their rope. */
function readSliding(metadata: Metadata, { rope }: Hyperparameters): Hyperparameters['sliding'] {
  const windowTokens = metadata.count('attention.sliding_window', { fallback: 0, minimum: 0 });
  if (windowTokens === 0) return undefined;
  return {
    windowTokens,
    fullEvery: metadata.count('attention.sliding_window_pattern', { fallback: 6, minimum: 0 }),
    rope: { ...rope, base: metadata.number('rope.freq_base_swa', 10_000), frequencyScale: 1 },
  };
}

/** Gemma 3 itself has no cap of the logits, but models with its graph may have one. Throws `TroubleError`. */
function refuseLogitCap(metadata: Metadata): void {
  const cap = metadata.number('final_logit_softcapping', 0);
  if (cap !== 0)
    throw new TroubleError(
      'unsupported-model',
      `${metadata.header.path}: ${metadata.architecture}.final_logit_softcapping is ${cap}, but this engine does not cap logits.`,
    );
}
