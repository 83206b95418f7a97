import { commonPrefixLength } from '../../../common/commonPrefix.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { WholePrompt } from '../../backend.ts';
import type { Network } from '../network/network.ts';
import type { SelectionPlan } from '../selection/layerSelection.ts';
import { readTogether } from '../selection/readTogether.ts';
import type { AttendedCache, ForwardOptions } from './attendedCache.ts';
import type { SequenceCache } from './sequenceCache.ts';

/** The rows that must stay free for an answer when a prompt is appended to the one before it. */
const MIN_ROOM_ROWS = 256;

/**
 * A cache that keeps some rows of a prompt with more tokens than its capacity. A selector chooses them once, while the
 * prompt is read layer by layer. Later tokens attend these rows and all rows behind them.
 */
export class SelectedCache implements AttendedCache {
  readonly gpuBytes = 0;
  #promptLogits: Float32Array | undefined;

  constructor(
    private readonly network: Network,
    readonly sequence: SequenceCache,
    readonly selection: SelectionPlan,
  ) {}

  commonPrefixLength(tokens: readonly TokenId[]): number {
    return commonPrefixLength(tokens, this.sequence.tokens);
  }

  truncate(length: number): void {
    this.sequence.truncate(length);
  }

  forward(tokens: readonly TokenId[], { wanted, signal }: ForwardOptions): Promise<Float32Array> {
    return this.network.evaluate(this.sequence, tokens, wanted, signal);
  }

  readWhole(tokens: readonly TokenId[]): WholePrompt | undefined {
    const { network, sequence, selection } = this;
    if (tokens.length <= selection.capacity) return undefined;
    // A prompt that begins with a selected one is appended to it while there is room.
    const isContinued = sequence.rows < sequence.length && this.commonPrefixLength(tokens) === sequence.length;
    const appended = tokens.length - sequence.length;
    const room = sequence.capacity - sequence.rows;
    if (isContinued && (appended === 0 || appended + MIN_ROOM_ROWS <= room)) return undefined;
    return readTogether(network, [{ tokens, targets: [this] }]);
  }

  /** Takes the logits of the last token of a prompt that was read layer by layer. */
  holdLogits(logits: Float32Array): void {
    this.#promptLogits = logits;
  }

  /** Rows of a selected prompt are gone, so its last token can't be evaluated again. Its logits are kept instead. */
  promptLogits(length: number): Float32Array | undefined {
    return length > 0 && length === this.sequence.selectedTokens ? this.#promptLogits : undefined;
  }

  [Symbol.dispose](): void {}
}
