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

/** A Whisper that is being built into a graph. */
export interface WhisperContext {
  readonly graph: Graph;
  readonly weights: WeightTable;
  readonly hyperparameters: WhisperHyperparameters;
  /**
   * Is given what the encoder's convolutions, each of its blocks and its last norm make, `[audioWidth, positions]`, as
   * the graph is built.
   */
  readonly onLayer?: (name: string, output: Tensor) => void;
}

/** A matrix of a convolution, which is turned as it is loaded. */
export interface ConvolutionSpec {
  readonly name: string;
  readonly channels: number;
  readonly outputs: number;
}

export const TOKEN_EMBEDDING = 'decoder.token_embedding.weight';
/** The embedding again, where it is loaded a second time as a matrix. */
export const OUTPUT_MATRIX = 'decoder.output.weight';
/** Of both convolutions. The second halves the number of frames. */
export const CONVOLUTION_TAPS = 3;
const NORM: NormOptions = { kind: 'layer', epsilon: 1e-5 };

export function convolutionSpecs({ melBands, audioWidth }: WhisperHyperparameters): readonly ConvolutionSpec[] {
  return [
    { name: 'encoder.conv1.weight', channels: melBands, outputs: audioWidth },
    { name: 'encoder.conv2.weight', channels: audioWidth, outputs: audioWidth },
  ];
}

/** All tensors but the convolutions' matrices. */
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

/** Sound as the decoder attends it: `mel[melBands, 2 · positions] → [audioWidth, positions]`. */
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

/** Fills the cross-attention's cache of each decoder block from `encoded[audioWidth, positions]`. */
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
  /** `[k]`, I32: tokens whose logits are wanted. */
  readonly outputRows: Tensor;
  /** Of each block, filled by earlier tokens. */
  readonly selfCaches: readonly LayerCache[];
  readonly crossCaches: readonly (LayerCache & { readonly rows: number })[];
}

/** Logits of the next token, `[vocabularySize, k]`. */
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

/** Biases of convolutions stand as columns in the file. */
const flat = (graph: Graph, tensor: Tensor, length: number): Tensor =>
  view(graph, tensor, [length], { strides: [4 * length, 4 * length, 4 * length] });
