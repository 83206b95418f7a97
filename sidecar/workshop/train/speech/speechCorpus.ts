import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Device } from '../../../../kernels/ggml/device.ts';
import { parseJson } from '../../../common/parseJson.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { HOP_SAMPLES, SAMPLE_RATE_HZ } from '../../../speech/logMel.ts';
import { SoundWindow } from '../../../speech/soundWindow.ts';
import { normaliseBands, openSpectrum } from '../../../speech/speechFeatures.ts';
import { WavFile } from '../../../speech/wavFile.ts';

/** A recording and its text. */
export interface Utterance {
  /** `[bands, frames]`, normalised. */
  readonly mel: Float32Array;
  readonly frames: number;
  readonly text: string;
  readonly language: string;
}

export interface SpeechCorpus {
  readonly utterances: readonly Utterance[];
  /** The fingerprint of all lines, which identifies the corpus. */
  readonly fingerprint: string;
  readonly seconds: number;
}

/** A line in the format of NeMo and others. */
const line = z.object({ audio_filepath: z.string().min(1), text: z.string(), language: z.string().default('en') });

/** The memory of an encoder grows with the square of it. */
const LONGEST_SECONDS = 30;

/**
 * Reads the utterances listed in files of JSON lines, with paths relative to the file, and computes their spectrograms.
 * Throws a `TroubleError` 'invalid-input' that names file and line.
 */
export async function readSpeechCorpus(manifests: readonly string[], bands: number): Promise<SpeechCorpus> {
  using device = new Device('cpu', { threads: 1 });
  using spectrum = openSpectrum(device, bands);
  const utterances: Utterance[] = [];
  const all = createHash('sha256');
  let seconds = 0;
  for (const manifest of manifests) {
    const content = await readFile(manifest, 'utf8').catch((error: unknown) => {
      throw new TroubleError(
        'invalid-input',
        `${manifest} can't be read: ${(error as Error).message}. It must contain a JSON line for each utterance: {"audio_filepath": "a.wav", "text": "…", "language": "en"}.`,
        { cause: error },
      );
    });
    all.update(content);
    for (const [index, json] of content.split('\n').entries()) {
      if (json.trim() === '') continue;
      const { audio_filepath: file, text, language } = parseLine(json, `${manifest}, line ${index + 1}`);
      const sound = path.resolve(path.dirname(manifest), file);
      const mel = await utteranceMel(spectrum, sound, bands);
      utterances.push({ mel, frames: mel.length / bands, text, language });
      seconds += (mel.length / bands) * (HOP_SAMPLES / SAMPLE_RATE_HZ);
    }
  }
  if (utterances.length === 0)
    throw new TroubleError('invalid-input', `There is no utterance in ${manifests.join(', ')}.`);
  return { utterances, fingerprint: all.digest('hex'), seconds };
}

/**
 * The normalised spectrogram of a whole file. Throws `TroubleError` for a file that can't be read or is longer than 30
 * seconds.
 */
export async function utteranceMel(
  spectrum: ReturnType<typeof openSpectrum>,
  file: string,
  bands: number,
): Promise<Float32Array> {
  const wav = await WavFile.open(file);
  try {
    if (wav.durationSeconds > LONGEST_SECONDS)
      throw new TroubleError(
        'invalid-input',
        `${file} is ${wav.durationSeconds.toFixed(1)} s long. Utterances must have at most ${LONGEST_SECONDS} s. Divide the recording.`,
      );
    const sound = new SoundWindow({ sampleRateHz: wav.format.sampleRateHz, read: (count) => wav.read(count) });
    const { samples } = await sound.slideTo(0, Math.max(HOP_SAMPLES, Math.floor(wav.durationSeconds * SAMPLE_RATE_HZ)));
    return normaliseBands(spectrum.compute(samples), bands);
  } finally {
    await wav.close();
  }
}

function parseLine(json: string, where: string): z.infer<typeof line> {
  try {
    return line.parse(parseJson(json));
  } catch (error) {
    throw new TroubleError(
      'invalid-input',
      `${where}: expected {"audio_filepath": "a.wav", "text": "…", "language": "en"}, got ${json.slice(0, 120)}.`,
      { cause: error },
    );
  }
}
