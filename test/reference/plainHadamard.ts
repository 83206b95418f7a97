/**
 * The fast Walsh–Hadamard transform of a vector whose length is a power of two, scaled to be its own inverse. It uses
 * butterflies instead of a matrix.
 */
export function plainHadamard(vector: readonly number[]): number[] {
  const result = [...vector];
  for (let half = 1; half < result.length; half *= 2) {
    for (let first = 0; first < result.length; first += 2 * half) {
      for (let index = first; index < first + half; index++) {
        const [a, b] = [result[index] as number, result[index + half] as number];
        [result[index], result[index + half]] = [a + b, a - b];
      }
    }
  }
  return result.map((value) => value / Math.sqrt(result.length));
}
