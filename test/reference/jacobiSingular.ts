/**
 * Singular values and vectors of a matrix of `rows` rows of `columns` values, `rows ≥ columns`, the largest value
 * first. The vectors `left[k]` and `right[k]` belong to `values[k]`.
 *
 * One-sided Jacobi rotations (Hestenes, 1958) rotate pairs of columns until all are orthogonal.
 */
export function jacobiSingular(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
): { values: number[]; left: number[][]; right: number[][] } {
  const images = Array.from({ length: columns }, (_, column) =>
    Array.from({ length: rows }, (_value, row) => matrix[row * columns + column] as number),
  );
  const turned = Array.from({ length: columns }, (_, column) =>
    Array.from({ length: columns }, (_value, row) => (row === column ? 1 : 0)),
  );
  for (let sweep = 0, largest = 1; largest > 1e-14 && sweep < 60; sweep++) {
    largest = 0;
    for (let a = 0; a < columns; a++) {
      for (let b = a + 1; b < columns; b++) {
        const [p, q] = [images[a] as number[], images[b] as number[]];
        const [pp, qq, pq] = [dot(p, p), dot(q, q), dot(p, q)];
        if (pp === 0 || qq === 0 || Math.abs(pq) <= 1e-15 * Math.sqrt(pp * qq)) continue;
        largest = Math.max(largest, Math.abs(pq) / Math.sqrt(pp * qq));
        const zeta = (qq - pp) / (2 * pq);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        rotate(p, q, cosine, cosine * tangent);
        rotate(turned[a] as number[], turned[b] as number[], cosine, cosine * tangent);
      }
    }
  }
  const lengths = images.map((image) => Math.sqrt(dot(image, image)));
  const order = [...lengths.keys()].sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
  return {
    values: order.map((column) => lengths[column] as number),
    left: order.map((column) => (images[column] as number[]).map((value) => value / (lengths[column] as number))),
    right: order.map((column) => turned[column] as number[]),
  };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

function rotate(a: number[], b: number[], cosine: number, sine: number): void {
  a.forEach((value, index) => {
    const other = b[index] as number;
    a[index] = cosine * value - sine * other;
    b[index] = sine * value + cosine * other;
  });
}
