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

/** Names and bits of rounding activations, with a scale per token. `undefined` is float32. */
type Ways = readonly (readonly [name: string, inputBits: number | undefined])[];

/** By bits of the weights, with a scale per output channel. */
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

/** The five evaluations, the activations and the weights. */
const STEPS = 7;

/** How many tokens' activations are read at once. */
const OBSERVED_TOKENS = 64;

/**
 * Measures how well a model can be quantised, and why.
 *
 * It gives bits per byte of a text with weights and activations rounded as in arXiv 2305.19268. For each layer it gives
 * the figures of that work and of later ones (2405.19279, 2506.19697). Throws `TroubleError`.
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
      throw new TroubleError('invalid-input', 'The text is too short to measure anything. Use at least a page.');
    const { trainContextTokens } = examined.model.hyperparameters;
    if (contextTokens > trainContextTokens)
      throw new TroubleError(
        'invalid-input',
        `${path.basename(examined.modelPath)} was trained on at most ${trainContextTokens} tokens, but a chunk has ${contextTokens}. Choose a smaller --ctx.`,
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
      // The largest norm among a mixture's experts.
      for (let start = 0; start < values.length; start += columns * rows)
        spectralNorm = Math.max(spectralNorm, await norms.of(values.subarray(start, start + columns * rows), columns));
      found.push({ name, spectralNorm });
      this.#progress('Weights', found.length / linear.length);
    }
    this.#done++;
    return found;
  }

  /** The gains of all norms: their mean and spread. */
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
