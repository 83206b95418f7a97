/** Means of differences over the same things, with their standard errors. */
export interface Paired {
  readonly count: number;
  readonly mean: number;
  readonly standardError: number;
}

/** Of `values[i] − baseline[i]`. */
export function pairedDifference(values: readonly number[], baseline: readonly number[]): Paired {
  return meanOf(values.map((value, index) => value - (baseline[index] as number)));
}

export function meanOf(values: readonly number[]): Paired {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, count);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, count - 1);
  return { count, mean, standardError: Math.sqrt(variance / Math.max(1, count)) };
}

/** Results of two runs for what both have. */
export function common<Result>(a: ReadonlyMap<string, Result>, b: ReadonlyMap<string, Result>): readonly (readonly [Result, Result])[] {
  return [...a].flatMap(([id, result]) => {
    const other = b.get(id);
    return other === undefined ? [] : [[result, other] as const];
  });
}
