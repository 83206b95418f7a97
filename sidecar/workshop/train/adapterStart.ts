import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { readAdapterFile } from '../../models/adapters/adapterFile.ts';
import { checkAdapter } from '../../models/adapters/checkAdapter.ts';
import { invalidAdapter } from '../../models/adapters/invalidAdapter.ts';
import type { PlacedModel } from './placedModel.ts';

/**
 * Writes the factors of an adapter file over the initial values of a training. Matrices that the file lacks keep
 * theirs. So do further rows of a larger rank, whose columns are zero. Throws `TroubleError` if the file is a mixture
 * or not for this model, has a larger rank, or changes a matrix that is not trained.
 */
export async function writeAdapterStart(placed: PlacedModel, file: string): Promise<void> {
  const { model, plan, parameters } = placed;
  const adapter = await readAdapterFile(file);
  checkAdapter(adapter, model);
  if (adapter.mixture) throw invalidAdapter(file, 'it is a mixture, but a training starts from one adapter');
  for (const [name, { down, up, rank, scale }] of adapter.matrices) {
    const expected = plan?.ranks.get(name);
    if (expected === undefined || rank > expected)
      throw invalidAdapter(
        file,
        expected === undefined
          ? `its tensors change ${name}, which is not trained`
          : `its factors of ${name} have the rank ${rank}, expected at most the ${expected} of --adapter`,
      );
    const { device } = parameters;
    const factors = placed.factors(name);
    const ratio = scale / (plan?.factor ?? 1);
    const rows = readF32(device, factors.down.master);
    rows.set(toFloat32(down.type, down.bytes));
    write(device, factors.down.master, rows);
    const columns = toFloat32(up.type, up.bytes).map((value) => value * ratio);
    write(device, factors.up.master, padRows(columns, rank, expected));
  }
}

/** Makes rows of `rank` values longer by zeros. */
function padRows(values: Float32Array, rank: number, length: number): Float32Array {
  const padded = new Float32Array((values.length / rank) * length);
  for (let row = 0; row * rank < values.length; row++)
    padded.set(values.subarray(row * rank, (row + 1) * rank), row * length);
  return padded;
}
