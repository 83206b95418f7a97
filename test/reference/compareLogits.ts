export interface LogitComparison {
  /** Σ (a − b)² ⁄ Σ b². */
  readonly normalisedSquaredError: number;
  /** Kullback–Leibler divergence of the actual distribution from the expected distribution, mean over rows, in nats. */
  readonly meanDivergence: number;
  /** Rows whose best tokens differ although their expected logits differ by more than rounding. */
  readonly argmaxDisagreements: readonly { readonly row: number; readonly gap: number }[];
}

/** A gap between two logits below which either token may win. */
const TIE = 0.05;

/** Compares rows of logits in plain loops. */
export function compareLogits(
  actual: Float32Array,
  expected: readonly Float32Array[],
  vocabularySize: number,
): LogitComparison {
  let squaredError = 0;
  let squaredNorm = 0;
  let divergence = 0;
  const argmaxDisagreements: { row: number; gap: number }[] = [];
  expected.forEach((expectedRow, row) => {
    const actualRow = actual.subarray(row * vocabularySize, (row + 1) * vocabularySize);
    for (let token = 0; token < vocabularySize; token++) {
      squaredError += (actualRow[token]! - expectedRow[token]!) ** 2;
      squaredNorm += expectedRow[token]! ** 2;
    }
    const p = logSoftMax(expectedRow);
    const q = logSoftMax(actualRow);
    for (let token = 0; token < vocabularySize; token++) divergence += Math.exp(p[token]!) * (p[token]! - q[token]!);
    const best = argmax(expectedRow);
    const ours = argmax(actualRow);
    const gap = expectedRow[best]! - expectedRow[ours]!;
    if (best !== ours && gap >= TIE) argmaxDisagreements.push({ row, gap });
  });
  return {
    normalisedSquaredError: squaredError / squaredNorm,
    meanDivergence: divergence / expected.length,
    argmaxDisagreements,
  };
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

function logSoftMax(logits: Float32Array): Float64Array {
  const best = logits[argmax(logits)]!;
  let sum = 0;
  for (let token = 0; token < logits.length; token++) sum += Math.exp(logits[token]! - best);
  const logSum = best + Math.log(sum);
  const logarithms = new Float64Array(logits.length);
  for (let token = 0; token < logits.length; token++) logarithms[token] = logits[token]! - logSum;
  return logarithms;
}

/** Concatenates rows of equal length. */
export function flatRows(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const flat = new Float32Array(rows.length * width);
  rows.forEach((row, index) => flat.set(row, index * width));
  return flat;
}
