/** Rows are multiplied in groups of this size, so the number of rows must be a multiple of it. */
export const GRAM_ROWS = 4;

/**
 * Adds `A Aᵀ` to `gram[size · size]`, in the lower triangle alone. `a[size · count]` has `size` rows of `count` values,
 * and `size` is a multiple of `GRAM_ROWS`.
 *
 * Values above the diagonal are undefined afterwards. Eight sums at once keep a processor's registers busy.
 */
export function addGram(gram: Float64Array, a: Float64Array, size: number, count: number): void {
  for (let i = 0; i < size; i += GRAM_ROWS) {
    for (let j = 0; j < i + GRAM_ROWS; j += 2) {
      let [s00, s01, s10, s11, s20, s21, s30, s31] = [0, 0, 0, 0, 0, 0, 0, 0];
      const [row0, row1, row2, row3] = [i * count, (i + 1) * count, (i + 2) * count, (i + 3) * count];
      const [other0, other1] = [j * count, (j + 1) * count];
      for (let k = 0; k < count; k++) {
        const left = a[other0 + k]!;
        const right = a[other1 + k]!;
        s00 += a[row0 + k]! * left;
        s01 += a[row0 + k]! * right;
        s10 += a[row1 + k]! * left;
        s11 += a[row1 + k]! * right;
        s20 += a[row2 + k]! * left;
        s21 += a[row2 + k]! * right;
        s30 += a[row3 + k]! * left;
        s31 += a[row3 + k]! * right;
      }
      const at = i * size + j;
      gram[at]! += s00;
      gram[at + 1]! += s01;
      gram[at + size]! += s10;
      gram[at + size + 1]! += s11;
      gram[at + 2 * size]! += s20;
      gram[at + 2 * size + 1]! += s21;
      gram[at + 3 * size]! += s30;
      gram[at + 3 * size + 1]! += s31;
    }
  }
}
