/** Combines several matrices: stacks, interleaved columns, averages. */
import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { rowBytes, tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';
import { chunksOf, rowsAtOnce, type Rows } from '../../models/gguf/rows.ts';

/** Repeats the rows `times` times. */
export function repeated(rows: Rows, times: number): Rows {
  return {
    ...rows,
    count: rows.count * times,
    read: async (first, count) =>
      join(await Promise.all(Array.from({ length: count }, (_, index) => rows.read((first + index) % rows.count, 1)))),
  };
}

/** The mean of matrices of the same shape. */
export function averaged(matrices: readonly Rows[], type: TensorType): Rows {
  const { columns, count: all } = matrices[0] as Rows;
  return {
    type,
    columns,
    count: all,
    read: async (first, count) => {
      const sum = new Float64Array(count * columns);
      for (const matrix of matrices)
        toFloat32(matrix.type, await matrix.read(first, count)).forEach((value, index) => (sum[index]! += value));
      return fromFloat32(
        type,
        Float32Array.from(sum, (value) => value / matrices.length),
        columns,
      );
    },
  };
}

/** Concatenates pieces of several matrices in the given order. */
export function stacked(
  pieces: readonly { readonly rows: Rows; readonly first: number; readonly count: number }[],
): AsyncIterable<Uint8Array> {
  return concatenated(pieces.map(({ rows, first, count }) => chunksOf(rows, first, count)));
}

/** Puts matrices with the same number of rows side by side: row by row, matrix by matrix. */
export async function* interleaved(matrices: readonly Rows[]): AsyncGenerator<Uint8Array> {
  const { count, type, columns } = matrices[0] as Rows;
  const bytesPerRow = rowBytes(type, columns);
  const step = rowsAtOnce(bytesPerRow * matrices.length);
  for (let first = 0; first < count; first += step) {
    const taken = Math.min(step, count - first);
    const parts = await Promise.all(matrices.map((matrix) => matrix.read(first, taken)));
    const rows: Uint8Array[] = [];
    for (let row = 0; row < taken; row++)
      for (const part of parts) rows.push(part.subarray(row * bytesPerRow, (row + 1) * bytesPerRow));
    yield join(rows);
  }
}

/** Whether matrices of the same shape hold the same bytes. */
export async function areEqual(matrices: readonly Rows[]): Promise<boolean> {
  const [reference, ...others] = matrices;
  if (!reference || others.some(({ type }) => type !== reference.type)) return others.length === 0;
  const step = rowsAtOnce(rowBytes(reference.type, reference.columns));
  for (let first = 0; first < reference.count; first += step) {
    const count = Math.min(step, reference.count - first);
    const expected = Buffer.from(await reference.read(first, count));
    for (const other of others) if (!expected.equals(await other.read(first, count))) return false;
  }
  return true;
}

/** The common type for values of several types: the most precise float among them, or else eight bits. */
export function commonType(types: readonly TensorType[], columns: number): TensorType {
  if (types.includes('F32')) return 'F32';
  if (types.some((type) => type === 'F16' || type === 'BF16')) return 'F16';
  return columns % tensorTypes.Q8_0.blockElements === 0 ? 'Q8_0' : 'F16';
}

async function* concatenated(parts: readonly AsyncIterable<Uint8Array>[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* part;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}
