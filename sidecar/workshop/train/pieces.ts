import { snapForward } from '../../common/unicode.ts';
import { Random } from './random.ts';

/** A range of a text, in UTF-16 units. */
export interface Piece {
  readonly text: number;
  readonly start: number;
  readonly end: number;
}

/** The position in an order, sufficient to continue exactly. */
export interface PieceState {
  readonly epoch: number;
  /** How many pieces of this epoch's order were taken. */
  readonly taken: number;
  readonly random: number;
  readonly rests: readonly Piece[];
}

export interface PieceOptions {
  /** The length of pieces, in UTF-16 units. */
  readonly units: number;
  readonly seed: number;
  /** How often a piece comes in each epoch, on average. Absent: once. */
  readonly weightOf?: (piece: Piece) => number;
}

/** How many rests are held before one is taken, so that a rest does not follow its own beginning. */
const HELD_RESTS = 64;

/**
 * Divides all texts into pieces of about `units`, each from the start of a line. The order is random and differs in
 * each epoch, so a step covers many texts of any length. The rest of a piece that was not used comes later in the same
 * epoch. A piece of weight 2.3 comes twice in each epoch, and in three of ten epochs once more.
 */
export class PieceOrder {
  readonly #pieces: readonly Piece[];
  readonly #weights: readonly number[] | undefined;
  readonly #seed: number;
  #epoch: number;
  #taken: number;
  #random: Random;
  #rests: Piece[];
  #order: Uint32Array;

  constructor(
    private readonly texts: readonly string[],
    { units, seed, weightOf }: PieceOptions,
    state?: PieceState,
  ) {
    this.#pieces = texts.flatMap((text, index) =>
      cutIntoPieces(text, units).map(([start, end]) => ({ text: index, start, end })),
    );
    this.#weights = weightOf && this.#pieces.map(weightOf);
    this.#seed = seed;
    this.#epoch = state?.epoch ?? 0;
    this.#taken = state?.taken ?? 0;
    this.#random = state ? Random.fromState(state.random) : new Random(seed);
    this.#rests = [...(state?.rests ?? [])];
    this.#order = this.#orderOf(this.#epoch);
  }

  /** The epoch of the last piece. */
  get epoch(): number {
    return this.#epoch;
  }

  get state(): PieceState {
    return { epoch: this.#epoch, taken: this.#taken, random: this.#random.state, rests: [...this.#rests] };
  }

  next(): Piece {
    const isOver = this.#taken === this.#order.length;
    if (this.#rests.length > (isOver ? 0 : HELD_RESTS))
      return this.#rests.splice(this.#random.below(this.#rests.length), 1)[0] as Piece;
    if (isOver) {
      this.#epoch++;
      this.#taken = 0;
      this.#order = this.#orderOf(this.#epoch);
    }
    return this.#pieces[this.#order[this.#taken++] as number] as Piece;
  }

  /** Gives back the rest of a piece from this many units on, extended to the start of its line. */
  giveBack({ text: index, start, end }: Piece, units: number): void {
    const text = this.texts[index] as string;
    // There may not have been room for a single character.
    const taken = Math.max(1, units);
    if (start + taken >= end) return;
    this.#rests.push({
      text: index,
      start: lastLineStart(text, start, start + taken) ?? snapForward(text, start + taken),
      end,
    });
  }

  #orderOf(epoch: number): Uint32Array {
    const random = new Random(this.#seed + 7_919 * (epoch + 1));
    const copies = this.#weights?.flatMap((weight, piece) =>
      Array.from({ length: Math.floor(weight + random.next()) }, () => piece),
    );
    if (!copies || copies.length === 0) return random.order(this.#pieces.length);
    return random.order(copies.length).map((place) => copies[place] as number);
  }
}

/**
 * Starts and ends of pieces of about `units`, at the start of lines if lines are short enough. The last piece is up to
 * 50 % longer.
 */
function cutIntoPieces(text: string, units: number): [start: number, end: number][] {
  const pieces: [number, number][] = [];
  let start = 0;
  while (text.length - start > 1.5 * units) {
    const lineStart = lastLineStart(text, start, start + units);
    const end = lineStart !== undefined && lineStart > start + units / 2 ? lineStart : snapForward(text, start + units);
    pieces.push([start, end]);
    start = end;
  }
  pieces.push([start, text.length]);
  return pieces;
}

/**
 * The last start of a line behind `start` and not behind `end`. It does not scan the rest of the text, which may be one
 * long line.
 */
function lastLineStart(text: string, start: number, end: number): number | undefined {
  const lineBreak = text.slice(start, end).lastIndexOf('\n');
  return lineBreak < 0 ? undefined : start + lineBreak + 1;
}
