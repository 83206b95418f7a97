/** Random numbers with a state that can be stored and restored: xorshift32 (Marsaglia, 2003). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Small seeds would otherwise give small first numbers.
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ seed) >>> 0 || 1;
    for (let index = 0; index < 8; index++) this.next();
  }

  static fromState(state: number): Random {
    const random = new Random(1);
    random.#state = state >>> 0 || 1;
    return random;
  }

  get state(): number {
    return this.#state;
  }

  /** From 0 to 1, without 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 2 ** 32;
  }

  /** An integer below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A normally distributed number (Box and Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** The integers from 0 to `count` − 1 in random order (Fisher and Yates). */
  order(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    for (let index = count - 1; index > 0; index--) {
      const other = this.below(index + 1);
      [order[index], order[other]] = [order[other] as number, order[index] as number];
    }
    return order;
  }
}
