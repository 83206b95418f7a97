/** Matrices that are read row by row from files. */
import type { FileHandle } from 'node:fs/promises';
import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { rowBytes, type TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { LocatedTensor } from './locate.ts';

/** The number of bytes per read. */
const READ_BYTES = 4 * 1024 * 1024;

/** Rows of a single type, each of whole blocks. */
export interface Rows {
  readonly type: TensorType;
  readonly columns: number;
  readonly count: number;
  read(first: number, count: number): Promise<Uint8Array>;
}

/**
 * Reads a tensor of a file as rows. All dimensions but the first are rows. `columns` splits or joins rows: a vector of
 * all heads becomes a row per head.
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
            `${tensor.header.path} ends inside the tensor ${tensor.name}. The file was changed after it was checked.`,
          );
        done += bytesRead;
      }
      return bytes;
    },
  };
}

/** Converts rows to another type through float32. For `importance` see `fromFloat32`. */
export function converted(rows: Rows, type: TensorType, importance?: Float32Array): Rows {
  if (rows.type === type) return rows;
  return {
    ...rows,
    type,
    read: async (first, count) =>
      fromFloat32(type, toFloat32(rows.type, await rows.read(first, count)), rows.columns, { importance }),
  };
}

/** Reads all bytes in chunks. */
export async function* chunksOf(rows: Rows, first = 0, count = rows.count): AsyncGenerator<Uint8Array> {
  const step = rowsAtOnce(rowBytes(rows.type, rows.columns));
  for (let done = 0; done < count; done += step) yield await rows.read(first + done, Math.min(step, count - done));
}

/** How many rows of this size are read at once. */
export function rowsAtOnce(bytesPerRow: number): number {
  return Math.max(1, Math.floor(READ_BYTES / bytesPerRow));
}
