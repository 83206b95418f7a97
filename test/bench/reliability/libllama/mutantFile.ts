import { truncate, writeFile } from 'node:fs/promises';
import { DEFAULT_ALIGNMENT_BYTES, ggufHeaderBytes, padding } from '../../../../sidecar/models/gguf/headerBytes.ts';
import { TENSOR_TYPES } from '../../../../sidecar/models/gguf/tensorTypes.ts';
import type { Mutant } from './mutations.ts';

/** The maximum size of a mutant's tensors. */
const MAX_DATA_BYTES = 256 * 1024 ** 2;

/**
 * Writes a mutant with zeros for weights, one tensor after the other. On a disk with sparse files they need no space.
 */
export async function writeMutant(file: string, { entries, tensors }: Mutant): Promise<void> {
  let end = 0;
  const placed = tensors.map((tensor) => {
    const offset = end;
    const { blockElements, blockBytes } = TENSOR_TYPES.get(tensor.type) ?? { blockElements: 1, blockBytes: 4 };
    const bytes = Math.ceil(
      (tensor.shape.reduce((product, extent) => product * extent, 1) / blockElements) * blockBytes,
    );
    end += bytes + padding(bytes, DEFAULT_ALIGNMENT_BYTES);
    return { ...tensor, offset };
  });
  const header = ggufHeaderBytes(entries, placed);
  await writeFile(file, header);
  await truncate(file, header.length + Math.min(end, MAX_DATA_BYTES));
}
