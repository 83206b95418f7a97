import { attention, type AttentionWeights } from '../../../kernels/blocks/attention.ts';
import type { AttentionInputs, LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import { convolution1d } from '../../../kernels/blocks/convolution1d.ts';
import { crossAttention, encodeCrossCache, encoderAttention } from '../../../kernels/blocks/crossAttention.ts';
import { linear, type LinearWeights } from '../../../kernels/blocks/linear.ts';
import { norm, type NormOptions } from '../../../kernels/blocks/norm.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import { add, geluErf, getRows, mulMat, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import type { WeightTable } from '../../models/architectures/weightTable.ts';
import type { WhisperHyperparameters } from '../whisperFile.ts';

/** The graph, weights and sizes of a Whisper that is being built. */
export interface WhisperContext {
  readonly graph: Graph;
  readonly weights: WeightTable;
  readonly hyperparameters: WhisperHyperparameters;
  /**
   * Receives the outputs of the encoder's convolutions, of each of its blocks and of its last norm, `[audioWidth,
   * positions]`. Called while the graph is built.
   */
  readonly onLayer?: (name: string, output: Tensor) => void;
}

/** A matrix of a convolution, which is transposed while it is loaded. */
export interface ConvolutionSpec {
  readonly name: string;
  readonly channels: number;
  readonly outputs: number;
}

export const TOKEN_EMBEDDING = 'decoder.token_embedding.weight';
/** The name of the embedding where it is loaded a second time, as output matrix. */
export const OUTPUT_MATRIX = 'decoder.output.weight';
/** The taps of both convolutions. The second convolution halves the number of frames. */
export const CONVOLUTION_TAPS = 3;
const NORM: NormOptions = { kind: 'layer', epsilon: 1e-5 };

export function convolutionSpecs({ melBands, audioWidth }: WhisperHyperparameters): readonly ConvolutionSpec[] {
  return [
    { name: 'encoder.conv1.weight', channels: melBands, outputs: audioWidth },
    { name: 'encoder.conv2.weight', channels: audioWidth, outputs: audioWidth },
  ];
}

/** All tensors except the convolutions' matrices. */
export function whisperWeights(hyperparameters: WhisperHyperparameters): readonly WeightSpec[] {
  const { audioWidth, audioContext, audioBlocks, textWidth, textContext, textBlocks, vocabularySize } = hyperparameters;
  return [
    vector('encoder.conv1.bias', 1, audioWidth),
    vector('encoder.conv2.bias', 1, audioWidth),
    vector('encoder.positional_embedding', audioWidth, audioContext),
    ...Array.from({ length: audioBlocks }, (_, block) =>
      blockWeights(`encoder.blocks.${block}`, audioWidth, ['attn']),
    ).flat(),
    ...normWeights('encoder.ln_post', audioWidth),
    { name: TOKEN_EMBEDDING, extents: [textWidth, vocabularySize], use: 'embedding' },
    { name: 'decoder.positional_embedding', extents: [textWidth, textContext], use: 'embedding' },
    ...Array.from({ length: textBlocks }, (_, block) =>
      blockWeights(`decoder.blocks.${block}`, textWidth, ['attn', 'cross_attn']),
    ).flat(),
    ...normWeights('decoder.ln', textWidth),
  ];
}

const vector = (name: string, ...extents: number[]): WeightSpec => ({ name, extents, use: 'vector' });
const normWeights = (name: string, width: number): readonly WeightSpec[] => [
  vector(`${name}.weight`, width),
  vector(`${name}.bias`, width),
];

function blockWeights(block: string, width: number, attentions: readonly string[]): readonly WeightSpec[] {
  const matrix = (name: string, input: number, output: number, hasBias = true): readonly WeightSpec[] => [
    { name: `${block}.${name}.weight`, extents: [input, output], use: 'matrix' },
    ...(hasBias ? [vector(`${block}.${name}.bias`, output)] : []),
  ];
  return [
    ...attentions.flatMap((name) => [
      ...normWeights(`${block}.${name}_ln`, width),
      ...matrix(`${name}.query`, width, width),
      ...matrix(`${name}.key`, width, width, false),
      ...matrix(`${name}.value`, width, width),
      ...matrix(`${name}.out`, width, width),
    ]),
    ...normWeights(`${block}.mlp_ln`, width),
    ...matrix('mlp.0', width, 4 * width),
    ...matrix('mlp.2', 4 * width, width),
  ];
}

/**
 * Builds the encoder: `mel[melBands, 2 · positions] → [audioWidth, positions]`, the encoded sound that the decoder
 * attends.
 */
export function buildEncoder(context: WhisperContext, mel: Tensor): Tensor {
  const { graph, weights, hyperparameters } = context;
  const { audioWidth, audioBlocks, audioHeads } = hyperparameters;
  const convolved = (x: Tensor, name: string, stride: number): Tensor =>
    geluErf(
      graph,
      convolution1d(
        graph,
        x,
        { weight: weights.tensor(`${name}.weight`), bias: flat(graph, weights.tensor(`${name}.bias`), audioWidth) },
        { taps: CONVOLUTION_TAPS, stride, padding: 1 },
      ),
    );
  const downsampled = convolved(convolved(mel, 'encoder.conv1', 1), 'encoder.conv2', 2);
  let x = add(
    graph,
    downsampled,
    view(graph, weights.tensor('encoder.positional_embedding'), [audioWidth, downsampled.shape[1]]),
  );
  context.onLayer?.('convolutions', x);
  for (let block = 0; block < audioBlocks; block++) {
    const name = `encoder.blocks.${block}`;
    x = add(
      graph,
      x,
      encoderAttention(
        graph,
        normed(context, `${name}.attn_ln`, x),
        attentionWeights(weights, `${name}.attn`),
        attentionOptions(audioWidth, audioHeads),
      ),
    );
    x = add(graph, x, feedForward(context, name, x));
    context.onLayer?.(`block ${block}`, x);
  }
  const encoded = normed(context, 'encoder.ln_post', x);
  context.onLayer?.('last norm', encoded);
  return encoded;
}

/** Fills the cross-attention cache of each decoder block from `encoded[audioWidth, positions]`. */
export function buildCrossCaches(
  { graph, weights, hyperparameters }: WhisperContext,
  encoded: Tensor,
  caches: readonly LayerCache[],
): void {
  for (let block = 0; block < hyperparameters.textBlocks; block++) {
    encodeCrossCache(
      graph,
      encoded,
      attentionWeights(weights, `decoder.blocks.${block}.cross_attn`),
      caches[block] as LayerCache,
    );
  }
}

export interface DecoderInputs extends AttentionInputs {
  /** `[tokens]`, I32 */
  readonly tokens: Tensor;
  /** `[k]`, I32: the tokens whose logits are wanted. */
  readonly outputRows: Tensor;
  /** The cache of each block, filled by earlier tokens. */
  readonly selfCaches: readonly LayerCache[];
  readonly crossCaches: readonly (LayerCache & { readonly rows: number })[];
}

/** Builds the decoder. Returns the logits of the next token, `[vocabularySize, k]`. */
export function buildDecoder(context: WhisperContext, inputs: DecoderInputs): Tensor {
  const { graph, weights, hyperparameters } = context;
  const { textWidth, textBlocks, textHeads } = hyperparameters;
  const options = attentionOptions(textWidth, textHeads);
  const embedding = weights.tensor(TOKEN_EMBEDDING);
  let x = add(
    graph,
    getRows(graph, embedding, inputs.tokens),
    getRows(graph, weights.tensor('decoder.positional_embedding'), inputs.positions),
  );
  for (let block = 0; block < textBlocks; block++) {
    const name = `decoder.blocks.${block}`;
    const attended = attention(
      graph,
      normed(context, `${name}.attn_ln`, x),
      attentionWeights(weights, `${name}.attn`),
      inputs.selfCaches[block] as LayerCache,
      inputs,
      { ...options, kvHeads: textHeads },
    );
    x = add(graph, x, attended);
    x = add(
      graph,
      x,
      crossAttention(
        graph,
        normed(context, `${name}.cross_attn_ln`, x),
        attentionWeights(weights, `${name}.cross_attn`),
        inputs.crossCaches[block] as LayerCache & { rows: number },
        options,
      ),
    );
    x = add(graph, x, feedForward(context, name, x));
  }
  return mulMat(
    graph,
    weights.optional(OUTPUT_MATRIX) ?? embedding,
    normed(context, 'decoder.ln', getRows(graph, x, inputs.outputRows)),
  );
}

const attentionOptions = (width: number, heads: number) => ({
  headSize: width / heads,
  heads,
  scale: Math.sqrt(heads / width),
});

function attentionWeights(weights: WeightTable, name: string): AttentionWeights {
  const part = (projection: string): LinearWeights => weights.linear(`${name}.${projection}`);
  return { query: part('query'), key: part('key'), value: part('value'), output: part('out') };
}

const normed = ({ graph, weights }: WhisperContext, name: string, x: Tensor): Tensor =>
  norm(graph, x, weights.norm(name), NORM);

function feedForward(context: WhisperContext, block: string, x: Tensor): Tensor {
  const { graph, weights } = context;
  const hidden = geluErf(graph, linear(graph, normed(context, `${block}.mlp_ln`, x), weights.linear(`${block}.mlp.0`)));
  return linear(graph, hidden, weights.linear(`${block}.mlp.2`));
}

/** The file stores biases of convolutions as columns. */
const flat = (graph: Graph, tensor: Tensor, length: number): Tensor =>
  view(graph, tensor, [length], { strides: [4 * length, 4 * length, 4 * length] });
