import type { TokenId } from '../../../protocol/engine.ts';
import type { SequenceRows, WholePrompt } from '../../backend.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import type { SequenceCache } from './sequenceCache.ts';

/** How tokens are appended to a sequence. */
export interface ForwardOptions {
  /** The rows of logits to return. */
  readonly wanted: WantedLogits;
  /** Whether the tokens continue an answer. Tokens of a prompt may attend other rows. */
  readonly isAnswer: boolean;
  readonly signal?: AbortSignal;
}

/** The rows that the same adapters compute. */
export interface RowsKind {
  readonly adapterSet: string;
  /** Identifies the weights, the graphs and the rows that tokens attend. */
  readonly key: string;
}

/**
 * The KV cache of one sequence, and the rows of it that tokens attend. `FullCache` keeps and attends all rows.
 * `SelectedCache` keeps some rows of a long prompt. `TieredCache` keeps all rows and attends pages of them.
 * `RecurrentCache` keeps a state besides rows.
 */
export interface AttendedCache extends Disposable {
  /** The keys and values, with the tokens that they belong to. This cache does not free them. */
  readonly sequence: SequenceCache;
  /** Memory on GPUs in addition to that of `sequence`. */
  readonly gpuBytes: number;
  /** Returns the number of tokens at the beginning of a prompt that need no evaluation. */
  commonPrefixLength(tokens: readonly TokenId[]): number;
  /** Keeps the first `length` tokens, or fewer if the rows behind them do not come from a prompt. */
  truncate(length: number): void;
  /**
   * Appends tokens. Resolves with the wanted rows of logits, `[rows · vocabulary]`. Rejects as `Network.evaluate`; then
   * a part of the tokens may be appended.
   */
  forward(tokens: readonly TokenId[], options: ForwardOptions): Promise<Float32Array>;
  /** As `BackendSequence.checkpoint`. Absent if `truncate` can go back to any length. */
  checkpoint?(): void;
  /** As `BackendSequence.chunkTokens`. */
  chunkTokens?(most: number): number;
  /** As `BackendSequence.readWhole`. */
  readWhole?(tokens: readonly TokenId[]): WholePrompt | undefined;
  /** Returns the logits after the whole prompt that it holds, if they are kept and the prompt has `length` tokens. */
  promptLogits?(length: number): Float32Array | undefined;
  /** The number of answer tokens that fit before rows are chosen again; absent if no rows are chosen for an answer. */
  tokensBeforeChoice?(): number;
  /**
   * Returns the rows for keeping them elsewhere, in chunks of `chunkTokens`; `undefined` if a chunk depends on tokens
   * behind it. Absent if only some rows of a prompt are kept.
   */
  rowsFor?(kind: RowsKind, chunkTokens: number): SequenceRows | undefined;
}
