import { open } from 'node:fs/promises';
import { convolutionRows } from '../../kernels/blocks/convolution1d.ts';
import { fromFloat32, toFloat32 } from '../../kernels/ggml/dequantise.ts';
import type { Device } from '../../kernels/ggml/device.ts';
import { Storage } from '../../kernels/ggml/storage.ts';
import { write } from '../../kernels/ggml/transfer.ts';
import { tensorTypes, type TensorType } from '../../kernels/ggml/types.ts';
import { WeightTable } from '../models/architectures/weightTable.ts';
import { onOneDevice } from '../models/chorus/network/placement.ts';
import { checkWeights, loadWeights, type LoadedWeights } from '../models/chorus/network/weights.ts';
import { fileRows } from '../models/gguf/rows.ts';
import type { LocatedTensor } from '../models/gguf/locate.ts';
import {
  CONVOLUTION_TAPS,
  convolutionSpecs,
  OUTPUT_MATRIX,
  TOKEN_EMBEDDING,
  whisperWeights,
  type ConvolutionSpec,
} from './architectures/whisper.ts';
import { readWhisperFile, type WhisperFile } from './whisperFile.ts';

/** A speech model with its weights in a device's memory. */
export interface SpeechModel extends Disposable {
  readonly file: WhisperFile;
  readonly device: Device;
  readonly weights: WeightTable;
  /** The size of the weights in memory. */
  readonly sizeBytes: number;
}

/**
 * Loads a file of whisper.cpp. Throws `TroubleError` as `readWhisperFile` does, and 'invalid-model' for a missing
 * tensor or a wrong shape.
 */
export async function openSpeechModel(
  path: string,
  device: Device,
  options: { readonly signal?: AbortSignal } = {},
): Promise<SpeechModel> {
  const file = await readWhisperFile(path);
  const { hyperparameters } = file;
  const convolutions = convolutionSpecs(hyperparameters);
  const specs = whisperWeights(hyperparameters);
  checkWeights(
    [
      ...specs,
      ...convolutions.map(({ name, channels, outputs }) => ({
        name,
        extents: [CONVOLUTION_TAPS, channels, outputs],
        use: 'vector' as const,
      })),
    ],
    file.tensors,
    path,
  );

  const tensors = new Map(file.tensors);
  const embedding = tensors.get(TOKEN_EMBEDDING) as LocatedTensor;
  // The embedding is read by row and as a matrix. A quantised embedding is loaded twice, since the faster layout can't
  // be read by row.
  const isTwice = tensorTypes[embedding.type as TensorType].blockElements > 1;
  if (isTwice) tensors.set(OUTPUT_MATRIX, { ...embedding, name: OUTPUT_MATRIX });
  const twice = isTwice
    ? [
        {
          name: OUTPUT_MATRIX,
          extents: [hyperparameters.textWidth, hyperparameters.vocabularySize],
          use: 'matrix' as const,
        },
      ]
    : [];
  const loaded = await loadWeights(onOneDevice(device), [...specs, ...twice], tensors, options);
  try {
    const turned = await loadConvolutions(device, file, convolutions);
    return {
      file,
      device,
      weights: new WeightTable(new Map([...loaded.table.all, ...turned.table.all])),
      sizeBytes: loaded.sizeBytes + turned.sizeBytes,
      [Symbol.dispose]: () => {
        loaded[Symbol.dispose]();
        turned[Symbol.dispose]();
      },
    };
  } catch (error) {
    loaded[Symbol.dispose]();
    throw error;
  }
}

/**
 * Loads the matrices of convolutions, transposed for `convolution1d`. They keep their type if rows are whole blocks of
 * it.
 */
async function loadConvolutions(
  device: Device,
  file: WhisperFile,
  specs: readonly ConvolutionSpec[],
): Promise<LoadedWeights> {
  const storage = new Storage(device, { maxTensors: specs.length });
  const handle = await open(file.path, 'r');
  try {
    const matrices = specs.map(({ name, channels, outputs }) => {
      const source = file.tensors.get(name) as LocatedTensor;
      const type = convolutionType(source.type as TensorType, file);
      const { blockElements } = tensorTypes[type];
      const rowLength = Math.ceil((CONVOLUTION_TAPS * channels) / blockElements) * blockElements;
      return { source, type, channels, rowLength, tensor: storage.declare(name, type, [rowLength, outputs]) };
    });
    storage.allocate({ weights: true });
    for (const { source, type, channels, rowLength, tensor } of matrices) {
      const rows = fileRows(handle, source);
      const values = toFloat32(rows.type, await rows.read(0, rows.count));
      write(
        device,
        tensor,
        fromFloat32(type, convolutionRows(values, { taps: CONVOLUTION_TAPS, channels, rowLength }), rowLength),
      );
    }
    return {
      table: new WeightTable(new Map(matrices.map(({ tensor }) => [tensor.name, tensor]))),
      sizeBytes: storage.sizeBytes,
      [Symbol.dispose]: () => storage[Symbol.dispose](),
    };
  } catch (error) {
    storage[Symbol.dispose]();
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Files store convolutions in float16, since taps do not fill blocks. If all other matrices have 8 bits, the transposed
 * convolutions get 8 bits too.
 */
function convolutionType(own: TensorType, { tensors }: WhisperFile): TensorType {
  const isEightBit = [...tensors.values()].every(
    ({ name, shape, type }) => type === 'Q8_0' || shape.length !== 2 || /bias$|positional_embedding$/.test(name),
  );
  return isEightBit ? 'Q8_0' : own;
}
