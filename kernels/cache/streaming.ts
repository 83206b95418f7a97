import type { Selector } from './selector.ts';

export interface StreamingOptions {
  /** The number of first rows that are kept. */
  readonly sinks: number;
}

/** StreamingLLM (arXiv 2309.17453): keeps the first rows and the last. */
export function streaming({ sinks }: StreamingOptions): Selector {
  return {
    score(_graph, { candidates, key, constant }) {
      const kvHeads = key.shape[2];
      return constant(
        Float32Array.from({ length: candidates * kvHeads }, (_, index) =>
          index % candidates < sinks ? candidates : index % candidates,
        ),
        [candidates, kvHeads],
      );
    },
  };
}
