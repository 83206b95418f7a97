import { AllocationError, UnsupportedOpError } from '../../../../kernels/ggml/errors.ts';
import { SequenceMemoryError } from '../../backend.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { ModelText } from '../../modelText.ts';
import { cachedHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import { Network } from '../network/network.ts';
import { fewestTokens, measureHeadNeeds } from './headNeeds.ts';
import { keepHeadNeeds, readHeadNeeds, type MeasuredModel } from './headNeedsFile.ts';
import { HEAD_NEEDS_TEXT } from './headNeedsText.ts';
import { neediestHeads, type HeadNeeds, type HeadRuns } from './headRuns.ts';
import { lastAttendingAll, type TierOptions } from './tierOptions.ts';

/** The model whose heads are measured, and its context. */
export interface HeadsToChoose {
  readonly hyperparameters: Hyperparameters;
  readonly text: Pick<ModelText, 'tokenize' | 'special'>;
  readonly contextSizeTokens: number;
  /** Identifies the model. */
  readonly modelKey: string;
  /** Where measurements are kept; absent: they are repeated each time. */
  readonly file?: string;
}

/**
 * The KV heads of a model that choose for every token of an answer, or every few. They are read from a file, or
 * measured once the weights are loaded.
 */
export class ChoosingHeads {
  private constructor(
    private readonly percent: number,
    private readonly tokens: readonly TokenId[],
    private readonly model: MeasuredModel,
    private readonly file: string | undefined,
    private readonly needs: HeadNeeds | undefined,
  ) {}

  /** Returns `undefined` if all heads choose, or if no context is long enough for a choice. */
  static async of(
    tier: TierOptions,
    { hyperparameters, text, contextSizeTokens, modelKey, file }: HeadsToChoose,
  ): Promise<ChoosingHeads | undefined> {
    if (!tier.refreshedHeads || contextSizeTokens <= lastAttendingAll(tier)) return undefined;
    const { addBos, bos } = text.special;
    const begin = addBos && bos !== undefined ? [bos] : [];
    // If the text is longer than a context, its end is used: it refers to the text before.
    const tokens = [...begin, ...text.tokenize(HEAD_NEEDS_TEXT, false).slice(begin.length - contextSizeTokens)];
    const heads = Array.from({ length: hyperparameters.blockCount }, (_, block) => cachedHeads(hyperparameters, block));
    const model = { key: `${tokens.length} ${modelKey}`, heads };
    return new ChoosingHeads(tier.refreshedHeads.percent, tokens, model, file, await readHeadNeeds(file, model));
  }

  /** Whether the heads must be measured, which takes a while. */
  get isMeasuring(): boolean {
    return this.needs === undefined && this.tokens.length >= fewestTokens();
  }

  /**
   * Resolves with the heads in runs of neighbours. Resolves with `undefined`, so that all heads choose, if they can't
   * be measured: the text is too short, memory is missing, or the device can't. Rejects with the reason of a signal
   * that aborts.
   */
  async runs(
    network: Network,
    { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (share: number) => void } = {},
  ): Promise<HeadRuns | undefined> {
    const needs = this.needs ?? (await this.#measured(network, signal, onProgress));
    return needs && neediestHeads(needs, this.percent);
  }

  async #measured(
    network: Network,
    signal?: AbortSignal,
    onProgress?: (share: number) => void,
  ): Promise<HeadNeeds | undefined> {
    try {
      // Graphs of its own, since the graphs of a network take memory for the longest context of its first sequence.
      using own = new Network(network.options);
      const needs = await measureHeadNeeds(own, this.tokens, { signal, onProgress });
      if (needs) await keepHeadNeeds(this.file, this.model, needs);
      return needs;
    } catch (error) {
      if ([SequenceMemoryError, AllocationError, UnsupportedOpError].some((kind) => error instanceof kind))
        return undefined;
      throw error;
    }
  }
}
