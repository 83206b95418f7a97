import type { TokenId } from '../protocol/engine.ts';
import { cutGap } from './fillInTheMiddle.ts';
import { Random } from './random.ts';

/** What a text is tokenised with. */
export interface Tokenizer {
  readonly tokenize: (text: string) => readonly TokenId[];
  /** UTF-8 bytes that a token stands for. */
  readonly tokenBytes: (token: TokenId) => number;
  readonly bos: TokenId | undefined;
  /** Stands between documents. */
  readonly eos: TokenId;
}

export interface StreamOptions {
  readonly sequenceTokens: number;
  /** Share of documents in which a gap is to be filled. */
  readonly fimShare: number;
  /** Of documents with a gap: the loss of all tokens counts, or only of the middle's. */
  readonly fimLoss: 'all' | 'middle';
  /** Marks before the suffix and before the prefix. */
  readonly fimMarks: { readonly suffix?: TokenId; readonly prefix?: TokenId };
  readonly seed: number;
}

/** Tokens to predict: `tokens` has one more than the sequence, `weights[i]` is what predicting `tokens[i + 1]` counts. */
export interface PackedSequence {
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
  /** Places at which a document begins. */
  readonly starts: ReadonlySet<number>;
}

/** Where a stream is: enough to go on exactly. */
export interface StreamState {
  readonly epoch: number;
  /** Documents of this epoch that were taken. */
  readonly document: number;
  readonly random: number;
  readonly carried: { readonly tokens: readonly number[]; readonly weights: readonly number[]; readonly starts: readonly number[] };
}

/**
 * Documents in random order, each epoch in another, tokenised and packed into sequences without gaps. In a document with a gap the suffix
 * comes first, then the prefix and the middle as one text, tokenised across the cursor as at use.
 */
export class BatchStream {
  #epoch = 0;
  #document = 0;
  #random: Random;
  #order: Uint32Array;
  #tokens: number[] = [];
  #weights: number[] = [];
  #starts: number[] = [];

  constructor(
    private readonly texts: readonly string[],
    private readonly tokenizer: Tokenizer,
    private readonly options: StreamOptions,
    state?: StreamState,
  ) {
    this.#random = state ? Random.fromState(state.random) : new Random(options.seed);
    if (state) {
      this.#epoch = state.epoch;
      this.#document = state.document;
      this.#tokens = [...state.carried.tokens];
      this.#weights = [...state.carried.weights];
      this.#starts = [...state.carried.starts];
    }
    this.#order = this.#orderOf(this.#epoch);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get state(): StreamState {
    return {
      epoch: this.#epoch,
      document: this.#document,
      random: this.#random.state,
      carried: { tokens: [...this.#tokens], weights: [...this.#weights], starts: [...this.#starts] },
    };
  }

  next(): PackedSequence {
    const length = this.options.sequenceTokens + 1;
    while (this.#tokens.length < length) this.#append(this.#nextText());
    const sequence: PackedSequence = {
      tokens: Int32Array.from(this.#tokens.slice(0, length)),
      weights: Float32Array.from(this.#weights.slice(1, length)),
      starts: new Set(this.#starts.filter((start) => start < length)),
    };
    // The last token is the next sequence's first, so that each is predicted once.
    const used = length - 1;
    this.#tokens.splice(0, used);
    this.#weights.splice(0, used);
    this.#starts = this.#starts.filter((start) => start >= used).map((start) => start - used);
    return sequence;
  }

  #nextText(): string {
    if (this.#document === this.texts.length) {
      this.#epoch++;
      this.#document = 0;
      this.#order = this.#orderOf(this.#epoch);
    }
    return this.texts[this.#order[this.#document++] as number] as string;
  }

  #orderOf(epoch: number): Uint32Array {
    return new Random(this.options.seed + 7_919 * (epoch + 1)).order(this.texts.length);
  }

  #append(text: string): void {
    const { tokenizer, options } = this;
    this.#starts.push(this.#tokens.length);
    if (tokenizer.bos !== undefined) this.#push([tokenizer.bos], 0);
    const gap = this.#random.next() < options.fimShare ? cutGap(text, this.#random) : undefined;
    if (!gap) this.#push(tokenizer.tokenize(text), 1);
    else {
      const outside = options.fimLoss === 'all' ? 1 : 0;
      const { suffix, prefix } = options.fimMarks;
      if (suffix !== undefined) this.#push([suffix], 0);
      this.#push(tokenizer.tokenize(gap.suffix), outside);
      if (prefix !== undefined) this.#push([prefix], outside);
      const tokens = tokenizer.tokenize(gap.prefix + gap.middle);
      const middle = this.#firstAfter(tokens, Buffer.byteLength(gap.prefix));
      this.#push(tokens.slice(0, middle), outside);
      this.#push(tokens.slice(middle), 1);
    }
    this.#push([tokenizer.eos], 1);
  }

  /** The first token that holds anything after so many bytes. */
  #firstAfter(tokens: readonly TokenId[], bytes: number): number {
    let before = 0;
    const index = tokens.findIndex((token) => (before += this.tokenizer.tokenBytes(token)) > bytes);
    return index === -1 ? tokens.length : index;
  }

  #push(tokens: readonly TokenId[], weight: number): void {
    for (const token of tokens) {
      this.#tokens.push(token);
      this.#weights.push(weight);
    }
  }
}
