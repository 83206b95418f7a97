import { open } from 'node:fs/promises';
import path from 'node:path';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { locateTensors } from '../../../sidecar/models/gguf/locate.ts';
import { chunksOf, fileRows, type Rows } from '../../../sidecar/models/gguf/rows.ts';
import { copiedMetadata, type GgufEntry, type TensorSource } from '../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';
import { quantize } from '../../../sidecar/workshop/quantize/quantize.ts';

/** Writes a model in float32. */
export async function writeFloatModel(modelPath: string, folder: string): Promise<string> {
  const outputPath = path.join(folder, 'grouped.gguf');
  await quantize({ modelPath, outputPath, type: 'F32', patterns: [] });
  return outputPath;
}

/**
 * Writes a model with grouped queries in float32 again, with a KV head for each query head: each KV head is repeated.
 */
export async function writeWithoutGroups(modelPath: string, folder: string): Promise<string> {
  const outputPath = path.join(folder, 'repeated.gguf');
  const header = await readGgufHeader(modelPath);
  const [heads, kvHeads] = ['head_count', 'head_count_kv'].map((name) =>
    Number(header.metadata.get(`llama.attention.${name}`)),
  ) as [number, number];
  const file = await open(modelPath, 'r');
  try {
    const tensors = [...locateTensors([header]).values()].map((tensor): TensorSource => {
      const rows = fileRows(file, tensor);
      if (!/\.attn_[kv]\.weight$/.test(tensor.name))
        return { name: tensor.name, shape: tensor.shape, type: rows.type, chunks: () => chunksOf(rows) };
      return {
        name: tensor.name,
        shape: [rows.columns, (rows.count / kvHeads) * heads],
        type: rows.type,
        chunks: () => repeatedHeads(rows, kvHeads, heads / kvHeads),
      };
    });
    const metadata = new Map<string, GgufEntry>(await copiedMetadata(header)).set('llama.attention.head_count_kv', {
      type: 'u32',
      value: heads,
    });
    await writeGguf(outputPath, { metadata, tensors });
  } finally {
    await file.close();
  }
  return outputPath;
}

async function* repeatedHeads(rows: Rows, kvHeads: number, times: number): AsyncGenerator<Uint8Array> {
  const headRows = rows.count / kvHeads;
  for (let head = 0; head < kvHeads; head++) {
    for (let time = 0; time < times; time++) yield* chunksOf(rows, head * headRows, headRows);
  }
}
