import type { Device } from '../../kernels/ggml/device.ts';
import { toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';
import { Parameters, type WeightType } from '../../kernels/optimiser/parameters.ts';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../engine/engine.ts';
import { architectures } from '../models/architectures/architectures.ts';
import type { Architecture, Hyperparameters, WeightSpec } from '../models/architectures/architecture.ts';
import { Metadata } from '../models/architectures/metadata.ts';
import { checkModel } from '../models/chorus/openNetwork.ts';
import { onOneDevice } from '../models/chorus/placement.ts';
import { loadWeights, type LoadedWeights } from '../models/chorus/weights.ts';
import { readGgufHeader, type GgufHeader, type GgufValue } from '../models/gguf/header.ts';
import { locateTensors, type LocatedTensor } from '../models/gguf/locate.ts';
import { copiedMetadata, writeGguf, type GgufEntry, type TensorSource } from '../models/gguf/writer.ts';
import { parameterSpec } from './parameterSpecs.ts';
import type { ScratchSizes } from './options.ts';
import { Random } from './random.ts';

/** A network to train: what its file says, and where each weight comes from. */
export interface TrainedModel {
  readonly architecture: Architecture;
  readonly hyperparameters: Hyperparameters;
  readonly specs: readonly WeightSpec[];
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
  /** Of the file that is written at the end. */
  readonly metadata: ReadonlyMap<string, GgufEntry>;
}

/** Spread of random weights (GPT-2's); outputs of blocks have less, by the number of blocks. */
const INITIAL_SPREAD = 0.02;
const SCRATCH_ROPE_BASE = 10_000;
const SCRATCH_EPSILON = 1e-5;

/** A model file. Throws `TroubleError` for one that can't be trained. */
export async function modelFromFile(file: string): Promise<TrainedModel> {
  const { architecture, hyperparameters, headers, specs, tensors } = await checkModel(file);
  if (hyperparameters.sliding) throw new TroubleError('unsupported-model', `${path.basename(file)} has sliding attention (${architecture.name}), which can't be trained.`);
  const metadata = new Map<string, GgufEntry>(await copiedMetadata(headers[0] as GgufHeader));
  for (const key of ['split.no', 'split.count', 'split.tensors.count', 'general.quantization_version']) metadata.delete(key);
  metadata.set('general.file_type', { type: 'u32', value: 0 });
  return { architecture, hyperparameters, specs: specs.filter(({ name }) => tensors.has(name)), tensors, metadata };
}

/** A Llama network of these sizes with tied output, and the tokenizer of a file. Throws `TroubleError` for sizes that do not fit together. */
export async function modelFromScratch(tokenizerFile: string, sizes: ScratchSizes, contextTokens: number): Promise<TrainedModel> {
  if (sizes.width % sizes.heads !== 0 || (sizes.width / sizes.heads) % 2 !== 0) {
    throw new TroubleError('invalid-input', `A width of ${sizes.width} can't be shared by ${sizes.heads} heads of an even size.`);
  }
  const source = await readGgufHeader(tokenizerFile);
  const vocabularySize = source.arrayLengths.get('tokenizer.ggml.tokens');
  if (vocabularySize === undefined) throw new TroubleError('invalid-input', `${tokenizerFile} holds no tokenizer.`);
  const keys: Readonly<Record<string, GgufEntry & { readonly value: GgufValue }>> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.name': { type: 'string', value: `llama ${sizes.width}x${sizes.blocks}` },
    'general.file_type': { type: 'u32', value: 0 },
    'llama.block_count': { type: 'u32', value: sizes.blocks },
    'llama.context_length': { type: 'u32', value: contextTokens },
    'llama.embedding_length': { type: 'u32', value: sizes.width },
    'llama.feed_forward_length': { type: 'u32', value: sizes.feedForwardWidth },
    'llama.attention.head_count': { type: 'u32', value: sizes.heads },
    'llama.attention.head_count_kv': { type: 'u32', value: sizes.kvHeads },
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: SCRATCH_EPSILON },
    'llama.rope.freq_base': { type: 'f32', value: SCRATCH_ROPE_BASE },
    'llama.rope.dimension_count': { type: 'u32', value: sizes.width / sizes.heads },
    'llama.vocab_size': { type: 'u32', value: vocabularySize },
  };
  const header: GgufHeader = { ...source, metadata: new Map(Object.entries(keys).map(([key, { value }]) => [key, value])), tensors: [] };
  const architecture = architectures.get('llama') as Architecture;
  const hyperparameters = architecture.readHyperparameters(new Metadata(header));
  const tokenizerKeys = [...source.metadataRanges.keys()].filter((key) => key.startsWith('tokenizer.'));
  return {
    architecture,
    hyperparameters,
    specs: architecture.weights(hyperparameters).filter(({ optional }) => !optional),
    tensors: locateTensors([]),
    metadata: new Map<string, GgufEntry>([...Object.entries(keys), ...(await copiedMetadata(source, tokenizerKeys))]),
  };
}

/** A model's weights on a device, those that are trained and those that stay. */
export interface PlacedModel extends Disposable {
  readonly parameters: Parameters;
  readonly frozen: LoadedWeights | undefined;
}

/**
 * Places weights on a device: those whose names match `freeze` in the type of the file, the others in F32, read from the file or random.
 * Throws `TroubleError` where nothing is left to train.
 */
export async function placeModel(model: TrainedModel, device: Device, options: { freeze: readonly RegExp[]; weightType: WeightType; seed: number; networks?: number; singleScaleNorm?: boolean }): Promise<PlacedModel> {
  const isFrozen = ({ name }: WeightSpec): boolean => name === 'rope_freqs.weight' || options.freeze.some((pattern) => pattern.test(name));
  const trained = model.specs.filter((spec) => !isFrozen(spec));
  // Frozen weights are read transposed as well, which repacked ones can't be.
  const frozenSpecs = model.specs.filter(isFrozen).map((spec) => (spec.use === 'vector' ? spec : { ...spec, use: 'embedding' as const }));
  const homeless = frozenSpecs.find(({ name }) => !model.tensors.has(name));
  if (homeless) throw new TroubleError('invalid-input', `${homeless.name} can't be frozen, since its values would be random.`);
  if (trained.length === 0) throw new TroubleError('invalid-input', `All ${model.specs.length} tensors are frozen: there is nothing to train.`);
  const tiedOutput = !model.specs.some(({ name }) => name === 'output.weight');
  const parameters = new Parameters(
    device,
    trained.map((spec) => parameterSpec(spec, { tiedOutput, singleScaleNorm: options.singleScaleNorm })),
    options.weightType,
    options.networks,
  );
  const dispose = (): void => parameters[Symbol.dispose]();
  try {
    const random = new Random(options.seed);
    for (const { spec, master } of parameters.all) {
      const source = model.tensors.get(spec.name);
      write(device, master, source ? fitted(await readTensor(source), master.elements) : randomValues(spec.name, master.elements, spec.decays, model.hyperparameters.blockCount, random));
    }
    const frozen = frozenSpecs.length > 0 ? await loadWeights(onOneDevice(device), frozenSpecs, model.tensors) : undefined;
    return {
      parameters,
      frozen,
      [Symbol.dispose]: () => {
        dispose();
        frozen?.[Symbol.dispose]();
      },
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Writes the trained weights in F32, and frozen ones as they were, as a GGUF file. Throws `TroubleError`. */
export async function exportModel(file: string, model: TrainedModel, parameters: Parameters): Promise<void> {
  const trained = new Map(parameters.all.map((parameter) => [parameter.spec.name, parameter.master]));
  const sources = model.specs.map(({ name, extents }): TensorSource => {
    const master = trained.get(name);
    const count = extents.reduce((product, extent) => product * extent, 1);
    if (master) return { name, shape: extents, type: 'F32', chunks: () => [bytesOf(fitted(readF32(parameters.device, master), count))] };
    const source = model.tensors.get(name) as LocatedTensor;
    return { name, shape: source.shape, type: source.type, chunks: async function* () { yield await readBytes(source); } };
  });
  await writeGguf(file, { metadata: model.metadata, tensors: sources });
}

/** One gain of a norm as all gains of a file, and gains of a file as their mean. */
function fitted(values: Float32Array, count: number): Float32Array {
  if (values.length === count) return values;
  return new Float32Array(count).fill(values.reduce((sum, value) => sum + value, 0) / values.length);
}

const bytesOf = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function readTensor(source: LocatedTensor): Promise<Float32Array> {
  return toFloat32(source.type as TensorType, await readBytes(source));
}

async function readBytes({ header, offsetBytes, sizeBytes, name }: LocatedTensor): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  const file = await open(header.path, 'r');
  try {
    for (let done = 0; done < sizeBytes; ) {
      const { bytesRead } = await file.read(bytes, done, sizeBytes - done, header.dataOffsetBytes + offsetBytes + done);
      if (bytesRead === 0) throw new TroubleError('truncated-model', `${header.path} ends inside the tensor ${name}.`);
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}

function randomValues(name: string, count: number, isMatrix: boolean, blockCount: number, random: Random): Float32Array {
  if (!isMatrix) return new Float32Array(count).fill(name.endsWith('norm.weight') ? 1 : 0);
  const entersResidual = name.includes('attn_output') || name.includes('ffn_down');
  const spread = entersResidual ? INITIAL_SPREAD / Math.sqrt(2 * blockCount) : INITIAL_SPREAD;
  return Float32Array.from({ length: count }, () => spread * random.normal());
}
