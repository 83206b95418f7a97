import type { EngineGenerateParams, SamplingParams, TokenId, TokenLikelihood } from '../protocol/engine.ts';
import type { NgramIndex } from './decoding/ngramIndex.ts';
import type { NgramModel } from './decoding/ngramModel.ts';
import type { TokenSpelling } from './decoding/tokenIndex.ts';

/** The scheduler's interface to an engine: a few sequences over a shared set of weights. Calls never overlap. */
export interface Backend {
  readonly vocabulary: TokenSpelling & { tokenBytes(token: TokenId, options?: { special?: boolean }): Uint8Array };
  readonly sequences: readonly BackendSequence[];
  /** The number of tokens that a sequence can hold. */
  readonly contextSizeTokens: number;
  /** The largest number of tokens in an evaluation. */
  readonly batchTokens: number;
  /** Whether an evaluation ends soon after its signal aborts. Otherwise it runs to its end. */
  readonly isInterruptible: boolean;
  isEndOfGeneration(token: TokenId): boolean;
  /** Switches to half the threads, or back to all. */
  beQuiet(isQuiet: boolean): void;
  /**
   * Returns the name of the adapters that count for a request, and loads the expert of its workspace. Absent: no
   * adapters count, or all requests have the same.
   */
  adapterSet?(request: Pick<EngineGenerateParams, 'purpose' | 'expert'>): Promise<string>;
  /**
   * Frees the experts of workspaces whose files were deleted. `idle`: the sequences that no request uses. Those with
   * rows of such an expert are emptied. Returns whether other sequences still use some. Absent: there are no experts.
   */
  freeDeletedExperts?(idle: readonly BackendSequence[]): 'all freed' | 'some remain';
  /** Compiles a grammar. Throws `TroubleError` 'invalid-input' if it can't be used. */
  grammar(source: GrammarSource): Promise<CompiledGrammar>;
}

export type GrammarSource = { readonly gbnf: string } | { readonly jsonSchema: object };

export interface CompiledGrammar {
  /** Passed to `BackendSequence.decode`. */
  readonly handle: unknown;
  /** Texts that end an answer: nothing useful follows them. */
  readonly stop: readonly string[];
}

/** There is no memory for a sequence. Existing sequences stay usable. */
export class SequenceMemoryError extends Error {
  override readonly name = 'SequenceMemoryError';
}

export interface BackendSequence {
  /** The number of tokens that the sequence has read. */
  readonly length: number;
  /**
   * How many of these tokens still have keys and values. Fewer than `length` if only some rows of a prompt were kept.
   * Absent: all.
   */
  readonly keptTokens?: number;
  /** The name of the adapters that count for its tokens. Absent: all requests have the same. */
  readonly adapterSet?: string;
  /** Empties the sequence for requests with these adapters. Absent if all have the same. */
  begin?(adapterSet: string): void;
  /** The length of the longest common prefix of `tokens` and the sequence. */
  commonPrefixLength(tokens: readonly TokenId[]): number;
  /**
   * Keeps the first `length` tokens, or fewer if the model can't go back to that length. Resolves with the number kept.
   */
  truncate(length: number): Promise<number>;
  /** How many tokens can still be appended. */
  readonly room: number;
  /**
   * Starts to read a whole prompt by another method than in pieces, and drops the sequence's contents. Returns
   * `undefined` if the sequence does not do so for this length. Then append the missing tokens with `evaluate` and
   * `decode`.
   */
  readWhole?(tokens: readonly TokenId[]): WholePrompt | undefined;
  /**
   * Whether decoding can start without an evaluation after a prompt of this length, all of which the sequence holds.
   * Absent: never.
   */
  isAnswerable?(length: number): boolean;
  /**
   * How many tokens of a prompt to append next, at most `most`, so that nothing is evaluated twice. Absent: any number.
   */
  chunkTokens?(most: number): number;
  /**
   * Appends tokens. If the backend is interruptible, rejects with the reason of a signal that aborts meanwhile. Nothing
   * is appended then.
   */
  evaluate(tokens: readonly TokenId[], signal?: AbortSignal): Promise<void>;
  /**
   * Appends `token` and all of `expected` but the last. Resolves with the likelihood of each expected token. Rejects as
   * `evaluate`. Absent if the backend tells no probabilities.
   */
  likelihoods?(token: TokenId, expected: readonly TokenId[], signal?: AbortSignal): Promise<readonly TokenLikelihood[]>;
  /** Marks the current length so that `truncate` can go back to it. Only some models need it. */
  checkpoint(): Promise<void>;
  /**
   * Appends `tokens`, then samples without end. Each further step appends the token sampled before. Without `tokens`
   * the sequence must hold a whole prompt or be answerable (`isAnswerable`).
   */
  decode(tokens: readonly TokenId[], options: DecodeOptions): AsyncGenerator<TokenId, void, undefined>;
  /** The sequence's contents, for storing them elsewhere. Absent if they can't be restored. */
  readonly rows?: SequenceRows;
}

/** Keys and values of a sequence as bytes that can be restored, a row per token. */
export interface SequenceRows {
  /** Identifies all that decides a row besides the tokens. Rows with the same key are interchangeable. */
  readonly key: string;
  /** The bytes of a row, over all layers. */
  readonly rowBytes: number;
  readonly capacity: number;
  /** The tokens whose rows equal those of a plain prompt evaluation. */
  readonly tokens: readonly TokenId[];
  /** How many of a prompt's last tokens must be evaluated even if their rows are held, so that an answer can follow. */
  readonly evaluatedTokens: number;
  /** A row depends only on tokens before the next multiple of this number. */
  readonly stretch: number;
  /** Whether the sequence holds the first `length` of `tokens`. */
  holds(tokens: readonly TokenId[], length: number): boolean;
  /** Copies rows from row `first` on, as many as fit into `into`. */
  read(first: number, into: Uint8Array): void;
  /** Appends tokens with their rows. */
  append(tokens: readonly TokenId[], rows: Uint8Array): void;
}

/** A prompt that is read in its own steps. The sequence holds it at the end. */
export interface WholePrompt extends Disposable {
  readonly isDone: boolean;
  step(): Promise<void>;
}

export interface DecodeOptions {
  readonly sampling: SamplingParams;
  readonly grammar?: CompiledGrammar;
  /** Aborts an evaluation in the same way as the signal of `evaluate`. */
  readonly signal?: AbortSignal;
  /** Texts that the answer may repeat, for drafting. */
  readonly texts?: NgramIndex | undefined;
  /** Raises the probability of continuations that occur in texts. */
  readonly ngrams?: NgramModel | undefined;
  /** Called with the negative natural logarithm of each sampled token's probability. */
  readonly onSampled?: ((nats: number) => void) | undefined;
  /** Called before each token. Returns the allowed tokens, or `undefined` if all are. */
  readonly allowed?: () => ReadonlySet<TokenId> | undefined;
}
