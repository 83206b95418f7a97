import type { WavFormat } from '../../../sidecar/speech/wavFile.ts';

/** A WAV file of these samples, an array per channel, each between −1 and 1. */
export function wavBytes(
  channels: readonly Float32Array[],
  options: Partial<Omit<WavFormat, 'channels'>> & { readonly isExtensible?: boolean } = {},
): Buffer {
  const { sampleRateHz = 16_000, bitsPerSample = 16, isFloat = false, isExtensible = false } = options;
  const frames = channels[0]?.length ?? 0;
  const sampleBytes = bitsPerSample / 8;
  const data = Buffer.alloc(frames * channels.length * sampleBytes);
  for (let frame = 0; frame < frames; frame++) {
    channels.forEach((samples, channel) =>
      writeSample(data, (frame * channels.length + channel) * sampleBytes, samples[frame] as number, {
        bitsPerSample,
        isFloat,
      }),
    );
  }
  const format = Buffer.alloc(isExtensible ? 40 : 16);
  const tag = isFloat ? 3 : 1;
  format.writeUInt16LE(isExtensible ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels.length, 2);
  format.writeUInt32LE(sampleRateHz, 4);
  format.writeUInt32LE(sampleRateHz * channels.length * sampleBytes, 8);
  format.writeUInt16LE(channels.length * sampleBytes, 12);
  format.writeUInt16LE(bitsPerSample, 14);
  if (isExtensible) {
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(bitsPerSample, 18);
    format.writeUInt16LE(tag, 24);
  }
  const note = Buffer.from('a chunk that nobody reads');
  const body = Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('LIST', note), chunk('data', data)]);
  return chunk('RIFF', body);
}

function chunk(id: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

function writeSample(
  data: Buffer,
  offset: number,
  value: number,
  { bitsPerSample, isFloat }: Pick<WavFormat, 'bitsPerSample' | 'isFloat'>,
): void {
  if (isFloat && bitsPerSample === 32) data.writeFloatLE(value, offset);
  else if (isFloat) data.writeDoubleLE(value, offset);
  else if (bitsPerSample === 8) data.writeUInt8(Math.round(value * 127) + 128, offset);
  else data.writeIntLE(Math.round(value * (2 ** (bitsPerSample - 1) - 1)), offset, bitsPerSample / 8);
}
