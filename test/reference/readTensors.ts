import { readFile } from 'node:fs/promises';
import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';

/** Reads the values of all tensors of a file, by name. */
export async function readTensors(file: string): Promise<Map<string, number[]>> {
  const header = await readGgufHeader(file);
  const bytes = await readFile(file);
  return new Map(
    header.tensors.map(({ name, type, offsetBytes, sizeBytes }) => {
      const start = header.dataOffsetBytes + offsetBytes;
      return [name, [...toFloat32(type as TensorType, bytes.subarray(start, start + sizeBytes))]];
    }),
  );
}
