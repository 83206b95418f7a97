import { crossEntropy } from '../../../../kernels/training/autograd/crossEntropy.ts';
import { Tape } from '../../../../kernels/training/autograd/tape.ts';
import { rangeOf, roundToGrid, roundWeight, type ActivationRange } from '../../../../kernels/blocks/roundToGrid.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import { reshape, view } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { addInto } from '../../../../kernels/ggml/trainingOps.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { Parameters } from '../../../../kernels/training/optimiser/parameters.ts';
import { WeightTable } from '../../../models/architectures/weightTable.ts';
import {
  buildCrossKeys,
  buildDecoder,
  buildEncoder,
  DOWNSAMPLING,
  precedingTokens,
  sinusoidalPositions,
  type SpeechTransformerContext,
  type SpeechTransformerHyperparameters,
} from '../../../speech/architectures/speechTransformer.ts';
import type { ActivationRanges } from './activationRanges.ts';
import type { SpeechBatch } from './speechBatches.ts';

/** Whether the inputs of products are unchanged, observed without a gradient, or rounded to 8 bits like the weights. */
export type Rounding = 'none' | 'observe' | 'eight-bit';

export interface SpeechNetworkOptions {
  readonly hyperparameters: SpeechTransformerHyperparameters;
  readonly parameters: Parameters;
  readonly utterances: number;
  readonly frames: number;
  /** The tokens of each text. */
  readonly tokens: number;
  readonly rounding: Rounding;
  /** The start token of the vocabulary. */
  readonly start: number;
  readonly end: number;
}

/** The maximum number of product inputs in a network. */
const MOST_PLACES = 1024;

/**
 * Computes the loss of utterances of a fixed length, and adds its gradients to those of the parameters. It is a graph
 * that is computed once per batch.
 *
 * It keeps nothing between batches, so the caller may let other graphs share its memory.
 */
export class SpeechTrainingNetwork implements Disposable {
  readonly graph: Graph;
  readonly #mel: Tensor;
  readonly #encoderMask: Tensor;
  readonly #crossMask: Tensor;
  readonly #selfMask: Tensor;
  readonly #tokens: Tensor;
  readonly #places: Tensor;
  readonly #weights: Tensor;
  readonly #grids: Tensor | undefined;
  readonly #observed: { readonly place: string; readonly low: Tensor; readonly high: Tensor }[] = [];
  readonly #fixed: [Tensor, Float32Array][] = [];
  readonly #loss: Tensor;

  constructor(readonly options: SpeechNetworkOptions) {
    const { hyperparameters, parameters, utterances: count, frames, tokens, rounding } = options;
    const { width, vocabularySize } = hyperparameters;
    const graph = (this.graph = new Graph(parameters.device, { maxNodes: 4096 + parameters.all.length * 64 }));
    const positions = frames / DOWNSAMPLING;
    this.#mel = graph.input('mel', 'F32', [hyperparameters.melBands, frames, 1, count]);
    this.#encoderMask = graph.input('encoderMask', 'F32', [positions, positions, 1, count]);
    this.#crossMask = graph.input('crossMask', 'F32', [positions, tokens, 1, count]);
    this.#selfMask = graph.input('selfMask', 'F32', [tokens, tokens, 1, 1]);
    this.#tokens = graph.input('tokens', 'I32', [(precedingTokens(hyperparameters) + tokens) * count]);
    this.#places = graph.input('places', 'I32', [tokens * count]);
    this.#weights = graph.input('weights', 'F32', [tokens * count]);
    this.#fixed.push([this.#selfMask, causalMask(tokens)]);
    if (rounding === 'eight-bit') this.#grids = graph.input('grids', 'F32', [2, MOST_PLACES]);
    const sines = (name: string, length: number): Tensor | undefined => {
      if (hyperparameters.positions !== 'sinusoidal') return undefined;
      const tensor = graph.input(name, 'F32', [width, length]);
      this.#fixed.push([
        tensor,
        sinusoidalPositions(
          width,
          Array.from({ length }, (_, index) => index),
        ),
      ]);
      return tensor;
    };

    const transposes = new Map(
      parameters.all.flatMap(({ forward, transposed }) => (transposed ? [[forward, transposed] as const] : [])),
    );
    const tape = new Tape(graph, rounding === 'observe' ? [] : parameters.all.map(({ forward }) => forward), {
      transposes,
    });
    const context: SpeechTransformerContext = {
      graph,
      weights: new WeightTable(new Map(parameters.all.map(({ spec, forward }) => [spec.name, forward]))),
      hyperparameters,
      input: rounding === 'none' ? undefined : (place, x) => this.#enter(tape, place, x),
      weight:
        rounding === 'eight-bit' ? (weight) => roundWeight(graph, weight, (build) => tape.constant(build)) : undefined,
    };
    const encoded = buildEncoder(context, {
      mel: this.#mel,
      mask: this.#encoderMask,
      positions: sines('encoderPositions', positions),
    });
    const logits = buildDecoder(context, {
      tokens: this.#tokens,
      count,
      positions: sines('decoderPositions', tokens),
      selfMask: this.#selfMask,
      crossMask: this.#crossMask,
      cross: (block) => buildCrossKeys(context, block, encoded),
      self: (_, own) => own,
    });
    this.#loss = crossEntropy(tape, {
      logits: reshape(graph, logits, [vocabularySize, tokens * count]),
      places: this.#places,
      weights: this.#weights,
    });
    graph.expand(this.#loss, { read: true });
    for (const { low, high } of this.#observed) for (const tensor of [low, high]) graph.expand(tensor, { read: true });
    if (rounding !== 'observe') {
      const gradientOf = new Map(parameters.all.map(({ forward, gradient }) => [forward, gradient]));
      for (const [forward, added] of tape.gradients(this.#loss))
        graph.expand(addInto(graph, gradientOf.get(forward) as Tensor, added));
    }
  }

  /**
   * Adds the gradients of the mean loss of a batch's tokens. Resolves with that loss. Activations are rounded within
   * `ranges`.
   */
  async accumulate(batch: SpeechBatch, ranges: ActivationRanges): Promise<number> {
    const { hyperparameters, parameters, tokens, frames, start, end } = this.options;
    const { device } = parameters;
    const positions = frames / DOWNSAMPLING;
    const counted = batch.targets.reduce((sum, { length }) => sum + length, 0);
    const preceding = precedingTokens(hyperparameters);
    const row = (target: readonly number[]): readonly number[] => [
      ...new Array<number>(preceding + 1).fill(start),
      ...target.slice(0, -1),
      ...new Array<number>(tokens - target.length).fill(end),
    ];
    write(device, this.#mel, batch.mel);
    write(device, this.#encoderMask, lengthMask(batch.positions, positions, positions));
    write(device, this.#crossMask, lengthMask(batch.positions, positions, tokens));
    write(device, this.#tokens, Int32Array.from(batch.targets.flatMap(row)));
    write(
      device,
      this.#places,
      Int32Array.from(
        batch.targets.flatMap((target) => Array.from({ length: tokens }, (_, index) => target[index] ?? end)),
        (token, place) => place * hyperparameters.vocabularySize + token,
      ),
    );
    write(
      device,
      this.#weights,
      Float32Array.from(
        batch.targets.flatMap(({ length }) =>
          Array.from({ length: tokens }, (_, index) => (index < length ? 1 / counted : 0)),
        ),
      ),
    );
    for (const [tensor, values] of this.#fixed) write(device, tensor, values);
    if (this.#grids) write(device, this.#grids, ranges.grids(this.#observed.map(({ place }) => place)));
    await this.graph.compute();
    return readF32(device, this.#loss)[0] as number;
  }

  /** The ranges of the inputs of each product in the last batch. */
  observed(): readonly (readonly [place: string, range: ActivationRange])[] {
    const { device } = this.options.parameters;
    const value = (tensor: Tensor): number => readF32(device, tensor)[0] as number;
    return this.#observed.map(({ place, low, high }) => [place, { low: value(low), high: value(high) }]);
  }

  #enter(tape: Tape, place: string, x: Tensor): Tensor {
    const number = this.#observed.length;
    if (number === MOST_PLACES) throw new RangeError(`The network has more than ${MOST_PLACES} products.`);
    const { graph } = tape;
    this.#observed.push({ place, ...tape.constant(() => rangeOf(graph, x)) });
    if (!this.#grids) return x;
    const grid = (index: number): Tensor =>
      view(graph, this.#grids as Tensor, [1], { offsetBytes: 4 * (2 * number + index) });
    return roundToGrid(graph, x, { step: grid(0), zero: grid(1) });
  }

  [Symbol.dispose](): void {
    this.graph[Symbol.dispose]();
  }
}

function causalMask(tokens: number): Float32Array {
  return Float32Array.from({ length: tokens * tokens }, (_, index) =>
    index % tokens <= Math.floor(index / tokens) ? 0 : -Infinity,
  );
}

/** `[positions, rows, 1, n]`: −∞ behind the end of each utterance. */
function lengthMask(lengths: readonly number[], positions: number, rows: number): Float32Array {
  const mask = new Float32Array(positions * rows * lengths.length);
  lengths.forEach((length, index) => {
    for (let row = 0; row < rows; row++)
      mask.fill(-Infinity, (index * rows + row) * positions + length, (index * rows + row + 1) * positions);
  });
  return mask;
}
