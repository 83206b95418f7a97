import { attendProducts } from '../../../kernels/blocks/attendProducts.ts';
import { causalConvolution, channelsLast, convolution2d } from '../../../kernels/blocks/convolution2d.ts';
import { norm, type NormOptions } from '../../../kernels/blocks/norm.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import { add, contiguous, getRows, mulMat, permute, relu, reshape } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import type { WeightTable } from '../../models/architectures/weightTable.ts';

/**
 * The Speech-Transformer of arXiv 1911.03604, with norms before blocks.
 *
 * In the encoder, 2-D convolutions shorten the spectrum by a factor of four and stand in for positions. In the decoder,
 * causal convolutions over the text stand in for positions.
 */
export interface SpeechTransformerHyperparameters {
  readonly melBands: number;
  /** The channels of each 2-D convolution. */
  readonly channels: number;
  readonly width: number;
  readonly encoderBlocks: number;
  readonly decoderBlocks: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
  readonly vocabularySize: number;
  /**
   * How positions are encoded: by convolutions, or by added sines (arXiv 1706.03762). With sines the decoder has no
   * convolutions.
   */
  readonly positions: 'convolutional' | 'sinusoidal';
}

export interface SpeechTransformerContext {
  readonly graph: Graph;
  readonly weights: WeightTable;
  readonly hyperparameters: SpeechTransformerHyperparameters;
  /** Replaces the input `x` of a product, by the name of its place. Used to round it to 8 bits, or to observe it. */
  readonly input?: (place: string, x: Tensor) => Tensor;
  /** Replaces a weight before it is multiplied. */
  readonly weight?: (weight: Tensor) => Tensor;
}

/** The strides of the encoder's convolutions: two pairs, of which the first convolution halves bands and frames. */
const ENCODER_CONVOLUTIONS = [2, 1, 2, 1] as const;
/** The number of frames for each position of the encoder. */
export const DOWNSAMPLING = 4;
const WINDOW = 3;
const DECODER_CONVOLUTIONS = 2;
/** Rows of convolutions are padded to whole blocks of Q8_0. */
const BLOCK = 32;
const NORM: NormOptions = { kind: 'layer', epsilon: 1e-5 };

/** How many earlier tokens the decoder's convolutions see. */
export const precedingTokens = ({ positions }: Pick<SpeechTransformerHyperparameters, 'positions'>): number =>
  positions === 'convolutional' ? DECODER_CONVOLUTIONS * (WINDOW - 1) : 0;

const wholeBlocks = (length: number): number => Math.ceil(length / BLOCK) * BLOCK;
const convolutionNames = ({ positions }: SpeechTransformerHyperparameters): readonly string[] =>
  positions === 'convolutional'
    ? Array.from({ length: DECODER_CONVOLUTIONS }, (_, index) => `decoder.conv.${index}`)
    : [];

export function speechTransformerWeights(hyperparameters: SpeechTransformerHyperparameters): readonly WeightSpec[] {
  const { melBands, channels, width, encoderBlocks, decoderBlocks, feedForwardWidth, vocabularySize } = hyperparameters;
  const vector = (name: string, length: number): WeightSpec => ({ name, extents: [length], use: 'vector' });
  const normed = (name: string): readonly WeightSpec[] => [
    vector(`${name}.weight`, width),
    vector(`${name}.bias`, width),
  ];
  const matrix = (name: string, input: number, output: number): readonly WeightSpec[] => [
    { name: `${name}.weight`, extents: [input, output], use: 'matrix' },
    vector(`${name}.bias`, output),
  ];
  const attention = (name: string): readonly WeightSpec[] => [
    ...normed(`${name}_norm`),
    ...['q', 'k', 'v', 'output'].flatMap((part) => matrix(`${name}_${part}`, width, width)),
  ];
  const block = (name: string, attentions: readonly string[]): readonly WeightSpec[] => [
    ...attentions.flatMap((each) => attention(`${name}.${each}`)),
    ...normed(`${name}.ffn_norm`),
    ...matrix(`${name}.ffn_up`, width, feedForwardWidth),
    ...matrix(`${name}.ffn_down`, feedForwardWidth, width),
  ];
  return [
    ...ENCODER_CONVOLUTIONS.flatMap((_, index) =>
      matrix(`encoder.conv.${index}`, wholeBlocks(WINDOW * WINDOW * (index === 0 ? 1 : channels)), channels),
    ),
    ...matrix('encoder.input', (melBands / DOWNSAMPLING) * channels, width),
    ...Array.from({ length: encoderBlocks }, (_, index) => block(`encoder.blk.${index}`, ['attn'])).flat(),
    ...normed('encoder.output_norm'),
    { name: 'decoder.token_embd.weight', extents: [width, vocabularySize], use: 'embedding' },
    ...convolutionNames(hyperparameters).flatMap((name) => matrix(name, wholeBlocks(WINDOW * width), width)),
    ...Array.from({ length: decoderBlocks }, (_, index) => block(`decoder.blk.${index}`, ['attn', 'cross'])).flat(),
    ...normed('decoder.output_norm'),
    ...matrix('decoder.output', width, vocabularySize),
  ];
}

export interface EncoderInputs {
  /** `[melBands, frames, 1, n]`. The number of frames is a multiple of `DOWNSAMPLING`. */
  readonly mel: Tensor;
  /** `[positions, positions, 1, n]`, F32: −∞ for positions behind the end. */
  readonly mask: Tensor;
  /** `[width, positions]`, for sinusoidal positions. */
  readonly positions?: Tensor;
}

/** Builds the encoder. Returns the encoded sound that the decoder attends: `[width, positions, n]`. */
export function buildEncoder(context: SpeechTransformerContext, { mel, mask, positions }: EncoderInputs): Tensor {
  const { graph, hyperparameters } = context;
  let sound = mel;
  ENCODER_CONVOLUTIONS.forEach((stride, index) => {
    const name = `encoder.conv.${index}`;
    const convolved = convolution2d(graph, entering(context, name, sound), convolutionWeights(context, name), {
      kernel: [WINDOW, WINDOW],
      stride: [stride, stride],
      padding: [1, 1],
    });
    // [bands, frames, channels, n]
    sound = channelsLast(graph, relu(graph, convolved));
  });
  const [bands, frames, channels, count] = sound.shape;
  const columns = reshape(graph, contiguous(graph, permute(graph, sound, [0, 2, 1, 3])), [
    bands * channels,
    frames,
    count,
  ]);
  let x = product(context, 'encoder.input', columns);
  if (positions) x = add(graph, x, positions);
  for (let block = 0; block < hyperparameters.encoderBlocks; block++) {
    const name = `encoder.blk.${block}`;
    const normed = normalised(context, `${name}.attn_norm`, x);
    const [query, key, value] = ['q', 'k', 'v'].map((part) => product(context, `${name}.attn_${part}`, normed)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    x = add(graph, x, attended(context, `${name}.attn`, { query, key, value, mask }));
    x = feedForward(context, name, x);
  }
  return normalised(context, 'encoder.output_norm', x);
}

export interface KeysAndValues {
  /** `[width, rows, n]` */
  readonly key: Tensor;
  readonly value: Tensor;
}

/** The keys and values of the encoded sound for a decoder block. */
export function buildCrossKeys(context: SpeechTransformerContext, block: number, encoded: Tensor): KeysAndValues {
  return {
    key: product(context, `decoder.blk.${block}.cross_k`, encoded),
    value: product(context, `decoder.blk.${block}.cross_v`, encoded),
  };
}

export interface DecoderInputs {
  /** `[(precedingTokens + tokens) · n]`, I32: each text with the tokens before its first token. */
  readonly tokens: Tensor;
  readonly count: number;
  /** `[width, tokens]`, for sinusoidal positions. */
  readonly positions?: Tensor;
  /** `[rows, tokens, 1, n]`, F32: the rows of the text that a token attends. */
  readonly selfMask: Tensor;
  /** `[positions, tokens, 1, n]`, F32: the positions of the sound that a token attends. */
  readonly crossMask: Tensor;
  readonly cross: (block: number) => KeysAndValues;
  /**
   * Returns the keys and values of the text that a block attends. `own` are those of the current tokens; a cache adds
   * earlier ones.
   */
  readonly self: (block: number, own: KeysAndValues) => KeysAndValues;
  /** Regroups the output of the convolutions, `[width, tokens, n]`, for attention. */
  readonly regroup?: (x: Tensor) => Tensor;
}

/** Builds the decoder. Returns the logits of the next token, `[vocabularySize, tokens, n]`. */
export function buildDecoder(context: SpeechTransformerContext, inputs: DecoderInputs): Tensor {
  const { graph, weights, hyperparameters } = context;
  const embedding =
    context.weight?.(weights.tensor('decoder.token_embd.weight')) ?? weights.tensor('decoder.token_embd.weight');
  let x = reshape(graph, getRows(graph, embedding, inputs.tokens), [
    hyperparameters.width,
    inputs.tokens.elements / inputs.count,
    inputs.count,
  ]);
  for (const name of convolutionNames(hyperparameters))
    x = relu(graph, causalConvolution(graph, entering(context, name, x), convolutionWeights(context, name), WINDOW));
  x = inputs.regroup?.(x) ?? x;
  if (inputs.positions) x = add(graph, x, inputs.positions);
  for (let block = 0; block < hyperparameters.decoderBlocks; block++) {
    const name = `decoder.blk.${block}`;
    const normed = normalised(context, `${name}.attn_norm`, x);
    const [query, key, value] = ['q', 'k', 'v'].map((part) => product(context, `${name}.attn_${part}`, normed)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    x = add(
      graph,
      x,
      attended(context, `${name}.attn`, { query, ...inputs.self(block, { key, value }), mask: inputs.selfMask }),
    );
    const heard = product(context, `${name}.cross_q`, normalised(context, `${name}.cross_norm`, x));
    x = add(
      graph,
      x,
      attended(context, `${name}.cross`, { query: heard, ...inputs.cross(block), mask: inputs.crossMask }),
    );
    x = feedForward(context, name, x);
  }
  return product(context, 'decoder.output', normalised(context, 'decoder.output_norm', x));
}

/** Sines and cosines of positions (arXiv 1706.03762): `[width, count]`. */
export function sinusoidalPositions(width: number, positions: readonly number[]): Float32Array {
  const values = new Float32Array(width * positions.length);
  positions.forEach((position, row) => {
    for (let index = 0; index < width / 2; index++) {
      const angle = position / 10_000 ** ((2 * index) / width);
      values[row * width + 2 * index] = Math.sin(angle);
      values[row * width + 2 * index + 1] = Math.cos(angle);
    }
  });
  return values;
}

const entering = ({ input }: SpeechTransformerContext, place: string, x: Tensor): Tensor => input?.(place, x) ?? x;
const normalised = ({ graph, weights }: SpeechTransformerContext, name: string, x: Tensor): Tensor =>
  norm(graph, x, weights.norm(name), NORM);

function convolutionWeights(
  { weights, weight = (tensor) => tensor }: SpeechTransformerContext,
  name: string,
): { weight: Tensor; bias: Tensor } {
  return { weight: weight(weights.tensor(`${name}.weight`)), bias: weights.tensor(`${name}.bias`) };
}

function product(context: SpeechTransformerContext, name: string, x: Tensor): Tensor {
  const { weight, bias } = convolutionWeights(context, name);
  return add(context.graph, mulMat(context.graph, weight, entering(context, name, x)), bias);
}

/** All four operands of attention's products are inputs that `entering` may replace. */
function attended(
  context: SpeechTransformerContext,
  name: string,
  { query, key, value, mask }: KeysAndValues & { readonly query: Tensor; readonly mask: Tensor },
): Tensor {
  const { graph, hyperparameters } = context;
  const rounded = {
    query: entering(context, `${name}.query`, query),
    key: entering(context, `${name}.key`, key),
    value: entering(context, `${name}.value`, value),
    mask,
  };
  return product(
    context,
    `${name}_output`,
    attendProducts(graph, rounded, {
      heads: hyperparameters.heads,
      onShares: (shares) => entering(context, `${name}.shares`, shares),
    }),
  );
}

function feedForward(context: SpeechTransformerContext, block: string, x: Tensor): Tensor {
  const { graph } = context;
  const hidden = relu(graph, product(context, `${block}.ffn_up`, normalised(context, `${block}.ffn_norm`, x)));
  return add(graph, x, product(context, `${block}.ffn_down`, hidden));
}
