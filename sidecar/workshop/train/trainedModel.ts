import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { architectures } from '../../models/architectures/architectures.ts';
import type { Architecture, Hyperparameters, WeightSpec } from '../../models/architectures/architecture.ts';
import { Metadata } from '../../models/architectures/metadata.ts';
import { checkModel, type CheckedModel } from '../../models/chorus/network/openNetwork.ts';
import { readGgufHeader, type GgufHeader, type GgufValue } from '../../models/gguf/header.ts';
import { locateTensors, type LocatedTensor } from '../../models/gguf/locate.ts';
import { copiedMetadata, type GgufEntry } from '../../models/gguf/content.ts';
import type { ScratchSizes } from './options.ts';

/** A network to train: its description, and the source of each weight. */
export interface TrainedModel {
  readonly architecture: Architecture;
  readonly hyperparameters: Hyperparameters;
  readonly specs: readonly WeightSpec[];
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
  /** The metadata of the file that is written at the end. */
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  /** A digest of the model's files, or of the tokenizer's file if weights are random. */
  readonly origin: string;
}

const SCRATCH_ROPE_BASE = 10_000;
const SCRATCH_EPSILON = 1e-5;

/**
 * Checks that a model file can be trained. Reads its headers. Throws `TroubleError`, 'unsupported-model' if it can't be
 * trained.
 */
export async function checkTrainable(file: string): Promise<CheckedModel> {
  const checked = await checkModel(file);
  const { architecture, hyperparameters } = checked;
  if (hyperparameters.sliding)
    throw new TroubleError(
      'unsupported-model',
      `${path.basename(file)} has sliding attention (${architecture.name}), which can't be trained.`,
    );
  if (hyperparameters.recurrent)
    throw new TroubleError(
      'unsupported-model',
      `${path.basename(file)} has recurrent blocks (${architecture.name}), which can't be trained.`,
    );
  // Experts with scores of their own also have biases and gates that the differentiable mixture does not know.
  if (hyperparameters.mixture?.score)
    throw new TroubleError(
      'unsupported-model',
      `${path.basename(file)} has a mixture of experts of a kind that can't be trained (${architecture.name}).`,
    );
  return checked;
}

/** Reads a model file. Throws `TroubleError` if the model can't be trained. */
export async function modelFromFile(file: string): Promise<TrainedModel> {
  const { architecture, hyperparameters, headers, specs, tensors } = await checkTrainable(file);
  const metadata = new Map<string, GgufEntry>(await copiedMetadata(headers[0] as GgufHeader));
  for (const key of ['split.no', 'split.count', 'split.tensors.count', 'general.quantization_version'])
    metadata.delete(key);
  metadata.set('general.file_type', { type: 'u32', value: 0 });
  return {
    architecture,
    hyperparameters,
    specs: specs.filter(({ name }) => tensors.has(name)),
    tensors,
    metadata,
    origin: await digestOfFiles(headers.map((header) => header.path)),
  };
}

/**
 * A Llama network of these sizes with a tied output, and the tokenizer of a file. Throws `TroubleError` if the sizes do
 * not fit together.
 */
export async function modelFromScratch(
  tokenizerFile: string,
  sizes: ScratchSizes,
  contextTokens: number,
): Promise<TrainedModel> {
  if (sizes.width % sizes.heads !== 0 || (sizes.width / sizes.heads) % 2 !== 0) {
    throw new TroubleError(
      'invalid-input',
      `A width of ${sizes.width} can't be divided into ${sizes.heads} heads of an even size.`,
    );
  }
  if (sizes.heads % sizes.kvHeads !== 0)
    throw new TroubleError(
      'invalid-input',
      `${sizes.kvHeads} KV heads can't be shared by ${sizes.heads} heads. Expected a divisor of ${sizes.heads}.`,
    );
  const source = await readGgufHeader(tokenizerFile);
  const vocabularySize = source.arrayLengths.get('tokenizer.ggml.tokens');
  if (vocabularySize === undefined) throw new TroubleError('invalid-input', `${tokenizerFile} contains no tokenizer.`);
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
  const header: GgufHeader = {
    ...source,
    metadata: new Map(Object.entries(keys).map(([key, { value }]) => [key, value])),
    tensors: [],
  };
  const architecture = architectures.get('llama') as Architecture;
  const hyperparameters = architecture.readHyperparameters(new Metadata(header));
  const tokenizer = await copiedMetadata(
    source,
    [...source.metadataRanges.keys()].filter((key) => key.startsWith('tokenizer.')),
  );
  return {
    architecture,
    hyperparameters,
    specs: architecture.weights(hyperparameters).filter(({ optional }) => !optional),
    tensors: locateTensors([]),
    metadata: new Map<string, GgufEntry>([...Object.entries(keys), ...tokenizer]),
    origin: [...tokenizer]
      .reduce((hash, [key, { bytes }]) => hash.update(key).update(bytes), createHash('sha256'))
      .digest('hex'),
  };
}

async function digestOfFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
