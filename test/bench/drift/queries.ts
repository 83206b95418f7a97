import type { Device } from '../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32 } from '../../../kernels/ggml/transfer.ts';

/**
 * Returns a block's queries of the last of `length` tokens, from the stored queries of the last tokens
 * (`lastQueries.ts`).
 */
export function lastQuery(device: Device, remembered: Tensor, length: number): Float32Array {
  const [width, tokens] = remembered.shape;
  const row = (length - 1) % tokens;
  return readF32(device, remembered).slice(row * width, (row + 1) * width);
}

/** Returns the mean cosine over the heads of all blocks, with `headSize` values each. */
export function similarity(some: readonly Float32Array[], others: readonly Float32Array[], headSize: number): number {
  let [sum, heads] = [0, 0];
  for (const [block, query] of some.entries()) {
    const other = others[block] as Float32Array;
    for (let start = 0; start + headSize <= query.length; start += headSize) {
      let [product, own, theirs] = [0, 0, 0];
      for (let index = start; index < start + headSize; index++) {
        const [a, b] = [query[index] as number, other[index] as number];
        product += a * b;
        own += a * a;
        theirs += b * b;
      }
      sum += product / Math.sqrt(own * theirs);
      heads++;
    }
  }
  return sum / heads;
}
