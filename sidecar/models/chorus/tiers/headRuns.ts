import type { HeadRun } from '../../../../kernels/blocks/attendCache.ts';

/** Of each layer the KV heads that choose, in runs of neighbouring ones. */
export type HeadRuns = readonly (readonly HeadRun[])[];

/** How much each KV head of each layer needs a choice of its own for every token, by layer; larger is more. */
export type HeadNeeds = readonly (readonly number[])[];

/** The share of all heads that need it most, at least one; `percent`: from above 0 to 100. */
export function neediestHeads(needs: HeadNeeds, percent: number): HeadRuns {
  const all = needs.flatMap((ofHeads, layer) => ofHeads.map((need, head) => ({ layer, head, need })));
  const count = Math.max(1, Math.round((all.length * percent) / 100));
  const neediest = all.sort((a, b) => b.need - a.need || a.layer - b.layer || a.head - b.head).slice(0, count);
  return needs.map((_, layer) => runsOf(neediest.filter((head) => head.layer === layer).map(({ head }) => head)));
}

function runsOf(heads: readonly number[]): HeadRun[] {
  const runs: HeadRun[] = [];
  for (const head of [...heads].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last.first + last.count === head) runs[runs.length - 1] = { first: last.first, count: last.count + 1 };
    else runs.push({ first: head, count: 1 });
  }
  return runs;
}
