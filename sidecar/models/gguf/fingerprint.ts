import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import type { GgufHeader } from './header.ts';

/** How many samples of each tensor are read, evenly from its first bytes to its last. */
const SAMPLES = 4;
const SAMPLE_BYTES = 1_024;

/**
 * Identifies a model without reading all of its weights. It is the SHA-256 of all headers, file sizes, modification
 * times and samples of every tensor. So a copy with another modification time counts as another model, unless
 * `ignoresTimes`.
 */
export async function fingerprint(
  headers: readonly GgufHeader[],
  { ignoresTimes = false }: { readonly ignoresTimes?: boolean } = {},
): Promise<string> {
  const hash = createHash('sha256');
  for (const header of headers) {
    const { size, mtimeMs } = await stat(header.path);
    hash.update(ignoresTimes ? `${size}\n` : `${size} ${mtimeMs}\n`);
    const file = await open(header.path, 'r');
    try {
      const read = async (offsetBytes: number, sizeBytes: number): Promise<void> => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offsetBytes);
        hash.update(buffer.subarray(0, bytesRead));
      };
      await read(0, header.dataOffsetBytes);
      for (const { offsetBytes, sizeBytes } of header.tensors) {
        const length = Math.min(SAMPLE_BYTES, sizeBytes);
        for (let sample = 0; sample < SAMPLES; sample++)
          await read(
            header.dataOffsetBytes + offsetBytes + Math.floor(((sizeBytes - length) * sample) / (SAMPLES - 1)),
            length,
          );
      }
    } finally {
      await file.close();
    }
  }
  return hash.digest('hex');
}
