/**
 * Σ `values[first + index] · x[index]` over all of `x`. It uses four sums, which a processor adds in parallel, whereas
 * a plain loop would wait for each addition.
 */
export function dotProduct(values: ArrayLike<number>, first: number, x: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 4 <= x.length; index += 4) {
    a += (values[first + index] as number) * (x[index] as number);
    b += (values[first + index + 1] as number) * (x[index + 1] as number);
    c += (values[first + index + 2] as number) * (x[index + 2] as number);
    d += (values[first + index + 3] as number) * (x[index + 3] as number);
  }
  for (; index < x.length; index++) a += (values[first + index] as number) * (x[index] as number);
  return a + b + c + d;
}

/** Multiplies a matrix, row by row, by a vector. */
export function matrixProduct(
  values: ArrayLike<number>,
  x: Float64Array,
  { firstRow = 0, rows = values.length / x.length }: { readonly firstRow?: number; readonly rows?: number } = {},
): Float64Array<ArrayBuffer> {
  const product = new Float64Array(rows);
  for (let row = 0; row < rows; row++) product[row] = dotProduct(values, (firstRow + row) * x.length, x);
  return product;
}
