import { mkdir, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { developerCacheFolder } from '../../../.scripts/fetchModel.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { locateTensors } from '../../../sidecar/models/gguf/locate.ts';
import { chunksOf, fileRows } from '../../../sidecar/models/gguf/rows.ts';
import { splitPart } from '../../../sidecar/models/gguf/validate.ts';
import { copiedMetadata, type GgufEntry } from '../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';

/**
 * Returns the file if it was trained with contexts of `contextTokens`. Else returns a copy of a single-file Llama that
 * accepts them, in the developer's cache. Its rotary
 * positions turn more slowly ("NTK-aware" interpolation, arXiv 2309.00071). So beyond its trained length it still
 * writes the same language, only worse. It measures speed where no small model has such a long context.
 */
export async function longContextModel(file: string, contextTokens: number): Promise<string> {
  if ((await trainedTokens(file)) >= contextTokens) return file;
  const split = splitPart(file);
  if (split)
    throw new Error(`${path.basename(file)} is one of ${split.parts} parts: only a model of one file is stretched.`);
  const folder = path.join(developerCacheFolder(), 'long-context');
  const copy = path.join(folder, `${path.basename(file, '.gguf')}-${contextTokens}.gguf`);
  if (await stat(copy).catch(() => undefined)) return copy;
  const header = await readGgufHeader(file);
  const number = (key: string): number => {
    const value = header.metadata.get(key);
    if (typeof value !== 'number') throw new Error(`${file} has no number ${key}: only Llamas are stretched.`);
    return value;
  };
  const headSize = number('llama.embedding_length') / number('llama.attention.head_count');
  const stretch = contextTokens / number('llama.context_length');
  const metadata = new Map<string, GgufEntry>(await copiedMetadata(header));
  metadata.set('llama.context_length', { type: 'u32', value: contextTokens });
  metadata.set('llama.rope.freq_base', {
    type: 'f32',
    value: number('llama.rope.freq_base') * Math.max(1, stretch) ** (headSize / (headSize - 2)),
  });
  await mkdir(folder, { recursive: true });
  const source = await open(file, 'r');
  try {
    const tensors = [...locateTensors([header]).values()].map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      type: tensor.type,
      chunks: () => chunksOf(fileRows(source, tensor)),
    }));
    await writeGguf(`${copy}.new`, { metadata, tensors });
  } finally {
    await source.close();
  }
  await rename(`${copy}.new`, copy);
  return copy;
}

async function trainedTokens(file: string): Promise<number> {
  const header = await readGgufHeader(file).catch(() => undefined);
  const architecture = header?.metadata.get('general.architecture');
  return Number(header?.metadata.get(`${String(architecture)}.context_length`) ?? 0);
}
