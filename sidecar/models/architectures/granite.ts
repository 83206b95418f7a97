import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Architecture } from './architecture.ts';
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
  scaled,
  vector,
} from './parts.ts';

/**
 * Granite 3, dense. The graph of Llama, with factors of embeddings, attention, residuals and logits (arXiv
 * 2203.03466).
 */
export const granite: Architecture = {
  name: 'granite',

  readHyperparameters(metadata) {
    refuseOthers(metadata);
    return {
      ...readCommon(metadata, { normKind: 'rms', pairing: 'normal' }),
      logitScale: 1 / readDivisor(metadata),
      // 0 means no factor, as in llama.cpp.
      attentionScale: metadata.number('attention.scale', 0) || undefined,
      embeddingScale: metadata.number('embedding_scale', 0) || 1,
      residualScale: metadata.number('residual_scale', 0) || 1,
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
        ...gatedWeights(hyperparameters, block, 'optional'),
      ]),
    ];
  },

  buildBlock(context, x) {
    const { graph, block, hyperparameters } = context;
    const { embeddingScale, residualScale } = hyperparameters;
    const attention = buildAttention(context);
    const feedForward = buildFeedForward(context, 'silu');
    return serialBlock(
      graph,
      block === 0 ? scaled(context, x, embeddingScale) : x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: (normed) => scaled(context, attention(normed), residualScale),
        feedForwardNorm: buildNorm(context, 'ffn_norm'),
        feedForward: (normed) => scaled(context, feedForward(normed), residualScale),
      },
      context.outputRows,
    );
  },
};

/** The number that divides the logits. Throws `TroubleError` if it is 0. */
function readDivisor(metadata: Metadata): number {
  const divisor = metadata.number('logit_scale');
  if (divisor === 0)
    throw new TroubleError(
      'invalid-model',
      `${metadata.header.path}: ${metadata.architecture}.logit_scale is 0, expected a number that can divide the logits.`,
    );
  return divisor;
}

/** Granite's mixtures and its models without rope have architectures of their own. Throws `TroubleError`. */
function refuseOthers(metadata: Metadata): void {
  const experts = metadata.count('expert_count', { fallback: 0, minimum: 0 });
  if (experts > 0) throw unsupported(metadata, `expert_count is ${experts}`, 'only dense Granite models');
  // llama.cpp turns rope on and off by this key.
  if (!metadata.flag('rope.scaling.finetuned', true))
    throw unsupported(metadata, 'rope.scaling.finetuned is false', 'only Granite models with rope');
}

function unsupported({ header, architecture }: Metadata, what: string, runs: string): TroubleError {
  return new TroubleError(
    'unsupported-model',
    `${header.path}: ${architecture}.${what}, but this engine runs ${runs}.`,
  );
}
