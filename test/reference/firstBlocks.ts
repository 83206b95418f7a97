import { readFile } from 'node:fs/promises';
import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';
import { copiedMetadata, type GgufEntry } from '../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import { writeGguf } from '../../sidecar/models/gguf/writer.ts';

/**
 * Writes a model with only the first blocks of a `llama` file. Tests that compare two ways to compute need no good
 * texts, and a sixth of the blocks takes a fifth of the time. `type` F32 stores all weights in float32. Absent: as in
 * the file.
 */
export async function writeFirstBlocks(
  model: string,
  target: string,
  { blocks, type: floatType }: { readonly blocks: number; readonly type?: 'F32' },
): Promise<void> {
  const header = await readGgufHeader(model);
  const bytes = await readFile(model);
  const tensors = header.tensors
    .filter(({ name }) => Number(/^blk\.(\d+)/.exec(name)?.[1] ?? 0) < blocks)
    .map(({ name, shape, type, offsetBytes, sizeBytes }) => {
      const start = header.dataOffsetBytes + offsetBytes;
      const stored = bytes.subarray(start, start + sizeBytes);
      const content = (): Uint8Array =>
        floatType ? new Uint8Array(toFloat32(type as TensorType, stored).buffer) : stored;
      return { name, shape, type: floatType ?? type, chunks: () => [content()] };
    });
  await writeGguf(target, {
    metadata: new Map<string, GgufEntry>([
      ...(await copiedMetadata(header)),
      ['llama.block_count', { type: 'u32', value: blocks }],
    ]),
    tensors,
  });
}
