import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SPOKEN_COMMANDS } from '../../../sidecar/dictation/spokenCommands.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from '../../../sidecar/speech/logMel.ts';
import { Resampler } from '../../../sidecar/speech/resampler.ts';
import { SoundWindow } from '../../../sidecar/speech/soundWindow.ts';
import { WavFile } from '../../../sidecar/speech/wavFile.ts';
import { Random } from '../../../sidecar/workshop/train/random.ts';
import { wavBytes } from '../../sidecar/speech/wavBytes.ts';

/** A line of a list of recordings, in the form that `chorus train --speech` reads. */
export interface Recording {
  readonly audio_filepath: string;
  readonly text: string;
  readonly language: string;
}

/** All sounds are resampled to the telephone's rate, which the real recordings have. */
const RATE_HZ = 8_000;
const SOUNDS = '/usr/share/asterisk/sounds';
/** A speaker per language. None of them is used in training. */
export const SPEAKERS: Readonly<Record<string, string>> = {
  en: 'en_US_f_Allison',
  es: 'es_MX_f_Allison',
  fr: 'fr_CA_f_June',
  it: 'it_IT_m_Carlo',
  ru: 'ru_RU_f_IvrvoiceRU',
};

/** espeak-ng's voices for each language. If there are several, variants are used too. */
const VOICES: Readonly<Record<string, readonly string[]>> = {
  ar: ['ar'],
  zh: ['cmn'],
  cs: ['cs'],
  nl: ['nl'],
  en: ['en-us', 'en-gb', 'en-gb-scotland', 'en-gb-x-rp'],
  fr: ['fr-fr', 'fr-be', 'fr-ch'],
  de: ['de'],
  el: ['el'],
  he: ['he'],
  hi: ['hi'],
  id: ['id'],
  it: ['it'],
  ja: ['ja'],
  ko: ['ko'],
  fa: ['fa'],
  pl: ['pl'],
  pt: ['pt', 'pt-br'],
  ro: ['ro'],
  ru: ['ru'],
  es: ['es', 'es-419'],
  tr: ['tr'],
  uk: ['uk'],
  vi: ['vi'],
};
const TRAINED_VARIANTS = ['', '+m1', '+m2', '+m3', '+m4', '+m8', '+f1', '+f2', '+f3', '+klatt', '+klatt3'];
const UNSEEN_VARIANTS = ['+m5', '+m6', '+m7', '+f4', '+f5', '+klatt2', '+klatt4'];
/**
 * Voices of flite (English), which are made from recordings of people. They are closest to a person among the voices
 * for arbitrary text.
 */
const PEOPLES_VOICES = { trained: ['awb', 'rms', 'slt'], unseen: ['kal16'] } as const;
const DIGITS = [...'0123456789'];
const KEYWORDS = ['function', 'return', 'import', 'class', 'if', 'else', 'while', 'true', 'false', 'const'];
/** espeak-ng reads only kana. */
const SPOKEN_JAPANESE = { newLine: 'かいぎょう', undoThat: 'とりけし' };

/** Returns the spoken items of a language: numbers, the editor's commands, and in English keywords too. */
function itemsOf(language: string): readonly string[] {
  const commands = SPOKEN_COMMANDS[language] as (typeof SPOKEN_COMMANDS)[string];
  const spoken =
    language === 'ja'
      ? SPOKEN_JAPANESE
      : { newLine: commands.newLine[0] as string, undoThat: commands.undoThat[0] as string };
  return [
    ...DIGITS,
    ...[spoken.newLine, spoken.undoThat].map((phrase) => phrase.toLowerCase()),
    ...(language === 'en' ? KEYWORDS : []),
  ];
}

export interface SpokenSet {
  readonly name: string;
  readonly languages: readonly string[];
  readonly perLanguage: number;
  /** The minimum and maximum number of items in an utterance. */
  readonly items: readonly [least: number, most: number];
  readonly voices: 'trained' | 'unseen';
  readonly seed: number;
}

/**
 * Makes recordings and their list in `folder`: espeak-ng speaks, and flite's voices speak half of the English. Each
 * recording has noise of its own strength, as telephones have. Existing recordings stay. Resolves with the list's path.
 */
export async function speak(folder: string, set: SpokenSet): Promise<string> {
  const list = path.join(folder, `${set.name}.jsonl`);
  if (existsSync(list)) return list;
  const random = new Random(set.seed);
  const pick = <Value>(values: readonly Value[]): Value => values[random.below(values.length)] as Value;
  const recordings: Recording[] = [];
  await mkdir(path.join(folder, set.name), { recursive: true });
  for (const language of set.languages) {
    const items = itemsOf(language);
    for (let number = 0; number < set.perLanguage; number++) {
      const count = set.items[0] + random.below(set.items[1] - set.items[0] + 1);
      const said = Array.from({ length: count }, () => pick(items));
      const file = path.join(set.name, `${language}-${number}.wav`);
      const spoken = path.join(folder, `${set.name}.wav`);
      if (language === 'en' && random.below(2) === 0) {
        const [stretch, pitchHz] = [0.8 + random.below(50) / 100, 80 + random.below(140)];
        await execa('flite', [
          '-voice',
          pick(PEOPLES_VOICES[set.voices]),
          '--setf',
          `duration_stretch=${stretch}`,
          '--setf',
          `int_f0_target_mean=${pitchHz}`,
          '-t',
          said.join(', '),
          '-o',
          spoken,
        ]);
      } else {
        const voice = `${pick(VOICES[language] as readonly string[])}${pick(set.voices === 'trained' ? TRAINED_VARIANTS : UNSEEN_VARIANTS)}`;
        await execa('espeak-ng', [
          '-v',
          voice,
          '-s',
          String(130 + random.below(80)),
          '-p',
          String(20 + random.below(60)),
          '-w',
          spoken,
          said.join(', '),
        ]);
      }
      await writeFile(
        path.join(folder, file),
        wavBytes([noisy(await telephone(spoken), random)], { sampleRateHz: RATE_HZ }),
      );
      recordings.push({ audio_filepath: file, text: said.join(' '), language });
    }
  }
  return writeList(list, recordings);
}

/**
 * Makes recordings of digits that a person spoke, one by one (`items` 1) or in sequences, as a telephone says numbers.
 */
export async function realDigits(
  folder: string,
  {
    language,
    name,
    count,
    items,
    seed,
  }: {
    readonly language: string;
    readonly name: string;
    readonly count: number;
    readonly items: readonly [number, number];
    readonly seed: number;
  },
): Promise<string> {
  const list = path.join(folder, `${name}.jsonl`);
  if (existsSync(list)) return list;
  const random = new Random(seed);
  await mkdir(path.join(folder, name), { recursive: true });
  const spoken = new Map(
    await Promise.all(
      DIGITS.map(
        async (digit) =>
          [
            digit,
            await samplesOf(path.join(SOUNDS, SPEAKERS[language] as string, 'digits', `${digit}.wav`), RATE_HZ),
          ] as const,
      ),
    ),
  );
  const recordings: Recording[] = [];
  for (let number = 0; number < count; number++) {
    const length = items[0] + random.below(items[1] - items[0] + 1);
    const said =
      items[1] === 1
        ? [DIGITS[number % DIGITS.length] as string]
        : Array.from({ length }, () => DIGITS[random.below(DIGITS.length)] as string);
    const pause = new Float32Array(0.15 * RATE_HZ);
    const samples = Float32Array.from(
      [pause, ...said.flatMap((digit) => [spoken.get(digit) as Float32Array, pause])].flatMap((part) => [...part]),
    );
    const file = path.join(name, `${number}.wav`);
    await writeFile(path.join(folder, file), wavBytes([samples], { sampleRateHz: RATE_HZ }));
    recordings.push({ audio_filepath: file, text: said.join(' '), language });
  }
  return writeList(list, recordings);
}

export async function readList(list: string): Promise<readonly Recording[]> {
  const lines = (await readFile(list, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Recording);
}

/** Writes the list. It gets its name when all recordings exist. */
async function writeList(list: string, recordings: readonly Recording[]): Promise<string> {
  await writeFile(`${list}.part`, `${recordings.map((recording) => JSON.stringify(recording)).join('\n')}\n`);
  await rename(`${list}.part`, list);
  return list;
}

/** Adds noise 15 to 45 dB below the sound. */
function noisy(samples: Float32Array, random: Random): Float32Array {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  const deviation = Math.sqrt(power) * 10 ** (-(15 + random.below(31)) / 20);
  return samples.map((sample) => Math.max(-1, Math.min(1, sample + deviation * random.normal())));
}

const telephone = (file: string): Promise<Float32Array> => samplesOf(file, RATE_HZ);

/** Returns all samples of a file at another rate. */
async function samplesOf(file: string, rateHz: number): Promise<Float32Array> {
  const wav = await WavFile.open(file);
  try {
    const sound = new SoundWindow({ sampleRateHz: wav.format.sampleRateHz, read: (count) => wav.read(count) });
    const { samples, available } = await sound.slideTo(0, Math.ceil(wav.durationSeconds * SAMPLE_RATE_HZ));
    const resampler = new Resampler(SAMPLE_RATE_HZ, rateHz);
    const parts = [
      resampler.push(samples.slice(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + available)),
      resampler.end(),
    ];
    return Float32Array.from(parts.flatMap((part) => [...part])).map((sample) => Math.max(-1, Math.min(1, sample)));
  } finally {
    await wav.close();
  }
}
