import type { HeadNeedsTrial } from '../../sidecar/models/chorus/tiers/headNeeds.ts';
import { plainPages, softmax, dot, type PlainLayer } from './plainSelectors.ts';

/**
 * For each KV head of a layer, the share of attention that it loses if only the first of each `pageRows` tokens chooses
 * pages. It is the mean over the last tokens, for the query head that loses most. In plain loops.
 */
export function plainHeadNeeds(
  layer: PlainLayer,
  { pageRows, pagesPerChoice, window, observedTokens }: HeadNeedsTrial,
): number[] {
  const length = layer.key.length;
  const needs = (layer.key[0] ?? []).map(() => 0);
  const group = (layer.query[0]?.length as number) / needs.length;
  for (let first = length - observedTokens; first < length; first += pageRows) {
    const candidates = Math.floor((first - window) / pageRows);
    let before: readonly ReadonlySet<number>[] = [];
    for (let token = first; token < first + pageRows; token++) {
      const chosen = plainPages(upTo(layer, token), candidates, { pageRows, queries: 1 }).map((worth) => {
        const worths = worth.map((value, page) => (page === 0 ? Infinity : value));
        return new Set(
          [...worths.keys()]
            .sort((a, b) => (worths[b] as number) - (worths[a] as number))
            .slice(0, Math.floor(candidates / pagesPerChoice)),
        );
      });
      if (token === first) before = chosen;
      for (const kvHead of needs.keys()) {
        const lost = Array.from({ length: group }, (_, member) => {
          const head = kvHead * group + member;
          const shares = attended(layer, token, head, kvHead);
          const of = (pages: ReadonlySet<number> | undefined): number =>
            shares.reduce((sum, share, row) => sum + (pages?.has(Math.floor(row / pageRows)) ? share : 0), 0);
          return (layer.votes?.[token]?.[head] ?? 1) * (of(chosen[kvHead]) - of(before[kvHead]));
        });
        needs[kvHead] = (needs[kvHead] as number) + Math.max(...lost) / observedTokens;
      }
    }
  }
  return needs;
}

function upTo(layer: PlainLayer, token: number): PlainLayer {
  return {
    ...layer,
    key: layer.key.slice(0, token + 1),
    query: layer.query.slice(0, token + 1),
    votes: layer.votes?.slice(0, token + 1),
  };
}

function attended(layer: PlainLayer, token: number, head: number, kvHead: number): readonly number[] {
  const query = layer.query[token]?.[head] as readonly number[];
  return softmax(
    layer.key
      .slice(0, token + 1)
      .map((keys) => dot(query, keys[kvHead] as readonly number[]) / Math.sqrt(query.length)),
  );
}
