import path from 'node:path';
import { roundPerToken } from '../../../kernels/blocks/roundPerToken.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { readF32 } from '../../../kernels/ggml/transfer.ts';
import { countBits, type CountedBits } from '../bitsPerByte.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { Network } from '../../models/chorus/network/network.ts';
import { checkModel, OpenedNetwork, type CheckedModel } from '../../models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../models/chorus/network/placement.ts';
import { openComputeDevice } from '../../models/computeDevice.ts';
import { openText, type OpenedText } from '../../models/llamaCpp/openText.ts';
import { computeThreads } from '../../models/threads.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { OutliersParams, OutliersResult } from '../protocol.ts';
import { FloatWeights, isLinear } from './floatWeights.ts';
import { InputStatistics } from './inputStatistics.ts';
import { SpectralNorms } from './spectralNorm.ts';

/** Bits of activations, with one scale a token, by the name of the way; `undefined`: float32. */
type Ways = readonly (readonly [name: string, inputBits: number | undefined])[];

/** By bits of weights, with one scale an output channel. */
const WAYS: readonly (readonly [weightBits: number | undefined, ways: Ways])[] = [
  [undefined, [['float', undefined]]],
  [
    8,
    [
      ['W8A8', 8],
      ['W8', undefined],
    ],
  ],
  [
    4,
    [
      ['W4', undefined],
      ['W4A8', 8],
    ],
  ],
];

/** Evaluations, activations, weights. */
const STEPS = 7;

/** Tokens of one look at activations, whose values are all read. */
const OBSERVED_TOKENS = 64;

/**
 * How well a model stands being quantised, and what makes it hard: bits per byte of a text with weights and activations
 * rounded in the ways of arXiv 2305.19268, and of each layer what that work and later ones (2405.19279, 2506.19697)
 * measure. Throws `TroubleError`.
 */
export async function outliers(params: OutliersParams, options: MakingOptions = {}): Promise<OutliersResult> {
  const threads = await computeThreads(params.threads);
  const model = await checkModel(params.modelPath);
  const opened = await openText(params.modelPath, { device: params.device, threads });
  try {
    using device = await openComputeDevice(params.device, { threads });
    using weights = new FloatWeights(device, model);
    return await new Examination({ ...params, model, device, weights, text: opened.text }, options).run();
  } finally {
    await opened.dispose();
  }
}

interface Examined extends Omit<OutliersParams, 'device'> {
  readonly model: CheckedModel;
  readonly device: Device;
  readonly weights: FloatWeights;
  readonly text: OpenedText['text'];
}

class Examination {
  readonly #tokens: readonly TokenId[];
  readonly #bos: TokenId | undefined;
  #done = 0;

  constructor(
    private readonly examined: Examined,
    private readonly options: MakingOptions,
  ) {
    const { text, sample, maxTokens, contextTokens } = examined;
    const { addBos, bos } = text.special;
    this.#bos = addBos ? bos : undefined;
    this.#tokens = text.tokenize(sample, false).slice(0, maxTokens);
    if (this.#tokens.length < 2)
      throw new TroubleError(
        'invalid-input',
        'The text is too short to measure anything: a page or more tells something.',
      );
    const { trainContextTokens } = examined.model.hyperparameters;
    if (contextTokens > trainContextTokens)
      throw new TroubleError(
        'invalid-input',
        `${path.basename(examined.modelPath)} was trained on ${trainContextTokens} tokens at most, a chunk has ${contextTokens}. Choose --ctx.`,
      );
  }

  async run(): Promise<OutliersResult> {
    const { weights, modelPath } = this.examined;
    const counted = new Map<string, CountedBits>();
    let inputs: OutliersResult['inputs'] = [];
    let matrices: OutliersResult['matrices'] = [];
    for (const [weightBits, ways] of WAYS) {
      await weights.write(weightBits, this.options.signal);
      for (const [name, inputBits] of ways) counted.set(name, await this.#count(name, inputBits));
      if (weightBits !== undefined) continue;
      inputs = await this.#examineInputs();
      matrices = await this.#examineMatrices();
    }
    const { bits, bytes, tokens } = counted.get('float') as CountedBits;
    return {
      modelPath,
      tokens,
      bytes,
      evaluations: [...counted].map(([name, counts]) => ({
        name,
        bitsPerByte: counts.bits / bytes,
        change: counts.bits / bits - 1,
      })),
      inputs,
      norms: this.#norms(),
      matrices,
    };
  }

  async #count(step: string, inputBits: number | undefined): Promise<CountedBits> {
    const { contextTokens, text } = this.examined;
    using opened = this.#network(inputBits);
    const counted = await countBits(opened.evaluator(), this.#tokens, {
      contextTokens,
      bos: this.#bos,
      tokenBytes: (token) => text.vocabulary.tokenBytes(token).length,
      signal: this.options.signal,
      onProgress: (share) => this.#progress(step, share),
    });
    this.#done++;
    return counted;
  }

  async #examineInputs(): Promise<OutliersResult['inputs']> {
    using opened = this.#network(undefined);
    const { network, sequence } = opened;
    const statistics = new Map<
      string,
      { readonly matrices: readonly string[]; readonly statistics: InputStatistics }
    >();
    const step = Math.min(OBSERVED_TOKENS, sequence.capacity);
    for (let first = 0; first < this.#tokens.length; first += step) {
      this.options.signal?.throwIfAborted();
      if (sequence.length + step > sequence.capacity) sequence.truncate(0);
      for (const { matrices, columns, values } of await network.productInputs(
        sequence,
        this.#tokens.slice(first, first + step),
        isLinear,
      )) {
        const key = matrices.join(' ');
        let entry = statistics.get(key);
        if (!entry) statistics.set(key, (entry = { matrices, statistics: new InputStatistics() }));
        entry.statistics.add(values, columns);
      }
      this.#progress('Activations', first / this.#tokens.length);
    }
    this.#done++;
    return [...statistics.values()].map((entry) => ({ matrices: entry.matrices, ...entry.statistics.figures }));
  }

  async #examineMatrices(): Promise<OutliersResult['matrices']> {
    const { device, weights } = this.examined;
    using norms = new SpectralNorms(device);
    const found: OutliersResult['matrices'][number][] = [];
    const linear = [...weights.table.all].filter(([name]) => isLinear(name));
    for (const [name, tensor] of linear) {
      this.options.signal?.throwIfAborted();
      const values = readF32(device, tensor);
      const [columns, rows] = tensor.shape;
      let spectralNorm = 0;
      // Of a mixture's experts the largest.
      for (let start = 0; start < values.length; start += columns * rows)
        spectralNorm = Math.max(spectralNorm, await norms.of(values.subarray(start, start + columns * rows), columns));
      found.push({ name, spectralNorm });
      this.#progress('Weights', found.length / linear.length);
    }
    this.#done++;
    return found;
  }

  /** Gains of all norms: their mean and how far they spread. */
  #norms(): OutliersResult['norms'] {
    const { device, weights } = this.examined;
    return [...weights.table.all]
      .filter(([name]) => name.endsWith('norm.weight'))
      .map(([name, tensor]) => {
        const gains = readF32(device, tensor);
        const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
        return {
          name,
          mean,
          spread: Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / gains.length),
        };
      });
  }

  #network(inputBits: number | undefined): OpenedNetwork {
    const { model, device, weights, contextTokens } = this.examined;
    const network = new Network({
      ...model,
      placement: onOneDevice(device),
      weights: { table: weights.table, sizeBytes: weights.sizeBytes, [Symbol.dispose]: () => undefined },
      productInput:
        inputBits === undefined
          ? undefined
          : (graph, matrix, input) => (isLinear(matrix.name) ? roundPerToken(graph, input, inputBits) : input),
    });
    return OpenedNetwork.over(model, network, { capacityTokens: contextTokens, cacheType: 'F32' });
  }

  #progress(step: string, share: number): void {
    this.options.onProgress?.({ step, share: (this.#done + share) / STEPS });
  }
}
