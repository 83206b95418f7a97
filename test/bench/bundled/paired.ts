/** The mean of differences over the same items, with its standard error. */
export interface Paired {
  readonly count: number;
  readonly mean: number;
  readonly standardError: number;
}

/** Returns the mean of `values[i] − baseline[i]`. */
export function pairedDifference(values: readonly number[], baseline: readonly number[]): Paired {
  return meanOf(values.map((value, index) => value - (baseline[index] as number)));
}

export function meanOf(values: readonly number[]): Paired {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, count);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, count - 1);
  return { count, mean, standardError: Math.sqrt(variance / Math.max(1, count)) };
}

/** Returns the results of two runs for the items that both have. */
export function common<Result>(
  a: ReadonlyMap<string, Result>,
  b: ReadonlyMap<string, Result>,
): readonly (readonly [Result, Result])[] {
  return [...a].flatMap(([id, result]) => {
    const other = b.get(id);
    return other === undefined ? [] : [[result, other] as const];
  });
}

/**
 * Returns the share by which the sum of `values` exceeds that of `baseline`, pair by pair. The error is that of a ratio
 * of sums.
 */
export function ratioOfSums(values: readonly number[], baseline: readonly number[]): Paired {
  const count = values.length;
  const sum = (all: readonly number[]): number => all.reduce((total, value) => total + value, 0);
  const total = sum(baseline);
  const ratio = sum(values) / total;
  const residuals = values.map((value, index) => (value - ratio * (baseline[index] as number)) ** 2);
  return {
    count,
    mean: ratio - 1,
    standardError: count < 2 ? 0 : Math.sqrt((sum(residuals) * count) / (count - 1)) / total,
  };
}
