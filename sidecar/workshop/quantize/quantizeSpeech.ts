import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isQuantised, tensorTypes } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { refuseOverwriting } from '../../models/gguf/overwriting.ts';
import { chunksOf, fileRows } from '../../models/gguf/rows.ts';
import type { QuantizeParams, QuantizeResult } from '../protocol.ts';
import { FILE_TYPE_OFFSET_BYTES, readWhisperFile, type WhisperFile } from '../../speech/whisperFile.ts';
import { convertedRows } from './convertedRows.ts';
import { planTypes, type PlannedTensor } from './plan.ts';
import { summary } from './summary.ts';
import { KEEP, QUANTIZATION_VERSION, targetTypes, wantedTypeOf, type WantedType } from './targetTypes.ts';

/** In the file type number, whisper.cpp multiplies the version of block layouts by this. */
const VERSION_FACTOR = 1000;

/**
 * Writes a speech model of whisper.cpp in other types, in whisper.cpp's own format.
 *
 * Convolutions stay floats in the file, since their rows have three values. In a model of Q8_0 they are converted to
 * blocks of eight bits when it is loaded. Throws `TroubleError` and leaves nothing at `outputPath`.
 */
export async function quantizeSpeech(
  { modelPath, outputPath, type, patterns }: QuantizeParams,
  options: MakingOptions = {},
): Promise<QuantizeResult> {
  const model = await readWhisperFile(modelPath);
  await refuseOverwriting([modelPath], outputPath);
  const plan = planTypes(model.tensors.values(), type, patterns);
  const temporary = path.join(path.dirname(outputPath), `.${path.basename(outputPath)}.${process.pid}.part`);
  const source = await open(modelPath, 'r');
  try {
    const target = await open(temporary, 'w');
    try {
      await target.writeFile(await headOf(source, model, wantedTypeOf(type) as WantedType));
      for (const [index, planned] of plan.entries()) {
        options.signal?.throwIfAborted();
        await writeTensor(source, target, planned);
        options.onProgress?.({ step: 'Quantising', share: (index + 1) / plan.length });
      }
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(temporary, outputPath);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new TroubleError('invalid-input', `${outputPath} can't be written: ${error.message}`, { cause: error });
  } finally {
    await source.close();
  }
  return summary(plan, { outputPath, bytesBefore: model.fileSizeBytes, bytesAfter: (await stat(outputPath)).size });
}

/** All bytes before the tensors, with the new type. */
async function headOf(source: FileHandle, { tensorsOffsetBytes }: WhisperFile, type: WantedType): Promise<Buffer> {
  const { buffer } = await source.read(Buffer.alloc(tensorsOffsetBytes), 0, tensorsOffsetBytes, 0);
  if (type === KEEP) return buffer;
  buffer.writeInt32LE(
    targetTypes[type] + (isQuantised(type) ? QUANTIZATION_VERSION * VERSION_FACTOR : 0),
    FILE_TYPE_OFFSET_BYTES,
  );
  return buffer;
}

async function writeTensor(
  source: FileHandle,
  target: FileHandle,
  { source: tensor, type }: PlannedTensor,
): Promise<void> {
  const name = Buffer.from(tensor.name);
  const numbers = Int32Array.of(tensor.shape.length, name.length, tensorTypes[type].id, ...tensor.shape);
  await target.writeFile(Buffer.concat([Buffer.from(numbers.buffer), name]));
  const rows = fileRows(source, tensor);
  for await (const chunk of chunksOf(type === rows.type ? rows : convertedRows(rows, tensor.name, type)))
    await target.writeFile(chunk);
}
