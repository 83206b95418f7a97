import { FastTier } from './fastTier.ts';
import type { Network } from './network.ts';
import { PromptTier } from './promptTier.ts';
import type { SequenceCache } from './sequenceCache.ts';
import type { TierOptions } from './tierOptions.ts';

/** What a sequence attends of a long context, of which it keeps everything. */
export class Tiers implements Disposable {
  readonly answers: FastTier;
  readonly prompts: PromptTier | undefined;

  constructor(
    network: Network,
    sequence: SequenceCache,
    readonly options: TierOptions,
  ) {
    this.answers = new FastTier(network, sequence, options);
    this.prompts = options.blockTokens > 0 ? new PromptTier(network, sequence, options) : undefined;
  }

  get gpuBytes(): number {
    return this.answers.gpuBytes + (this.prompts?.gpuBytes ?? 0);
  }

  [Symbol.dispose](): void {
    this.prompts?.[Symbol.dispose]();
    this.answers[Symbol.dispose]();
  }
}
