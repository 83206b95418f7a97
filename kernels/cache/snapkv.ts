import { pool, scale } from '../ggml/ops.ts';
import { attentionBytes, attentionSum, candidateRows, meanOverGroup, perHead } from './observed.ts';
import type { Selector } from './selector.ts';

export interface SnapKvOptions {
  /** The number of rows that are pooled into one, which is odd; 1: no pooling. */
  readonly kernel: number;
  readonly pool: 'avg' | 'max';
}

/**
 * SnapKV (arXiv 2404.14469): the attention of the last tokens, pooled over neighbouring rows. As in its code, the
 * softmax is over all rows including the window, and pooling divides by the kernel's size at the edges too. Grouped
 * queries are averaged over the group, as in NVIDIA's kvpress.
 */
export function snapKv({ kernel, pool: kind }: SnapKvOptions): Selector {
  return {
    observation: { of: 'window', combine: 'add', extents: perHead, observe: attentionSum, tokenBytes: attentionBytes },
    score(graph, { observed, observedTokens, candidates, key }) {
      if (!observed) throw new Error('SnapKV needs the attention that it observes to score rows.');
      const attention = scale(graph, candidateRows(graph, observed, candidates), 1 / observedTokens);
      return meanOverGroup(graph, kernel === 1 ? attention : pool(graph, attention, kernel, kind), key.shape[2]);
    },
  };
}
