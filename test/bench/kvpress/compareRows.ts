/** The relative distance to the threshold within which the scores of two computations may fall to either side. */
export const TOLERANCE = 1e-3;

export interface Comparison {
  /** The rows that kvpress keeps, over all layers and KV heads. */
  readonly rows: number;
  /** The number of these rows that we do not keep. */
  readonly differing: number;
  /** The number of rows that only one side keeps, with a score outside the tolerance of the threshold. */
  readonly beyond: number;
  /** The largest relative distance to the threshold among rows that only one side keeps, or 0 if there are none. */
  readonly worst: number;
}

type Rows = readonly (readonly (readonly number[])[])[];

/**
 * Compares rows `[layer][head][…]`. `scores` are kvpress's, `[layers, heads, tokens]`. The threshold is the smallest
 * kept score of each head, or of the layer if its heads compete. Throws if we keep a different number of rows of a
 * layer.
 */
export function compareRows(
  ours: Rows,
  theirs: Rows,
  { scores, tokens, compete }: { readonly scores: Float32Array; readonly tokens: number; readonly compete: boolean },
): Comparison {
  let [rows, differing, beyond, worst] = [0, 0, 0, 0];
  for (const [layer, heads] of theirs.entries()) {
    const mine = ours[layer] ?? [];
    if (mine.flat().length !== heads.flat().length)
      throw new Error(`Layer ${layer} keeps ${mine.flat().length} rows here and ${heads.flat().length} there.`);
    const scoreOf = (head: number, row: number): number =>
      scores[(layer * heads.length + head) * tokens + row] as number;
    const thresholds = heads.map((kept, head) =>
      kept.reduce((least, row) => Math.min(least, scoreOf(head, row)), Infinity),
    );
    for (const [head, kept] of heads.entries()) {
      const threshold = compete ? Math.min(...thresholds) : (thresholds[head] as number);
      const [one, other] = [new Set(mine[head]), new Set(kept)];
      const alone = [...[...one].filter((row) => !other.has(row)), ...[...other].filter((row) => !one.has(row))];
      rows += kept.length;
      differing += alone.filter((row) => other.has(row)).length;
      for (const row of alone) {
        const distance = Math.abs(scoreOf(head, row) - threshold) / Math.abs(threshold);
        // A NaN score is no tie.
        if (!(distance <= TOLERANCE)) beyond++;
        worst = Math.max(worst, distance);
      }
    }
  }
  return { rows, differing, beyond, worst };
}
