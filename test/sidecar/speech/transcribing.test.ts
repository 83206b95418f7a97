import { execa } from 'execa';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RECORDINGS_FOLDER } from '../../../.scripts/system.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import type { TranscriptSegment } from '../../../sidecar/protocol/engine.ts';
import { FRAME_REACH_SAMPLES, LogMel } from '../../../sidecar/speech/logMel.ts';
import { LocalSpeech } from '../../../sidecar/speech/localSpeech.ts';
import { openSpeechModel } from '../../../sidecar/speech/speechModel.ts';
import { SoundWindow } from '../../../sidecar/speech/soundWindow.ts';
import { speechRegions, type SpeechRegion } from '../../../sidecar/speech/voiceActivity.ts';
import { readWhisperFile, type WhisperFile } from '../../../sidecar/speech/whisperFile.ts';
import { WavFile } from '../../../sidecar/speech/wavFile.ts';
import { WhisperTranscriber } from '../../../sidecar/speech/whisperTranscriber.ts';
import type { TranscribedWindow, WindowOptions } from '../../../sidecar/speech/windowTranscriber.ts';
import { noises } from '../../reference/noises.ts';
import { whisperModel } from '../../reference/whisperModel.ts';
import { wordsOf } from '../../bench/speech/words.ts';
import { wavBytes } from './wavBytes.ts';

const recording = (name: string): string => path.join(RECORDINGS_FOLDER, `${name}.wav`);
const withoutRecordings = existsSync(RECORDINGS_FOLDER)
  ? false
  : 'the recordings of asterisk-core-sounds-en-wav are not installed';
const withoutVoice = existsSync('/usr/bin/espeak-ng') ? false : 'espeak-ng is not installed';
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-speech-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function samplesOf(name: string): Promise<Float32Array> {
  const wav = await WavFile.open(recording(name));
  const sound = await new SoundWindow({
    sampleRateHz: wav.format.sampleRateHz,
    read: (count) => wav.read(count),
  }).slideTo(0, Math.floor(wav.durationSeconds * 16_000));
  await wav.close();
  return sound.samples.subarray(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + sound.available);
}

describe('speechRegions', () => {
  let melFilters: WhisperFile['melFilters'];
  before(async () => {
    ({ melFilters } = await readWhisperFile(await whisperModel()));
  });
  function regionsOf(samples: Float32Array): readonly SpeechRegion[] {
    using device = new Device('cpu', { threads: 1 });
    using mel = new LogMel(device, melFilters);
    const padded = new Float32Array(samples.length + 2 * FRAME_REACH_SAMPLES);
    padded.set(samples, FRAME_REACH_SAMPLES);
    return speechRegions({ samples, mel: mel.compute(padded), bands: melFilters.bands });
  }

  for (const [name, make] of Object.entries(noises)) {
    it(`finds no speech in ${name}`, () => assert.deepEqual(regionsOf(make(30, 3)), []));
  }

  for (const [name, make] of Object.entries(noises)) {
    it(`finds speech over ${name}`, { skip: withoutRecordings }, async () => {
      const speech = await samplesOf('cannot-complete-as-dialed');
      const sound = make(8, 4).map((value) => value / 4);
      speech.forEach((value, index) => (sound[3 * 16_000 + index] = (sound[3 * 16_000 + index] as number) + value));
      const regions = regionsOf(sound);
      assert.ok(
        regions.some(({ start, end }) => start < 3.3 && end > 5.3),
        JSON.stringify(regions),
      );
      // Keys that continue without a pause are part of the region.
      if (name !== 'a keyboard')
        assert.ok(
          regions.every(({ start, end }) => start > 2.4 && end < 6.4),
          JSON.stringify(regions),
        );
    });
  }
});

describe("the context for the next window's decoder", () => {
  async function read(
    sound: Float32Array,
    options: Partial<WindowOptions> = {},
  ): Promise<{ readonly window: TranscribedWindow; readonly told: string | undefined }> {
    using device = new Device('cpu', { threads: 2 });
    using transcriber = new WhisperTranscriber(await openSpeechModel(await whisperModel(), device));
    const samples = new Float32Array(transcriber.windowSamples + 2 * FRAME_REACH_SAMPLES);
    samples.set(sound, FRAME_REACH_SAMPLES);
    const window = await transcriber.transcribeWindow(samples, sound.length, {
      language: 'en',
      previous: [],
      ...options,
    });
    return { window, told: window.decoded && transcriber.tokens.text(window.decoded.tokens).trim() };
  }

  it(
    'is the text of whole segments, without a sentence that the next window repeats',
    { skip: withoutRecordings },
    async () => {
      const { window, told } = await read((await samplesOf('demo-congrats')).subarray(0, 21 * 16_000));
      assert.ok(window.nextSeconds < 21, `${window.nextSeconds}`);
      assert.equal(told, window.segments.map(({ text }) => text).join(' '));
    },
  );

  it('is empty if the window counts as silence', async () => {
    const { window, told } = await read(
      (noises['pink noise'] as (seconds: number, seed: number) => Float32Array)(20, 3),
      { onlySpeech: false, temperatures: [0] },
    );
    assert.deepEqual(window.segments, []);
    assert.equal(told, undefined);
  });
});

describe('transcribing', () => {
  const speech = new LocalSpeech();
  async function transcribe(
    soundPath: string,
    options: {
      type?: 'F16' | 'Q8_0' | 'Q5_1';
      language?: string;
      onlySpeech?: boolean;
      beamSize?: number;
      briefWindows?: boolean;
      phrases?: readonly string[];
    } = {},
  ): Promise<{ segments: TranscriptSegment[]; text: string; durationSeconds: number }> {
    const segments: TranscriptSegment[] = [];
    const { durationSeconds } = await speech.transcribe(
      {
        model: { modelPath: await whisperModel(options.type ?? 'F16'), device: 'cpu', threads: 2 },
        soundPath,
        language: options.language ?? 'auto',
        withContext: true,
        onlySpeech: options.onlySpeech ?? true,
        beamSize: options.beamSize,
        briefWindows: options.briefWindows,
        phrases: options.phrases,
      },
      { onSegment: (segment) => segments.push(segment) },
    );
    return { segments, text: segments.map(({ text }) => text).join(' '), durationSeconds };
  }
  async function soundFile(
    channels: readonly Float32Array[],
    format: Parameters<typeof wavBytes>[1] = {},
  ): Promise<string> {
    const file = path.join(folder, 'sound.wav');
    await writeFile(file, wavBytes(channels, format));
    return file;
  }

  for (const type of ['F16', 'Q8_0', 'Q5_1'] as const) {
    it(`transcribes a sentence, with weights in ${type}`, { skip: withoutRecordings }, async () => {
      const { text, durationSeconds } = await transcribe(recording('cannot-complete-as-dialed'), { type });
      assert.equal(text, 'Your call cannot be completed as dialed.');
      assert.ok(Math.abs(durationSeconds - 2.64) < 0.01);
    });
  }

  it('gives the same text at 192 kHz from one of eight channels', { skip: withoutRecordings }, async () => {
    const samples = await samplesOf('cannot-complete-as-dialed');
    const fast = Float32Array.from(
      { length: samples.length * 12 },
      (_, index) => samples[Math.floor(index / 12)] as number,
    );
    const silent = new Float32Array(fast.length);
    const file = await soundFile([fast, ...Array.from({ length: 7 }, () => silent)], {
      sampleRateHz: 192_000,
      bitsPerSample: 24,
    });
    assert.equal((await transcribe(file)).text, 'Your call cannot be completed as dialed.');
  });

  it('joins the windows of longer sound, in order of time', { skip: withoutRecordings }, async () => {
    const { segments, text } = await transcribe(recording('demo-congrats'));
    assert.match(text, /^Congratulations!.*installed.*dialing digits.*simulate the actions of a standard telephone\.$/);
    segments.forEach(({ startSeconds, endSeconds }, index) => {
      assert.ok(endSeconds > startSeconds && endSeconds <= 31, JSON.stringify(segments[index]));
      assert.ok(index === 0 || startSeconds >= (segments[index - 1] as TranscriptSegment).endSeconds - 0.021);
    });
  });

  for (const [what, name] of [
    ['a word', 'digits/10'],
    ['words that a brief window repeats', 'speed-dial'],
    ['a sentence', 'cannot-complete-as-dialed'],
  ] as const) {
    it(`transcribes ${what} in a brief window as in a whole one`, { skip: withoutRecordings }, async () => {
      const [brief, whole] = [
        await transcribe(recording(name), { briefWindows: true }),
        await transcribe(recording(name)),
      ];
      assert.deepEqual(wordsOf(brief.text), wordsOf(whole.text));
      assert.notEqual(whole.text, '');
    });
  }

  it('transcribes a sentence with several beams', { skip: withoutRecordings }, async () => {
    assert.equal(
      (await transcribe(recording('cannot-complete-as-dialed'), { beamSize: 3 })).text,
      'Your call cannot be completed as dialed.',
    );
  });

  it('recognises the words of expected identifiers', { skip: withoutVoice }, async () => {
    const file = path.join(folder, 'identifiers.wav');
    await execa('espeak-ng', [
      '-v',
      'en-us',
      '-s',
      '150',
      '-w',
      file,
      'Please call get user name with the file handle.',
    ]);
    assert.equal((await transcribe(file)).text, 'Please call the user name with the file handle.');
    const phrases = ['get user name', 'file handle'];
    for (const beamSize of [1, 3])
      assert.equal(
        (await transcribe(file, { phrases, beamSize })).text,
        'Please call get user name with the file handle.',
      );
  });

  it('writes nothing without speech', async () => {
    for (const make of [noises['silence'], noises['pink noise']])
      assert.equal(
        (await transcribe(await soundFile([(make as (seconds: number, seed: number) => Float32Array)(40, 5)]))).text,
        '',
      );
  });

  it('refuses a language that the model does not know', async () => {
    await assert.rejects(
      transcribe(await soundFile([new Float32Array(16_000)]), { language: 'de' }),
      (error) => error instanceof TroubleError && /only English/.test(error.message),
    );
  });

  it('runs concurrent requests one after the other', { skip: withoutRecordings }, async () => {
    const [one, other] = await Promise.all([
      transcribe(recording('cannot-complete-as-dialed')),
      transcribe(recording('digits/10'), { type: 'Q8_0' }),
    ]);
    assert.equal(one.text, 'Your call cannot be completed as dialed.');
    assert.match(other.text, /^10/);
  });

  it('ends when its signal aborts', { skip: withoutRecordings }, async () => {
    const request = {
      model: { modelPath: await whisperModel(), device: 'cpu', threads: 2 },
      soundPath: recording('demo-congrats'),
      language: 'en',
      withContext: true,
      onlySpeech: true,
    } as const;
    await assert.rejects(speech.transcribe(request, { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
  });
});
