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

/** What the heads of a model are chosen by that choose more often than others. */
export interface HeadsToChoose {
  readonly hyperparameters: Hyperparameters;
  readonly text: Pick<ModelText, 'tokenize' | 'special'>;
  readonly contextSizeTokens: number;
  /** Tells models apart. */
  readonly modelKey: string;
  /** Keeps what was measured; absent: it is measured each time. */
  readonly file?: string;
}

/**
 * The heads of a model that choose for every token of an answer, or every few: those that were found before to need it,
 * or that are measured once its weights are there.
 */
export class ChoosingHeads {
  private constructor(
    private readonly percent: number,
    private readonly tokens: readonly TokenId[],
    private readonly model: MeasuredModel,
    private readonly file: string | undefined,
    private readonly needs: HeadNeeds | undefined,
  ) {}

  /** `undefined` where all heads choose, or no context is long enough for any to. */
  static async of(
    tier: TierOptions,
    { hyperparameters, text, contextSizeTokens, modelKey, file }: HeadsToChoose,
  ): Promise<ChoosingHeads | undefined> {
    if (!tier.refreshedHeads || contextSizeTokens <= lastAttendingAll(tier)) return undefined;
    const { addBos, bos } = text.special;
    const begin = addBos && bos !== undefined ? [bos] : [];
    // Of a text that is longer than contexts are the end, as it uses what stands before.
    const tokens = [...begin, ...text.tokenize(HEAD_NEEDS_TEXT, false).slice(begin.length - contextSizeTokens)];
    const heads = Array.from({ length: hyperparameters.blockCount }, (_, block) => cachedHeads(hyperparameters, block));
    const model = { key: `${tokens.length} ${modelKey}`, heads };
    return new ChoosingHeads(tier.refreshedHeads.percent, tokens, model, file, await readHeadNeeds(file, model));
  }

  /** Whether they are to be measured, which takes a while. */
  get isMeasuring(): boolean {
    return this.needs === undefined && this.tokens.length >= fewestTokens();
  }

  /**
   * In runs of neighbours; `undefined` where nobody can tell, since the text is too short, there is no memory to read
   * it, or the device can't: then all choose. Rejects with the reason of a signal that aborts.
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
      // Graphs of its own: those that a network keeps take their memory for the longest context that it is first given.
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
