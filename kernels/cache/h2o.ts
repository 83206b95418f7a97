import { scale } from '../ggml/ops.ts';
import { attentionBytes, attentionSum, candidateRows, meanOverGroup, perHead } from './observed.ts';
import type { Selector } from './selector.ts';

/**
 * Heavy hitters (H2O, arXiv 2306.14048): all the attention that a row got while the context was read, as a share of all
 * tokens'. Not that of the tokens which could attend it, as in the `ObservedAttentionPress` of NVIDIA's kvpress, which
 * favours late rows.
 */
export function h2o(): Selector {
  return {
    observation: { of: 'all', combine: 'add', extents: perHead, observe: attentionSum, tokenBytes: attentionBytes },
    score(graph, { observed, observedTokens, candidates, key }) {
      if (!observed) throw new Error('H2O scores by what was observed.');
      return scale(
        graph,
        meanOverGroup(graph, candidateRows(graph, observed, candidates), key.shape[2]),
        1 / observedTokens,
      );
    },
  };
}
