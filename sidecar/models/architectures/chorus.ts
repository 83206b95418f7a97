import {
  mixtureOfAttention,
  type MixtureOfAttentionOptions,
  type MixtureOfAttentionWeights,
} from '../../../kernels/blocks/mixtureOfAttention.ts';
import { parallelBlock, serialBlock, type BlockParts } from '../../../kernels/blocks/transformerBlock.ts';
import { packedMixtureOfAttention } from '../../../kernels/blocks/packedMixtureOfAttention.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { TroubleError } from '../../common/troubleError.ts';
import {
  cachedHeads,
  hasExperts,
  type Architecture,
  type BlockContext,
  type Hyperparameters,
  type WeightSpec,
} from './architecture.ts';
import type { Metadata } from './metadata.ts';
import {
  attentionWeights,
  blockNames,
  branchOutput,
  buildAttention,
  buildFeedForward,
  buildMixture,
  buildNorm,
  expertWeights,
  gatedWeights,
  matrix,
  outerWeights,
  readCommon,
  vector,
} from './parts.ts';

interface ChorusHyperparameters extends Hyperparameters {
  readonly blockKind: 'parallel' | 'serial';
  /** Whether queries and keys are normalised per head. */
  readonly headNorm: boolean;
}

/**
 * Branch-Attend-Mix (arXiv 2408.08274): mixtures of feed-forward experts and of attention experts. Blocks are parallel
 * (Command-R) or serial (Llama, Qwen). Without experts it is a dense network of those families.
 * `docs/chorus-architecture.md` lists its keys and tensors.
 */
export const chorus: Architecture = {
  name: 'chorus',

  readHyperparameters(metadata): ChorusHyperparameters {
    const common = readCommon(metadata, {
      normKind: metadata.choice('norm_kind', ['rms', 'layer']),
      pairing: metadata.choice('rope.pairing', ['normal', 'neox']),
    });
    return {
      ...common,
      blockKind: metadata.choice('block_kind', ['serial', 'parallel']),
      headNorm: metadata.flag('attention.head_norm', false),
      logitScale: metadata.number('logit_scale', 1),
      mixture: readMixture(metadata, common),
      attentionMixture: readAttentionMixture(metadata),
      expertInterval: metadata.count('expert_interval', { fallback: 1, maximum: common.blockCount }),
    };
  },

  weights(hyperparameters) {
    const { width, rope } = hyperparameters;
    const { blockKind } = hyperparameters as ChorusHyperparameters;
    return [
      ...outerWeights(hyperparameters, { normBias: 'optional' }),
      { name: 'rope_freqs.weight', extents: [rope.dimensions / 2], optional: true, use: 'vector' },
      ...blockNames(hyperparameters).flatMap((name, block) => {
        const mixes = hasExperts(hyperparameters, block);
        return [
          ...vector(`${name}.attn_norm`, width, 'optional'),
          ...(mixes && hyperparameters.attentionMixture
            ? mixedAttentionWeights(hyperparameters, block)
            : attentionWeights(hyperparameters, name, { qkv: 'optional', output: 'optional' })),
          ...headNormWeights(hyperparameters as ChorusHyperparameters, block),
          ...(blockKind === 'serial' ? vector(`${name}.ffn_norm`, width, 'optional') : []),
          ...(mixes && hyperparameters.mixture
            ? expertWeights(hyperparameters, name, 'optional')
            : gatedWeights(hyperparameters, name, 'optional')),
        ];
      }),
    ];
  },

  buildBlock(context, x) {
    const { graph, hyperparameters, block, outputRows } = context;
    const { blockKind, headNorm, norm } = hyperparameters as ChorusHyperparameters;
    const mixes = hasExperts(hyperparameters, block);
    const parts: BlockParts = {
      attentionNorm: buildNorm(context, 'attn_norm'),
      attention:
        mixes && hyperparameters.attentionMixture
          ? buildMixtureOfAttention(context)
          : buildAttention(context, { headNorm: headNorm ? norm : undefined }),
      feedForward: mixes && hyperparameters.mixture ? buildMixture(context) : buildFeedForward(context, 'silu'),
    };
    if (blockKind === 'parallel') return parallelBlock(graph, x, parts, outputRows);
    return serialBlock(graph, x, { ...parts, feedForwardNorm: buildNorm(context, 'ffn_norm') }, outputRows);
  },
};

/** The maximum number of experts in a layer, as for every architecture. */
const MAX_EXPERTS = 512;
const GATE_MODES = ['faithful', 'renormalised', 'scaled'] as const;

function readMixture(metadata: Metadata, { feedForwardWidth }: Hyperparameters): Hyperparameters['mixture'] {
  const experts = metadata.count('expert_count', { fallback: 0, minimum: 0, maximum: MAX_EXPERTS });
  if (experts <= 1) return undefined;
  return {
    experts,
    expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
    expertWidth: feedForwardWidth,
    gateMode: metadata.choice('expert_gate_mode', GATE_MODES),
  };
}

function readAttentionMixture(metadata: Metadata): Hyperparameters['attentionMixture'] {
  const experts = metadata.count('attention.expert_count', { fallback: 0, minimum: 0, maximum: MAX_EXPERTS });
  if (experts <= 1) return undefined;
  const used = metadata.count('attention.expert_used_count', { fallback: 0, minimum: 0 });
  if (used > experts)
    throw new TroubleError(
      'invalid-model',
      `${metadata.header.path}: ${used} of ${experts} attention experts are used.`,
    );
  const gateMode = metadata.choice('attention.expert_gate_mode', GATE_MODES, 'renormalised');
  return {
    experts,
    expertsUsed: used === 0 ? undefined : used,
    gateMode,
    cache: metadata.choice('attention.expert_cache', ['expert', 'shared']),
  };
}

function mixedAttentionWeights(hyperparameters: Hyperparameters, block: number): WeightSpec[] {
  const { width, heads, headSize, attentionMixture } = hyperparameters;
  const experts = attentionMixture?.experts ?? 1;
  const name = `blk.${block}`;
  const keyWidth = cachedHeads(hyperparameters, block) * headSize;
  return [
    ...matrix(`${name}.attn_gate_inp`, width, experts),
    ...matrix(`${name}.attn_q`, width, experts * heads * headSize, 'optional'),
    ...matrix(`${name}.attn_k`, width, keyWidth, 'optional'),
    ...matrix(`${name}.attn_v`, width, keyWidth, 'optional'),
    ...matrix(`${name}.attn_output`, experts * heads * headSize, width),
    // The bias of each expert is scaled by its gate, so biases form a matrix that is multiplied by the gates.
    { name: `${name}.attn_output.bias`, extents: [experts, width], optional: true, use: 'vector' },
  ];
}

function headNormWeights(hyperparameters: ChorusHyperparameters, block: number): WeightSpec[] {
  const { headNorm, headSize, heads, attentionMixture } = hyperparameters;
  if (!headNorm) return [];
  const experts = attentionMixture && hasExperts(hyperparameters, block) ? attentionMixture.experts : 1;
  return [
    { name: `blk.${block}.attn_q_norm.weight`, extents: [headSize, experts * heads], use: 'vector' },
    {
      name: `blk.${block}.attn_k_norm.weight`,
      extents: [headSize, cachedHeads(hyperparameters, block)],
      use: 'vector',
    },
  ];
}

function buildMixtureOfAttention(context: BlockContext) {
  const { graph, weights, hyperparameters, block, packed } = context;
  const { headSize, heads, kvHeads, rope, norm } = hyperparameters;
  const name = `blk.${block}`;
  const mixture = hyperparameters.attentionMixture as NonNullable<Hyperparameters['attentionMixture']>;
  const options: MixtureOfAttentionOptions = {
    ...mixture,
    headSize,
    heads,
    kvHeads,
    scale: 1 / Math.sqrt(headSize),
    headNorm: norm,
    rope: { ...rope, frequencyFactors: weights.optional('rope_freqs.weight') },
  };
  const expertsWeights: MixtureOfAttentionWeights = {
    router: weights.tensor(`${name}.attn_gate_inp.weight`),
    query: weights.linear(`${name}.attn_q`),
    key: weights.linear(`${name}.attn_k`),
    value: weights.linear(`${name}.attn_v`),
    output: weights.matrix(`${name}.attn_output.weight`),
    outputBias: weights.optional(`${name}.attn_output.bias`),
    queryNorm: weights.optionalNorm(`${name}.attn_q_norm`),
    keyNorm: weights.optionalNorm(`${name}.attn_k_norm`),
  };
  return (x: Tensor): Tensor =>
    packed
      ? branchOutput(context, packedMixtureOfAttention(graph, x, expertsWeights, packed, options))
      : mixtureOfAttention(graph, x, expertsWeights, context.cache, context.inputs, options);
}
