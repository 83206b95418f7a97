import type { GgufContent } from '../../models/gguf/content.ts';
import { tensorBytes } from '../../models/gguf/tensorTypes.ts';
import { writeGguf } from '../../models/gguf/writer.ts';
import type { MakingOptions } from '../making.ts';

/** Writes a file, and reports the progress as `step`. Throws as `writeGguf` does. */
export async function writeWith(
  file: string,
  content: GgufContent,
  step: string,
  { onProgress, signal }: MakingOptions,
): Promise<void> {
  const total = content.tensors.reduce((sum, { type, shape }) => sum + tensorBytes(type, shape), 0);
  let written = 0;
  await writeGguf(file, content, {
    signal,
    onBytes: (bytes) => onProgress?.({ step, share: (written += bytes) / total }),
  });
}

/** The number of values of all tensors. */
export function countParameters({ tensors }: GgufContent): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
