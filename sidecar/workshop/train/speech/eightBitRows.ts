import { fromFloat32, toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { tensorTypes } from '../../../../kernels/ggml/types.ts';

const { blockElements: BLOCK_ELEMENTS, blockBytes: BLOCK_BYTES } = tensorTypes.Q8_0;
const LEVELS = 127;

/**
 * Converts values to blocks of Q8_0 that all have the same step, from the tensor's largest magnitude: 8 bits with a
 * single scale for the tensor. The values must be whole blocks.
 */
export function eightBitRows(values: Float32Array): Uint8Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // The step of a block is a float16.
  const stepBytes = fromFloat32('F16', Float32Array.of(largest / LEVELS), 1);
  const step = toFloat32('F16', stepBytes)[0] as number;
  const bytes = Buffer.alloc((values.length / BLOCK_ELEMENTS) * BLOCK_BYTES);
  for (let block = 0; block < values.length / BLOCK_ELEMENTS; block++) {
    bytes.set(stepBytes, block * BLOCK_BYTES);
    for (let index = 0; index < BLOCK_ELEMENTS; index++) {
      const level = step === 0 ? 0 : Math.round((values[block * BLOCK_ELEMENTS + index] as number) / step);
      bytes.writeInt8(Math.max(-LEVELS, Math.min(LEVELS, level)), block * BLOCK_BYTES + 2 + index);
    }
  }
  return bytes;
}
