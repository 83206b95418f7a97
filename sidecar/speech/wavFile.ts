import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { ByteReader, UnexpectedEndError } from '../models/gguf/byteReader.ts';

/** The sample format of a WAV file. */
export interface WavFormat {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bitsPerSample: 8 | 16 | 24 | 32 | 64;
  readonly isFloat: boolean;
}

const LOWEST_RATE_HZ = 8_000;
const HIGHEST_RATE_HZ = 192_000;
const MOST_CHANNELS = 8;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const FORMAT_BYTES = 16;
/** The part of the extensible form that is read. The first two bytes of its identifier are the tag. */
const EXTENSIBLE_BYTES = 26;
/** A size that the writer did not know, or that is in the chunk "ds64". */
const UNKNOWN_BYTES = 0xffff_ffff;

/** Reads the sound of a WAV file in order, with all channels mixed. */
export class WavFile {
  #position: number;

  private constructor(
    readonly path: string,
    readonly format: WavFormat,
    private readonly file: FileHandle,
    dataOffsetBytes: number,
    private readonly endBytes: number,
  ) {
    this.#position = dataOffsetBytes;
    this.durationSeconds = Math.floor((endBytes - dataOffsetBytes) / frameBytes(format)) / format.sampleRateHz;
  }

  readonly durationSeconds: number;

  /**
   * Opens a file and checks its header. Throws `TroubleError` 'invalid-input' that gives the problem and the
   * expectation.
   */
  static async open(filePath: string): Promise<WavFile> {
    const file = await open(filePath, 'r').catch((error: unknown) => {
      throw new TroubleError('invalid-input', `${filePath} can't be read: ${(error as Error).message}`, {
        cause: error,
      });
    });
    try {
      const status = await file.stat();
      if (!status.isFile()) throw new TroubleError('invalid-input', `${filePath} is not a file.`);
      if (status.size === 0) throw new TroubleError('invalid-input', `${path.basename(filePath)} is empty.`);
      const { format, dataOffsetBytes, endBytes } = await readHeader(filePath, new ByteReader(file, status.size));
      return new WavFile(filePath, format, file, dataOffsetBytes, endBytes);
    } catch (error) {
      await file.close();
      if (error instanceof UnexpectedEndError)
        throw new TroubleError('invalid-input', `${path.basename(filePath)} is cut short: it ends inside its header.`, {
          cause: error,
        });
      throw error;
    }
  }

  /** Reads up to `count` samples at the file's rate, between −1 and 1. Returns none at the end. */
  async read(count: number): Promise<Float32Array> {
    const bytesPerFrame = frameBytes(this.format);
    const wanted = Math.min(count * bytesPerFrame, this.endBytes - this.#position);
    const bytes = Buffer.alloc(wanted - (wanted % bytesPerFrame));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.file.read(bytes, filled, bytes.length - filled, this.#position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#position += filled;
    return mixed(bytes.subarray(0, filled - (filled % bytesPerFrame)), this.format);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

const frameBytes = ({ channels, bitsPerSample }: WavFormat): number => (channels * bitsPerSample) / 8;

async function readHeader(
  filePath: string,
  reader: ByteReader,
): Promise<{ format: WavFormat; dataOffsetBytes: number; endBytes: number }> {
  const name = path.basename(filePath);
  const invalid = (what: string): TroubleError =>
    new TroubleError('invalid-input', `${name} can't be transcribed: ${what}.`);
  if (reader.fileSizeBytes < 12) throw invalid('it is not a WAV file');
  await reader.need(12);
  const magic = reader.takeBytes(4).toString('latin1');
  reader.takeUint32();
  const kind = reader.takeBytes(4).toString('latin1');
  if ((magic !== 'RIFF' && magic !== 'RF64') || kind !== 'WAVE')
    throw invalid('it is not a WAV file; convert it, for example with "ffmpeg -i FILE out.wav"');
  let format: WavFormat | undefined;
  let longBytes: number | undefined;
  while (reader.remainingBytes >= 8) {
    await reader.need(8);
    const id = reader.takeBytes(4).toString('latin1');
    const size = reader.takeUint32();
    if (id === 'data') {
      if (!format) throw invalid('its samples come before their format');
      const sizeBytes = size !== UNKNOWN_BYTES ? size : (longBytes ?? reader.remainingBytes);
      // Recorders write the size last, and may not have finished.
      const dataBytes = sizeBytes === 0 ? reader.remainingBytes : Math.min(sizeBytes, reader.remainingBytes);
      if (dataBytes < frameBytes(format)) throw invalid('it holds no samples');
      return { format, dataOffsetBytes: reader.offset, endBytes: reader.offset + dataBytes };
    }
    const next = reader.offset + size + (size % 2);
    if (id === 'fmt ') format = await readFormat(reader, size, invalid);
    if (id === 'ds64' && size >= 16) {
      await reader.need(16);
      reader.takeUint64();
      longBytes = reader.takeUint64();
    }
    if (next > reader.fileSizeBytes) break;
    reader.skip(next - reader.offset);
  }
  throw invalid('it holds no samples');
}

async function readFormat(
  reader: ByteReader,
  size: number,
  invalid: (what: string) => TroubleError,
): Promise<WavFormat> {
  if (size < FORMAT_BYTES) throw invalid(`its format has ${size} bytes, expected ${FORMAT_BYTES} or more`);
  await reader.need(FORMAT_BYTES);
  let tag = reader.takeUint16();
  const channels = reader.takeUint16();
  const sampleRateHz = reader.takeUint32();
  reader.takeUint32();
  reader.takeUint16();
  const bitsPerSample = reader.takeUint16();
  if (tag === EXTENSIBLE && size >= EXTENSIBLE_BYTES) {
    await reader.need(EXTENSIBLE_BYTES - FORMAT_BYTES);
    reader.takeBytes(8);
    tag = reader.takeUint16();
  }
  if (channels < 1 || channels > MOST_CHANNELS)
    throw invalid(`it has ${channels} channels, expected 1 to ${MOST_CHANNELS}`);
  if (sampleRateHz < LOWEST_RATE_HZ || sampleRateHz > HIGHEST_RATE_HZ)
    throw invalid(`it has ${sampleRateHz} samples per second, expected ${LOWEST_RATE_HZ} to ${HIGHEST_RATE_HZ}`);
  const isFloat = tag === FLOAT;
  const widths: readonly number[] = isFloat ? [32, 64] : [8, 16, 24, 32];
  if (tag !== PCM && !isFloat)
    throw invalid(
      `its samples are compressed (format ${tag}), expected PCM or floats; convert it, for example with "ffmpeg -i FILE out.wav"`,
    );
  if (!widths.includes(bitsPerSample))
    throw invalid(`its samples have ${bitsPerSample} bits, expected ${widths.join(', ')}`);
  return { sampleRateHz, channels, bitsPerSample: bitsPerSample as WavFormat['bitsPerSample'], isFloat };
}

/** The mean of all channels. NaN counts as silence. */
function mixed(bytes: Buffer, format: WavFormat): Float32Array {
  const { channels } = format;
  const sampleBytes = format.bitsPerSample / 8;
  const sampleAt = reader(bytes, format);
  const samples = new Float32Array(bytes.length / (sampleBytes * channels));
  for (let index = 0; index < samples.length; index++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += sampleAt((index * channels + channel) * sampleBytes);
    samples[index] = Number.isFinite(sum) ? sum / channels : 0;
  }
  return samples;
}

function reader(bytes: Buffer, { bitsPerSample, isFloat }: WavFormat): (offset: number) => number {
  if (isFloat)
    return bitsPerSample === 32 ? (offset) => bytes.readFloatLE(offset) : (offset) => bytes.readDoubleLE(offset);
  if (bitsPerSample === 8) return (offset) => (bytes.readUInt8(offset) - 128) / 128;
  const full = 2 ** (bitsPerSample - 1);
  return (offset) => bytes.readIntLE(offset, bitsPerSample / 8) / full;
}
