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

const PAGE_ROWS = 16;
/** One page of so many is chosen. */
const PAGES_PER_CHOICE = 16;
/** Last tokens that are attended in any case. */
const WINDOW = 64;
/** The last tokens, whose attention is looked at: in stretches of which the first token chooses for all. */
const OBSERVED_TOKENS = 256;
const STRETCH_TOKENS = PAGE_ROWS;
/** Of those before so many are read at once. */
const READ_TOKENS = 256;
/** Of fewer nothing can be measured: there is too little to choose from. */
export const FEWEST_TOKENS = OBSERVED_TOKENS + WINDOW + 4 * PAGES_PER_CHOICE * PAGE_ROWS;

/** What the query heads of some tokens attend of a cache. */
interface PageAttention {
  /** `[pages, tokens, heads]`: the most that a row of a page is given, and all that its rows are given. */
  readonly most: Float32Array;
  readonly sum: Float32Array;
  /** `[heads, tokens]`: how much each counts; absent: all the same. */
  readonly votes?: Float32Array;
}

/**
 * How much each KV head needs pages of its own for every token: of what its tokens attend, which share they lose where they attend the pages that another chose up to 15
 * tokens before. Most heads lose nothing, as they attend the same pages for long, or none. Which do belongs to a model: it is measured on one text, `tokens`, of which
 * the longer the better. `undefined` for texts too short to say. Rejects with the reason of a signal that aborts, and with `SequenceMemoryError` or `AllocationError` where
 * there is no memory for so many tokens.
 */
export async function measureHeadNeeds(network: Network, tokens: readonly TokenId[], { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (share: number) => void } = {}): Promise<HeadNeeds | undefined> {
  const { hyperparameters, placement } = network.options;
  const length = tokens.length - (tokens.length % PAGE_ROWS);
  if (length < FEWEST_TOKENS) return undefined;
  using sequence = new SequenceCache(placement, hyperparameters, length, { layout: 'heads', pageRows: PAGE_ROWS });
  try {
    const read = length - OBSERVED_TOKENS;
    for (let first = 0; first < read; first += READ_TOKENS) {
      signal?.throwIfAborted();
      await network.evaluate(sequence, tokens.slice(first, Math.min(read, first + READ_TOKENS)), 'none', signal);
      onProgress?.(sequence.length / length);
    }
    const needs = Array.from({ length: hyperparameters.blockCount }, (_, block) => new Array<number>(cachedHeads(hyperparameters, block)).fill(0));
    for (let first = read; first < length; first += STRETCH_TOKENS) {
      signal?.throwIfAborted();
      const attention = await network.attention(sequence, tokens.slice(first, first + STRETCH_TOKENS), pageAttention);
      const candidates = Math.floor((first - WINDOW) / PAGE_ROWS);
      for (const [block, [most, sum, votes]] of attention.entries()) {
        const ofBlock = needs[block] as number[];
        const lost = lostShares({ most, sum, votes } as PageAttention, { candidates, heads: queryHeads(hyperparameters, block), kvHeads: ofBlock.length });
        lost.forEach((share, kvHead) => (ofBlock[kvHead] = (ofBlock[kvHead] as number) + share / (OBSERVED_TOKENS / STRETCH_TOKENS)));
      }
      onProgress?.(sequence.length / length);
    }
    return needs;
  } finally {
    network.forget(sequence);
  }
}

/** `PageAttention` of a block's queries. */
function pageAttention(graph: Graph, { query, key, mask, scale, votes }: ObservedQueries): readonly Tensor[] {
  const byHead = contiguous(graph, permute(graph, query, [0, 2, 1, 3]));
  const shares = softMax(graph, mulMat(graph, key, byHead), mask, scale);
  const [rows, tokens, heads] = shares.shape;
  const byPage = reshape(graph, shares, [PAGE_ROWS, rows / PAGE_ROWS, tokens, heads]);
  return [maxRows(graph, byPage), sumRows(graph, byPage), ...(votes ? [contiguous(graph, votes)] : [])];
}

/** Of each KV head: the share of what a token attends that it loses by the pages that the first token chose of the first `candidates`, on average over the tokens, of the query head that loses most. */
function lostShares({ most, sum, votes }: PageAttention, { candidates, heads, kvHeads }: { readonly candidates: number; readonly heads: number; readonly kvHeads: number }): number[] {
  const group = heads / kvHeads;
  const pages = most.length / (STRETCH_TOKENS * heads);
  const count = Math.floor(candidates / PAGES_PER_CHOICE);
  const ofHead = (values: Float32Array, token: number, head: number): Float32Array => values.subarray((head * STRETCH_TOKENS + token) * pages, (head * STRETCH_TOKENS + token) * pages + candidates);
  const voteOf = (token: number, head: number): number => votes?.[token * heads + head] ?? 1;
  return Array.from({ length: kvHeads }, (_, kvHead) => {
    const ofGroup = Array.from({ length: group }, (__, index) => kvHead * group + index);
    const chosenBy = (token: number): readonly number[] => bestPages(ofGroup.map((head) => ({ most: ofHead(most, token, head), vote: voteOf(token, head) })), count);
    const chosenBefore = chosenBy(0);
    let lost = 0;
    for (let token = 1; token < STRETCH_TOKENS; token++) {
      const chosen = chosenBy(token);
      const ofHeads = ofGroup.map((head) => {
        const shares = ofHead(sum, token, head);
        const shareOf = (some: readonly number[]): number => some.reduce((total, page) => total + (shares[page] as number), 0);
        return voteOf(token, head) * (shareOf(chosen) - shareOf(chosenBefore));
      });
      lost += Math.max(...ofHeads) / STRETCH_TOKENS;
    }
    return lost;
  });
}

/** The pages that a token's query heads choose, as `scorePages` scores them; the first one is among them. */
function bestPages(queries: readonly { readonly most: Float32Array; readonly vote: number }[], count: number): number[] {
  const worth = new Float32Array((queries[0] as { readonly most: Float32Array }).most.length);
  for (const { most, vote } of queries) {
    // Nothing, where float32 has no number as small as what all of them are given.
    const factor = vote / (most.reduce((total, share) => total + share, 0) || 1);
    most.forEach((share, page) => (worth[page] = Math.max(worth[page] as number, share * factor)));
  }
  const scores = worth.map((own, page) => (page === 0 ? Infinity : Math.max(worth[page - 1] as number, own, worth[page + 1] ?? 0) + OWN_SHARE * own));
  return [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number)).slice(0, count);
}
