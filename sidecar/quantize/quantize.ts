import { open, stat, type FileHandle } from 'node:fs/promises';
import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { isQuantised, type TensorType } from '../../kernels/ggml/types.ts';
import { TroubleError } from '../engine/engine.ts';
import type { MakingOptions } from '../engine/making.ts';
import { readGgufHeader, type GgufHeader } from '../models/gguf/header.ts';
import { locateTensors } from '../models/gguf/locate.ts';
import { refuseOverwriting } from '../models/gguf/overwriting.ts';
import { chunksOf, converted, fileRows, type Rows } from '../models/gguf/rows.ts';
import { allParts } from '../models/gguf/validate.ts';
import { copiedMetadata, tensorBytes, writeGguf, type GgufEntry, type TensorSource } from '../models/gguf/writer.ts';
import type { QuantizeParams, QuantizeResult } from '../protocol/engine.ts';
import { planTypes, type PlannedTensor } from './plan.ts';
import { targetTypeOf, targetTypes, type TargetType } from './targetTypes.ts';

/** Of ggml's block layouts (ggml.h, `GGML_QNT_VERSION`). */
const QUANTIZATION_VERSION = 2;

/**
 * Writes a model in other types, tensor by tensor, without an importance matrix. A tensor that has its type already keeps its bytes; one that was
 * quantised goes by way of float32 and loses a second time. Throws `TroubleError`; nothing is left at `outputPath` then.
 */
export async function quantize(params: QuantizeParams, options: MakingOptions = {}): Promise<QuantizeResult> {
  const { modelPath, outputPath } = params;
  const headers: GgufHeader[] = [];
  for (const part of allParts(modelPath)) headers.push(await readGgufHeader(part));
  await refuseOverwriting(headers.map(({ path }) => path), outputPath);
  const plan = planTypes(locateTensors(headers).values(), params.type, params.patterns);
  const files = new Map<string, FileHandle>();
  try {
    for (const { path } of headers) files.set(path, await open(path, 'r'));
    const tensors = plan.map((planned) => tensorSource(planned, files.get(planned.source.header.path) as FileHandle));
    const totalBytes = tensors.reduce((sum, { type, shape }) => sum + tensorBytes(type, shape), 0);
    let writtenBytes = 0;
    await writeGguf(
      outputPath,
      { metadata: await metadataOf(headers[0] as GgufHeader, targetTypeOf(params.type) as TargetType), tensors },
      { signal: options.signal, onBytes: (bytes) => options.onProgress?.({ step: 'Quantising', share: (writtenBytes += bytes) / totalBytes }) },
    );
  } finally {
    for (const file of files.values()) await file.close();
  }
  return {
    outputPath,
    bytesBefore: headers.reduce((sum, { fileSizeBytes }) => sum + fileSizeBytes, 0),
    bytesAfter: (await stat(outputPath)).size,
    types: typesOf(plan),
    fallbacks: plan.flatMap(({ source, type, wanted }) => (wanted === undefined ? [] : [{ tensor: source.name, columns: source.shape[0] as number, wanted, type }])),
    requantised: plan.filter(({ source, type }) => type !== source.type && isQuantised(source.type as TensorType)).length,
  };
}

function tensorSource({ source, type }: PlannedTensor, file: FileHandle): TensorSource {
  const rows = fileRows(file, source);
  return { name: source.name, shape: source.shape, type, chunks: () => chunksOf(type === rows.type ? rows : converted(finite(rows, source.name), type)) };
}

/** Rows as float32, none of whose values is infinite or no number: a block of a quantised type would spread it, or ggml abort on it. */
function finite(rows: Rows, name: string): Rows {
  return {
    ...rows,
    type: 'F32',
    read: async (first, count) => {
      const values = toFloat32(rows.type, await rows.read(first, count));
      const index = values.findIndex((value) => !Number.isFinite(value));
      if (index >= 0) throw new TroubleError('invalid-model', `The tensor ${name} holds ${values[index]} in row ${first + Math.floor(index / rows.columns)}: the model is damaged or its training diverged.`);
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  };
}

async function metadataOf(header: GgufHeader, type: TargetType): Promise<Map<string, GgufEntry>> {
  const metadata = new Map<string, GgufEntry>([...(await copiedMetadata(header))].filter(([key]) => !key.startsWith('split.')));
  metadata.set('general.file_type', { type: 'u32', value: targetTypes[type] });
  return metadata.set('general.quantization_version', { type: 'u32', value: QUANTIZATION_VERSION });
}

function typesOf(plan: readonly PlannedTensor[]): QuantizeResult['types'] {
  return [...new Set(plan.map(({ type }) => type))]
    .map((type) => {
      const shapes = plan.filter((planned) => planned.type === type).map(({ source }) => source.shape);
      return {
        type,
        tensors: shapes.length,
        parameters: shapes.reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0),
        bytes: shapes.reduce((sum, shape) => sum + tensorBytes(type, shape), 0),
      };
    })
    .sort((a, b) => b.bytes - a.bytes);
}
