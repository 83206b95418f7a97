/** Random numbers determined by a seed (32-bit xorshift). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ (seed >>> 13)) >>> 0 || 1;
    for (let round = 0; round < 8; round++) this.#next();
  }

  /** Returns a whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit);
  }

  /** Returns true once in `inTimes` calls on average. */
  once(inTimes: number): boolean {
    return this.below(inTimes) === 0;
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** Returns a mostly small number, sometimes a large one. */
  length(largest: number): number {
    return this.below(1 + this.below(1 + this.below(largest)));
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }
}
