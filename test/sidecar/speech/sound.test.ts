import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { FRAME_REACH_SAMPLES } from '../../../sidecar/speech/logMel.ts';
import { Resampler } from '../../../sidecar/speech/resampler.ts';
import { SoundWindow } from '../../../sidecar/speech/soundWindow.ts';
import { WavFile } from '../../../sidecar/speech/wavFile.ts';
import { wavBytes } from './wavBytes.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-sound-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function fileOf(bytes: Uint8Array, name = 'sound.wav'): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
}

const tone = (seconds: number, rateHz: number, pitchHz: number): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * rateHz) },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * pitchHz * index) / rateHz),
  );

describe('a WAV file', () => {
  const formats = [
    { bitsPerSample: 8, tolerance: 0.01 },
    { bitsPerSample: 16, tolerance: 1e-4 },
    { bitsPerSample: 24, tolerance: 1e-6 },
    { bitsPerSample: 32, tolerance: 1e-6 },
    { bitsPerSample: 32, isFloat: true, tolerance: 0 },
    { bitsPerSample: 64, isFloat: true, tolerance: 0 },
    { bitsPerSample: 24, isExtensible: true, tolerance: 1e-6 },
  ] as const;
  for (const { tolerance, ...format } of formats) {
    it(`of ${format.bitsPerSample} bits${'isFloat' in format ? ' of floats' : ''}${'isExtensible' in format ? ', in the extensible form' : ''} gives its samples in pieces of any size`, async () => {
      const samples = tone(0.01, 8_000, 440);
      const wav = await WavFile.open(await fileOf(wavBytes([samples], { ...format, sampleRateHz: 8_000 })));
      const read = [...(await wav.read(33)), ...(await wav.read(1_000)), ...(await wav.read(1))];
      await wav.close();
      assert.equal(wav.durationSeconds, 0.01);
      assert.equal(read.length, samples.length);
      read.forEach((value, index) =>
        assert.ok(Math.abs(value - (samples[index] as number)) <= tolerance, `${index}: ${value}`),
      );
    });
  }

  it('of eight channels gives their mean', async () => {
    const channels = Array.from({ length: 8 }, (_, channel) => new Float32Array(10).fill(channel / 10));
    const wav = await WavFile.open(
      await fileOf(wavBytes(channels, { bitsPerSample: 32, isFloat: true, sampleRateHz: 192_000 })),
    );
    const read = await wav.read(100);
    await wav.close();
    assert.equal(read.length, 10);
    assert.ok(Math.abs((read[0] as number) - 0.35) < 1e-6);
  });

  const whole = wavBytes([tone(0.01, 16_000, 440)]);
  const changed = (offset: number, ...bytes: number[]): Buffer => {
    const copy = Buffer.from(whole);
    copy.set(bytes, offset);
    return copy;
  };
  const broken: readonly (readonly [string, Buffer, RegExp])[] = [
    ['that is empty', Buffer.alloc(0), /is empty/],
    ['of another kind', Buffer.from('OggS and so on, and so on'), /not a WAV file/],
    ['that ends in its header', whole.subarray(0, 30), /cut short|no samples/],
    ['without samples', wavBytes([new Float32Array(0)]), /no samples/],
    ['of nine channels', changed(22, 9), /9 channels, expected 1 to 8/],
    ['of no channels', changed(22, 0), /0 channels/],
    ['of 4 kHz', changed(24, 0xa0, 0x0f), /4000 samples per second, expected 8000 to 192000/],
    ['of 12 bits', changed(34, 12), /12 bits, expected 8, 16, 24, 32/],
    ['in MP3', changed(20, 0x55), /compressed \(format 85\)/],
  ];
  for (const [what, bytes, message] of broken) {
    it(`${what} is refused with the expectation`, async () => {
      await assert.rejects(
        WavFile.open(await fileOf(bytes)),
        (error) => error instanceof TroubleError && error.code === 'invalid-input' && message.test(error.message),
      );
    });
  }

  it('that is missing, or a folder, is refused', async () => {
    for (const name of [path.join(folder, 'nothing.wav'), folder])
      await assert.rejects(
        WavFile.open(name),
        (error) => error instanceof TroubleError && error.code === 'invalid-input',
      );
  });

  it('whose end was cut off gives the existing samples', async () => {
    const wav = await WavFile.open(await fileOf(whole.subarray(0, whole.length - 101)));
    assert.equal((await wav.read(1_000)).length, 160 - 51);
    await wav.close();
  });
});

describe('resampling', () => {
  for (const fromHz of [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]) {
    it(`from ${fromHz} Hz keeps a tone of 1 kHz, for any pieces`, () => {
      const input = tone(0.5, fromHz, 1_000);
      const resampler = new Resampler(fromHz, 16_000);
      const output: number[] = [];
      for (let start = 0, size = 1; start < input.length; start += size, size = (size * 7 + 3) % 4_001)
        output.push(...resampler.push(input.subarray(start, start + size)));
      output.push(...resampler.end());
      assert.ok(Math.abs(output.length - 8_000) <= 1, `${output.length}`);
      const expected = tone(0.5, 16_000, 1_000);
      for (let index = 500; index < 7_500; index++)
        assert.ok(
          Math.abs((output[index] as number) - (expected[index] as number)) < 1e-3,
          `${index}: ${output[index]}, expected ${expected[index]}`,
        );
    });
  }

  it('removes a tone above half the lower rate', () => {
    const resampler = new Resampler(48_000, 16_000);
    const output = [...resampler.push(tone(0.5, 48_000, 9_000)), ...resampler.end()].slice(500, 7_500);
    assert.ok(Math.max(...output.map(Math.abs)) < 1e-3);
  });
});

describe('SoundWindow', () => {
  const samples = Float32Array.from({ length: 40_000 }, (_, index) => index + 1);
  const source = () => {
    let done = 0;
    return {
      sampleRateHz: 16_000,
      read: async (count: number) => samples.subarray(done, (done += Math.min(count, samples.length - done))),
    };
  };

  it('mirrors the beginning, and is silent behind the end', async () => {
    const window = new SoundWindow(source());
    const first = await window.slideTo(0, 16_000);
    assert.equal(first.available, 16_000);
    assert.deepEqual([...first.samples.subarray(FRAME_REACH_SAMPLES - 2, FRAME_REACH_SAMPLES + 3)], [3, 2, 1, 2, 3]);
    const last = await window.slideTo(30_000, 16_000);
    assert.equal(last.available, 10_000);
    assert.equal(last.samples[0], 30_000 - FRAME_REACH_SAMPLES + 1);
    assert.equal(last.samples[FRAME_REACH_SAMPLES + 9_999], 40_000);
    assert.equal(last.samples[FRAME_REACH_SAMPLES + 10_000], 0);
    assert.equal((await window.slideTo(40_000, 16_000)).available, 0);
  });
});
