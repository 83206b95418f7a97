/**
 * Rounds each row of `columns` values in place to a grid of `bits` bits that reaches its largest magnitude: symmetric
 * absmax, with zero on the grid. A row is an output channel of a matrix, or a token's activations.
 */
export function roundRows(values: Float32Array, columns: number, bits: number): void {
  const levels = 2 ** (bits - 1) - 1;
  for (let start = 0; start < values.length; start += columns) {
    const row = values.subarray(start, start + columns);
    let largest = 0;
    for (const value of row) largest = Math.max(largest, Math.abs(value));
    if (largest === 0) continue;
    const step = largest / levels;
    for (let column = 0; column < columns; column++) row[column] = Math.round((row[column] as number) / step) * step;
  }
}
