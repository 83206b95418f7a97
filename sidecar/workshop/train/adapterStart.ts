import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { readAdapterFile } from '../../models/adapters/adapterFile.ts';
import { checkAdapter } from '../../models/adapters/checkAdapter.ts';
import { invalidAdapter } from '../../models/adapters/invalidAdapter.ts';
import type { PlacedModel } from './placedModel.ts';

/**
 * Writes the factors of an adapter file over the initial values of a training. Matrices that the file lacks keep
 * theirs. Throws `TroubleError` if the file is a mixture or not for this model, has another rank, or changes a matrix
 * that is not trained.
 */
export async function writeAdapterStart(placed: PlacedModel, file: string): Promise<void> {
  const { model, plan, parameters } = placed;
  const adapter = await readAdapterFile(file);
  checkAdapter(adapter, model);
  if (adapter.mixture) throw invalidAdapter(file, 'it is a mixture, but a training starts from one adapter');
  for (const [name, { down, up, rank, scale }] of adapter.matrices) {
    const expected = plan?.ranks.get(name);
    if (rank !== expected)
      throw invalidAdapter(
        file,
        expected === undefined
          ? `its tensors change ${name}, which is not trained`
          : `its factors of ${name} have the rank ${rank}, expected the ${expected} of --adapter`,
      );
    const factors = placed.factors(name);
    const ratio = scale / (plan?.factor ?? 1);
    write(parameters.device, factors.down.master, toFloat32(down.type, down.bytes));
    write(
      parameters.device,
      factors.up.master,
      toFloat32(up.type, up.bytes).map((value) => value * ratio),
    );
  }
}
