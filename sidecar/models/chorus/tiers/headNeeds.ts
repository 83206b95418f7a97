import type { ObservedQueries } from '../../../../kernels/blocks/attentionInputs.ts';
import { OWN_SHARE } from '../../../../kernels/cache/pages.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { contiguous, maxRows, mulMat, permute, reshape, softMax, sumRows } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { cachedHeads, queryHeads } from '../../architectures/architecture.ts';
import { SequenceCache } from '../cache/sequenceCache.ts';
import type { Network } from '../network/network.ts';
import type { HeadNeeds } from './headRuns.ts';

/** How older choices are tested. */
export interface HeadNeedsTrial {
  /** The rows of a page. The first of as many tokens chooses for all of them. */
  readonly pageRows: number;
  /** The number of candidates per chosen page. */
  readonly pagesPerChoice: number;
  /** The number of last tokens that are always attended. */
  readonly window: number;
  /** The number of last tokens whose attention is observed; a multiple of `pageRows`. */
  readonly observedTokens: number;
}

const TRIAL: HeadNeedsTrial = { pageRows: 16, pagesPerChoice: 16, window: 64, observedTokens: 256 };
/** How many of the tokens before are read at once. */
const READ_TOKENS = 256;

/** The fewest tokens for a measurement. A shorter text leaves too little to choose from. */
export function fewestTokens({ pageRows, pagesPerChoice, window, observedTokens }: HeadNeedsTrial = TRIAL): number {
  return observedTokens + window + 4 * pagesPerChoice * pageRows;
}

/** The attention of some tokens' query heads to a cache. */
interface PageAttention {
  /** `[pages, tokens, heads]`: the most that a row of a page gets, and the sum over its rows. */
  readonly most: Float32Array;
  readonly sum: Float32Array;
  /** `[heads, tokens]`: the weight of each query; absent: all the same. */
  readonly votes?: Float32Array;
}

/**
 * Measures how much each KV head needs its own choice of pages for every token: the share of a token's attention that
 * an older choice loses. That choice is up to a page of tokens old. Most heads lose nothing, as they attend the same
 * pages for long, or none.
 *
 * This is a property of the model, so it is measured on one text, `tokens`; a longer text is better. Resolves with
 * `undefined` if the text is too short. Rejects with the reason of a signal that aborts, and with `SequenceMemoryError`
 * or `AllocationError` if there is no memory for so many tokens.
 */
export async function measureHeadNeeds(
  network: Network,
  tokens: readonly TokenId[],
  {
    trial = TRIAL,
    signal,
    onProgress,
  }: {
    readonly trial?: HeadNeedsTrial;
    readonly signal?: AbortSignal;
    readonly onProgress?: (share: number) => void;
  } = {},
): Promise<HeadNeeds | undefined> {
  const { hyperparameters, placement } = network.options;
  const { pageRows, window, observedTokens } = trial;
  const length = tokens.length - (tokens.length % pageRows);
  if (length < fewestTokens(trial)) return undefined;
  using sequence = new SequenceCache(placement, hyperparameters, length, { layout: 'heads', pageRows });
  try {
    const read = length - observedTokens;
    for (let first = 0; first < read; first += READ_TOKENS) {
      signal?.throwIfAborted();
      await network.evaluate(sequence, tokens.slice(first, Math.min(read, first + READ_TOKENS)), 'none', signal);
      onProgress?.(sequence.length / length);
    }
    const needs = Array.from({ length: hyperparameters.blockCount }, (_, block) =>
      new Array<number>(cachedHeads(hyperparameters, block)).fill(0),
    );
    for (let first = read; first < length; first += pageRows) {
      signal?.throwIfAborted();
      const attention = await network.attention(sequence, tokens.slice(first, first + pageRows), (graph, queries) =>
        pageAttention(graph, queries, pageRows),
      );
      const candidates = Math.floor((first - window) / pageRows);
      for (const [block, [most, sum, votes]] of attention.entries()) {
        const ofBlock = needs[block] as number[];
        const lost = lostShares({ most, sum, votes } as PageAttention, {
          ...trial,
          candidates,
          heads: queryHeads(hyperparameters, block),
          kvHeads: ofBlock.length,
        });
        lost.forEach(
          (share, kvHead) => (ofBlock[kvHead] = (ofBlock[kvHead] as number) + (share * pageRows) / observedTokens),
        );
      }
      onProgress?.(sequence.length / length);
    }
    return needs;
  } finally {
    network.forget(sequence);
  }
}

/** Returns the tensors of `PageAttention` for a block's queries. */
function pageAttention(
  graph: Graph,
  { query, key, mask, scale, votes }: ObservedQueries,
  pageRows: number,
): readonly Tensor[] {
  const byHead = contiguous(graph, permute(graph, query, [0, 2, 1, 3]));
  const shares = softMax(graph, mulMat(graph, key, byHead), mask, scale);
  const [rows, tokens, heads] = shares.shape;
  const byPage = reshape(graph, shares, [pageRows, rows / pageRows, tokens, heads]);
  return [maxRows(graph, byPage), sumRows(graph, byPage), ...(votes ? [contiguous(graph, votes)] : [])];
}

/**
 * Returns the share of a token's attention that each KV head loses with the first token's choice among the first
 * `candidates`. It is the mean over the tokens, of the query head that loses most.
 */
function lostShares(
  { most, sum, votes }: PageAttention,
  {
    pageRows: tokens,
    pagesPerChoice,
    candidates,
    heads,
    kvHeads,
  }: HeadNeedsTrial & { readonly candidates: number; readonly heads: number; readonly kvHeads: number },
): number[] {
  const group = heads / kvHeads;
  const pages = most.length / (tokens * heads);
  const count = Math.floor(candidates / pagesPerChoice);
  const ofHead = (values: Float32Array, token: number, head: number): Float32Array =>
    values.subarray((head * tokens + token) * pages, (head * tokens + token) * pages + candidates);
  const voteOf = (token: number, head: number): number => votes?.[token * heads + head] ?? 1;
  return Array.from({ length: kvHeads }, (_, kvHead) => {
    const ofGroup = Array.from({ length: group }, (__, index) => kvHead * group + index);
    const chosenBy = (token: number): readonly number[] =>
      bestPages(
        ofGroup.map((head) => ({ most: ofHead(most, token, head), vote: voteOf(token, head) })),
        count,
      );
    const chosenBefore = chosenBy(0);
    let lost = 0;
    for (let token = 1; token < tokens; token++) {
      const chosen = chosenBy(token);
      const ofHeads = ofGroup.map((head) => {
        const shares = ofHead(sum, token, head);
        const shareOf = (some: readonly number[]): number =>
          some.reduce((total, page) => total + (shares[page] as number), 0);
        return voteOf(token, head) * (shareOf(chosen) - shareOf(chosenBefore));
      });
      lost += Math.max(...ofHeads) / tokens;
    }
    return lost;
  });
}

/** Returns the pages that a token's query heads choose, scored as by `scorePages`; the first page is among them. */
function bestPages(
  queries: readonly { readonly most: Float32Array; readonly vote: number }[],
  count: number,
): number[] {
  const worth = new Float32Array((queries[0] as { readonly most: Float32Array }).most.length);
  for (const { most, vote } of queries) {
    // The sum is 0 if the attention to all of them is too small for float32.
    const factor = vote / (most.reduce((total, share) => total + share, 0) || 1);
    most.forEach((share, page) => (worth[page] = Math.max(worth[page] as number, share * factor)));
  }
  const scores = worth.map((own, page) =>
    page === 0 ? Infinity : Math.max(worth[page - 1] as number, own, worth[page + 1] ?? 0) + OWN_SHARE * own,
  );
  return [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number)).slice(0, count);
}
