import { isQuantised, type TensorType } from '../../../../kernels/ggml/types.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { architectures } from '../../architectures/architectures.ts';
import type { Architecture, Hyperparameters, WeightSpec } from '../../architectures/architecture.ts';
import { Metadata } from '../../architectures/metadata.ts';
import { withAdapters } from '../../adapters/withAdapters.ts';
import { openAdapter } from '../../adapters/openAdapters.ts';
import type { Evaluator } from '../../evaluator.ts';
import { readGgufHeader, type GgufHeader } from '../../gguf/header.ts';
import { shown } from '../../gguf/shown.ts';
import { locateTensors, type LocatedTensor } from '../../gguf/locate.ts';
import { allParts } from '../../gguf/validate.ts';
import { Network } from './network.ts';
import type { Placement } from './placement.ts';
import type { CacheLayout } from '../cache/cacheLayout.ts';
import { SequenceCache } from '../cache/sequenceCache.ts';
import { withTiedOutput } from './tiedOutput.ts';
import { checkWeights, loadWeights, type LoadWeightsOptions } from './weights.ts';

/** A model's files, checked against its architecture and not yet loaded. */
export interface CheckedModel {
  readonly architecture: Architecture;
  readonly hyperparameters: Hyperparameters;
  readonly headers: readonly GgufHeader[];
  readonly specs: readonly WeightSpec[];
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
}

/**
 * Checks a model. Reads the headers of its parts if they are not given. Throws `TroubleError`: 'unsupported-model' if
 * Chorus's graphs do not run it, 'invalid-model' if it is broken.
 */
export async function checkModel(file: string, given?: readonly GgufHeader[]): Promise<CheckedModel> {
  const headers = given ?? (await readHeaders(file));
  const metadata = new Metadata(headers[0]!);
  const architecture = architectures.get(metadata.architecture);
  if (!architecture)
    throw new TroubleError(
      'unsupported-model',
      `Chorus's own engine does not run the architecture ${shown(metadata.architecture)}.`,
    );
  const hyperparameters = architecture.readHyperparameters(metadata);
  const tensors = locateTensors(headers);
  const specs = architecture.weights(hyperparameters);
  checkWeights(specs, tensors, file);
  return { architecture, hyperparameters, headers, specs, tensors };
}

async function readHeaders(file: string): Promise<readonly GgufHeader[]> {
  const headers: GgufHeader[] = [];
  for (const part of allParts(file)) headers.push(await readGgufHeader(part));
  return headers;
}

export interface OpenNetworkOptions extends LoadWeightsOptions {
  readonly placement: Placement;
  /** The most rows of the sequence. */
  readonly capacityTokens: number;
  readonly cacheType?: TensorType;
  /** The paths of low-rank adapters, which must fit the model. */
  readonly adapters?: readonly string[];
  /** As for `SequenceCache`. Default: `transposed`, as for completion, if the type allows it. */
  readonly layout?: CacheLayout;
}

/** A network with one sequence, for measuring and for callers that need logits rather than text. */
export class OpenedNetwork implements Disposable {
  constructor(
    readonly model: CheckedModel,
    readonly network: Network,
    readonly sequence: SequenceCache,
  ) {}

  /** Wraps a network, which it owns from now on, and adds a new sequence. */
  static over(
    model: CheckedModel,
    network: Network,
    options: Pick<OpenNetworkOptions, 'capacityTokens' | 'cacheType' | 'layout'>,
  ): OpenedNetwork {
    const { cacheType: type = 'F16', layout = isQuantised(type) ? 'heads' : 'transposed' } = options;
    return new OpenedNetwork(
      model,
      network,
      new SequenceCache(network.options.placement, model.hyperparameters, options.capacityTokens, { type, layout }),
    );
  }

  /** Returns an evaluator for measuring. It ends with this network. */
  evaluator(): Evaluator {
    return {
      vocabularySize: this.model.hyperparameters.vocabularySize,
      contextSizeTokens: this.sequence.capacity,
      reset: () => this.sequence.truncate(0),
      evaluate: (tokens, wanted) => this.network.evaluate(this.sequence, tokens, wanted),
      dispose: () => undefined,
    };
  }

  /** Evaluates tokens from an empty sequence. Resolves with the logits of each token, `[tokens · vocabulary]`. */
  async logits(tokens: readonly number[], options: { chunkTokens: number }): Promise<Float32Array> {
    this.sequence.truncate(0);
    const all = new Float32Array(tokens.length * this.model.hyperparameters.vocabularySize);
    for (let start = 0; start < tokens.length; start += options.chunkTokens) {
      const chunk = tokens.slice(start, start + options.chunkTokens);
      all.set(
        await this.network.evaluate(this.sequence, chunk, 'all'),
        start * this.model.hyperparameters.vocabularySize,
      );
    }
    return all;
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
    this.sequence[Symbol.dispose]();
    this.network.options.weights[Symbol.dispose]();
  }
}

/** Loads a model with one sequence. Throws `TroubleError`, also for an adapter that can't be used. */
export async function openNetwork(file: string, options: OpenNetworkOptions): Promise<OpenedNetwork> {
  const { placement } = options;
  const model = await checkModel(file);
  const { architecture, hyperparameters } = model;
  const { specs, tensors } = withTiedOutput(model, placement);
  const adapters = await Promise.all((options.adapters ?? []).map((adapter) => openAdapter(adapter, model)));
  const weights = withAdapters(await loadWeights(placement, specs, tensors, options), adapters, placement);
  const network = new Network({ architecture, hyperparameters, placement, weights });
  return OpenedNetwork.over(model, network, options);
}
