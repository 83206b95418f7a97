/** Eigenvalues of a symmetric matrix, the largest first. Vector k is in `vectors` from k · size on. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

const MAX_SWEEPS = 60;

/**
 * Eigenvalues and orthonormal eigenvectors of the symmetric `matrix[size · size]`, in about 5 · size³ operations.
 *
 * Householder's reduction to tridiagonal form, then QL steps with implicit shifts. Sources: Martin, Reinsch and
 * Wilkinson, 1968; Bowdler et al., 1968; EISPACK's tred2 and tql2. Throws `RangeError` if a value is NaN or infinite.
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  if (matrix.length !== size * size)
    throw new RangeError(`A matrix of ${matrix.length} values, expected ${size} · ${size}.`);
  if (!matrix.every(Number.isFinite)) throw new RangeError('The matrix holds values that are NaN or infinite.');
  // Row k is column k of the usual notation, so that inner loops read memory in order.
  const vectors = Float64Array.from(matrix);
  const { diagonal, beside } = reduceToDiagonals(vectors, size);
  diagonalise(vectors, diagonal, beside);
  const order = Array.from(diagonal.keys()).sort((a, b) => (diagonal[b] as number) - (diagonal[a] as number));
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size));
  return { values: Float64Array.from(order, (index) => diagonal[index] as number), vectors: sorted };
}

/** Overwrites `v` with the product of the reflections. `beside[i]` is the element left of `diagonal[i]`. */
function reduceToDiagonals(v: Float64Array, size: number): { diagonal: Float64Array; beside: Float64Array } {
  const d = Float64Array.from({ length: size }, (_, column) => v[column * size + size - 1]!);
  const e = new Float64Array(size);
  for (let i = size - 1; i > 0; i--) {
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
    let h = 0;
    if (scale === 0) {
      e[i] = d[i - 1]!;
      for (let j = 0; j < i; j++) {
        d[j] = v[j * size + i - 1]!;
        v[j * size + i] = 0;
        v[i * size + j] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        d[k]! /= scale;
        h += d[k]! ** 2;
      }
      const last = d[i - 1]!;
      const g = last > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= last * g;
      d[i - 1] = last - g;
      e.fill(0, 0, i);
      for (let j = 0; j < i; j++) {
        const f = d[j]!;
        const row = j * size;
        v[i * size + j] = f;
        let sum = e[j]! + v[row + j]! * f;
        for (let k = j + 1; k < i; k++) {
          sum += v[row + k]! * d[k]!;
          e[k]! += v[row + k]! * f;
        }
        e[j] = sum;
      }
      let dot = 0;
      for (let j = 0; j < i; j++) {
        e[j]! /= h;
        dot += e[j]! * d[j]!;
      }
      const half = dot / (h + h);
      for (let j = 0; j < i; j++) e[j]! -= half * d[j]!;
      for (let j = 0; j < i; j++) {
        const [f, g2, row] = [d[j]!, e[j]!, j * size];
        for (let k = j; k < i; k++) v[row + k]! -= f * e[k]! + g2 * d[k]!;
        d[j] = v[row + i - 1]!;
        v[row + i] = 0;
      }
    }
    d[i] = h;
  }
  multiplyReflections(v, d, size);
  for (let j = 0; j < size; j++) {
    d[j] = v[j * size + size - 1]!;
    v[j * size + size - 1] = 0;
  }
  v[size * size - 1] = 1;
  return { diagonal: d, beside: e };
}

function multiplyReflections(v: Float64Array, d: Float64Array, size: number): void {
  for (let i = 0; i < size - 1; i++) {
    const next = (i + 1) * size;
    v[i * size + size - 1] = v[i * size + i]!;
    v[i * size + i] = 1;
    const h = d[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[next + k]! / h;
      for (let j = 0; j <= i; j++) {
        const row = j * size;
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[next + k]! * v[row + k]!;
        for (let k = 0; k <= i; k++) v[row + k]! -= g * d[k]!;
      }
    }
    v.fill(0, next, next + i + 1);
  }
}

/** Brings the off-diagonal elements to zero, and rotates the rows of `v` accordingly. */
function diagonalise(v: Float64Array, d: Float64Array, e: Float64Array): void {
  const size = d.length;
  e.copyWithin(0, 1);
  e[size - 1] = 0;
  let shift = 0;
  let largest = 0;
  for (let l = 0; l < size; l++) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    const small = Number.EPSILON * largest;
    let m = l;
    while (m < size - 1 && Math.abs(e[m]!) > small) m++;
    for (let sweep = 0; m > l && Math.abs(e[l]!) > small; sweep++) {
      if (sweep === MAX_SWEEPS) throw new RangeError(`Eigenvalue ${l} did not converge in ${MAX_SWEEPS} sweeps.`);
      shift += step(v, d, e, l, m);
    }
    d[l]! += shift;
    e[l] = 0;
  }
}

/** A QL step on the rows l to m. Returns the shift that was subtracted from the diagonal. */
function step(v: Float64Array, d: Float64Array, e: Float64Array, l: number, m: number): number {
  const size = d.length;
  const g = d[l]!;
  const ratio = (d[l + 1]! - g) / (2 * e[l]!);
  const root = ratio < 0 ? -Math.hypot(ratio, 1) : Math.hypot(ratio, 1);
  d[l] = e[l]! / (ratio + root);
  d[l + 1] = e[l]! * (ratio + root);
  const [next, nextBeside, shift] = [d[l + 1]!, e[l + 1]!, g - d[l]];
  for (let i = l + 2; i < size; i++) d[i]! -= shift;
  let p = d[m]!;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  for (let i = m - 1; i >= l; i--) {
    [c3, c2, s2] = [c2, c, s];
    const [along, across] = [c * e[i]!, c * p];
    const r = Math.hypot(p, e[i]!);
    e[i + 1] = s * r;
    s = e[i]! / r;
    c = p / r;
    p = c * d[i]! - s * along;
    d[i + 1] = across + s * (c * along + s * d[i]!);
    const [row, following] = [i * size, (i + 1) * size];
    for (let k = 0; k < size; k++) {
      const [a, b] = [v[row + k]!, v[following + k]!];
      v[following + k] = s * a + c * b;
      v[row + k] = c * a - s * b;
    }
  }
  p = (-s * s2 * c3 * nextBeside * e[l]!) / next;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}
