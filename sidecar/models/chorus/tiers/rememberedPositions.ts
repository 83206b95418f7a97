/**
 * Which tokens' queries the rows of a ring hold. Token `i`'s are in row `i % rows`, so that every evaluation overwrites
 * those of tokens before it, also where its own tokens are taken back: drafts that were wrong, a piece that was ended
 * on the way. How long the sequence is says nothing of that.
 */
export class RememberedPositions {
  /** By row; −1 where none or a part of a token's queries is. */
  readonly #positions: Int32Array;

  constructor(rows: number) {
    this.#positions = new Int32Array(rows).fill(-1);
  }

  /**
   * The tokens `first` to `end` are about to be evaluated, or are there by other means: until `written`, their rows
   * hold nothing of use.
   */
  forget(first: number, end: number): void {
    this.#each(first, end, () => -1);
  }

  /** The tokens `first` to `end` were evaluated. */
  written(first: number, end: number): void {
    this.#each(first, end, (position) => position);
  }

  /** Whether the queries of all tokens from `first` to `end` are there. */
  hold(first: number, end: number): boolean {
    if (end - first > this.#positions.length) return false;
    for (let position = first; position < end; position++)
      if (this.#positions[position % this.#positions.length] !== position) return false;
    return true;
  }

  /** Of more tokens than there are rows the last. */
  #each(first: number, end: number, value: (position: number) => number): void {
    const { length } = this.#positions;
    for (let position = Math.max(first, end - length); position < end; position++)
      this.#positions[position % length] = value(position);
  }
}
