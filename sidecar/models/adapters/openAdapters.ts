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

/** Reads and checks adapters for a model. A bad adapter is left out with its reason, so that the model works. */
export async function openAdapters(files: readonly string[], model: AdaptableModel): Promise<OpenedAdapters> {
  const used: AdapterFile[] = [];
  const refused: string[] = [];
  for (const file of files) {
    try {
      const adapter = await openAdapter(file, model);
      const [first] = used;
      if (first && (first.mixture ?? adapter.mixture))
        throw invalidAdapter(file, 'an adapter with routers can only be the one adapter of a model');
      used.push(adapter);
    } catch (error) {
      if (!(error instanceof TroubleError)) throw error;
      refused.push(error.message);
    }
  }
  return { used, refused };
}

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
