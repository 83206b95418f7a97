/**
 * Records whose queries the rows of a ring contain. Row `i % rows` is for token `i`, so each evaluation overwrites the
 * queries of earlier tokens. It does so even if its own tokens are taken back: wrong drafts, or an interrupted
 * evaluation. So the length of the sequence does not tell which queries are there.
 */
export class RememberedPositions {
  /** The token of each row; −1 for none, or for a part of a token's queries. */
  readonly #positions: Int32Array;

  constructor(rows: number) {
    this.#positions = new Int32Array(rows).fill(-1);
  }

  /** Marks the rows of the tokens `first` to `end` as unknown: they are about to be evaluated, or were copied. */
  forget(first: number, end: number): void {
    this.#each(first, end, () => -1);
  }

  /** Records that the tokens `first` to `end` were evaluated. */
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

  /** Sets the rows of the tokens; if there are more tokens than rows, of the last ones. */
  #each(first: number, end: number, value: (position: number) => number): void {
    const { length } = this.#positions;
    for (let position = Math.max(first, end - length); position < end; position++)
      this.#positions[position % length] = value(position);
  }
}
