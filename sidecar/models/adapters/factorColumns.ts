import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import type { Factor } from './factor.ts';
import type { JoinedFactors } from './joinFactors.ts';

/**
 * The most ranks for which `outProd` is faster than `mulMat` on the processor. Measured for 896 and 4,864 outputs with
 * AVX2 and AVX-512: `outProd` takes a fifth of the time for 4 ranks, and the same time for 64.
 */
const MAX_COLUMNS = 32;

/** Whether `up[rank, out]` is better stored as columns on the processor. */
const hasFewRanks = ({ shape: [ranks] }: Factor): boolean => ranks <= MAX_COLUMNS;

/** Returns `up[rank, out]` as `[out, rank]` in float32, for `outProd`. `undefined` if it has too many ranks. */
export function factorColumns(up: Factor): Factor | undefined {
  if (!hasFewRanks(up)) return undefined;
  const [ranks, outputs] = up.shape;
  const rows = toFloat32(up.type, up.bytes);
  const columns = new Float32Array(rows.length);
  for (let output = 0; output < outputs; output++)
    for (let rank = 0; rank < ranks; rank++) columns[rank * outputs + output] = rows[output * ranks + rank] as number;
  return { type: 'F32', shape: [outputs, ranks], bytes: fromFloat32('F32', columns, outputs) };
}

/** The most bytes that joined factors take in memory, as rows or as columns. */
export const bytesInMemory = ({ down, up }: JoinedFactors): number =>
  down.bytes.length + (hasFewRanks(up) ? Math.max(up.bytes.length, 4 * up.shape[0] * up.shape[1]) : up.bytes.length);
