import { createHash, type Hash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { allParts } from '../models/gguf/validate.ts';

/**
 * The model of `MODEL_EXTENSION_VERSION`: the sizes of its parts in bytes, and the SHA-256 of their headers and samples
 * of their weights. A SHA-256 of all 260 MB takes too long for each start.
 */
export const KNOWN_MODEL = {
  sizesBytes: [89_143_776, 86_857_600, 85_608_192],
  sampledSha256: '750a9b1c2d5f064a164397652423c289d9b00cca1fed7fc3fd36be2e6e4edfa5',
};

/** The first bytes of each part that are hashed. They hold its whole header, with the vocabulary and the template. */
const START_BYTES = 4 * 2 ** 20;
/** How many samples of each part are hashed, evenly from its first bytes to its last. */
const SAMPLES = 64;
const SAMPLE_BYTES = 4_096;

/**
 * Returns whether the model whose first part is `first` has the sizes, headers and samples of the model that this build
 * knows. It does not read the other weights. Rejects if a part can't be read.
 */
export async function isKnownModel(first: string): Promise<boolean> {
  const sizesBytes = await Promise.all(allParts(first).map(async (part) => (await stat(part)).size));
  // Foreign files nearly always have other sizes, so most need no reading.
  if (sizesBytes.join() !== KNOWN_MODEL.sizesBytes.join()) return false;
  return (await sampledSha256(first)) === KNOWN_MODEL.sampledSha256;
}

/** Returns the SHA-256 of the headers and samples of a model's parts. Rejects if a part can't be read. */
export async function sampledSha256(first: string): Promise<string> {
  const hash = createHash('sha256');
  for (const part of allParts(first)) await addSamples(hash, part);
  return hash.digest('hex');
}

async function addSamples(hash: Hash, part: string): Promise<void> {
  const file = await open(part, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(START_BYTES);
    const add = async (offsetBytes: number, sizeBytes: number): Promise<void> => {
      const { bytesRead } = await file.read(buffer, 0, sizeBytes, offsetBytes);
      hash.update(buffer.subarray(0, bytesRead));
    };
    await add(0, START_BYTES);
    for (let sample = 0; sample < SAMPLES; sample++)
      await add(Math.floor((Math.max(0, size - SAMPLE_BYTES) * sample) / (SAMPLES - 1)), SAMPLE_BYTES);
  } finally {
    await file.close();
  }
}
