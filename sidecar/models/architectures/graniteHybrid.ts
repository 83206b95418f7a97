import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { isRecurrent, type Architecture, type Hyperparameters } from './architecture.ts';
import type { Metadata } from './metadata.ts';
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
  scaled,
  vector,
} from './parts.ts';
import { buildMamba2, mamba2Weights, readRecurrent } from './recurrent.ts';
import { buildSharedMixture, refuseJoinedExperts, sharedExpertWeights } from './sharedExpert.ts';

/** Granite 4: blocks of Mamba-2 (arXiv 2405.21060) and a few that attend, dense or with experts, and without rope. */
export const graniteHybrid: Architecture = {
  name: 'granitehybrid',

  readHyperparameters(metadata) {
    refuseJoinedExperts(metadata);
    const { blocks, kvHeads } = readBlocks(metadata);
    const common = readCommon(metadata, { normKind: 'rms', pairing: 'normal', kvHeads });
    const recurrent = readRecurrent(metadata, blocks);
    refuseOtherWidth(metadata, common.width, recurrent.heads * recurrent.headSize);
    return {
      ...common,
      recurrent,
      mixture: readMixture(metadata, common.feedForwardWidth),
      // llama.cpp turns rope on and off by this key.
      isUnrotated: !metadata.flag('rope.scaling.finetuned', true),
      // 0 means no factor, as in llama.cpp.
      logitScale: 1 / (metadata.number('logit_scale', 0) || 1),
      attentionScale: metadata.number('attention.scale', 0) || undefined,
      embeddingScale: metadata.number('embedding_scale', 0) || 1,
      residualScale: metadata.number('residual_scale', 0) || 1,
    };
  },

  weights(hyperparameters) {
    const { width, mixture, rope } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      { name: 'rope_freqs.weight', extents: [rope.dimensions / 2], optional: true, use: 'vector' },
      ...blockNames(hyperparameters).flatMap((name, block) => [
        ...vector(`${name}.attn_norm`, width),
        ...(isRecurrent(hyperparameters, block)
          ? mamba2Weights(hyperparameters, name)
          : attentionWeights(hyperparameters, name, { qkv: 'optional', output: 'optional' })),
        ...vector(`${name}.ffn_norm`, width),
        ...(mixture
          ? [...expertWeights(hyperparameters, name), ...sharedExpertWeights(hyperparameters, name)]
          : gatedWeights(hyperparameters, name, 'optional')),
      ]),
    ];
  },

  buildBlock(context, x) {
    const { graph, block, hyperparameters } = context;
    const { embeddingScale, residualScale, mixture, isUnrotated } = hyperparameters;
    const mixer = isRecurrent(hyperparameters, block)
      ? buildMamba2(context)
      : buildAttention(context, { rope: !isUnrotated });
    const feedForward = !mixture
      ? buildFeedForward(context, 'silu')
      : mixture.sharedWidth === undefined
        ? buildMixture(context)
        : buildSharedMixture(context);
    return serialBlock(
      graph,
      block === 0 ? scaled(context, x, embeddingScale) : x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: (normed) => scaled(context, mixer(normed), residualScale),
        feedForwardNorm: buildNorm(context, 'ffn_norm'),
        feedForward: (normed) => scaled(context, feedForward(normed), residualScale),
      },
      context.outputRows,
    );
  },
};

/** Blocks without key-value heads are recurrent. Throws `TroubleError`. */
function readBlocks(metadata: Metadata): { readonly blocks: readonly boolean[]; readonly kvHeads: number } {
  const key = 'attention.head_count_kv';
  const counts = metadata.numbers(key, metadata.count('block_count', { maximum: 1_000 }));
  if (!counts)
    throw new TroubleError('invalid-model', `${metadata.header.path}: ${metadata.architecture}.${key} is missing.`);
  const attending = counts.filter((count) => count !== 0);
  if (attending.some((count) => count !== attending[0] || count < 0))
    throw new TroubleError(
      'unsupported-model',
      `${metadata.header.path}: ${metadata.architecture}.${key} has several numbers besides 0, which this engine does not support.`,
    );
  return { blocks: counts.map((count) => count === 0), kvHeads: attending[0] ?? 1 };
}

/** llama.cpp runs only this width. Throws `TroubleError`. */
function refuseOtherWidth(metadata: Metadata, width: number, inner: number): void {
  if (inner === 2 * width) return;
  throw new TroubleError(
    'invalid-model',
    `${metadata.header.path}: ${metadata.architecture}.ssm.inner_size is ${inner}, expected twice the width of ${width}.`,
  );
}

function readMixture(metadata: Metadata, expertWidth: number): Hyperparameters['mixture'] {
  const experts = metadata.count('expert_count', { fallback: 0, minimum: 0, maximum: 1024 });
  if (experts === 0) return undefined;
  return {
    experts,
    expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
    expertWidth,
    sharedWidth: metadata.count('expert_shared_feed_forward_length', { fallback: 0, minimum: 0 }) || undefined,
  };
}
