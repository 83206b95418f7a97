import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { converted, type Rows } from '../../models/gguf/rows.ts';

/**
 * Converts a tensor's rows to another type. For `importance` see `fromFloat32`.
 *
 * No value may be infinite or NaN: a block of a quantised type would spread it, or ggml abort on it. Nor may a value
 * overflow the type: float16, also as a block's scale, ends at 65504. Reading throws a `TroubleError` that names the
 * tensor and the row.
 */
export function convertedRows(rows: Rows, name: string, type: TensorType, importance?: Float32Array): Rows {
  const result = converted(finiteRows(rows, name), type, importance);
  return {
    ...result,
    read: async (first, count) => {
      const bytes = await result.read(first, count);
      const index = toFloat32(type, bytes).findIndex((value) => !Number.isFinite(value));
      if (index >= 0)
        throw new TroubleError(
          'invalid-input',
          `The tensor ${name} holds values in row ${first + Math.floor(index / rows.columns)} that are too large for ${type}: choose another type for it with --tensor, such as BF16.`,
        );
      return bytes;
    },
  };
}

/** Reads rows as float32 and checks their values. */
function finiteRows(rows: Rows, name: string): Rows {
  return {
    ...rows,
    type: 'F32',
    read: async (first, count) => {
      const values = toFloat32(rows.type, await rows.read(first, count));
      const index = values.findIndex((value) => !Number.isFinite(value));
      if (index >= 0)
        throw new TroubleError(
          'invalid-model',
          `The tensor ${name} holds ${values[index]} in row ${first + Math.floor(index / rows.columns)}: the model is damaged or its training diverged.`,
        );
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  };
}
