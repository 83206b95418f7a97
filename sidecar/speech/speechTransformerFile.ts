import type { ActivationRange } from '../../kernels/blocks/roundToGrid.ts';
import { TroubleError } from '../common/troubleError.ts';
import { Metadata } from '../models/architectures/metadata.ts';
import { readGgufHeader } from '../models/gguf/header.ts';
import { locateTensors, type LocatedTensor } from '../models/gguf/locate.ts';
import type { GgufEntry } from '../models/gguf/content.ts';
import { DOWNSAMPLING, type SpeechTransformerHyperparameters } from './architectures/speechTransformer.ts';
import { SpeechVocabulary } from './speechVocabulary.ts';

const SPEECH_TRANSFORMER = 'speech-transformer';
/** The number of values in a block of 8 bits. Rows of all matrices are whole blocks. */
const BLOCK = 32;

/** The header of a Speech-Transformer's GGUF file, without its weights. */
export interface SpeechTransformerFile {
  readonly path: string;
  readonly hyperparameters: SpeechTransformerHyperparameters;
  readonly vocabulary: SpeechVocabulary;
  /** The range of the inputs of each product, by the name of the place. Only in fully quantised models. */
  readonly ranges: ReadonlyMap<string, ActivationRange>;
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
}

const RANGE_PLACES = `${SPEECH_TRANSFORMER}.activation.places`;
const RANGE_BOUNDS = `${SPEECH_TRANSFORMER}.activation.bounds`;
const LANGUAGES = 'tokenizer.speech.languages';
const CHARACTERS = 'tokenizer.speech.characters';

/** Builds the metadata of a file. See [the keys](../../docs/dictation.md#the-file). */
export function speechTransformerMetadata({
  hyperparameters,
  vocabulary,
  ranges,
}: Pick<SpeechTransformerFile, 'hyperparameters' | 'vocabulary' | 'ranges'>): ReadonlyMap<string, GgufEntry> {
  const { melBands, channels, width, encoderBlocks, decoderBlocks, heads, feedForwardWidth, positions } =
    hyperparameters;
  const numbers = {
    mel_bands: melBands,
    channel_count: channels,
    embedding_length: width,
    'encoder.block_count': encoderBlocks,
    'decoder.block_count': decoderBlocks,
    'attention.head_count': heads,
    feed_forward_length: feedForwardWidth,
  };
  return new Map<string, GgufEntry>([
    ['general.architecture', { type: 'string', value: SPEECH_TRANSFORMER }],
    ...Object.entries(numbers).map(([key, value]) => [`${SPEECH_TRANSFORMER}.${key}`, { type: 'u32', value }] as const),
    [`${SPEECH_TRANSFORMER}.positions`, { type: 'string', value: positions }],
    [LANGUAGES, { type: 'strings', value: vocabulary.languages }],
    [CHARACTERS, { type: 'strings', value: vocabulary.characters }],
    ...(ranges.size === 0
      ? []
      : ([
          [RANGE_PLACES, { type: 'strings', value: [...ranges.keys()] }],
          [RANGE_BOUNDS, { type: 'f32s', value: [...ranges.values()].flatMap(({ low, high }) => [low, high]) }],
        ] as const)),
  ]);
}

/** Reads a file's header. Throws as `readGgufHeader` does, and 'invalid-model' for values that do not fit together. */
export async function readSpeechTransformerFile(path: string): Promise<SpeechTransformerFile> {
  const lists = new Map<string, (string | number)[]>(
    [LANGUAGES, CHARACTERS, RANGE_PLACES, RANGE_BOUNDS].map((key) => [key, []]),
  );
  const header = await readGgufHeader(path, {
    visitArray: (key, _, element) =>
      void lists.get(key)?.push(Buffer.isBuffer(element) ? element.toString('utf8') : Number(element)),
  });
  const metadata = new Metadata(header);
  const invalid = (what: string): TroubleError => new TroubleError('invalid-model', `${path}: ${what}.`);
  if (metadata.architecture !== SPEECH_TRANSFORMER)
    throw new TroubleError(
      'unsupported-model',
      `${path} has the architecture "${metadata.architecture}", which is not a speech model. Choose a ggml-*.bin of whisper.cpp or a GGUF file of the architecture "${SPEECH_TRANSFORMER}".`,
    );
  const vocabulary = new SpeechVocabulary(lists.get(LANGUAGES) as string[], lists.get(CHARACTERS) as string[]);
  const hyperparameters: SpeechTransformerHyperparameters = {
    melBands: metadata.count('mel_bands'),
    channels: metadata.count('channel_count'),
    width: metadata.count('embedding_length'),
    encoderBlocks: metadata.count('encoder.block_count'),
    decoderBlocks: metadata.count('decoder.block_count'),
    heads: metadata.count('attention.head_count'),
    feedForwardWidth: metadata.count('feed_forward_length'),
    vocabularySize: vocabulary.size,
    positions: metadata.choice('positions', ['convolutional', 'sinusoidal']),
  };
  const wrong = sizesTrouble(hyperparameters);
  if (wrong) throw invalid(wrong);
  if (vocabulary.languages.length === 0 || vocabulary.characters.length === 0)
    throw invalid(`${LANGUAGES} or ${CHARACTERS} is missing`);
  const [places, bounds] = [lists.get(RANGE_PLACES) as string[], lists.get(RANGE_BOUNDS) as number[]];
  if (bounds.length !== 2 * places.length || !bounds.every(Number.isFinite))
    throw invalid(
      `${RANGE_BOUNDS} has ${bounds.length} values for ${places.length} places, expected two finite ones for each`,
    );
  const ranges = new Map(
    places.map((place, index) => [place, { low: bounds[2 * index] as number, high: bounds[2 * index + 1] as number }]),
  );
  return { path, hyperparameters, vocabulary, ranges, tensors: locateTensors([header]) };
}

/** Describes invalid sizes. Returns `undefined` if all are valid. */
export function sizesTrouble({
  melBands,
  channels,
  width,
  heads,
  feedForwardWidth,
}: Omit<SpeechTransformerHyperparameters, 'vocabularySize' | 'positions'>): string | undefined {
  if (melBands % DOWNSAMPLING !== 0) return `${melBands} bands can't be made ${DOWNSAMPLING} times fewer`;
  if (width % heads !== 0) return `a width of ${width} can't be shared by ${heads} heads`;
  const rows = {
    'the width': width,
    'the width of the feed-forward networks': feedForwardWidth,
    'bands ÷ 4 × channels': (melBands / DOWNSAMPLING) * channels,
  };
  const odd = Object.entries(rows).find(([, length]) => length % BLOCK !== 0);
  return odd && `${odd[0]} is ${odd[1]}, expected a multiple of ${BLOCK}`;
}
