import { scale } from '../ggml/ops.ts';
import { attentionSum, candidateRows, meanOverGroup, perHead } from './observed.ts';
import type { Selector } from './selector.ts';

/** Heavy hitters (H2O, arXiv 2306.14048): all the attention that a row got while the context was read, by the number of tokens that could give it any. */
export function h2o(): Selector {
  return {
    observation: { of: 'all', combine: 'add', extents: perHead, observe: attentionSum },
    score(graph, { observed, observedTokens, candidates, key }) {
      if (!observed) throw new Error('H2O scores by what was observed.');
      return scale(graph, meanOverGroup(graph, candidateRows(graph, observed, candidates), key.shape[2]), 1 / observedTokens);
    },
  };
}
