import type { HeadRun } from '../../../../kernels/blocks/attendCache.ts';

/** The KV heads of each layer that choose, in runs of neighbours. */
export type HeadRuns = readonly (readonly HeadRun[])[];

/** How much each KV head of each layer needs its own choice for every token, by layer; larger is more. */
export type HeadNeeds = readonly (readonly number[])[];

/** Each run adds its own nodes to a graph, and a graph has room for a limited number. */
const MAX_RUNS = 128;

/**
 * Returns the share of all heads that need a choice most, at least one head. `percent` is above 0 and at most 100. If
 * they form more runs than `maxRuns`, the nearest runs of a layer are joined, down to one per layer.
 */
export function neediestHeads(needs: HeadNeeds, percent: number, maxRuns = MAX_RUNS): HeadRuns {
  const all = needs.flatMap((ofHeads, layer) => ofHeads.map((need, head) => ({ layer, head, need })));
  const count = Math.max(1, Math.round((all.length * percent) / 100));
  const neediest = all.sort((a, b) => b.need - a.need || a.layer - b.layer || a.head - b.head).slice(0, count);
  const runs = needs.map((_, layer) => runsOf(neediest.filter((head) => head.layer === layer).map(({ head }) => head)));
  for (let excess = runs.flat().length - maxRuns; excess > 0; excess--) {
    const gaps = runs.flatMap((ofLayer, layer) =>
      ofLayer.slice(1).map(({ first }, index) => ({ layer, index, size: first - endOf(ofLayer[index] as HeadRun) })),
    );
    const smallest = gaps.sort((a, b) => a.size - b.size)[0];
    if (!smallest) break;
    const [before, after] = (runs[smallest.layer] as HeadRun[]).slice(smallest.index) as [HeadRun, HeadRun];
    runs[smallest.layer]?.splice(smallest.index, 2, { first: before.first, count: endOf(after) - before.first });
  }
  return runs;
}

const endOf = ({ first, count }: HeadRun): number => first + count;

function runsOf(heads: readonly number[]): HeadRun[] {
  const runs: HeadRun[] = [];
  for (const head of [...heads].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && endOf(last) === head) runs[runs.length - 1] = { first: last.first, count: last.count + 1 };
    else runs.push({ first: head, count: 1 });
  }
  return runs;
}
