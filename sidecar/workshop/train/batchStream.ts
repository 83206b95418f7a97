import type { TokenId } from '../../protocol/engine.ts';
import { linesBehind, SUFFIX_END, suffixHead } from '../../completion/prompt/continuation.ts';
import { arrangeFim, type FimFormat } from '../../completion/prompt/fim.ts';
import { continuesWord, MAX_TAKEN_BACK } from '../../completion/prompt/healing.ts';
import { snapForward } from '../../common/unicode.ts';
import { cutGap, type Gap } from './fillInTheMiddle.ts';
import { PieceOrder, type Piece, type PieceOptions, type PieceState } from './pieces.ts';
import { Random } from './random.ts';

/** The tokenizer of the texts. */
export interface Tokenizer {
  readonly tokenize: (text: string) => readonly TokenId[];
  /** The number of UTF-8 bytes of a token. */
  readonly tokenBytes: (token: TokenId) => number;
  readonly bos: TokenId | undefined;
  /** Separates documents. */
  readonly eos: TokenId;
}

export interface StreamOptions extends Pick<PieceOptions, 'seed' | 'weightOf'> {
  readonly sequenceTokens: number;
  /** The share of pieces with a gap to fill. */
  readonly fimShare: number;
  /** In pieces with a gap: whether the loss of all tokens counts, or only of the middle. */
  readonly fimLoss: 'all' | 'middle';
  /** The weight of a token in a middle. Default: 1. */
  readonly fimWeight?: number;
  /** The special tokens before the suffix and before the prefix. */
  readonly fimMarks: { readonly suffix?: TokenId; readonly prefix?: TokenId };
  /** The format that the model was trained with, and the token that ends a middle. It replaces `fimMarks`. */
  readonly fimFormat?: { readonly format: FimFormat; readonly end: TokenId };
}

/**
 * A sequence to predict. `tokens` has one token more than the sequence, and `weights[i]` is the weight of predicting
 * `tokens[i + 1]`.
 */
export interface PackedSequence {
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
  /** The positions where documents begin. */
  readonly starts: ReadonlySet<number>;
  /** The probabilities to predict in place of `tokens`. */
  readonly targets?: TeacherTargets;
}

/** What a teacher predicts: for each row its likeliest tokens, as many for every row. */
export interface TeacherTargets {
  /** `[targets, rows]` */
  readonly tokens: Int32Array;
  /** `[targets, rows]`: the probability of each. */
  readonly shares: Float32Array;
  /** `[rows]`: the probability of all other tokens together. */
  readonly tails: Float32Array;
}

/** The position of a stream, sufficient to continue exactly. */
export interface StreamState {
  readonly pieces: PieceState;
  readonly random: number;
}

/** A smaller rest of a sequence behind a document stays empty, since it would hold only the start of a text. */
const LEAST_ROOM_TOKENS = 96;
/** Pieces are somewhat shorter than sequences, so that few are cut. */
const PIECE_SHARE = 0.95;
/** The number of sampled texts and their length in UTF-16 units, for estimating the text per token. */
const [SAMPLED_TEXTS, SAMPLED_UNITS] = [64, 1_000];
/** This many units per token fill the room, except for very long tokens. */
const MOST_UNITS_PER_TOKEN = 8;
/** How many more tokens a gap may need than its text: a separator, and different tokens at its edges. */
const GAP_TOKENS = 8;

/**
 * Divides texts into pieces, in random order, and packs their tokens into sequences.
 *
 * A sequence begins with a line and continues beyond a short piece with the following lines. Behind the end of a text
 * another piece begins if there is room.
 *
 * A piece with a gap is ordered suffix, prefix, middle. Without special tokens between them they are tokenised as a
 * single text, as in completions. With the model's own format it is exactly the prompt of a completion.
 */
export class BatchStream {
  readonly #pieces: PieceOrder;
  readonly #random: Random;
  #tokens: number[] = [];
  #weights: number[] = [];
  #starts: number[] = [];

  constructor(
    private readonly texts: readonly string[],
    private readonly tokenizer: Tokenizer,
    private readonly options: StreamOptions,
    state?: StreamState,
  ) {
    const { sequenceTokens, seed, weightOf } = options;
    const units = Math.max(1, Math.floor(PIECE_SHARE * sequenceTokens * unitsPerToken(texts, tokenizer)));
    this.#pieces = new PieceOrder(texts, { units, seed, weightOf }, state?.pieces);
    this.#random = state ? Random.fromState(state.random) : new Random(seed);
  }

  get epoch(): number {
    return this.#pieces.epoch;
  }

  get state(): StreamState {
    return { pieces: this.#pieces.state, random: this.#random.state };
  }

  next(): PackedSequence {
    const { sequenceTokens } = this.options;
    const length = sequenceTokens + 1;
    const leastRoom = Math.min(LEAST_ROOM_TOKENS, sequenceTokens >> 2);
    [this.#tokens, this.#weights, this.#starts] = [[], [], []];
    while (this.#tokens.length === 0 || length - this.#tokens.length >= leastRoom)
      this.#append(this.#pieces.next(), length - this.#tokens.length);
    if (this.#tokens.length < length) {
      this.#starts.push(this.#tokens.length);
      this.#push(
        Array.from({ length: length - this.#tokens.length }, () => this.tokenizer.eos),
        0,
      );
    }
    return {
      tokens: Int32Array.from(this.#tokens),
      weights: Float32Array.from(this.#weights.slice(1)),
      starts: new Set(this.#starts),
    };
  }

  /** Appends a piece and the lines behind it, at most `room` tokens. Gives back the rest of the piece. */
  #append(piece: Piece, room: number): void {
    const text = this.texts[piece.text] as string;
    const window = text.slice(piece.start, snapForward(text, piece.start + room * MOST_UNITS_PER_TOKEN));
    const tokens = this.tokenizer.tokenize(window);
    const ahead = this.#bytesAhead(window, tokens);
    this.#starts.push(this.#tokens.length);
    const head = this.tokenizer.bos === undefined ? [] : [this.tokenizer.bos];
    this.#push(head, 0);
    const gapPiece =
      this.#random.next() < this.options.fimShare
        ? this.#gapTokens(window, tokens, { ahead, room: room - head.length })
        : undefined;
    if (gapPiece) {
      this.#push(gapPiece.outside, this.options.fimLoss === 'all' ? 1 : 0);
      this.#push(gapPiece.middle, this.options.fimWeight ?? 1);
      return this.#pieces.giveBack(piece, gapPiece.units);
    }
    const kept = tokens.slice(0, room - head.length);
    const isWhole = kept.length === tokens.length && piece.start + window.length === text.length;
    this.#push(kept, 1);
    if (isWhole && kept.length + head.length < room) this.#push([this.tokenizer.eos], 1);
    else
      this.#pieces.giveBack(piece, kept.length === tokens.length ? window.length : this.#unitsOf(window, kept, ahead));
  }

  /** The start of a text with a gap in it, and the length of that start. `undefined` if there is no place for a gap. */
  #gapTokens(
    window: string,
    tokens: readonly TokenId[],
    { ahead, room }: { readonly ahead: number; readonly room: number },
  ): { readonly outside: readonly TokenId[]; readonly middle: readonly TokenId[]; readonly units: number } | undefined {
    const end = this.options.fimFormat?.end ?? this.tokenizer.eos;
    for (let fitting = room - GAP_TOKENS; fitting > 0; fitting -= fitting >> 3 || 1) {
      const text =
        tokens.length <= fitting
          ? window
          : wholeLines(window.slice(0, this.#unitsOf(window, tokens.slice(0, fitting), ahead)));
      const gap = cutGap(text, this.#random);
      if (!gap) return undefined;
      const asked = this.#arranged(gap);
      if (asked.outside.length + asked.middle.length < room)
        return { outside: asked.outside, middle: [...asked.middle, end], units: text.length };
    }
    return undefined;
  }

  #arranged(gap: Gap): { outside: readonly TokenId[]; middle: readonly TokenId[] } {
    const { fimMarks, fimFormat } = this.options;
    if (fimFormat) return this.#asCompletion(gap, fimFormat.format);
    return fimMarks.suffix === undefined && fimMarks.prefix === undefined ? this.#asOneText(gap) : this.#marked(gap);
  }

  /**
   * The prompt of a completion. It takes back the last tokens before the cursor, which the model then repeats. They
   * count as outside the middle.
   */
  #asCompletion(
    { prefix, middle, suffix }: Gap,
    format: FimFormat,
  ): { outside: readonly TokenId[]; middle: readonly TokenId[] } {
    const text = prefix + middle;
    const tokens = this.tokenizer.tokenize(text);
    const ahead = this.#bytesAhead(text, tokens);
    const border = ahead + Buffer.byteLength(prefix);
    const start = this.#firstAfter(tokens, border);
    const tail = (from: number): string => prefix.slice(this.#unitsOf(text, tokens.slice(0, from), ahead));
    let healed = this.#bytesOf(tokens.slice(0, start)) < border ? start : start - 1;
    for (let taken = 1; taken < MAX_TAKEN_BACK && healed > 0 && continuesWord(prefix, tail(healed)); taken++) healed--;
    healed = Math.max(0, healed);
    const parts = { header: [], prefix: tokens.slice(0, healed), suffix: this.tokenizer.tokenize(suffix) };
    return { outside: [...arrangeFim(format, parts), ...tokens.slice(healed, start)], middle: tokens.slice(start) };
  }

  #asOneText({ prefix, middle, suffix }: Gap): { outside: readonly TokenId[]; middle: readonly TokenId[] } {
    return this.#splitAt(suffixHead(suffix) + prefix, middle);
  }

  #marked({ prefix, middle, suffix }: Gap): { outside: readonly TokenId[]; middle: readonly TokenId[] } {
    const { tokenizer } = this;
    const { suffix: suffixMark, prefix: prefixMark } = this.options.fimMarks;
    const following = tokenizer.tokenize(linesBehind(suffix));
    const parted =
      prefixMark !== undefined ? [prefixMark] : following.length === 0 ? [] : tokenizer.tokenize(SUFFIX_END);
    const { outside, middle: asked } = this.#splitAt(prefix, middle);
    return {
      outside: [...(suffixMark === undefined ? [] : [suffixMark]), ...following, ...parted, ...outside],
      middle: asked,
    };
  }

  /** Tokenises both as a single text. A token across the border belongs to the middle, as with token healing. */
  #splitAt(before: string, middle: string): { outside: readonly TokenId[]; middle: readonly TokenId[] } {
    const tokens = this.tokenizer.tokenize(before + middle);
    const start = this.#firstAfter(tokens, this.#bytesAhead(before + middle, tokens) + Buffer.byteLength(before));
    return { outside: tokens.slice(0, start), middle: tokens.slice(start) };
  }

  /** The index of the first token that extends beyond this number of bytes. */
  #firstAfter(tokens: readonly TokenId[], bytes: number): number {
    let before = 0;
    const index = tokens.findIndex((token) => (before += this.tokenizer.tokenBytes(token)) > bytes);
    return index === -1 ? tokens.length : index;
  }

  /** The length of the first tokens of a text, in UTF-16 units. */
  #unitsOf(text: string, tokens: readonly TokenId[], bytesAhead: number): number {
    // A character that is only partly covered does not count.
    return new TextDecoder().decode(Buffer.from(text).subarray(0, Math.max(0, this.#bytesOf(tokens) - bytesAhead)), {
      stream: true,
    }).length;
  }

  /** The bytes that a tokenizer puts before a text, such as a space. */
  #bytesAhead(text: string, tokens: readonly TokenId[]): number {
    return Math.max(0, this.#bytesOf(tokens) - Buffer.byteLength(text));
  }

  #bytesOf(tokens: readonly TokenId[]): number {
    return tokens.reduce((sum, token) => sum + this.tokenizer.tokenBytes(token), 0);
  }

  #push(tokens: readonly TokenId[], weight: number): void {
    for (const token of tokens) {
      this.#tokens.push(token);
      this.#weights.push(weight);
    }
  }
}

/** Estimated from samples of all texts. */
function unitsPerToken(texts: readonly string[], { tokenize }: Tokenizer): number {
  const stride = Math.ceil(texts.length / SAMPLED_TEXTS);
  const samples = texts
    .filter((_, index) => index % stride === 0)
    .map((text) =>
      text.slice(snapForward(text, Math.max(0, (text.length - SAMPLED_UNITS) >> 1))).slice(0, SAMPLED_UNITS),
    );
  const [units, tokens] = samples.reduce(
    ([unitSum, tokenSum], sample) => [unitSum + sample.length, tokenSum + tokenize(sample).length],
    [0, 0],
  );
  return units / Math.max(1, tokens);
}

/** Drops the last line, which was cut off. */
function wholeLines(text: string): string {
  const lineEnd = text.lastIndexOf('\n') + 1;
  return lineEnd > 0 ? text.slice(0, lineEnd) : text;
}
