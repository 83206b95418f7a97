import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { isQuantised, rowBytes, type TensorType } from '../../../kernels/ggml/types.ts';
import type { AdapterFile, MatrixFactors } from './adapterFile.ts';
import type { Factor } from './factor.ts';

/** The factors of all adapters for one matrix, side by side. `up` is scaled. */
export interface JoinedFactors {
  /** `[in, rank]` */
  readonly down: Factor;
  /** `[rank, out]` */
  readonly up: Factor;
}

/** Joins the factors of adapters, by the name of the matrix that they change. */
export function joinFactors(adapters: readonly AdapterFile[]): ReadonlyMap<string, JoinedFactors> {
  const changes = new Map<string, MatrixFactors[]>();
  for (const { matrices } of adapters)
    for (const [name, factors] of matrices) changes.set(name, [...(changes.get(name) ?? []), factors]);
  return new Map(
    [...changes].map(([name, ofMatrix]) => [
      name,
      {
        down: joinRows(ofMatrix.map(({ down }) => down)),
        up: joinColumns(ofMatrix.map(({ up, scale }) => scaled(up, scale))),
      },
    ]),
  );
}

/** All rows below each other: `[in, ranks]`. */
export function joinRows(given: readonly Factor[]): Factor {
  const factors = inOneType(given);
  const [{ type, shape }] = factors as [Factor];
  const rows = factors.reduce((sum, factor) => sum + factor.shape[1], 0);
  return { type, shape: [shape[0], rows], bytes: Buffer.concat(factors.map(({ bytes }) => bytes)) };
}

/** All columns side by side: `[ranks, out]`. */
function joinColumns(given: readonly Factor[]): Factor {
  const factors = inOneType(given);
  const [{ type, shape }] = factors as [Factor];
  const ranks = factors.reduce((sum, factor) => sum + factor.shape[0], 0);
  const bytesPerRow = rowBytes(type, ranks);
  const bytes = new Uint8Array(bytesPerRow * shape[1]);
  let column = 0;
  for (const factor of factors) {
    const own = rowBytes(type, factor.shape[0]);
    for (let row = 0; row < shape[1]; row++)
      bytes.set(factor.bytes.subarray(row * own, (row + 1) * own), row * bytesPerRow + column);
    column += own;
  }
  return { type, shape: [ranks, shape[1]], bytes };
}

/**
 * Stores each expert's columns for themselves, one expert after the other: `up[experts · rank, out] → [rank, out ·
 * experts]`. Blocks of a quantised type may span experts, so these become float32.
 */
export function stackExperts({ type, shape, bytes }: Factor, experts: number): Factor {
  const ownType: TensorType = isQuantised(type) ? 'F32' : type;
  const own = ownType === type ? bytes : fromFloat32(ownType, toFloat32(type, bytes), shape[0]);
  const [ranks, outputs] = shape;
  const rank = ranks / experts;
  const [rowLength, ownLength] = [rowBytes(ownType, ranks), rowBytes(ownType, rank)];
  const stacked = new Uint8Array(own.length);
  for (let expert = 0; expert < experts; expert++)
    for (let row = 0; row < outputs; row++) {
      const start = row * rowLength + expert * ownLength;
      stacked.set(own.subarray(start, start + ownLength), (expert * outputs + row) * ownLength);
    }
  return { type: ownType, shape: [rank, outputs * experts], bytes: stacked };
}

/** Below this share of its power, an error counts as none. One rounding to float16 costs 2e-8. */
const NO_ERROR = 1e-10;

/** Multiplies a factor once, so that no token needs to. The result is F32 if its type would round the products. */
function scaled({ type, shape, bytes }: Factor, scale: number): Factor {
  if (scale === 1) return { type, shape, bytes };
  const values = toFloat32(type, bytes).map((value) => value * scale);
  const inType = fromFloat32(type, values, shape[0]);
  return errorShare(toFloat32(type, inType), values) < NO_ERROR
    ? { type, shape, bytes: inType }
    : { type: 'F32', shape, bytes: fromFloat32('F32', values, shape[0]) };
}

/** The power of the differences, as a share of the power of the values. */
function errorShare(rounded: Float32Array, values: Float32Array): number {
  const power = (sum: number, value: number): number => sum + value * value;
  const difference = values.map((value, index) => value - (rounded[index] as number));
  return difference.reduce(power, 0) / Math.max(values.reduce(power, 0), Number.MIN_VALUE);
}

/** The factors in their own type if they agree, else in float32. */
function inOneType(factors: readonly Factor[]): readonly Factor[] {
  const type: TensorType = factors.every((factor) => factor.type === factors[0]?.type)
    ? (factors[0] as Factor).type
    : 'F32';
  return factors.map((factor) =>
    factor.type === type
      ? factor
      : { type, shape: factor.shape, bytes: fromFloat32(type, toFloat32(factor.type, factor.bytes), factor.shape[0]) },
  );
}
