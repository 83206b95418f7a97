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

/** How older choices are tried. */
export interface HeadNeedsTrial {
  /** Rows of a page; of so many tokens the first chooses for all. */
  readonly pageRows: number;
  /** One page of so many is chosen. */
  readonly pagesPerChoice: number;
  /** Last tokens that are attended in any case. */
  readonly window: number;
  /** The last tokens, whose attention is looked at; a multiple of `pageRows`. */
  readonly observedTokens: number;
}

const TRIAL: HeadNeedsTrial = { pageRows: 16, pagesPerChoice: 16, window: 64, observedTokens: 256 };
/** Of the tokens before so many are read at once. */
const READ_TOKENS = 256;

/** Of fewer tokens nothing can be measured: there is too little to choose from. */
export function fewestTokens({ pageRows, pagesPerChoice, window, observedTokens }: HeadNeedsTrial = TRIAL): number {
  return observedTokens + window + 4 * pagesPerChoice * pageRows;
}

/** What the query heads of some tokens attend of a cache. */
interface PageAttention {
  /** `[pages, tokens, heads]`: the most that a row of a page is given, and all that its rows are given. */
  readonly most: Float32Array;
  readonly sum: Float32Array;
  /** `[heads, tokens]`: how much each counts; absent: all the same. */
  readonly votes?: Float32Array;
}

/**
 * How much each KV head needs pages of its own for every token: of what its tokens attend, which share they lose where
 * they attend the pages that another chose before, up to a page of tokens. Most heads lose nothing, as they attend the
 * same pages for long, or none. Which do belongs to a model: it is measured on one text, `tokens`, of which the longer
 * the better. `undefined` for texts too short to say. Rejects with the reason of a signal that aborts, and with
 * `SequenceMemoryError` or `AllocationError` where there is no memory for so many tokens.
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

/** `PageAttention` of a block's queries. */
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
 * Of each KV head: the share of what a token attends that it loses by the pages that the first token chose of the first
 * `candidates`, on average over the tokens, of the query head that loses most.
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

/** The pages that a token's query heads choose, as `scorePages` scores them; the first one is among them. */
function bestPages(
  queries: readonly { readonly most: Float32Array; readonly vote: number }[],
  count: number,
): number[] {
  const worth = new Float32Array((queries[0] as { readonly most: Float32Array }).most.length);
  for (const { most, vote } of queries) {
    // Nothing, where float32 has no number as small as what all of them are given.
    const factor = vote / (most.reduce((total, share) => total + share, 0) || 1);
    most.forEach((share, page) => (worth[page] = Math.max(worth[page] as number, share * factor)));
  }
  const scores = worth.map((own, page) =>
    page === 0 ? Infinity : Math.max(worth[page - 1] as number, own, worth[page + 1] ?? 0) + OWN_SHARE * own,
  );
  return [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number)).slice(0, count);
}
