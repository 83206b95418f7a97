import type { TokenId } from '../protocol/engine.ts';
import { SUFFIX_END } from '../completion/continuation.ts';
import { cutGap, type Gap } from './fillInTheMiddle.ts';
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
  readonly carried: { readonly tokens: readonly number[]; readonly weights: readonly number[]; readonly starts: readonly number[]; readonly restCharacters: number };
}

/** A sequence with less room left is filled with plain text: a gap needs something around it. */
const LEAST_GAP_TOKENS = 96;
/** Text that fills a token, roughly: code has about three bytes. What is too long by it is cut by tokens. */
const CHARACTERS_PER_TOKEN = 3;

/**
 * Documents in random order, each epoch in another, tokenised and packed into sequences without padding. With gaps, documents are taken in pieces that
 * fit the sequence, since a suffix in another sequence is no help. In a piece with a gap the suffix comes first, then the prefix and the middle as one
 * text, tokenised across the cursor and parted from the suffix as at use.
 */
export class BatchStream {
  #epoch = 0;
  #document = 0;
  #random: Random;
  #order: Uint32Array;
  #tokens: number[] = [];
  #weights: number[] = [];
  #starts: number[] = [];
  /** Of the last document taken, what was not packed yet. */
  #rest = '';

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
    if (state && state.carried.restCharacters > 0) this.#rest = (this.texts[this.#order[state.document - 1] as number] as string).slice(-state.carried.restCharacters);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get state(): StreamState {
    return {
      epoch: this.#epoch,
      document: this.#document,
      random: this.#random.state,
      carried: { tokens: [...this.#tokens], weights: [...this.#weights], starts: [...this.#starts], restCharacters: this.#rest.length },
    };
  }

  next(): PackedSequence {
    const length = this.options.sequenceTokens + 1;
    while (this.#tokens.length < length) {
      if (this.options.fimShare > 0) this.#appendPiece(length - this.#tokens.length);
      else this.#appendText(this.#nextText());
    }
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

  #appendText(text: string): void {
    this.#begin();
    this.#push(this.tokenizer.tokenize(text), 1);
    this.#push([this.tokenizer.eos], 1);
  }

  /** Appends what comes next of the document under way, at most `room` tokens where it has a gap. */
  #appendPiece(room: number): void {
    this.#rest ||= this.#nextText();
    const piece = beginningOf(this.#rest, room * CHARACTERS_PER_TOKEN);
    const gap = room >= LEAST_GAP_TOKENS && this.#random.next() < this.options.fimShare ? cutGap(piece, this.#random) : undefined;
    this.#rest = this.#rest.slice(piece.length);
    this.#begin();
    if (gap) this.#appendGap(gap, room - (this.tokenizer.bos === undefined ? 0 : 1));
    else {
      this.#push(this.tokenizer.tokenize(piece), 1);
      if (this.#rest === '') this.#push([this.tokenizer.eos], 1);
    }
  }

  /** What is too long by its tokens loses the end of the suffix, then the beginning of the prefix. */
  #appendGap({ prefix, middle, suffix }: Gap, room: number): void {
    const { tokenizer } = this;
    const { fimLoss, fimMarks } = this.options;
    const outside = fimLoss === 'all' ? 1 : 0;
    const tokens = tokenizer.tokenize(prefix + middle);
    const following = suffix.replace(/^\n/, '').trimEnd();
    const separator = following === '' || fimMarks.prefix !== undefined ? [] : tokenizer.tokenize(SUFFIX_END);
    const marks = [fimMarks.suffix, fimMarks.prefix].filter((mark) => mark !== undefined).length;
    const suffixRoom = Math.max(0, room - 1 - marks - separator.length - tokens.length);
    const kept = tokens.slice(-Math.max(1, room - 1 - marks - separator.length));
    const middleStart = this.#firstAfter(tokens, Buffer.byteLength(prefix)) - (tokens.length - kept.length);

    if (fimMarks.suffix !== undefined) this.#push([fimMarks.suffix], 0);
    this.#push(tokenizer.tokenize(following).slice(0, suffixRoom), outside);
    this.#push(separator, outside);
    if (fimMarks.prefix !== undefined) this.#push([fimMarks.prefix], outside);
    this.#push(kept.slice(0, Math.max(0, middleStart)), outside);
    this.#push(kept.slice(Math.max(0, middleStart)), 1);
    this.#push([tokenizer.eos], 1);
  }

  #begin(): void {
    this.#starts.push(this.#tokens.length);
    if (this.tokenizer.bos !== undefined) this.#push([this.tokenizer.bos], 0);
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

/** The first lines of a text, about `characters` long; a longer line is cut. */
function beginningOf(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const lineEnd = text.lastIndexOf('\n', characters - 1) + 1;
  if (lineEnd > 0) return text.slice(0, lineEnd);
  // The two halves of a surrogate pair stay together.
  const end = /[\uD800-\uDBFF]/.test(text[characters - 1] ?? '') ? characters + 1 : characters;
  return text.slice(0, end);
}
