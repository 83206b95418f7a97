import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { tensorTypes, type TensorType } from '../../kernels/ggml/types.ts';
import type { ProductCase } from '../kernels/native/directCalls.ts';

const BLOCK = 32;

/** Rounds to the nearest whole number, halves to the even one. */
function roundEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Rounds a float to half precision. */
function toHalf(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  const unit = 2 ** (exponent - 10);
  return roundEven(value / unit) * unit;
}

/** Rounded values, and the sum of each block of 32 times its scale. */
interface RoundedInput {
  readonly values: Float64Array;
  readonly sums: Float64Array;
}

/**
 * Rounds to 8 bits as ggml does: with a float scale for 256 values (Q8_K), or a half scale for 32 (Q8_0). `halfSums`:
 * with sums in half precision (Q8_1).
 */
function roundedInput(input: Float32Array, step: 32 | 256, halfSums: boolean): RoundedInput {
  const values = new Float64Array(input.length);
  const sums = new Float64Array(input.length / BLOCK);
  for (let start = 0; start < input.length; start += step) {
    let largest = 0;
    for (let i = start; i < start + step; i++) largest = Math.max(largest, Math.abs(input[i] as number));
    const inverse = largest === 0 ? 0 : Math.fround(127 / largest);
    const exact = Math.fround(largest / 127);
    const scale = step === 32 ? toHalf(exact) : largest === 0 ? 0 : Math.fround(1 / inverse);
    for (let i = start; i < start + step; i++) {
      const whole = roundEven(Math.fround((input[i] as number) * inverse));
      values[i] = whole * scale;
      const block = Math.floor(i / BLOCK);
      sums[block] = (sums[block] as number) + whole;
    }
    // Rounded to a float before it is rounded to half precision, as in C.
    for (let block = start / BLOCK; block < (start + step) / BLOCK; block++)
      sums[block] = halfSums ? toHalf(Math.fround(exact * (sums[block] as number))) : scale * (sums[block] as number);
  }
  return { values, sums };
}

/** The minimum of each row's blocks, for types of blocks with a scale and a minimum. */
function minima(weights: Uint8Array, blockBytes: number): Float32Array {
  const halves = new Uint8Array((weights.length / blockBytes) * 2);
  for (let block = 0; block < weights.length / blockBytes; block++)
    halves.set(weights.subarray(block * blockBytes + 2, block * blockBytes + 4), 2 * block);
  return toFloat32('F16', halves);
}

/** A product by plain loops in float64, and the sum of its summands' sizes, which bounds the error of float32 sums. */
export function plainProduct(
  type: TensorType,
  { columns, rows, tokens, weights, input, bias, factors }: ProductCase,
): { readonly values: Float64Array; readonly sizes: Float64Array } {
  const matrix = toFloat32(type, weights);
  const isSuper = tensorTypes[type].blockElements === 256;
  const hasSums = type === 'Q4_1' || type === 'Q5_1';
  const x = roundedInput(input, isSuper ? 256 : 32, hasSums);
  const lowest = hasSums ? minima(weights, tensorTypes[type].blockBytes) : undefined;
  const blocks = columns / BLOCK;
  const values = new Float64Array(rows * tokens);
  const sizes = new Float64Array(rows * tokens);
  const add = (index: number, summand: number): void => {
    values[index] = (values[index] as number) + summand;
    sizes[index] = (sizes[index] as number) + Math.abs(summand);
  };
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < rows; row++) {
      const index = token * rows + row;
      for (let column = 0; column < columns; column++) {
        const minimum = lowest ? (lowest[row * blocks + Math.floor(column / BLOCK)] as number) : 0;
        const weight = (matrix[row * columns + column] as number) - minimum;
        add(index, weight * (x.values[token * columns + column] as number));
      }
      for (let block = 0; lowest && block < blocks; block++)
        add(index, (lowest[row * blocks + block] as number) * (x.sums[token * blocks + block] as number));
      if (bias) add(index, bias[row] as number);
      for (let r = 0; factors && r < factors.rank; r++)
        add(
          index,
          factors.factor * (factors.inner[token * factors.rank + r] as number) * (factors.up[r * rows + row] as number),
        );
    }
  return { values, sizes };
}
