import { logSumExp } from '../../../sidecar/models/decoding/logSumExp.ts';
import type { NgramIndex } from '../../../sidecar/models/decoding/ngramIndex.ts';
import { followersOf, NGRAM_LENGTHS, ngramStep } from '../../../sidecar/models/decoding/ngramModel.ts';

/** The predictions of the network and the index for one token. */
export interface TokenRecord {
  /** Whether the network's likeliest token is the right one, and its probability. */
  readonly isRight: boolean;
  readonly likeliest: number;
  /** The network's probability of the right token. */
  readonly probability: number;
  /** The number of tokens before it that match somewhere in the index. For 0 the rest is 0 or empty. */
  readonly matched: number;
  /** The index's share of the right token among the continuations of the longest match. */
  readonly share: number;
  /** The continuations, most frequent first: the index's share, the network's probability, and whether it is right. */
  readonly followers: readonly {
    readonly share: number;
    readonly probability: number;
    readonly isRight: boolean;
    readonly isLikeliest: boolean;
  }[];
}

const MAX_FOLLOWERS = 8;

/** Records the predictions of a network's logits and an index for the token `right` after `context`. */
export function recordToken(
  logits: Float32Array,
  index: NgramIndex,
  context: readonly number[],
  right: number,
): TokenRecord {
  let likeliestToken = 0;
  for (let token = 1; token < logits.length; token++)
    if ((logits[token] ?? 0) > (logits[likeliestToken] ?? 0)) likeliestToken = token;
  const total = logSumExp(logits);
  const probabilityOf = (token: number): number => Math.exp((logits[token] ?? -Infinity) - total);
  const { length, shares } = followersOf(index, context);
  const followers = [...shares].sort(([, one], [, other]) => other - one).slice(0, MAX_FOLLOWERS);
  return {
    isRight: likeliestToken === right,
    likeliest: probabilityOf(likeliestToken),
    probability: probabilityOf(right),
    matched: length,
    share: shares.get(right) ?? 0,
    followers: followers.map(([token, share]) => ({
      share,
      probability: probabilityOf(token),
      isRight: token === right,
      isLikeliest: token === likeliestToken,
    })),
  };
}

/** The weights of the index, one for each of `NGRAM_LENGTHS`. */
export type Weights = readonly number[];

const weightFor = (weights: Weights, { matched }: TokenRecord): number => weights[ngramStep(matched)] ?? 0;

/**
 * Returns the weights under which the records are likeliest, by expectation maximisation (∞-gram's interpolation: Liu
 * et al., 2024; arXiv 2401.17377).
 */
export function fitWeights(records: readonly TokenRecord[]): Weights {
  let weights: Weights = NGRAM_LENGTHS.map(() => 0.3);
  for (let round = 0; round < 50; round++) {
    weights = NGRAM_LENGTHS.map((_, step) => {
      const of = records.filter(({ matched }) => ngramStep(matched) === step);
      if (of.length === 0) return 0;
      const weight = weights[step] ?? 0;
      const duty = of.reduce(
        (sum, { share, probability }) =>
          sum + (weight * share) / Math.max(weight * share + (1 - weight) * probability, Number.MIN_VALUE),
        0,
      );
      return duty / of.length;
    });
  }
  return weights;
}

/** Returns the nats of the right token under the mixture, or under the network alone without weights. */
export function natsOf(record: TokenRecord, weights?: Weights): number {
  const weight = weights === undefined ? 0 : weightFor(weights, record);
  return -Math.log(Math.max(weight * record.share + (1 - weight) * record.probability, 1e-9));
}

/**
 * Returns whether the mixture's likeliest token is the right one. A token outside the index is at most as likely as the
 * network's own choice.
 */
export function choosesRight(record: TokenRecord, weights?: Weights): boolean {
  if (weights === undefined || record.matched === 0) return record.isRight;
  const weight = weightFor(weights, record);
  const mixed = (share: number, probability: number): number => weight * share + (1 - weight) * probability;
  const own = record.followers.find(({ isLikeliest }) => isLikeliest);
  let best = { value: mixed(own?.share ?? 0, record.likeliest), isRight: record.isRight };
  for (const { share, probability, isRight } of record.followers) {
    const value = mixed(share, probability);
    if (value > best.value) best = { value, isRight };
  }
  return best.isRight;
}
