import type { SamplingParams, TokenId } from '../../protocol/engine.ts';
import { uniformNumbers } from './random.ts';

/** How many tokens the repeat penalty looks back, as in llama.cpp. */
const PENALISED_TOKENS = 64;

/**
 * Chooses a token from logits. `recent` holds the sequence's last tokens; `allowed` restricts the choice. May change
 * `logits`.
 */
export type Sampler = (logits: Float32Array, recent: readonly TokenId[], allowed?: ReadonlySet<TokenId>) => TokenId;

/**
 * Creates a sampler with llama.cpp's order: penalties, top-k, top-p, min-p, temperature, draw. Temperature 0 takes the
 * largest logit. The same seed and logits give the same tokens.
 */
export function createSampler(params: SamplingParams): Sampler {
  const penalise = penalty(params.repeatPenalty ?? 1);
  const choose = params.temperature <= 0 ? greedy : drawing(params);
  return (logits, recent, allowed) => {
    penalise(logits, recent);
    if (allowed) restrict(logits, allowed);
    return choose(logits);
  };
}

/** The index of the largest logit, or the first of several equal ones. */
export function greedy(logits: Float32Array): TokenId {
  let best = 0;
  let most = logits[0] as number;
  for (let token = 1; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit > most) {
      most = logit;
      best = token;
    }
  }
  return best;
}

function restrict(logits: Float32Array, allowed: ReadonlySet<TokenId>): void {
  const kept = [...allowed].map((token) => [token, logits[token] as number] as const);
  logits.fill(-Infinity);
  for (const [token, logit] of kept) logits[token] = logit;
}

/** Divides positive logits of recent tokens by the factor and multiplies negative ones (arXiv 1909.05858). */
function penalty(factor: number): (logits: Float32Array, recent: readonly TokenId[]) => void {
  if (factor === 1) return () => undefined;
  return (logits, recent) => {
    for (const token of new Set(recent.slice(-PENALISED_TOKENS))) {
      const logit = logits[token] as number;
      logits[token] = logit > 0 ? logit / factor : logit * factor;
    }
  };
}

interface Candidate {
  readonly token: TokenId;
  readonly logit: number;
}
/** The remaining candidates, the likeliest first. */
interface Choice {
  readonly candidates: readonly Candidate[];
  /** The sum of exp(logit − best) over the whole distribution, including tokens too unlikely to be candidates. */
  readonly weight: number;
}

function drawing(params: SamplingParams): (logits: Float32Array) => TokenId {
  const topK = params.topK ?? 0;
  const topP = params.topP ?? 1;
  const minP = params.minP ?? 0;
  const random = uniformNumbers(params.seed ?? Math.floor(Math.random() * 2 ** 32));
  return (logits) => {
    const choice = topK > 0 && topK < logits.length ? largest(logits, topK) : likely(logits, topP);
    let { candidates } = choice;
    if (topP < 1) candidates = nucleus(choice, topP);
    if (minP > 0) candidates = aboveShareOfBest(candidates, minP);
    return draw(candidates, params.temperature, random());
  };
}

/** The `count` largest logits. They are the whole distribution for later filters. */
function largest(logits: Float32Array, count: number): Choice {
  const candidates = above(logits, kthLargest(logits, count)).slice(0, count);
  return { candidates, weight: sumOf(weigh(candidates)) };
}

/** All tokens except those too unlikely for a nucleus of `topP`. It saves time, since sorting takes longest. */
function likely(logits: Float32Array, topP: number): Choice {
  const best = logits[greedy(logits)] as number;
  let weight = 0;
  for (const logit of logits) weight += Math.exp(logit - best);
  // All tokens below (1 − topP) ⁄ vocabulary together weigh less than 1 − topP, so none of them is in the nucleus.
  return { candidates: above(logits, best + Math.log((Math.max(0, 1 - topP) / logits.length) * weight)), weight };
}

function above(logits: Float32Array, floor: number): Candidate[] {
  const candidates: Candidate[] = [];
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit >= floor && logit !== -Infinity) candidates.push({ token, logit });
  }
  return candidates.sort((a, b) => b.logit - a.logit || a.token - b.token);
}

function kthLargest(logits: Float32Array, k: number): number {
  // A heap of the k largest, the smallest on top.
  const heap = new Float32Array(k).fill(-Infinity);
  for (const logit of logits) {
    if (logit <= (heap[0] as number)) continue;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= k) break;
      const right = left + 1;
      const child = right < k && (heap[right] as number) < (heap[left] as number) ? right : left;
      if ((heap[child] as number) >= logit) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = logit;
  }
  return heap[0] as number;
}

function weigh(candidates: readonly Candidate[], temperature = 1): number[] {
  const best = candidates[0]?.logit ?? 0;
  return candidates.map(({ logit }) => Math.exp((logit - best) / temperature));
}

function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/** Nucleus sampling (arXiv 1904.09751): the fewest tokens that together reach `share` of the distribution. */
function nucleus({ candidates, weight }: Choice, share: number): readonly Candidate[] {
  const weights = weigh(candidates);
  let sum = 0;
  let count = 0;
  while (count < weights.length && sum < share * weight) sum += weights[count++] as number;
  return candidates.slice(0, Math.max(1, count));
}

/** Min-p (arXiv 2407.01082): tokens at least `share` times as likely as the best token, which always stays. */
function aboveShareOfBest(candidates: readonly Candidate[], share: number): readonly Candidate[] {
  const floor = (candidates[0]?.logit ?? 0) + Math.log(share);
  return candidates.filter(({ logit }, index) => index === 0 || logit >= floor);
}

function draw(candidates: readonly Candidate[], temperature: number, random: number): TokenId {
  const weights = weigh(candidates, temperature);
  let rest = random * sumOf(weights);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return (candidates[index] as Candidate).token;
  }
  return (candidates.at(-1) as Candidate).token;
}
