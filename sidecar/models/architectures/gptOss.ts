import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Architecture, Hyperparameters } from './architecture.ts';
import type { Metadata } from './metadata.ts';
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

/**
 * gpt-oss (arXiv 2508.10925). Of two layers, the first attends a sliding window. Each head has a sink, a score that
 * takes a share of the attention. All blocks are mixtures of experts with biases.
 */
export const gptOss: Architecture = {
  name: 'gpt-oss',

  readHyperparameters(metadata) {
    const common = readCommon(metadata, { normKind: 'rms', pairing: 'neox' });
    refusePartialRope(metadata, common);
    const experts = metadata.count('expert_count', { maximum: 1024 });
    return {
      ...common,
      mixture: {
        experts,
        expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
        expertWidth: metadata.count('expert_feed_forward_length'),
        score: 'products',
        gateMode: 'faithful',
        activation: 'clampedSilu',
      },
      sliding: {
        windowTokens: metadata.count('attention.sliding_window'),
        fullEvery: metadata.count('attention.sliding_window_pattern', { fallback: 2, minimum: 0 }),
        rope: { ...common.rope, base: metadata.number('rope.freq_base_swa', common.rope.base) },
      },
    };
  },

  weights(hyperparameters) {
    const { width, heads } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      ...blockNames(hyperparameters).flatMap((block) => [
        ...vector(`${block}.attn_norm`, width),
        ...attentionWeights(hyperparameters, block, { qkv: 'optional', output: 'required' }),
        ...vector(`${block}.attn_sinks`, heads),
        ...vector(`${block}.post_attention_norm`, width),
        ...expertWeights(hyperparameters, block, 'required', 'required'),
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
        feedForwardNorm: buildNorm(context, 'post_attention_norm'),
        feedForward: buildMixture(context),
      },
      context.outputRows,
    );
  },
};

/** llama.cpp takes the rotated dimensions for the size of a head. Throws `TroubleError`. */
function refusePartialRope(metadata: Metadata, { rope, headSize }: Hyperparameters): void {
  if (rope.dimensions === headSize) return;
  throw new TroubleError(
    'invalid-model',
    `${metadata.header.path}: ${metadata.architecture}.rope.dimension_count is ${rope.dimensions}, expected the ${headSize} elements of a head.`,
  );
}
