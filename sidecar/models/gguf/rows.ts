/** Matrices that are read row by row from files. */
import type { FileHandle } from 'node:fs/promises';
import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { rowBytes, type TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { LocatedTensor } from './locate.ts';

/** Read at once. */
const READ_BYTES = 4 * 1024 * 1024;

/** Rows of whole blocks of one type. */
export interface Rows {
  readonly type: TensorType;
  readonly columns: number;
  readonly count: number;
  read(first: number, count: number): Promise<Uint8Array>;
}

/**
 * A tensor of a file as rows; all dimensions but the first are rows. `columns` splits or joins them: a vector of heads
 * is one row a head.
 */
export function fileRows(file: FileHandle, tensor: LocatedTensor, columns = tensor.shape[0] ?? 1): Rows {
  const type = tensor.type as TensorType;
  const elements = tensor.shape.reduce((product, extent) => product * extent, 1);
  const bytesPerRow = rowBytes(type, columns);
  return {
    type,
    columns,
    count: elements / columns,
    read: async (first, count) => {
      const bytes = new Uint8Array(count * bytesPerRow);
      const start = tensor.header.dataOffsetBytes + tensor.offsetBytes + first * bytesPerRow;
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0)
          throw new TroubleError(
            'truncated-model',
            `${tensor.header.path} ends inside the tensor ${tensor.name}: it was changed after it was checked.`,
          );
        done += bytesRead;
      }
      return bytes;
    },
  };
}

/** Rows in another type, by way of float32; `importance` as in `fromFloat32`. */
export function converted(rows: Rows, type: TensorType, importance?: Float32Array): Rows {
  if (rows.type === type) return rows;
  return {
    ...rows,
    type,
    read: async (first, count) =>
      fromFloat32(type, toFloat32(rows.type, await rows.read(first, count)), rows.columns, { importance }),
  };
}

/** All bytes, in pieces. */
export async function* chunksOf(rows: Rows, first = 0, count = rows.count): AsyncGenerator<Uint8Array> {
  const step = rowsAtOnce(rowBytes(rows.type, rows.columns));
  for (let done = 0; done < count; done += step) yield await rows.read(first + done, Math.min(step, count - done));
}

/** Rows that are read at once, of so many bytes each. */
export function rowsAtOnce(bytesPerRow: number): number {
  return Math.max(1, Math.floor(READ_BYTES / bytesPerRow));
}
