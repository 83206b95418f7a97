import { truncate, writeFile } from 'node:fs/promises';
import { DEFAULT_ALIGNMENT_BYTES, ggufHeaderBytes, padding } from '../../../../sidecar/models/gguf/headerBytes.ts';
import { TENSOR_TYPES } from '../../../../sidecar/models/gguf/tensorTypes.ts';
import type { Mutant } from './mutations.ts';

/** The most bytes that a mutant's tensors may claim. */
const MAX_DATA_BYTES = 256 * 1024 ** 2;

/**
 * Writes a mutant with zeros for weights, one tensor behind the other. They take no room on a disk that has sparse
 * files.
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
