/** Builds files in whisper.cpp's format for tests, with any sizes and values. */
import { fromFloat32 } from '../../kernels/ggml/dequantise.ts';
import { tensorTypes, type TensorType } from '../../kernels/ggml/types.ts';
import { uniformNumbers } from '../../sidecar/models/decoding/random.ts';
import { convolutionSpecs, whisperWeights } from '../../sidecar/speech/architectures/whisper.ts';
import type { WhisperHyperparameters } from '../../sidecar/speech/whisperFile.ts';

const MAGIC = 0x67676d6c;

export interface WhisperTensor {
  readonly name: string;
  /** Innermost first. */
  readonly extents: readonly number[];
  readonly type: TensorType;
  readonly bytes: Uint8Array;
}

export interface WhisperContent {
  readonly hyperparameters: WhisperHyperparameters;
  /** whisper.cpp's number of the type of most weights. */
  readonly fileType: number;
  /** `[frequencies, melBands]` */
  readonly melFilters: Float32Array;
  readonly vocabulary: readonly Uint8Array[];
  readonly tensors: readonly WhisperTensor[];
}

export function whisperBytes({
  hyperparameters: h,
  fileType,
  melFilters,
  vocabulary,
  tensors,
}: WhisperContent): Buffer {
  const sizes = [
    h.vocabularySize,
    h.audioContext,
    h.audioWidth,
    h.audioHeads,
    h.audioBlocks,
    h.textContext,
    h.textWidth,
    h.textHeads,
    h.textBlocks,
    h.melBands,
  ];
  const parts: Uint8Array[] = [
    integers(MAGIC, ...sizes, fileType, h.melBands, melFilters.length / h.melBands),
    raw(melFilters),
    integers(vocabulary.length),
  ];
  for (const token of vocabulary) parts.push(integers(token.length), token);
  for (const { name, extents, type, bytes } of tensors) {
    const nameBytes = Buffer.from(name);
    parts.push(integers(extents.length, nameBytes.length, tensorTypes[type].id, ...extents), nameBytes, bytes);
  }
  return Buffer.concat(parts);
}

/** The sizes of a small Whisper, with all weights in float32. */
export const TINY: WhisperHyperparameters = {
  vocabularySize: 51_864,
  audioContext: 20,
  audioWidth: 16,
  audioHeads: 2,
  audioBlocks: 2,
  textContext: 16,
  textWidth: 16,
  textHeads: 2,
  textBlocks: 2,
  melBands: 6,
};

/** The same sizes with language tokens. */
export const TINY_MULTILINGUAL: WhisperHyperparameters = { ...TINY, vocabularySize: 51_865 };

/** Random weights by name, `[…, innermost]`. */
export function tinyWeights(seed = 1, sizes = TINY): ReadonlyMap<string, Float32Array> {
  const next = uniformNumbers(seed);
  const convolutions = convolutionSpecs(sizes).map(({ name, channels, outputs }) => ({
    name,
    extents: [3, channels, outputs],
  }));
  return new Map(
    [...whisperWeights(sizes), ...convolutions].map(({ name, extents }) => {
      const centre = /(ln|ln_post)\.weight$/.test(name) ? 1 : 0;
      return [
        name,
        Float32Array.from(
          { length: extents.reduce((product, extent) => product * extent, 1) },
          () => centre + 0.6 * (next() - 0.5),
        ),
      ];
    }),
  );
}

export function tinyWhisperBytes(
  weights = tinyWeights(),
  change: (tensors: WhisperTensor[]) => WhisperTensor[] = (tensors) => tensors,
  sizes = TINY,
): Buffer {
  const convolutions = convolutionSpecs(sizes).map(({ name, channels, outputs }) => ({
    name,
    extents: [3, channels, outputs],
  }));
  const tensors = [...whisperWeights(sizes), ...convolutions].map(({ name, extents }): WhisperTensor => ({
    name,
    extents,
    type: 'F32',
    bytes: fromFloat32('F32', weights.get(name) as Float32Array, extents[0] as number),
  }));
  return whisperBytes({
    hyperparameters: sizes,
    fileType: 0,
    melFilters: new Float32Array(201 * sizes.melBands).fill(0.01),
    vocabulary: [Buffer.from(' '), Buffer.from('a')],
    tensors: change(tensors),
  });
}

const integers = (...values: readonly number[]): Uint8Array => raw(Uint32Array.from(values));
const raw = (values: NodeJS.TypedArray): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
