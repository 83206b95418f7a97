import { attentionBytes, attentionMaximum, candidateRows, maximumOverGroup, perHead } from './observed.ts';
import type { Selector } from './selector.ts';

/**
 * KVzip (arXiv 2505.23416). A row's score is the most attention that it gets from a token while the model repeats the
 * context. It knows no question.
 */
export function kvzip(): Selector {
  return {
    observation: {
      of: 'replay',
      combine: 'max',
      extents: perHead,
      observe: attentionMaximum,
      tokenBytes: attentionBytes,
    },
    score(graph, { observed, candidates, key }) {
      if (!observed) throw new Error('KVzip needs the attention that it observes to score rows.');
      return maximumOverGroup(graph, candidateRows(graph, observed, candidates), key.shape[2]);
    },
  };
}
