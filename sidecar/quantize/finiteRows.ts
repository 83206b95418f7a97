import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { TroubleError } from '../engine/engine.ts';
import type { Rows } from '../models/gguf/rows.ts';

/** Rows as float32, none of whose values is infinite or no number: a block of a quantised type would spread it, or ggml abort on it. */
export function finiteRows(rows: Rows, name: string): Rows {
  return {
    ...rows,
    type: 'F32',
    read: async (first, count) => {
      const values = toFloat32(rows.type, await rows.read(first, count));
      const index = values.findIndex((value) => !Number.isFinite(value));
      if (index >= 0) throw new TroubleError('invalid-model', `The tensor ${name} holds ${values[index]} in row ${first + Math.floor(index / rows.columns)}: the model is damaged or its training diverged.`);
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  };
}
