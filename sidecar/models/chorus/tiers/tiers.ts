import { ShapeError } from '../../../../kernels/ggml/errors.ts';
import { FastTier } from './fastTier.ts';
import type { HeadRuns } from './headRuns.ts';
import { ScoredKeys, scoredType } from './scoredKeys.ts';
import type { Network } from '../network/network.ts';
import { keptOn } from '../network/placement.ts';
import { PromptTier } from './promptTier.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import type { TierOptions } from './tierOptions.ts';

/** What a sequence attends of a long context, of which it keeps everything. */
export class Tiers implements Disposable {
  readonly answers: FastTier;
  readonly prompts: PromptTier | undefined;
  readonly #scored: ScoredKeys | undefined;

  constructor(
    network: Network,
    sequence: SequenceCache,
    readonly options: TierOptions,
    /** The heads that choose while an answer goes on; absent: all. */
    runs?: HeadRuns,
  ) {
    if (sequence.memoryRows % options.pageRows !== 0)
      throw new ShapeError(
        `Pages of ${options.pageRows} rows are gathered at once, and ${sequence.memoryRows} rows are no whole number of them.`,
      );
    const { placement, hyperparameters } = network.options;
    // Where layers are on several devices, all of them or none.
    const isScoredApart = sequence.layout.every(
      (_, block) => scoredType(options, keptOn(placement, block).kind, hyperparameters.headSize) !== undefined,
    );
    this.#scored = isScoredApart ? new ScoredKeys(network, sequence, options) : undefined;
    this.answers = new FastTier(network, sequence, options, { scored: this.#scored, runs });
    this.prompts = options.blockTokens > 0 ? new PromptTier(network, sequence, options, this.#scored) : undefined;
  }

  get gpuBytes(): number {
    return this.answers.gpuBytes + (this.prompts?.gpuBytes ?? 0) + (this.#scored?.gpuBytes ?? 0);
  }

  [Symbol.dispose](): void {
    this.prompts?.[Symbol.dispose]();
    this.answers[Symbol.dispose]();
    this.#scored?.[Symbol.dispose]();
  }
}
