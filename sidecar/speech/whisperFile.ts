import { open } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { ByteReader, UnexpectedEndError } from '../models/gguf/byteReader.ts';
import { formatBytes } from '../models/gguf/header.ts';
import type { LocatedTensor } from '../models/gguf/locate.ts';
import { TENSOR_TYPES } from '../models/gguf/tensorTypes.ts';

/** The sizes of a Whisper (arXiv 2212.04356), from the start of its file. */
export interface WhisperHyperparameters {
  readonly vocabularySize: number;
  /** Positions of the encoder: half of its input frames. */
  readonly audioContext: number;
  readonly audioWidth: number;
  readonly audioHeads: number;
  readonly audioBlocks: number;
  readonly textContext: number;
  readonly textWidth: number;
  readonly textHeads: number;
  readonly textBlocks: number;
  /** Bands of the mel spectrum. */
  readonly melBands: number;
}

/** The header of a whisper.cpp file, without its weights, and the position of the weights. */
export interface WhisperFile {
  readonly path: string;
  readonly fileSizeBytes: number;
  readonly hyperparameters: WhisperHyperparameters;
  /** `[frequencies, bands]` */
  readonly melFilters: { readonly frequencies: number; readonly bands: number; readonly values: Float32Array };
  /** The bytes of the text tokens. Later tokens are control tokens. */
  readonly vocabulary: readonly Buffer[];
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
  /** The offset of the first tensor's description. */
  readonly tensorsOffsetBytes: number;
}

const MAGIC = 0x67676d6c;
/** The offset of the type of most weights in a file. */
export const FILE_TYPE_OFFSET_BYTES = 44;
const HEADER_FIELDS = [
  'vocabularySize',
  'audioContext',
  'audioWidth',
  'audioHeads',
  'audioBlocks',
  'textContext',
  'textWidth',
  'textHeads',
  'textBlocks',
  'melBands',
] as const;
/** Limits far above any Whisper, and far below the size of the memory. */
const MOST: Readonly<Record<(typeof HEADER_FIELDS)[number], number>> = {
  vocabularySize: 1 << 20,
  audioContext: 1 << 16,
  audioWidth: 1 << 14,
  audioHeads: 1 << 10,
  audioBlocks: 1 << 10,
  textContext: 1 << 16,
  textWidth: 1 << 14,
  textHeads: 1 << 10,
  textBlocks: 1 << 10,
  melBands: 1 << 10,
};
/** Control tokens and timestamps come after the text tokens. A prompt and a text token need positions. */
const LEAST: Partial<typeof MOST> = { vocabularySize: 51_864, textContext: 8 };
const MOST_FREQUENCIES = 1 << 14;
const MOST_TOKEN_BYTES = 1 << 12;
const MOST_NAME_BYTES = 256;

/**
 * Reads and checks a `ggml-*.bin` of whisper.cpp, except its weights. Every count and length is compared with the size
 * of the file. Throws `TroubleError` 'model-not-found', 'invalid-model', 'truncated-model' or 'unsupported-model'.
 */
export async function readWhisperFile(file: string): Promise<WhisperFile> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new TroubleError('model-not-found', `The speech model ${file} can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  });
  try {
    const status = await handle.stat();
    if (!status.isFile())
      throw new TroubleError('model-not-found', `${file} is not a file. Choose a ggml-*.bin of whisper.cpp.`);
    return await new WhisperParser(file, new ByteReader(handle, status.size)).parse();
  } catch (error) {
    if (!(error instanceof UnexpectedEndError)) throw error;
    throw new TroubleError(
      'truncated-model',
      `${path.basename(file)} is cut short: its contents extend beyond its end (${formatBytes(error.fileSizeBytes)}). Download it again.`,
      { cause: error },
    );
  } finally {
    await handle.close();
  }
}

/** Whether a file begins like those of whisper.cpp. Never throws: the result is false for an unreadable file. */
export async function isWhisperFile(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.readUInt32LE() === MAGIC;
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

class WhisperParser {
  constructor(
    private readonly file: string,
    private readonly reader: ByteReader,
  ) {}

  async parse(): Promise<WhisperFile> {
    const { reader, file } = this;
    if (reader.fileSizeBytes < 4) throw this.#invalid('it is not a speech model');
    await reader.need(4);
    if (reader.takeUint32() !== MAGIC)
      throw this.#invalid('it does not begin as a model of whisper.cpp does. Choose a ggml-*.bin of whisper.cpp');
    const hyperparameters = await this.#hyperparameters();
    const melFilters = await this.#melFilters(hyperparameters);
    const vocabulary = await this.#vocabulary(hyperparameters);
    const tensorsOffsetBytes = reader.offset;
    return {
      path: file,
      fileSizeBytes: reader.fileSizeBytes,
      hyperparameters,
      melFilters,
      vocabulary,
      tensors: await this.#tensors(),
      tensorsOffsetBytes,
    };
  }

  async #hyperparameters(): Promise<WhisperHyperparameters> {
    const values: Partial<Record<(typeof HEADER_FIELDS)[number], number>> = {};
    await this.reader.need(4 * (HEADER_FIELDS.length + 1));
    for (const field of HEADER_FIELDS)
      values[field] = this.#within(this.reader.takeInt32(), field, MOST[field], LEAST[field]);
    // The type of most weights. It is skipped, since each tensor has its own type.
    this.reader.takeInt32();
    const found = values as WhisperHyperparameters;
    for (const [width, heads] of [
      [found.audioWidth, found.audioHeads],
      [found.textWidth, found.textHeads],
    ] as const) {
      if (width % heads !== 0 || (width / heads) % 8 !== 0)
        throw this.#invalid(`${heads} attention heads do not share a width of ${width}`);
    }
    if (found.audioWidth !== found.textWidth)
      throw this.#invalid(`its encoder is ${found.audioWidth} wide and its decoder ${found.textWidth}`);
    return found;
  }

  async #melFilters({ melBands }: WhisperHyperparameters): Promise<WhisperFile['melFilters']> {
    await this.reader.need(8);
    const bands = this.reader.takeInt32();
    const frequencies = this.#within(this.reader.takeInt32(), 'frequencies', MOST_FREQUENCIES);
    if (bands !== melBands) throw this.#invalid(`it has filters for ${bands} mel bands, expected ${melBands}`);
    await this.reader.need(4 * bands * frequencies);
    return {
      frequencies,
      bands,
      values: Float32Array.from({ length: bands * frequencies }, () => this.reader.takeFloat32()),
    };
  }

  async #vocabulary({ vocabularySize }: WhisperHyperparameters): Promise<readonly Buffer[]> {
    await this.reader.need(4);
    const count = this.#within(this.reader.takeInt32(), 'tokens', vocabularySize);
    const tokens: Buffer[] = [];
    for (let token = 0; token < count; token++) {
      await this.reader.need(4);
      const bytes = this.reader.takeUint32();
      if (bytes > MOST_TOKEN_BYTES) throw this.#invalid(`token ${token} claims ${bytes} bytes`);
      await this.reader.need(bytes);
      tokens.push(Buffer.from(this.reader.takeBytes(bytes)));
    }
    return tokens;
  }

  async #tensors(): Promise<ReadonlyMap<string, LocatedTensor>> {
    const { reader } = this;
    const header = { path: this.file, dataOffsetBytes: 0 };
    const tensors = new Map<string, LocatedTensor>();
    while (reader.remainingBytes > 0) {
      await reader.need(12);
      const dimensions = this.#within(reader.takeInt32(), 'dimensions', 4);
      const nameBytes = this.#within(reader.takeInt32(), 'bytes of a name', MOST_NAME_BYTES);
      const typeNumber = reader.takeInt32();
      await reader.need(4 * dimensions + nameBytes);
      const shape = Array.from({ length: dimensions }, () =>
        this.#within(reader.takeInt32(), 'values of a row', 1 << 24),
      );
      const name = reader.takeBytes(nameBytes).toString('utf8');
      const type = TENSOR_TYPES.get(typeNumber);
      if (!type)
        throw new TroubleError(
          'unsupported-model',
          `${path.basename(this.file)} can't be used: the tensor ${JSON.stringify(name)} has the unknown type ${typeNumber}.`,
        );
      const elements = shape.reduce((product, extent) => product * extent, 1);
      if ((shape[0] as number) % type.blockElements !== 0)
        throw this.#invalid(
          `the tensor ${JSON.stringify(name)} has rows of ${shape[0]} values, expected whole blocks of ${type.name}`,
        );
      const sizeBytes = (elements / type.blockElements) * type.blockBytes;
      tensors.set(name, { name, shape, type: type.name, offsetBytes: reader.offset, sizeBytes, header });
      reader.skip(sizeBytes);
    }
    return tensors;
  }

  #within(value: number, what: string, most: number, least = 1): number {
    if (value < least || value > most)
      throw this.#invalid(`it claims ${value} for ${what}, expected ${least} to ${most}`);
    return value;
  }

  #invalid(what: string): TroubleError {
    return new TroubleError('invalid-model', `${path.basename(this.file)} is damaged or not a speech model: ${what}.`);
  }
}
