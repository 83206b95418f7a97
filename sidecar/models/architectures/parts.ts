/** Shared parts of the architectures: reading sizes, listing weights, building the usual attention and feed-forward. */
import { attention, type AttentionOptions, type AttentionWeights } from '../../../kernels/blocks/attention.ts';
import { feedForward, type Activation, type FeedForwardWeights } from '../../../kernels/blocks/feedForward.ts';
import { denseMixtureOfExperts } from '../../../kernels/blocks/denseMixtureOfExperts.ts';
import { mixtureOfExperts, type ExpertWeights } from '../../../kernels/blocks/mixtureOfExperts.ts';
import { norm, type NormOptions } from '../../../kernels/blocks/norm.ts';
import { routerLoss } from '../../../kernels/blocks/routerLoss.ts';
import { packedAttention } from '../../../kernels/blocks/packedAttention.ts';
import type { RopeOptions } from '../../../kernels/ggml/opAttributes.ts';
import { scale } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { attentionScale, ropeOf, type BlockContext, type Hyperparameters, type WeightSpec } from './architecture.ts';
import type { Metadata } from './metadata.ts';

/**
 * Reads the sizes that every architecture stores under the same keys. Throws `TroubleError` if they do not fit
 * together.
 */
export function readCommon(
  metadata: Metadata,
  options: {
    normKind: NormOptions['kind'];
    pairing: RopeOptions['pairing'];
    /** Of blocks that attend. Absent: the file has one number for all blocks. */
    kvHeads?: number;
  },
): Hyperparameters {
  const width = metadata.count('embedding_length');
  const heads = metadata.count('attention.head_count');
  const kvHeads = options.kvHeads ?? metadata.count('attention.head_count_kv', { fallback: heads });
  const headSize = metadata.count('attention.key_length', { fallback: width / heads });
  const valueSize = metadata.count('attention.value_length', { fallback: headSize });
  if (heads % kvHeads !== 0)
    throw new TroubleError(
      'invalid-model',
      `${metadata.header.path}: ${heads} attention heads are not a multiple of ${kvHeads} KV heads.`,
    );
  if (valueSize !== headSize)
    throw new TroubleError(
      'unsupported-model',
      `${metadata.header.path}: keys of ${headSize} and values of ${valueSize} differ in size, which this engine does not support.`,
    );
  const epsilonKey = options.normKind === 'rms' ? 'attention.layer_norm_rms_epsilon' : 'attention.layer_norm_epsilon';
  return {
    blockCount: metadata.count('block_count', { maximum: 1_000 }),
    width,
    heads,
    kvHeads,
    headSize,
    feedForwardWidth: metadata.count('feed_forward_length', { fallback: 0, minimum: 0 }),
    vocabularySize: metadata.vocabularySize(),
    trainContextTokens: metadata.count('context_length', { maximum: 1 << 30 }),
    norm: { kind: options.normKind, epsilon: metadata.number(epsilonKey) },
    rope: metadata.rope(options.pairing, headSize),
    logitScale: 1,
  };
}

type Biases = 'none' | 'optional' | 'required';

export function matrix(name: string, input: number, output: number, bias: Biases = 'none'): WeightSpec[] {
  const specs: WeightSpec[] = [{ name: `${name}.weight`, extents: [input, output], use: 'matrix' }];
  if (bias !== 'none')
    specs.push({ name: `${name}.bias`, extents: [output], optional: bias === 'optional', use: 'vector' });
  return specs;
}

export function vector(name: string, length: number, bias: Biases = 'none'): WeightSpec[] {
  const specs: WeightSpec[] = [{ name: `${name}.weight`, extents: [length], use: 'vector' }];
  if (bias !== 'none')
    specs.push({ name: `${name}.bias`, extents: [length], optional: bias === 'optional', use: 'vector' });
  return specs;
}

/** The weights of embedding, final norm and output. If the output is absent, the embedding serves as output. */
export function outerWeights(
  { width, vocabularySize }: Hyperparameters,
  options: { tiedOutput?: boolean; normBias?: Biases } = {},
): WeightSpec[] {
  return [
    { name: 'token_embd.weight', extents: [width, vocabularySize], use: 'embedding' },
    ...vector('output_norm', width, options.normBias),
    ...(options.tiedOutput
      ? []
      : [{ name: 'output.weight', extents: [width, vocabularySize], optional: true, use: 'matrix' } as const]),
  ];
}

export function attentionWeights(
  { width, heads, kvHeads, headSize }: Hyperparameters,
  block: string,
  bias: { qkv: Biases; output: Biases },
  { isGated = false } = {},
): WeightSpec[] {
  return [
    ...matrix(`${block}.attn_q`, width, (isGated ? 2 : 1) * heads * headSize, bias.qkv),
    ...matrix(`${block}.attn_k`, width, kvHeads * headSize, bias.qkv),
    ...matrix(`${block}.attn_v`, width, kvHeads * headSize, bias.qkv),
    ...matrix(`${block}.attn_output`, heads * headSize, width, bias.output),
  ];
}

export function gatedWeights(
  { width, feedForwardWidth }: Hyperparameters,
  block: string,
  bias: Biases = 'none',
): WeightSpec[] {
  return [
    ...matrix(`${block}.ffn_gate`, width, feedForwardWidth, bias),
    ...matrix(`${block}.ffn_up`, width, feedForwardWidth, bias),
    ...matrix(`${block}.ffn_down`, feedForwardWidth, width, bias),
  ];
}

export function expertWeights(
  { width, mixture }: Hyperparameters,
  block: string,
  bias: Biases = 'none',
  routerBias: Biases = 'none',
): WeightSpec[] {
  if (!mixture) return [];
  const { experts, expertWidth } = mixture;
  const stack = (name: string, input: number, output: number): WeightSpec[] => [
    { name: `${block}.${name}.weight`, extents: [input, output, experts], use: 'experts' },
    ...(bias === 'none'
      ? []
      : [
          {
            name: `${block}.${name}.bias`,
            extents: [output, experts],
            optional: bias === 'optional',
            use: 'vector',
          } as const,
        ]),
  ];
  return [
    ...matrix(`${block}.ffn_gate_inp`, width, experts, routerBias),
    ...stack('ffn_gate_exps', width, expertWidth),
    ...stack('ffn_up_exps', width, expertWidth),
    ...stack('ffn_down_exps', expertWidth, width),
  ];
}

/** The names of all blocks: "blk.0", "blk.1", … */
export function blockNames({ blockCount }: Hyperparameters): string[] {
  return Array.from({ length: blockCount }, (_, index) => `blk.${index}`);
}

export function buildNorm({ graph, weights, hyperparameters, block, onNorm }: BlockContext, name: string) {
  return (x: Tensor): Tensor => {
    const normed = norm(graph, x, weights.norm(`blk.${block}.${name}`), hyperparameters.norm);
    if (name === 'attn_norm') weights.gates?.read(normed);
    onNorm?.(name, normed);
    return normed;
  };
}

/** `preciseF32`: as in `LinearWeights`, of the output matrix. `isGated`: as in `HeadOptions`. */
export function buildAttention(
  context: BlockContext,
  options: { rope?: boolean; headNorm?: NormOptions; preciseF32?: boolean; isGated?: boolean } = {},
) {
  const { graph, weights, hyperparameters, block, packed } = context;
  const { headSize, heads, kvHeads } = hyperparameters;
  const name = `blk.${block}`;
  const attentionOptions: AttentionOptions = {
    headSize,
    heads,
    kvHeads,
    scale: attentionScale(hyperparameters),
    headNorm: options.headNorm,
    isGated: options.isGated,
    temperature: hyperparameters.temperature,
    sinks: weights.optional(`${name}.attn_sinks.weight`),
    rope:
      options.rope === false
        ? undefined
        : { ...ropeOf(hyperparameters, block), frequencyFactors: weights.optional('rope_freqs.weight') },
  };
  const projections: AttentionWeights = {
    query: weights.linear(`${name}.attn_q`),
    key: weights.linear(`${name}.attn_k`),
    value: weights.linear(`${name}.attn_v`),
    output: { ...weights.linear(`${name}.attn_output`), preciseF32: options.preciseF32 },
    queryNorm: weights.optionalNorm(`${name}.attn_q_norm`),
    keyNorm: weights.optionalNorm(`${name}.attn_k_norm`),
    experts: weights.attentionExperts(block),
  };
  return (x: Tensor): Tensor =>
    packed
      ? branchOutput(context, packedAttention(graph, x, projections, packed, attentionOptions))
      : attention(graph, x, projections, context.cache, context.inputs, attentionOptions);
}

/** `ending`: that of the matrices' names. `preciseF32`: as in `LinearWeights`, of the last matrix. */
export function buildFeedForward(
  context: BlockContext,
  activation: Activation,
  { ending = '', preciseF32 }: { ending?: string; preciseF32?: boolean } = {},
) {
  const { graph, weights, block } = context;
  const matrix = (part: string) => `blk.${block}.ffn_${part}${ending}`;
  const matrices: FeedForwardWeights = {
    gate: weights.has(`${matrix('gate')}.weight`) ? weights.linear(matrix('gate')) : undefined,
    up: weights.linear(matrix('up')),
    down: { ...weights.linear(matrix('down')), preciseF32 },
  };
  return (x: Tensor): Tensor => branchOutput(context, feedForward(graph, x, matrices, activation));
}

/** `factor · x` */
export function scaled({ graph }: BlockContext, x: Tensor, factor = 1): Tensor {
  return factor === 1 ? x : scale(graph, x, factor);
}

/** The contribution of attention or feed-forward to the residual, in training after dropout. */
export const branchOutput = ({ packed }: BlockContext, y: Tensor): Tensor => packed?.branchOutput?.(y) ?? y;

export function buildMixture(context: BlockContext) {
  const { graph, weights, hyperparameters, block, packed } = context;
  const name = `blk.${block}`;
  const { gateMode = 'renormalised', ...mixture } = hyperparameters.mixture as NonNullable<Hyperparameters['mixture']>;
  const { expertsUsed } = mixture;
  const expertsWeights: ExpertWeights = {
    router: weights.tensor(`${name}.ffn_gate_inp.weight`),
    routerBias: weights.optional(`${name}.ffn_gate_inp.bias`),
    choiceBias: weights.optional(`${name}.exp_probs_b.bias`),
    gate: weights.experts(`${name}.ffn_gate_exps`),
    up: weights.experts(`${name}.ffn_up_exps`),
    down: weights.experts(`${name}.ffn_down_exps`),
  };
  return (x: Tensor): Tensor => {
    if (!packed) return mixtureOfExperts(graph, x, expertsWeights, { ...mixture, gateMode });
    if (packed.routerLoss)
      packed.onLoss?.(routerLoss(graph, x, expertsWeights.router, { ...packed.routerLoss, expertsUsed }));
    return branchOutput(context, denseMixtureOfExperts(graph, x, expertsWeights, { expertsUsed, gateMode }));
  };
}
