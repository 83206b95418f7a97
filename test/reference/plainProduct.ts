import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';
import type { ProductCase } from '../kernels/native/directCalls.ts';

const BLOCK = 32;

/** Rounds to the nearest whole number, halves to the even one. */
function roundEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Rounds a float to half precision. */
export function toHalf(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  const unit = 2 ** (exponent - 10);
  return roundEven(value / unit) * unit;
}

/** Rounds blocks of 32 values to 8 bits and a scale of half precision, and returns the rounded values. */
export function roundedInput(input: Float32Array): Float64Array {
  const rounded = new Float64Array(input.length);
  for (let start = 0; start < input.length; start += BLOCK) {
    let largest = 0;
    for (let i = start; i < start + BLOCK; i++) largest = Math.max(largest, Math.abs(input[i] as number));
    const inverse = largest === 0 ? 0 : Math.fround(127 / largest);
    const scale = toHalf(Math.fround(largest / 127));
    for (let i = start; i < start + BLOCK; i++)
      rounded[i] = roundEven(Math.fround((input[i] as number) * inverse)) * scale;
  }
  return rounded;
}

/** A product by plain loops in float64, and the sum of its summands' sizes, which bounds the error of float32 sums. */
export function plainProduct(
  type: TensorType,
  { columns, rows, tokens, weights, input, bias, factors }: ProductCase,
): { readonly values: Float64Array; readonly sizes: Float64Array } {
  const matrix = toFloat32(type, weights);
  const x = roundedInput(input);
  const values = new Float64Array(rows * tokens);
  const sizes = new Float64Array(rows * tokens);
  const add = (index: number, summand: number): void => {
    values[index] = (values[index] as number) + summand;
    sizes[index] = (sizes[index] as number) + Math.abs(summand);
  };
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < rows; row++) {
      const index = token * rows + row;
      for (let column = 0; column < columns; column++)
        add(index, (matrix[row * columns + column] as number) * (x[token * columns + column] as number));
      if (bias) add(index, bias[row] as number);
      for (let r = 0; factors && r < factors.rank; r++)
        add(
          index,
          factors.factor *
            (factors.inner[token * factors.rank + r] as number) *
            (factors.up[r * rows + row] as number),
        );
    }
  return { values, sizes };
}
