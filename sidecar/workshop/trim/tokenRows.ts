import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Rows } from '../../models/gguf/rows.ts';
import type { TokenId } from '../../protocol/engine.ts';

/** How many rows are compared. */
const SAMPLE_ROWS = 256;
/**
 * A share of the mean square. Roundings of the same values to four bits differ by less, different values by more than
 * 1.
 */
const MAX_DIFFERENCE = 0.05;

/** Rows of a matrix in the order of `ids`, with unchanged bytes. */
export function chosenRows(rows: Rows, ids: readonly TokenId[]): Rows {
  return {
    ...rows,
    count: ids.length,
    read: async (first, count) => {
      const parts: Uint8Array[] = [];
      // Neighbouring rows in the file are read at once.
      for (let index = first; index < first + count;) {
        let end = index + 1;
        while (end < first + count && ids[end] === ids[end - 1]! + 1) end++;
        parts.push(await rows.read(ids[index]!, end - index));
        index = end;
      }
      return Buffer.concat(parts);
    },
  };
}

/** Whether two matrices hold the same values apart from rounding, by a sample of their rows. */
export async function areSame(one: Rows, other: Rows): Promise<boolean> {
  if (one.columns !== other.columns || one.count !== other.count) return false;
  let difference = 0;
  let square = 0;
  const step = Math.max(1, Math.floor(one.count / SAMPLE_ROWS));
  for (let row = 0; row < one.count; row += step) {
    const [a, b] = [toFloat32(one.type, await one.read(row, 1)), toFloat32(other.type, await other.read(row, 1))];
    for (let column = 0; column < a.length; column++) {
      difference += (a[column]! - b[column]!) ** 2;
      square += a[column]! ** 2;
    }
  }
  return difference <= MAX_DIFFERENCE * square;
}

/** The more precise of two matrices with the same values. */
export function moreExact(one: Rows, other: Rows): Rows {
  return bitsPerValue(other.type) > bitsPerValue(one.type) ? other : one;
}

function bitsPerValue(type: TensorType): number {
  const { blockBytes, blockElements } = tensorTypes[type];
  return (8 * blockBytes) / blockElements;
}

/** Throws `TroubleError` for a matrix whose rows can't be read. */
export function readableType(name: string, type: string): TensorType {
  if (!(type in tensorTypes))
    throw new TroubleError('unsupported-model', `The tensor ${name} has the type ${type}, which is not supported.`);
  return type as TensorType;
}
