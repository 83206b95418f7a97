import { commonPrefixLength } from '../../../common/commonPrefix.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { Network } from '../network/network.ts';
import type { AttendedCache, ForwardOptions } from './attendedCache.ts';
import type { RecurrentState } from './recurrentState.ts';
import type { SequenceCache } from './sequenceCache.ts';

/** After so many tokens the state is copied again. */
const CHECKPOINT_TOKENS = 256;
/** A prefix is worth a checkpoint of its own if it would save so many tokens. */
const WORTHWHILE_TOKENS = 32;

/**
 * The cache of a network with recurrent blocks. The blocks that attend keep all rows. The others keep a state, of which
 * checkpoints are taken: a prefix is reused up to the last checkpoint in it.
 */
export class RecurrentCache implements AttendedCache {
  readonly gpuBytes = 0;
  readonly #state: RecurrentState;
  /** The length at which the last prompts parted. The next prompt is likely to part there too. */
  #parting: number | undefined;

  constructor(
    private readonly network: Network,
    readonly sequence: SequenceCache,
  ) {
    if (!sequence.state) throw new Error('The sequence keeps no state, since all of its blocks attend.');
    this.#state = sequence.state;
  }

  commonPrefixLength(tokens: readonly TokenId[]): number {
    return commonPrefixLength(tokens, this.sequence.tokens);
  }

  truncate(length: number): void {
    if (length >= this.sequence.length) return;
    this.sequence.truncate(length);
    this.#parting = length - this.sequence.length >= WORTHWHILE_TOKENS ? length : undefined;
  }

  /** Takes a checkpoint on the way where the last prompts parted. */
  async forward(tokens: readonly TokenId[], { wanted, signal }: ForwardOptions): Promise<Float32Array> {
    const { network, sequence } = this;
    const state = this.#state;
    // Drafts may be taken back.
    if (wanted === 'all') return network.evaluate(sequence, tokens, wanted, signal);
    const before = this.#parting === undefined ? 0 : this.#parting - sequence.length;
    const isParted = before > 0 && before < tokens.length;
    if (isParted) {
      // If the second evaluation fails, the sequence goes back to where it is now.
      state.checkpoint();
      await network.evaluate(sequence, tokens.slice(0, before), 'none', signal);
    }
    const logits = await network.evaluate(sequence, isParted ? tokens.slice(before) : tokens, wanted, signal);
    if (isParted) state.checkpointBefore();
    if (before <= tokens.length) this.#parting = undefined;
    if (before === tokens.length || state.tokensSinceCheckpoint >= CHECKPOINT_TOKENS) state.checkpoint();
    return logits;
  }

  checkpoint(): void {
    this.#state.checkpoint();
  }

  [Symbol.dispose](): void {}
}
