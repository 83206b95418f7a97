import { fromFloat32, toFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { LibraryBuild } from '../../kernels/ggml/libraries.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';

/**
 * How ggml's CPU code rounds the input of a product with weights of a type (`vec_dot_type`). It uses eight bits with a
 * scale per 32 values, or per 256 for the larger blocks. `undefined` if it does not round.
 */
export function inputRounding(
  type: TensorType,
  build: LibraryBuild = 'cpu',
): ((x: Float64Array) => Float64Array) | undefined {
  const through = (rounded: TensorType) => (x: Float64Array) =>
    Float64Array.from(toFloat32(rounded, fromFloat32(rounded, Float32Array.from(x), x.length, { build }), build));
  switch (type) {
    case 'F32':
      return undefined;
    case 'F16':
    case 'BF16':
      return through(type);
    case 'Q8_0':
    case 'Q5_0':
    case 'Q5_1':
    case 'Q4_0':
    case 'Q4_1':
    case 'IQ4_NL':
      return through('Q8_0');
    case 'Q6_K':
    case 'Q5_K':
    case 'Q4_K':
      return roundToQ8K;
    default:
      throw new Error(`The input rounding for ${type} is unknown.`);
  }
}

/** Q8_K: in each 256 values the largest becomes −127, in float32 (ggml-quants.c). */
function roundToQ8K(x: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += 256) {
    const block = x.subarray(start, start + 256);
    const most = block.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    if (most === 0) continue;
    const inverse = Math.fround(-127 / most);
    const scale = Math.fround(1 / inverse);
    block.forEach((value, index) => (result[start + index] = scale * Math.min(127, Math.round(inverse * value))));
  }
  return result;
}
