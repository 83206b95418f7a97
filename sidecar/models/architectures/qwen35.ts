import { serialBlock } from '../../../kernels/blocks/transformerBlock.ts';
import { TroubleError } from '../../common/troubleError.ts';
import {
  isRecurrent,
  type Architecture,
  type BlockContext,
  type Hyperparameters,
  type WeightSpec,
} from './architecture.ts';
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
import { buildDeltaNet, deltaNetWeights, readRecurrent } from './recurrent.ts';

/** How many blocks follow each other until one attends, where a file does not say. */
const FULL_ATTENTION_INTERVAL = 4;

/**
 * Qwen 3.5, dense: blocks of gated DeltaNet (arXiv 2412.06464), and every fourth one attends with a gate. Blocks that
 * predict further tokens are not run.
 */
export const qwen35: Architecture = {
  name: 'qwen35',
  readHyperparameters: readQwen35,

  weights(hyperparameters) {
    return qwen35Weights(hyperparameters, (name) => gatedWeights(hyperparameters, name));
  },

  buildBlock(context, x) {
    const parts = { ...qwen35Parts(context), feedForward: buildFeedForward(context, 'silu') };
    return serialBlock(context.graph, x, parts, context.outputRows);
  },
};

/** Reads the values that Qwen 3.5 has with and without experts. Throws `TroubleError`. */
export function readQwen35(metadata: Metadata): Hyperparameters {
  const common = readCommon(metadata, { normKind: 'rms', pairing: 'neox' });
  const predicting = metadata.count('nextn_predict_layers', {
    fallback: 0,
    minimum: 0,
    maximum: common.blockCount - 1,
  });
  const blockCount = common.blockCount - predicting;
  const recurrent = readRecurrent(metadata, readBlocks(metadata, blockCount));
  if (recurrent.headSize !== recurrent.stateSize)
    throw new TroubleError(
      'invalid-model',
      `${metadata.header.path}: ${metadata.architecture}.ssm.state_size is ${recurrent.stateSize}, expected the ${recurrent.headSize} elements of a head.`,
    );
  refuseUncovered(metadata, common);
  return { ...common, blockCount, recurrent };
}

function readBlocks(metadata: Metadata, blockCount: number): readonly boolean[] {
  const given = metadata.numbers('attention.recurrent_layers', blockCount);
  if (given) return given.map((value) => value !== 0);
  const interval = metadata.count('full_attention_interval', { fallback: FULL_ATTENTION_INTERVAL });
  return Array.from({ length: blockCount }, (_, block) => (block + 1) % interval !== 0);
}

/**
 * The rotated pairs belong to the axes of pictures by turns. The axes of text are equal, so that its rope is a plain
 * one, unless a pair belongs to no axis. Throws `TroubleError`.
 */
function refuseUncovered(metadata: Metadata, { rope }: Hyperparameters): void {
  const key = `${metadata.architecture}.rope.dimension_sections`;
  const sections = metadata.numbers('rope.dimension_sections', 4);
  if (!sections) throw new TroubleError('invalid-model', `${metadata.header.path}: ${key} is missing.`);
  const all = sections.reduce((sum, section) => sum + section, 0);
  const isCovered = (pair: number): boolean => pair % all < 3 * sections[(pair % all) % 3]!;
  if (sections.some((section) => section < 0) || all === 0)
    throw new TroubleError(
      'invalid-model',
      `${metadata.header.path}: ${key} is [${sections.join(', ')}], expected numbers of pairs.`,
    );
  if (!Array.from({ length: rope.dimensions / 2 }, (_, pair) => pair).every(isCovered))
    throw new TroubleError(
      'unsupported-model',
      `${metadata.header.path}: ${key} is [${sections.join(', ')}], which does not cover the ${rope.dimensions / 2} rotated pairs of a head.`,
    );
}

/** `feedForward` lists the weights behind the second norm of a block. */
export function qwen35Weights(
  hyperparameters: Hyperparameters,
  feedForward: (name: string) => readonly WeightSpec[],
): WeightSpec[] {
  const { width, headSize } = hyperparameters;
  return [
    ...outerWeights(hyperparameters),
    ...blockNames(hyperparameters).flatMap((name, block) => [
      ...vector(`${name}.attn_norm`, width),
      ...(isRecurrent(hyperparameters, block)
        ? deltaNetWeights(hyperparameters, name)
        : [
            ...attentionWeights(hyperparameters, name, { qkv: 'none', output: 'none' }, { isGated: true }),
            ...vector(`${name}.attn_q_norm`, headSize),
            ...vector(`${name}.attn_k_norm`, headSize),
          ]),
      ...vector(`${name}.post_attention_norm`, width),
      ...feedForward(name),
    ]),
  ];
}

/** The parts of a block before its feed-forward. */
export function qwen35Parts(context: BlockContext) {
  const { hyperparameters, block } = context;
  return {
    attentionNorm: buildNorm(context, 'attn_norm'),
    attention: isRecurrent(hyperparameters, block)
      ? buildDeltaNet(context)
      : buildAttention(context, { headNorm: hyperparameters.norm, isGated: true }),
    feedForwardNorm: buildNorm(context, 'post_attention_norm'),
  };
}
