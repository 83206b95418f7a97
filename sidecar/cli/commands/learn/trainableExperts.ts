import { readAdapterFile } from '../../../models/adapters/adapterFile.ts';
import { expertsOf } from '../../../shelf/modelExperts.ts';
import { EXPERT_RANK } from '../../../workshop/train/expertOptions.ts';

/** Returns the file of a model's own experts if a training can begin with them. */
export async function trainableExperts(modelPath: string): Promise<string | undefined> {
  const file = await expertsOf(modelPath);
  const adapter = file === undefined ? undefined : await readAdapterFile(file).catch(() => undefined);
  const isTrainable =
    adapter && !adapter.mixture && [...adapter.matrices.values()].every(({ rank }) => rank <= EXPERT_RANK);
  return isTrainable ? file : undefined;
}
