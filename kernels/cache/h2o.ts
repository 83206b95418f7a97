import { scale } from '../ggml/ops.ts';
import { attentionBytes, attentionSum, candidateRows, meanOverGroup, perHead } from './observed.ts';
import type { Selector } from './selector.ts';

/**
 * Heavy hitters (H2O, arXiv 2306.14048). A row's score is the sum of the attention that it got while the context was
 * read, divided by the number of all tokens. `ObservedAttentionPress` of NVIDIA's kvpress divides by the number of
 * tokens that could attend the row, which favours late rows.
 */
export function h2o(): Selector {
  return {
    observation: { of: 'all', combine: 'add', extents: perHead, observe: attentionSum, tokenBytes: attentionBytes },
    score(graph, { observed, observedTokens, candidates, key }) {
      if (!observed) throw new Error('H2O needs the attention that it observes to score rows.');
      return scale(
        graph,
        meanOverGroup(graph, candidateRows(graph, observed, candidates), key.shape[2]),
        1 / observedTokens,
      );
    },
  };
}
