import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { uniformNumbers } from '../../../sidecar/models/decoding/random.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';
import type { TranscribeParams, TranscriptSegment } from '../../../sidecar/protocol/engine.ts';
import { speechTransformerWeights } from '../../../sidecar/speech/architectures/speechTransformer.ts';
import { FRAME_REACH_SAMPLES } from '../../../sidecar/speech/logMel.ts';
import { LocalSpeech } from '../../../sidecar/speech/localSpeech.ts';
import type { DecoderToken } from '../../../sidecar/speech/speechDecoder.ts';
import { SpeechTransformerNetwork } from '../../../sidecar/speech/speechTransformerNetwork.ts';
import { speechTransformerMetadata } from '../../../sidecar/speech/speechTransformerFile.ts';
import { SpeechTransformerTranscriber } from '../../../sidecar/speech/speechTransformerTranscriber.ts';
import { SpeechVocabulary } from '../../../sidecar/speech/speechVocabulary.ts';
import { initialSpeechValues } from '../../../sidecar/workshop/train/speech/initialSpeechValues.ts';
import { trainSpeech } from '../../../sidecar/workshop/train/speech/speechTraining.ts';
import { writeTinyModel } from '../../reference/tinyModels.ts';
import { tinySpeechTraining, tones } from '../../reference/tinySpeech.ts';
import { wavBytes } from './wavBytes.ts';

/** Sound with a voice's pitch, 120 Hz, and its harmonics, but without words. */
function buzz(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * 16_000 }, (_, sample) => {
    const angle = (2 * Math.PI * 120 * sample) / 16_000;
    return (
      0.2 *
      Array.from({ length: 20 }, (_each, index) => Math.sin((index + 1) * angle) / (index + 1)).reduce(
        (sum, part) => sum + part,
        0,
      )
    );
  });
}

describe('a Speech-Transformer', () => {
  let folder: string;
  const models: Record<'convolutional' | 'sinusoidal', string> = { convolutional: '', sinusoidal: '' };
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-speech-transformer-'));
    for (const positions of ['convolutional', 'sinusoidal'] as const) {
      const options = await tinySpeechTraining(folder, {
        positions,
        outputPath: path.join(folder, `${positions}.gguf`),
        checkpointFolder: path.join(folder, positions),
      });
      const { outputPath } = await trainSpeech({ ...options, schedule: { ...options.schedule, totalSteps: 24 } });
      models[positions] = outputPath as string;
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const positions of ['convolutional', 'sinusoidal'] as const) {
    it(`gives the same logits for single tokens and batches, with several texts in one cache: ${positions} positions`, async () => {
      using device = new Device('cpu', { threads: 1 });
      using network = await SpeechTransformerNetwork.open(models[positions], device, {
        capacityRows: 32,
        mostFrames: 200,
      });
      const random = uniformNumbers(3);
      await network.encode(Float32Array.from({ length: 16 * 90 }, () => random() - 0.5));
      const text = [0, 2, 4, 5, 6, 4];
      const alone = text.map(
        (token, row) =>
          network.decode(
            [{ token, position: row, row, history: text.slice(0, row).map((_, earlier) => earlier) }],
            [0],
          )[0] as Float32Array,
      );
      const together = network.decode(
        text.map((token, row): DecoderToken => ({
          token,
          position: row,
          row: row + 6,
          history: text.slice(0, row).map((_, earlier) => earlier + 6),
        })),
        text.map((_, index) => index),
      );
      // Another text that shares the first three rows. Its other rows are in no order.
      const [, fork] = network.decode(
        [
          { token: 6, position: 3, row: 20, history: [0, 1, 2] },
          { token: text[3] as number, position: 3, row: 15, history: [0, 1, 2] },
        ],
        [0, 1],
      );
      const near = (a: Float32Array, b: Float32Array): void =>
        a.forEach((value, index) =>
          assert.ok(Math.abs(value - (b[index] as number)) < 1e-4, `${value}, expected ${b[index]}`),
        );
      alone.forEach((logits, index) => near(together[index] as Float32Array, logits));
      near(fork as Float32Array, alone[3] as Float32Array);
    });
  }

  const params = (changes: Partial<TranscribeParams>): TranscribeParams => ({
    model: { modelPath: models.convolutional, device: 'cpu', threads: 1 },
    soundPath: path.join(folder, 'sound.wav'),
    language: 'auto',
    withContext: false,
    onlySpeech: true,
    ...changes,
  });

  it('transcribes regions of a long file separately, in order', async () => {
    const pause = new Float32Array(16_000).map((_, index) => 0.001 * Math.sin(index * index));
    const said = [0.8, 1, 2.2, 0.9, 1.1, 2.4].flatMap((seconds) => [pause, buzz(seconds), pause, pause, pause]);
    await writeFile(path.join(folder, 'sound.wav'), wavBytes([Float32Array.from(said.flatMap((part) => [...part]))]));
    const segments: TranscriptSegment[] = [];
    for (const beamSize of [1, 4]) {
      segments.length = 0;
      const { durationSeconds } = await new LocalSpeech().transcribe(params({ beamSize }), {
        onSegment: (segment) => segments.push(segment),
      });
      assert.ok(durationSeconds > 30);
      assert.ok(segments.length > 0);
      segments.forEach(({ startSeconds, endSeconds, text }, index) => {
        assert.match(text, /^[abc]+$/);
        assert.ok(endSeconds > startSeconds && startSeconds >= (segments[index - 1]?.endSeconds ?? 0));
      });
    }
  });

  describe('with untrained weights', () => {
    const melBands = 16;
    /** Writes a model in which `endBias` decides the probability of the end, whatever the sound. */
    async function untrained(endBias: number): Promise<string> {
      const file = path.join(folder, `untrained${endBias}.gguf`);
      const vocabulary = new SpeechVocabulary(['en'], ['a', 'b', 'c']);
      const hyperparameters = {
        melBands,
        channels: 8,
        width: 32,
        encoderBlocks: 1,
        decoderBlocks: 1,
        heads: 2,
        feedForwardWidth: 64,
        vocabularySize: vocabulary.size,
        positions: 'convolutional',
      } as const;
      const specs = speechTransformerWeights(hyperparameters);
      const values = initialSpeechValues(specs, hyperparameters, 1);
      (values.get('decoder.output.bias') as Float32Array)[vocabulary.end] = endBias;
      const tensors = specs.map(({ name, extents }) => ({
        name,
        shape: extents,
        type: 'F32' as const,
        chunks: () => [new Uint8Array((values.get(name) as Float32Array).buffer)],
      }));
      await writeGguf(file, {
        metadata: speechTransformerMetadata({ hyperparameters, vocabulary, ranges: new Map() }),
        tensors,
      });
      return file;
    }

    for (const [seconds, beamSize, characters] of [
      [1, 1, 33],
      [12, 8, 308],
      [30, 1, 758],
    ] as const) {
      it(`limits the characters for ${seconds} seconds without an end, with ${beamSize} beams`, async () => {
        using device = new Device('cpu', { threads: 1 });
        using transcriber = await SpeechTransformerTranscriber.open(await untrained(-1e3), device);
        const { text } = await transcriber.recognise(
          new Float32Array(melBands * 100 * seconds).map((_, index) => Math.sin(index)),
          { language: 'en', beamSize },
        );
        assert.equal(text.length, characters);
      });
    }

    it('takes no language from windows without words', async () => {
      using device = new Device('cpu', { threads: 1 });
      using transcriber = await SpeechTransformerTranscriber.open(await untrained(1e3), device);
      const samples = new Float32Array(transcriber.windowSamples + 2 * FRAME_REACH_SAMPLES);
      samples.set(buzz(3), FRAME_REACH_SAMPLES + 16_000);
      const { segments, speech, language } = await transcriber.transcribeWindow(samples, transcriber.windowSamples, {
        language: 'auto',
        previous: [],
      });
      assert.deepEqual([segments, speech.length, language], [[], 1, 'auto']);
    });
  });

  it('lists its languages, and names files that are not speech models', async () => {
    await writeFile(path.join(folder, 'sound.wav'), wavBytes([tones('abc', 1)]));
    const rejects = (changes: Partial<TranscribeParams>, message: RegExp): Promise<void> =>
      assert.rejects(
        new LocalSpeech().transcribe(params(changes)),
        (error: Error) => error instanceof TroubleError && message.test(error.message),
      );
    for (const language of ['de-AT', 'DE', 'en_US']) await new LocalSpeech().transcribe(params({ language }));
    await rejects({ language: 'fr' }, /does not know the language "fr"\. It knows de, en\./);
    using device = new Device('cpu', { threads: 1 });
    const other = path.join(folder, 'llama.gguf');
    await writeTinyModel(other, { variant: 'llama', type: 'Q8_0', device });
    await rejects(
      { model: { modelPath: other, device: 'cpu', threads: 1 } },
      /architecture "llama", which is not a speech model/,
    );
  });

  it('writes only characters that it was trained on', () => {
    const vocabulary = SpeechVocabulary.of([
      { text: 'né', language: 'fr' },
      { text: '新しい', language: 'ja' },
    ]);
    assert.deepEqual(vocabulary.languages, ['fr', 'ja']);
    assert.equal(vocabulary.size, 2 + 2 + 5);
    assert.equal(vocabulary.text(vocabulary.encode('新né!')), '新né');
    assert.deepEqual([vocabulary.language('ja'), vocabulary.language('de')], [3, undefined]);
  });
});
