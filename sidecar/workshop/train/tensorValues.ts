import { open } from 'node:fs/promises';
import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { LocatedTensor } from '../../models/gguf/locate.ts';

/**
 * Reads a tensor of a file in float32. Throws `TroubleError` 'truncated-model', or 'invalid-model' if a value is
 * infinite or NaN.
 */
export async function readValues(source: LocatedTensor): Promise<Float32Array> {
  const values = toFloat32(source.type as TensorType, await readBytes(source));
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw new TroubleError(
      'invalid-model',
      `The tensor ${source.name} of ${source.header.path} holds ${wrong}: the model is damaged or its training diverged.`,
    );
  return values;
}

/** Reads a tensor's raw bytes. Throws `TroubleError` 'truncated-model'. */
export async function readBytes({ header, offsetBytes, sizeBytes, name }: LocatedTensor): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  const file = await open(header.path, 'r');
  try {
    for (let done = 0; done < sizeBytes;) {
      const { bytesRead } = await file.read(bytes, done, sizeBytes - done, header.dataOffsetBytes + offsetBytes + done);
      if (bytesRead === 0) throw new TroubleError('truncated-model', `${header.path} ends inside the tensor ${name}.`);
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}

/** Fits gains of a norm to another count: repeats a single gain, or averages several gains into one. */
export function fitted(values: Float32Array, count: number): Float32Array {
  if (values.length === count) return values;
  return new Float32Array(count).fill(values.reduce((sum, value) => sum + value, 0) / values.length);
}
