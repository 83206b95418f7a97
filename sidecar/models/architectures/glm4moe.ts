import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { hasExperts, type Architecture, type Hyperparameters, type WeightSpec } from './architecture.ts';
import type { Metadata } from './metadata.ts';
import {
  attentionWeights,
  blockNames,
  buildAttention,
  buildFeedForward,
  buildNorm,
  expertWeights,
  gatedWeights,
  outerWeights,
  readCommon,
  vector,
} from './parts.ts';
import { buildSharedMixture, sharedExpertWeights } from './sharedExpert.ts';

/** GPUs must not sum these products in float16, whose range the results exceed. */
const PRECISE = { preciseF32: true };
/** The scores of experts by llama.cpp's numbers. 0 stands for the score of GLM 4.5. */
const SCORES: ReadonlyMap<number, 'sigmoid' | 'softmax'> = new Map([
  [0, 'sigmoid'],
  [1, 'softmax'],
  [2, 'sigmoid'],
]);

/**
 * GLM 4.5, 4.6 and 4.5 Air (arXiv 2508.06471): mixtures of experts with an expert for every token, behind some dense
 * blocks. Blocks that predict further tokens are not run.
 */
export const glm4moe: Architecture = {
  name: 'glm4moe',

  readHyperparameters(metadata) {
    const common = readCommon(metadata, { normKind: 'rms', pairing: 'neox' });
    const { blockCount } = common;
    const predicting = metadata.count('nextn_predict_layers', { fallback: 0, minimum: 0, maximum: blockCount - 1 });
    refuseGroups(metadata);
    return { ...common, blockCount: blockCount - predicting, mixture: readMixture(metadata) };
  },

  weights(hyperparameters) {
    const { width, headSize } = hyperparameters;
    return [
      ...outerWeights(hyperparameters),
      ...blockNames(hyperparameters).flatMap((name, block) => [
        ...vector(`${name}.attn_norm`, width),
        ...attentionWeights(hyperparameters, name, { qkv: 'optional', output: 'none' }),
        ...optional(vector(`${name}.attn_q_norm`, headSize)),
        ...optional(vector(`${name}.attn_k_norm`, headSize)),
        ...vector(`${name}.post_attention_norm`, width),
        ...(hasExperts(hyperparameters, block)
          ? mixtureWeights(hyperparameters, name)
          : gatedWeights(hyperparameters, name)),
      ]),
    ];
  },

  buildBlock(context, x) {
    const { hyperparameters, block } = context;
    return serialBlock(
      context.graph,
      x,
      {
        attentionNorm: buildNorm(context, 'attn_norm'),
        attention: buildAttention(context, { headNorm: hyperparameters.norm, ...PRECISE }),
        feedForwardNorm: buildNorm(context, 'post_attention_norm'),
        feedForward: hasExperts(hyperparameters, block)
          ? buildSharedMixture(context, PRECISE)
          : buildFeedForward(context, 'silu', PRECISE),
      },
      context.outputRows,
    );
  },
};

function readMixture(metadata: Metadata): Hyperparameters['mixture'] {
  const experts = metadata.count('expert_count', { maximum: 1024 });
  const expertWidth = metadata.count('expert_feed_forward_length');
  return {
    experts,
    expertsUsed: metadata.count('expert_used_count', { maximum: experts }),
    expertWidth,
    sharedWidth: expertWidth * metadata.count('expert_shared_count', { maximum: 1024 }),
    denseBlocks: metadata.count('leading_dense_block_count', { fallback: 0, minimum: 0 }),
    score: readScore(metadata),
    gateMode: metadata.flag('expert_weights_norm', false) ? 'renormalised' : 'faithful',
    // 0 means no factor, as in llama.cpp.
    gateScale: metadata.number('expert_weights_scale', 0) || 1,
  };
}

function readScore(metadata: Metadata): 'sigmoid' | 'softmax' {
  const value = metadata.count('expert_gating_func', { fallback: 0, minimum: 0 });
  const score = SCORES.get(value);
  if (score === undefined) throw unsupported(metadata, 'expert_gating_func', value, 'knows 0 to 2');
  return score;
}

/** Experts are chosen from all. Throws `TroubleError`. */
function refuseGroups(metadata: Metadata): void {
  const groups = metadata.count('expert_group_count', { fallback: 0, minimum: 0 });
  if (groups > 1) throw unsupported(metadata, 'expert_group_count', groups, 'has no groups of experts');
}

function unsupported(metadata: Metadata, key: string, value: number, why: string): TroubleError {
  return new TroubleError(
    'unsupported-model',
    `${metadata.header.path}: ${metadata.architecture}.${key} is ${value}, but this engine ${why}.`,
  );
}

function mixtureWeights(hyperparameters: Hyperparameters, name: string): WeightSpec[] {
  const experts = hyperparameters.mixture?.experts ?? 0;
  return [
    ...expertWeights(hyperparameters, name),
    { name: `${name}.exp_probs_b.bias`, extents: [experts], use: 'vector' },
    ...sharedExpertWeights(hyperparameters, name),
  ];
}

const optional = (specs: readonly WeightSpec[]): WeightSpec[] => specs.map((spec) => ({ ...spec, optional: true }));
