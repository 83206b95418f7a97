import { snapForward } from '../../common/unicode.ts';
import { Random } from './random.ts';

/** A stretch of a text, in UTF-16 units. */
export interface Piece {
  readonly text: number;
  readonly start: number;
  readonly end: number;
}

/** Where an order is: enough to go on exactly. */
export interface PieceState {
  readonly epoch: number;
  /** Pieces of this epoch's order that were taken. */
  readonly taken: number;
  readonly random: number;
  readonly rests: readonly Piece[];
}

/** So many rests are held before one of them is taken, so that it does not follow what it is the rest of. */
const HELD_RESTS = 64;

/**
 * All texts in pieces of about `units`, each beginning with a line, in random order, in each epoch another: a step is
 * over pieces of many texts, whatever their length. What a taker leaves of a piece comes later in the same epoch.
 */
export class PieceOrder {
  readonly #pieces: readonly Piece[];
  readonly #seed: number;
  #epoch: number;
  #taken: number;
  #random: Random;
  #rests: Piece[];
  #order: Uint32Array;

  constructor(
    private readonly texts: readonly string[],
    { units, seed }: { readonly units: number; readonly seed: number },
    state?: PieceState,
  ) {
    this.#pieces = texts.flatMap((text, index) =>
      cutIntoPieces(text, units).map(([start, end]) => ({ text: index, start, end })),
    );
    this.#seed = seed;
    this.#epoch = state?.epoch ?? 0;
    this.#taken = state?.taken ?? 0;
    this.#random = state ? Random.fromState(state.random) : new Random(seed);
    this.#rests = [...(state?.rests ?? [])];
    this.#order = this.#orderOf(this.#epoch);
  }

  /** Of the piece that was taken last. */
  get epoch(): number {
    return this.#epoch;
  }

  get state(): PieceState {
    return { epoch: this.#epoch, taken: this.#taken, random: this.#random.state, rests: [...this.#rests] };
  }

  next(): Piece {
    const isOver = this.#taken === this.#pieces.length;
    if (this.#rests.length > (isOver ? 0 : HELD_RESTS))
      return this.#rests.splice(this.#random.below(this.#rests.length), 1)[0] as Piece;
    if (isOver) {
      this.#epoch++;
      this.#taken = 0;
      this.#order = this.#orderOf(this.#epoch);
    }
    return this.#pieces[this.#order[this.#taken++] as number] as Piece;
  }

  /** Gives back what begins so many units behind the beginning of a piece, from the line on in which that is. */
  giveBack({ text: index, start, end }: Piece, units: number): void {
    const text = this.texts[index] as string;
    // Not even a character may have had room.
    const taken = Math.max(1, units);
    if (start + taken >= end) return;
    this.#rests.push({
      text: index,
      start: lastLineStart(text, start, start + taken) ?? snapForward(text, start + taken),
      end,
    });
  }

  #orderOf(epoch: number): Uint32Array {
    return new Random(this.#seed + 7_919 * (epoch + 1)).order(this.#pieces.length);
  }
}

/**
 * Beginnings and ends: of about `units`, at beginnings of lines where lines are not longer; the last is up to half as
 * long again.
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
 * Where the last line begins that begins behind `start` and not behind `end`. The rest of the text, which may be one
 * long line, is not looked at.
 */
function lastLineStart(text: string, start: number, end: number): number | undefined {
  const lineBreak = text.slice(start, end).lastIndexOf('\n');
  return lineBreak < 0 ? undefined : start + lineBreak + 1;
}
