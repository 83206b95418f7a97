import type { SamplingParams, TokenId } from '../protocol/engine.ts';
import type { NgramIndex } from './decoding/ngramIndex.ts';
import type { NgramModel } from './decoding/ngramModel.ts';
import type { TokenSpelling } from './decoding/tokenIndex.ts';

/** What the scheduler needs of whatever computes: a few sequences over one set of weights. Calls never overlap. */
export interface Backend {
  readonly vocabulary: TokenSpelling & { tokenBytes(token: TokenId, options?: { special?: boolean }): Uint8Array };
  readonly sequences: readonly BackendSequence[];
  /** Tokens that one sequence holds. */
  readonly contextSizeTokens: number;
  /** Largest number of tokens in one evaluation. */
  readonly batchTokens: number;
  /** Whether an evaluation ends soon after its signal aborts; else it computes to its end. */
  readonly isInterruptible: boolean;
  isEndOfGeneration(token: TokenId): boolean;
  /** Computes on half the threads from now on, or again on all. */
  beQuiet(isQuiet: boolean): void;
  /** Compiles a grammar. Throws `TroubleError` 'invalid-input' for one that can't be used. */
  grammar(source: GrammarSource): Promise<CompiledGrammar>;
}

export type GrammarSource = { readonly gbnf: string } | { readonly jsonSchema: object };

export interface CompiledGrammar {
  /** Handed back to `BackendSequence.decode`. */
  readonly handle: unknown;
  /** Texts after which nothing of use follows. */
  readonly stop: readonly string[];
}

/** There is no memory for a sequence. Those that have theirs still serve. */
export class SequenceMemoryError extends Error {
  override readonly name = 'SequenceMemoryError';
}

export interface BackendSequence {
  /** Tokens that the sequence has read. */
  readonly length: number;
  /** Of these those whose keys and values are still there: fewer where only some of a prompt's stayed. Absent: all. */
  readonly keptTokens?: number;
  /** Length of the longest common beginning of `tokens` and what the sequence holds. */
  commonPrefixLength(tokens: readonly TokenId[]): number;
  /**
   * Keeps the first `length` tokens, or fewer where the model can't go back to there. Resolves with the length kept.
   */
  truncate(length: number): Promise<number>;
  /** Tokens that can still be appended. */
  readonly room: number;
  /**
   * Begins to read a whole prompt in another way than piece by piece, where the sequence does that for one of this
   * length; what it held goes. `undefined`: append what it does not hold, by `evaluate` and `decode`.
   */
  readWhole?(tokens: readonly TokenId[]): WholePrompt | undefined;
  /**
   * Whether an answer to a prompt of so many tokens, all of which it holds, needs no evaluation; absent where it always
   * does.
   */
  isAnswerable?(length: number): boolean;
  /**
   * How many tokens to append of a prompt, no more than `most`, so that nothing is evaluated twice; absent where it
   * does not matter.
   */
  chunkTokens?(most: number): number;
  /**
   * Appends tokens. Where the backend is interruptible, rejects with the reason of a signal that aborts on the way, and
   * has appended nothing.
   */
  evaluate(tokens: readonly TokenId[], signal?: AbortSignal): Promise<void>;
  /** Marks the present length as one that `truncate` can go back to, where the model needs that. */
  checkpoint(): Promise<void>;
  /**
   * Appends `tokens` (none only after a whole prompt, or where it `isAnswerable`), then samples; each further step
   * appends the token sampled before. Yields tokens without end.
   */
  decode(tokens: readonly TokenId[], options: DecodeOptions): AsyncGenerator<TokenId, void, undefined>;
  /** What it holds, for keeping it elsewhere; absent where it can't be put back. */
  readonly rows?: SequenceRows;
}

/** Keys and values of a sequence, a row a token, as bytes that can be put back. */
export interface SequenceRows {
  /** Says all that decides a row besides the tokens: rows of one key can take each other's place. */
  readonly key: string;
  /** Bytes of a row, over all layers. */
  readonly rowBytes: number;
  readonly capacity: number;
  /** The tokens whose rows are what evaluating them as a prompt gives. */
  readonly tokens: readonly TokenId[];
  /** The last tokens of a prompt that are evaluated in any case, for an answer to follow. */
  readonly evaluatedTokens: number;
  /** A row depends on no token behind the next multiple of it. */
  readonly stretch: number;
  /** Whether the first `length` of `tokens` and of what is held are the same. */
  holds(tokens: readonly TokenId[], length: number): boolean;
  /** Copies rows out, from row `first` on, as many as `into` has room for. */
  read(first: number, into: Uint8Array): void;
  /** Appends tokens with their rows. */
  append(tokens: readonly TokenId[], rows: Uint8Array): void;
}

/** A prompt that is read in steps of its own; the sequence holds it when it is done. */
export interface WholePrompt extends Disposable {
  readonly isDone: boolean;
  step(): Promise<void>;
}

export interface DecodeOptions {
  readonly sampling: SamplingParams;
  readonly grammar?: CompiledGrammar;
  /** Ends an evaluation as `evaluate`'s does. */
  readonly signal?: AbortSignal;
  /** Texts that the answer may go on like. */
  readonly texts?: NgramIndex | undefined;
  /** Makes likelier what follows in texts. */
  readonly ngrams?: NgramModel | undefined;
  /** Asked before each token: the only tokens allowed, or `undefined` for any. */
  readonly allowed?: () => ReadonlySet<TokenId> | undefined;
}
