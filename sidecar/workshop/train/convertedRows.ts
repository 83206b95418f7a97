import type { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { cast, contiguous, transpose } from '../../../kernels/ggml/ops.ts';
import { read, write } from '../../../kernels/ggml/transfer.ts';
import { rowBytes, tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';

/** The values that are in float32 at a time. Whole matrices would take twice the memory of a quantised model. */
const STRIPE_VALUES = 2 ** 21;

/** A matrix as bytes: `[columns, rows]`. */
export interface MatrixBytes {
  readonly type: TensorType;
  readonly columns: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Converts a matrix to another type, stripe by stripe. */
export async function convertedMatrix(device: Device, matrix: MatrixBytes, type: TensorType): Promise<Uint8Array> {
  if (matrix.type === type) return matrix.bytes;
  const rowSize = rowBytes(type, matrix.columns);
  const result = new Uint8Array(rowSize * matrix.rows);
  for (const stripe of stripesOf(matrix))
    result.set(await computed(device, stripe, type, { isTransposed: false }), stripe.firstRow * rowSize);
  return result;
}

/** Transposes a matrix and converts it to another type, stripe by stripe: `[rows, columns]`. */
export async function transposedMatrix(device: Device, matrix: MatrixBytes, type: TensorType): Promise<Uint8Array> {
  const rowSize = rowBytes(type, matrix.rows);
  const result = new Uint8Array(rowSize * matrix.columns);
  for (const stripe of stripesOf(matrix)) {
    const part = await computed(device, stripe, type, { isTransposed: true });
    const [partBytes, offset] = [rowBytes(type, stripe.rows), rowBytes(type, stripe.firstRow)];
    for (let column = 0; column < matrix.columns; column++)
      result.set(part.subarray(column * partBytes, (column + 1) * partBytes), column * rowSize + offset);
  }
  return result;
}

interface Stripe extends MatrixBytes {
  readonly firstRow: number;
}

/** Whole rows, a number of them that is a multiple of every type's block, except in the last stripe. */
function* stripesOf({ type, columns, rows, bytes }: MatrixBytes): Generator<Stripe> {
  const blockRows = Math.max(...Object.values(tensorTypes).map(({ blockElements }) => blockElements));
  const stripeRows = Math.max(1, Math.floor(STRIPE_VALUES / columns / blockRows)) * blockRows;
  const rowSize = rowBytes(type, columns);
  for (let firstRow = 0; firstRow < rows; firstRow += stripeRows) {
    const end = Math.min(rows, firstRow + stripeRows);
    yield { type, columns, rows: end - firstRow, firstRow, bytes: bytes.subarray(firstRow * rowSize, end * rowSize) };
  }
}

async function computed(
  device: Device,
  { type: from, columns, rows, bytes }: MatrixBytes,
  to: TensorType,
  { isTransposed }: { readonly isTransposed: boolean },
): Promise<Uint8Array> {
  using graph = new Graph(device, { maxNodes: 16 });
  using memory = new DeviceMemory(device);
  const source = graph.input('rows', from, [columns, rows]);
  const values = from === 'F32' ? source : cast(graph, source, 'F32');
  const turned = isTransposed ? contiguous(graph, transpose(graph, values)) : values;
  const result = to === 'F32' ? turned : cast(graph, turned, to);
  graph.expand(result, { read: true });
  graph.allocate(memory);
  write(device, source, bytes);
  await graph.compute();
  const converted = new Uint8Array(result.sizeBytes);
  read(device, result, converted);
  return converted;
}
