import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { defaultAdamW } from '../../kernels/training/optimiser/adamWOptions.ts';
import { uniformNumbers } from '../../sidecar/models/decoding/random.ts';
import type { SpeechTrainOptions } from '../../sidecar/workshop/train/speech/speechOptions.ts';
import { wavBytes } from '../sidecar/speech/wavBytes.ts';

const SAMPLE_RATE_HZ = 16_000;
/** "a" is a low tone, "b" a middle tone, "c" a high tone. */
const TONES_HZ: Readonly<Record<string, number>> = { a: 300, b: 900, c: 2_700 };
const TONE_SECONDS = 0.16;

/** A text of "a", "b" and "c" as tones with harmonics, and some noise. */
export function tones(text: string, seed: number): Float32Array {
  const random = uniformNumbers(seed);
  const perTone = TONE_SECONDS * SAMPLE_RATE_HZ;
  const gap = 0.06 * SAMPLE_RATE_HZ;
  const samples = new Float32Array(gap + text.length * (perTone + gap)).map(() => 0.002 * (random() - 0.5));
  [...text].forEach((character, index) => {
    const first = gap + index * (perTone + gap);
    const hz = (TONES_HZ[character] as number) * (0.95 + 0.1 * random());
    for (let sample = 0; sample < perTone; sample++) {
      const loudness = Math.sin((Math.PI * sample) / perTone);
      const angle = (2 * Math.PI * hz * sample) / SAMPLE_RATE_HZ;
      samples[first + sample] =
        (samples[first + sample] as number) + 0.3 * loudness * (Math.sin(angle) + 0.5 * Math.sin(2 * angle));
    }
  });
  return samples;
}

/**
 * Writes recordings of tones with their transcripts to `folder`. Returns options for training a small speech model on
 * them.
 */
export async function tinySpeechTraining(
  folder: string,
  changes: Partial<SpeechTrainOptions> = {},
): Promise<SpeechTrainOptions> {
  const random = uniformNumbers(5);
  const sounds = path.join(folder, 'sounds');
  await mkdir(sounds, { recursive: true });
  const lines: string[] = [];
  for (let number = 0; number < 48; number++) {
    const text = Array.from({ length: 1 + Math.floor(3 * random()) }, () => 'abc'[Math.floor(3 * random())]).join('');
    await writeFile(path.join(sounds, `${number}.wav`), wavBytes([tones(text, number + 1)]));
    lines.push(
      JSON.stringify({ audio_filepath: `sounds/${number}.wav`, text, language: number % 2 === 0 ? 'en' : 'de' }),
    );
  }
  const manifest = path.join(folder, 'tones.jsonl');
  await writeFile(manifest, `${lines.join('\n')}\n`);
  return {
    speech: {
      melBands: 16,
      channels: 8,
      width: 32,
      encoderBlocks: 1,
      decoderBlocks: 1,
      heads: 2,
      feedForwardWidth: 64,
    },
    positions: 'convolutional',
    dataPaths: [manifest],
    outputPath: path.join(folder, 'tones.gguf'),
    checkpointFolder: path.join(folder, 'checkpoints'),
    checkpointSteps: 4,
    resume: true,
    batchUtterances: 8,
    schedule: { kind: 'cosine', peakRate: 5e-3, floorShare: 0.1, warmUpSteps: 10, totalSteps: 12, decayShare: 0.2 },
    optimiser: { ...defaultAdamW, weightDecay: 0.01 },
    bits: 'float',
    eightBitSteps: 0,
    specAugment: false,
    seed: 1,
    threads: 1,
    ...changes,
  };
}
