/** Selectors of cache rows in plain loops and double precision, from their papers, slow and simple. */

/** The vectors of a layer, by token and head. */
export interface PlainLayer {
  /** `[token][head]`, after rope. */
  readonly query: readonly (readonly number[])[][];
  readonly unrotated: readonly (readonly number[])[][];
  /** `[token][kvHead]` */
  readonly key: readonly (readonly number[])[][];
  readonly value: readonly (readonly number[])[][];
  readonly rotate: (x: readonly number[], position: number) => readonly number[];
  /** `[head · headSize + index][column]` of the transposed output matrix. */
  readonly output: readonly (readonly number[])[];
  /** `[token][head]`: the weight of each query. Absent if all queries count the same. */
  readonly votes?: readonly (readonly number[])[];
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
export const softmax = (scores: readonly number[]): number[] => {
  const most = Math.max(...scores);
  const exps = scores.map((score) => Math.exp(score - most));
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map((value) => value / sum);
};
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** The indices of the best rows, ascending. */
export const plainBest = (scores: readonly number[], count: number): number[] =>
  [...scores.keys()]
    .sort((a, b) => (scores[b] as number) - (scores[a] as number))
    .slice(0, count)
    .sort((a, b) => a - b);

const sizes = ({ query, key }: PlainLayer): { tokens: number; group: number; kvHeads: number } => {
  const kvHeads = key[0]?.length as number;
  return { tokens: key.length, kvHeads, group: (query[0]?.length as number) / kvHeads };
};

/** The weight of a query. */
const voteOf = ({ votes }: PlainLayer, token: number, head: number): number => votes?.[token]?.[head] ?? 1;

/** A token's attention in a head over the rows up to its own, times its vote. */
function attention(layer: PlainLayer, token: number, head: number): number[] {
  const { group } = sizes(layer);
  const query = layer.query[token]?.[head] as readonly number[];
  const shares = softmax(
    range(token + 1).map(
      (row) => dot(query, layer.key[row]?.[Math.floor(head / group)] as readonly number[]) / Math.sqrt(query.length),
    ),
  );
  return shares.map((share) => share * voteOf(layer, token, head));
}

/** `[kvHead][row]`, for the first `candidates` rows. */
export type PlainScores = number[][];

function byGroup(
  layer: PlainLayer,
  candidates: number,
  ofHead: (head: number) => readonly number[],
  join: (values: readonly number[]) => number,
): PlainScores {
  const { group, kvHeads } = sizes(layer);
  return range(kvHeads).map((kvHead) => {
    const heads = range(group).map((member) => ofHead(kvHead * group + member));
    return range(candidates).map((row) => join(heads.map((scores) => scores[row] as number)));
  });
}

/** SnapKV (arXiv 2404.14469), with the mean over the group as in kvpress. */
export function plainSnapKv(
  layer: PlainLayer,
  candidates: number,
  { kernel, pool }: { kernel: number; pool: 'avg' | 'max' },
): PlainScores {
  const { tokens } = sizes(layer);
  const ofHead = (head: number): number[] => {
    const window = range(tokens - candidates).map((index) => attention(layer, candidates + index, head));
    const scores = range(candidates).map((row) => mean(window.map((shares) => shares[row] as number)));
    return scores.map((_, row) => {
      const around = range(kernel)
        .map((index) => row + index - (kernel - 1) / 2)
        .filter((other) => other >= 0 && other < candidates)
        .map((other) => scores[other] as number);
      return pool === 'max' ? Math.max(...around) : around.reduce((sum, value) => sum + value, 0) / kernel;
    });
  };
  return byGroup(layer, candidates, ofHead, mean);
}

/** H2O (arXiv 2306.14048): sums over all tokens, which are not divided by the number of tokens that attend a row. */
export function plainH2o(layer: PlainLayer, candidates: number): PlainScores {
  const { tokens } = sizes(layer);
  const ofHead = (head: number): number[] => {
    const all = range(tokens).map((token) => attention(layer, token, head));
    return range(candidates).map((row) => all.reduce((sum, shares) => sum + (shares[row] ?? 0), 0) / tokens);
  };
  return byGroup(layer, candidates, ofHead, mean);
}

/** KeyDiff (arXiv 2504.15364): the cosine to the mean direction. Less is better. */
export function plainKeyDiff(layer: PlainLayer, candidates: number): PlainScores {
  const { tokens, kvHeads } = sizes(layer);
  return range(kvHeads).map((kvHead) => {
    const directions = range(tokens).map((row) => {
      const key = layer.key[row]?.[kvHead] as readonly number[];
      return key.map((value) => value / Math.sqrt(dot(key, key)));
    });
    const anchor = (directions[0] as number[]).map((_, index) =>
      mean(directions.map((direction) => direction[index] as number)),
    );
    return range(candidates).map((row) => -dot(directions[row] as number[], anchor) / Math.sqrt(dot(anchor, anchor)));
  });
}

/**
 * Expected Attention (arXiv 2510.00636) with the norms of values, as in kvpress. Queries are weighted by their votes.
 */
export function plainExpectedAttention(
  layer: PlainLayer,
  candidates: number,
  { futureTokens, sinks }: { futureTokens: number; sinks: number },
): PlainScores {
  const { tokens, group } = sizes(layer);
  const headSize = layer.key[0]?.[0]?.length as number;
  const ofHead = (head: number): number[] => {
    const queries = range(tokens - sinks).map((index) => layer.unrotated[sinks + index]?.[head] as readonly number[]);
    const votes = queries.map((_, index) => voteOf(layer, sinks + index, head));
    const allVotes = votes.reduce((sum, vote) => sum + vote, 0);
    const expectation = (values: readonly number[]): number => (allVotes === 0 ? 0 : dot(values, votes) / allVotes);
    const mu = range(headSize).map((index) => expectation(queries.map((query) => query[index] as number)));
    const sigma = range(headSize).map((i) =>
      range(headSize).map((j) =>
        expectation(
          queries.map(
            (query) => ((query[i] as number) - (mu[i] as number)) * ((query[j] as number) - (mu[j] as number)),
          ),
        ),
      ),
    );
    // The mean rotation, column by column.
    const columns = range(headSize).map((column) => {
      const turned = range(futureTokens).map((index) =>
        layer.rotate(
          range(headSize).map((row) => Number(row === column)),
          tokens + index,
        ),
      );
      return range(headSize).map((row) => mean(turned.map((vector) => vector[row] as number)));
    });
    const turn = (x: readonly number[]): number[] =>
      range(headSize).map((row) =>
        range(headSize).reduce((sum, column) => sum + (columns[column]?.[row] as number) * (x[column] as number), 0),
      );
    const meanToCome = turn(mu);
    const half = sigma.map(turn);
    const covarianceToCome = range(headSize).map((i) => turn(range(headSize).map((j) => half[j]?.[i] as number)));
    const kvHead = Math.floor(head / group);
    const logits = range(tokens - sinks).map((index) => {
      const key = layer.key[sinks + index]?.[kvHead] as readonly number[];
      return (
        dot(key, meanToCome) / Math.sqrt(headSize) +
        dot(
          key,
          covarianceToCome.map((row) => dot(row, key)),
        ) /
          headSize /
          2
      );
    });
    return softmax(logits).map((share) => share * mean(votes));
  };
  const expected = byGroup(layer, candidates - sinks, ofHead, mean);
  return expected.map((scores, kvHead) => [
    ...range(sinks).map(() => Number.MAX_VALUE),
    ...scores.map((score, index) => {
      const value = layer.value[sinks + index]?.[kvHead] as readonly number[];
      return (score + 0.02) * Math.sqrt(dot(value, value));
    }),
  ]);
}

/** KVzip (arXiv 2505.23416). The tokens of `layer` from `candidates` on are the second reading. */
export function plainKvzip(layer: PlainLayer, candidates: number): PlainScores {
  const { tokens } = sizes(layer);
  const ofHead = (head: number): number[] => {
    const replay = range(tokens - candidates).map((index) => attention(layer, candidates + index, head));
    return range(candidates).map((row) => Math.max(...replay.map((shares) => shares[row] as number)));
  };
  return byGroup(layer, candidates, ofHead, (values) => Math.max(...values));
}

/**
 * CriticalKV (arXiv 2502.03805): keeps the `first` best rows. For the rest, scores are multiplied by the L1 norm of a
 * value's contribution to the layer's result.
 */
export function plainCritical(layer: PlainLayer, scores: PlainScores, first: number): PlainScores {
  const { group } = sizes(layer);
  const headSize = layer.key[0]?.[0]?.length as number;
  const width = layer.output[0]?.length as number;
  return scores.map((ofRows, kvHead) => {
    const inAnyCase = new Set(plainBest(ofRows, first));
    return ofRows.map((score, row) => {
      if (inAnyCase.has(row)) return Number.MAX_VALUE;
      const norms = range(group).map((member) => {
        const head = kvHead * group + member;
        return range(width).reduce(
          (sum, column) =>
            sum +
            Math.abs(
              range(headSize).reduce(
                (total, index) =>
                  total +
                  (layer.value[row]?.[kvHead]?.[index] as number) *
                    (layer.output[head * headSize + index]?.[column] as number),
                0,
              ),
            ),
          0,
        );
      });
      return (score + 1e-4) * mean(norms);
    });
  });
}

/**
 * AdaKV (arXiv 2407.11550), as in kvpress: the best rows of all heads, `count` per head on average. The `least` best
 * rows of each head always stay.
 */
export function plainAdaptive(
  scores: PlainScores,
  { count, least }: { count: number; least: number },
): readonly (readonly number[])[] {
  const safe = scores.map((ofRows) => new Set(plainBest(ofRows, least)));
  const others = scores.flatMap((ofRows, head) =>
    ofRows.map((score, row) => ({ head, row, score })).filter(({ row }) => !safe[head]?.has(row)),
  );
  const best = others.sort((a, b) => b.score - a.score).slice(0, (count - least) * scores.length);
  return scores.map((_, head) =>
    [...(safe[head] as Set<number>), ...best.filter((other) => other.head === head).map(({ row }) => row)].sort(
      (a, b) => a - b,
    ),
  );
}

/**
 * The scores of the first pages, `[kvHead][page]`.
 *
 * A page's score is the most attention that a choosing token gives to it or to a neighbour, plus a quarter of that to
 * the page itself. Attention is weighted by votes. The last `queries` tokens choose, or every n-th of them. A page's
 * best row represents it, and the softmax is over these rows.
 */
export function plainPages(
  layer: PlainLayer,
  pages: number,
  {
    pageRows,
    queries,
    every = 1,
    meanRows = 1,
  }: { pageRows: number; queries: number; every?: number; meanRows?: number },
): PlainScores {
  const { tokens, group } = sizes(layer);
  const ofHead = (head: number): number[] => {
    const shares = range(queries).map((index) => {
      const token = tokens - 1 - index * every;
      const query = layer.query[token]?.[head] as readonly number[];
      const product = (row: number): number =>
        dot(query, layer.key[row]?.[Math.floor(head / group)] as readonly number[]) / Math.sqrt(query.length);
      // A product with a mean of keys equals the mean of the products.
      const mean = (first: number): number =>
        range(meanRows).reduce((sum, row) => sum + product(first + row), 0) / meanRows;
      const ofPages = softmax(
        range(pages).map((page) =>
          Math.max(...range(pageRows / meanRows).map((place) => mean(page * pageRows + place * meanRows))),
        ),
      );
      return ofPages.map((share) => share * voteOf(layer, token, head));
    });
    return range(pages).map((page) => Math.max(...shares.map((ofQuery) => ofQuery[page] as number)));
  };
  const byPage = byGroup(layer, pages, ofHead, (values) => Math.max(...values));
  return byPage.map((scores) =>
    scores.map(
      (_, page) => Math.max(...scores.slice(Math.max(0, page - 1), page + 2)) + 0.25 * (scores[page] as number),
    ),
  );
}
