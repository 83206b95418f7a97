import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { readAdapterFile, type AdapterFile } from './adapterFile.ts';
import { checkAdapter, type AdaptableModel } from './checkAdapter.ts';
import { invalidAdapter } from './invalidAdapter.ts';
import { factorBytes } from './withAdapters.ts';

/** The adapters for a model, and a sentence for each one that can't be used. */
export interface OpenedAdapters {
  readonly used: readonly AdapterFile[];
  readonly refused: readonly string[];
}

/**
 * Reads and checks adapters for a model. A bad adapter is left out with its reason, so that the model works. So is
 * `own`, the model's own experts. They are also left out if an adapter's training began with them.
 */
export async function openAdapters(
  files: readonly string[],
  model: AdaptableModel,
  own?: string,
): Promise<OpenedAdapters> {
  const { used, refused } = await openEach(files, model, []);
  if (own === undefined) return { used, refused };
  const experts = await openEach([own], model, used);
  const [file] = experts.used;
  const isIncluded = file !== undefined && used.some(({ includes }) => includes.includes(file.key));
  return { used: isIncluded ? used : [...experts.used, ...used], refused: [...experts.refused, ...refused] };
}

async function openEach(
  files: readonly string[],
  model: AdaptableModel,
  others: readonly AdapterFile[],
): Promise<OpenedAdapters> {
  const used: AdapterFile[] = [];
  const refused: string[] = [];
  for (const file of files) {
    try {
      const adapter = await openAdapter(file, model);
      const other = [...others, ...used].find((each) => each.mixture && countTogether(each, adapter));
      if (other && adapter.mixture)
        throw invalidAdapter(file, `it has routers, and so has ${path.basename(other.path)}: use one of the two`);
      used.push(adapter);
    } catch (error) {
      if (!(error instanceof TroubleError)) throw error;
      refused.push(error.message);
    }
  }
  return { used, refused };
}

const countTogether = (one: AdapterFile, another: AdapterFile): boolean =>
  one.purpose === undefined || another.purpose === undefined || one.purpose === another.purpose;

/**
 * Reads and checks an adapter for a model. Throws `TroubleError` as `readAdapterFile` and `checkAdapter`. Unexpected
 * errors become 'invalid-model' with the name of the file.
 */
export async function openAdapter(file: string, model: AdaptableModel): Promise<AdapterFile> {
  try {
    const adapter = await readAdapterFile(file);
    checkAdapter(adapter, model);
    return adapter;
  } catch (error) {
    if (error instanceof TroubleError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidAdapter(file, `it can't be read (${reason.replace(/\.$/, '')})`, { cause: error });
  }
}

/** The model with the factors among its matrices, so that a plan of memory counts them. */
export function withFactors<Model extends Pick<AdaptableModel, 'tensors'>>(
  model: Model,
  { used }: OpenedAdapters,
): Model {
  const tensors = new Map(model.tensors);
  for (const [name, bytes] of factorBytes(used)) {
    const tensor = tensors.get(name);
    if (tensor) tensors.set(name, { ...tensor, sizeBytes: tensor.sizeBytes + bytes });
  }
  return { ...model, tensors };
}
