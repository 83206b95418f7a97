import { open, type FileHandle } from 'node:fs/promises';
import { isQuantised } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { readGgufHeader, type GgufHeader } from '../../models/gguf/header.ts';
import { locateTensors } from '../../models/gguf/locate.ts';
import { refuseOverwriting } from '../../models/gguf/overwriting.ts';
import { sizeOfParts } from '../../models/gguf/parts.ts';
import { chunksOf, fileRows } from '../../models/gguf/rows.ts';
import { allParts } from '../../models/gguf/validate.ts';
import { tensorBytes } from '../../models/gguf/tensorTypes.ts';
import { copiedMetadata, type GgufEntry, type TensorSource } from '../../models/gguf/content.ts';
import { writeGguf } from '../../models/gguf/writer.ts';
import type { QuantizeParams, QuantizeResult } from '../protocol.ts';
import { isLinear } from '../outliers/floatWeights.ts';
import { isWhisperFile } from '../../speech/whisperFile.ts';
import { convertedRows } from './convertedRows.ts';
import { measureImportance, OUTPUT_NAMES } from './importance.ts';
import { planTypes, type PlannedTensor } from './plan.ts';
import { quantizeSpeech } from './quantizeSpeech.ts';
import { summary } from './summary.ts';
import { KEEP, QUANTIZATION_VERSION, targetTypes, wantedTypeOf, type WantedType } from './targetTypes.ts';

/**
 * Writes a model in other types, tensor by tensor.
 *
 * Tensors that already have their type keep their bytes. Quantised tensors are converted through float32 and lose
 * precision a second time. With a calibration text, rounding spares the most important columns.
 *
 * Throws `TroubleError` and leaves nothing at `outputPath`, which may name the first of several parts to write.
 */
export async function quantize(params: QuantizeParams, options: MakingOptions = {}): Promise<QuantizeResult> {
  const { modelPath, outputPath } = params;
  if (await isWhisperFile(modelPath)) {
    if (params.calibration)
      throw new TroubleError(
        'invalid-input',
        `${modelPath} is a speech model, which can't be calibrated with a text. Quantise it without --calibrate.`,
      );
    return quantizeSpeech(params, options);
  }
  const headers: GgufHeader[] = [];
  for (const part of allParts(modelPath)) headers.push(await readGgufHeader(part));
  await refuseOverwriting(
    headers.map(({ path }) => path),
    outputPath,
  );
  const plan = planTypes(locateTensors(headers).values(), params.type, params.patterns);
  const output = OUTPUT_NAMES.find((name) => plan.some(({ source }) => source.name === name));
  const calibrated = new Set(
    plan
      .filter(losesBits)
      .map(({ source }) => source.name)
      .filter((name) => isLinear(name) || name === output),
  );
  const isWatched = (name: string): boolean =>
    calibrated.has(name) || (output !== undefined && calibrated.has(output) && OUTPUT_NAMES.includes(name));
  const importance =
    params.calibration && calibrated.size > 0
      ? await measureImportance(modelPath, params.calibration, { ...options, isWatched })
      : undefined;
  const files = new Map<string, FileHandle>();
  try {
    for (const { path } of headers) files.set(path, await open(path, 'r'));
    const tensors = plan.map((planned) =>
      tensorSource(
        planned,
        files.get(planned.source.header.path) as FileHandle,
        calibrated.has(planned.source.name) ? importance?.get(planned.source.name) : undefined,
      ),
    );
    const totalBytes = tensors.reduce((sum, { type, shape }) => sum + tensorBytes(type, shape), 0);
    let writtenBytes = 0;
    await writeGguf(
      outputPath,
      { metadata: await metadataOf(headers[0] as GgufHeader, wantedTypeOf(params.type) as WantedType), tensors },
      {
        signal: options.signal,
        onBytes: (bytes) => options.onProgress?.({ step: 'Quantising', share: (writtenBytes += bytes) / totalBytes }),
      },
    );
  } finally {
    for (const file of files.values()) await file.close();
  }
  return summary(plan, {
    outputPath,
    bytesBefore: headers.reduce((sum, { fileSizeBytes }) => sum + fileSizeBytes, 0),
    bytesAfter: await sizeOfParts(outputPath),
  });
}

/** Whether a tensor gets so few levels that the choice of rounding matters. */
const losesBits = ({ source, type }: PlannedTensor): boolean =>
  type !== source.type && isQuantised(type) && type !== 'Q8_0';

function tensorSource(
  { source, type }: PlannedTensor,
  file: FileHandle,
  importance: Float32Array | undefined,
): TensorSource {
  const rows = fileRows(file, source);
  return {
    name: source.name,
    shape: source.shape,
    type,
    chunks: () => chunksOf(type === rows.type ? rows : convertedRows(rows, source.name, type, importance)),
  };
}

async function metadataOf(header: GgufHeader, type: WantedType): Promise<Map<string, GgufEntry>> {
  const metadata = new Map<string, GgufEntry>(
    [...(await copiedMetadata(header))].filter(([key]) => !key.startsWith('split.')),
  );
  if (type !== KEEP) metadata.set('general.file_type', { type: 'u32', value: targetTypes[type] });
  return metadata.set('general.quantization_version', { type: 'u32', value: QUANTIZATION_VERSION });
}
