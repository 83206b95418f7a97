/** The possible sizes. They are few, so that equal prompts are mostly cut alike and give the same logits bit by bit. */
const CHUNK_SIZES = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512] as const;
/** The weight that an older measurement keeps when a new one comes. */
const FORGETTING = 0.8;

/**
 * Chooses how many prompt tokens to evaluate at once, so that one evaluation takes about `targetMs`. It learns the cost
 * of a token as `base + slope · depth` from the evaluations so far. So a jump into a deep context gets the right size
 * at once.
 */
export class ChunkSizer {
  /** Sums for the least squares of cost per token over depth. The weight of older measurements fades. */
  #weight = 0;
  #depthSum = 0;
  #depthSquaredSum = 0;
  #costSum = 0;
  #depthCostSum = 0;

  constructor(
    private readonly options: {
      readonly targetMs: number;
      readonly maxTokens: number;
      readonly minTokens: number;
      /** The share of `base` that one token of depth adds, as long as no measurement says otherwise. */
      readonly priorSlope: number;
    },
  ) {}

  /** Records the time of an evaluation of `tokens` tokens, the first of them at `depth`. */
  record(tokens: number, depth: number, elapsedMs: number): void {
    if (tokens < this.options.minTokens) return;
    const cost = elapsedMs / tokens;
    const middle = depth + tokens / 2;
    this.#weight = this.#weight * FORGETTING + 1;
    this.#depthSum = this.#depthSum * FORGETTING + middle;
    this.#depthSquaredSum = this.#depthSquaredSum * FORGETTING + middle * middle;
    this.#costSum = this.#costSum * FORGETTING + cost;
    this.#depthCostSum = this.#depthCostSum * FORGETTING + middle * cost;
  }

  /** Returns the expected milliseconds per prompt token at `depth`; `undefined` before the first measurement. */
  costPerTokenMs(depth: number): number | undefined {
    if (this.#weight === 0) return undefined;
    const meanDepth = this.#depthSum / this.#weight;
    const meanCost = this.#costSum / this.#weight;
    const variance = this.#depthSquaredSum / this.#weight - meanDepth * meanDepth;
    const priorBase = meanCost / (1 + this.options.priorSlope * meanDepth);
    const prior = priorBase * this.options.priorSlope;
    // Depths that are close together say nothing about the slope. The prior counts until they spread.
    const spread = variance / (variance + 256 * 256);
    const measured = variance > 0 ? (this.#depthCostSum / this.#weight - meanDepth * meanCost) / variance : prior;
    const slope = Math.min(4 * prior, Math.max(prior / 4, spread * measured + (1 - spread) * prior));
    return Math.max(meanCost + slope * (depth - meanDepth), meanCost / 16);
  }

  /** Returns the number of tokens to evaluate next at `depth`. */
  next(depth: number): number {
    const cost = this.costPerTokenMs(depth);
    const wanted = cost === undefined ? 32 : this.options.targetMs / cost;
    let size = this.options.minTokens;
    for (const candidate of CHUNK_SIZES)
      if (candidate <= wanted && candidate <= this.options.maxTokens) size = Math.max(size, candidate);
    return size;
  }
}
