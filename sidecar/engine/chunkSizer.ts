/**
 * Sizes that chunks may have: few, so that the same prompt is mostly cut the same way and its logits repeat bit by bit.
 */
const CHUNK_SIZES = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512] as const;
const FORGETTING = 0.8;

/**
 * How many prompt tokens to evaluate at once so that one evaluation takes about `targetMs`. The cost of a token is
 * taken as `base + slope · depth`, both learnt from the evaluations so far, so that a jump into a deep context is sized
 * right at once.
 */
export class ChunkSizer {
  /** Sums for the least squares of cost per token over depth, older measurements fading. */
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
      /** Share of `base` that one token of depth adds, until measured. */
      readonly priorSlope: number;
    },
  ) {}

  /** Tells what an evaluation of `tokens` tokens, the first of them at `depth`, took. */
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

  /** Milliseconds that one prompt token is expected to take at `depth`; `undefined` before the first measurement. */
  costPerTokenMs(depth: number): number | undefined {
    if (this.#weight === 0) return undefined;
    const meanDepth = this.#depthSum / this.#weight;
    const meanCost = this.#costSum / this.#weight;
    const variance = this.#depthSquaredSum / this.#weight - meanDepth * meanDepth;
    const priorBase = meanCost / (1 + this.options.priorSlope * meanDepth);
    const prior = priorBase * this.options.priorSlope;
    // Depths that lie close together say nothing about the slope: lean on the prior until they spread.
    const spread = variance / (variance + 256 * 256);
    const measured = variance > 0 ? (this.#depthCostSum / this.#weight - meanDepth * meanCost) / variance : prior;
    const slope = Math.min(4 * prior, Math.max(prior / 4, spread * measured + (1 - spread) * prior));
    return Math.max(meanCost + slope * (depth - meanDepth), meanCost / 16);
  }

  /** Tokens to evaluate next at `depth`. */
  next(depth: number): number {
    const cost = this.costPerTokenMs(depth);
    const wanted = cost === undefined ? 32 : this.options.targetMs / cost;
    let size = this.options.minTokens;
    for (const candidate of CHUNK_SIZES)
      if (candidate <= wanted && candidate <= this.options.maxTokens) size = Math.max(size, candidate);
    return size;
  }
}
