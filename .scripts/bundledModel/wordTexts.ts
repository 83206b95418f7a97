/**
 * Texts of common words, each word about as often as people use it: manuals alone do not have the words of daily life.
 */
import { decode } from '@msgpack/msgpack';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Words that a text would have where each stood as often as in common use. */
const TEXT_WORDS = 250_000;
/** Of a list of words: bin `n` holds the words of frequency 10^(−n/100). */
const BINS_PER_DECADE = 100;
/** Rarer words are names and misspellings. */
const MAX_BIN = 620;
const WORDS_PER_LINE = 20;
/** One word in three begins a sentence, or is a noun in German. */
const CAPITALS = 3;
/** Words of one language that stand without a blank before them. */
const UNSPACED: ReadonlySet<string> = new Set(['zh', 'ja']);
/** Particles of Korean follow a word without a blank, the word itself follows a blank. */
const BOTH_WAYS: ReadonlySet<string> = new Set(['ko']);

/** Words by falling frequency in bins, as wordfreq counts them (PyPI, its data under CC-BY-SA-4.0). */
export type WordBins = readonly (readonly string[])[];

/**
 * Writes a text for each language into a folder of its name below `folder`, from the lists of the unpacked package.
 * Throws where a language has no list.
 */
export async function writeWordTexts(
  packageFolder: string,
  folder: string,
  languages: readonly string[],
): Promise<void> {
  const data = path.join(packageFolder, 'wordfreq', 'data');
  const traditional = traditionalOf(
    (await unpacked(path.join(data, '_chinese_mapping.msgpack.gz'))) as Readonly<Record<string, string | null>>,
  );
  for (const language of languages) {
    const [, ...bins] = (await unpacked(await listOf(data, language))) as [header: unknown, ...bins: string[][]];
    const words = wordsOf(bins);
    const all =
      language === 'zh' ? [...words, ...words.map(traditional).filter((word, index) => word !== words[index])] : words;
    await mkdir(path.join(folder, language), { recursive: true });
    await writeFile(path.join(folder, language, 'words.txt'), textOf(all, language));
  }
}

/** Each word as often as its frequency says; of words that are too rare to stand once, some. */
export function wordsOf(bins: WordBins, textWords = TEXT_WORDS): readonly string[] {
  return bins.slice(0, MAX_BIN).flatMap((words, bin) => {
    const times = textWords * 10 ** (-bin / BINS_PER_DECADE);
    if (times >= 1) return words.flatMap((word) => Array.from({ length: Math.round(times) }, () => word));
    const step = Math.max(1, Math.round(1 / times));
    return words.filter((_, index) => index % step === 0);
  });
}

/** Words in lines. Where a language has blanks, a word follows one, and some begin with a capital. */
export function textOf(words: readonly string[], language: string): string {
  const unspaced = UNSPACED.has(language) || BOTH_WAYS.has(language) ? words : [];
  const spaced = UNSPACED.has(language)
    ? []
    : [...words, ...words.filter((_, index) => index % CAPITALS === 0).map(capitalised)];
  const lines = Array.from(
    { length: Math.ceil(spaced.length / WORDS_PER_LINE) },
    (_, line) => ` ${spaced.slice(line * WORDS_PER_LINE, (line + 1) * WORDS_PER_LINE).join(' ')}`,
  );
  return `${[...unspaced, ...lines].join('\n')}\n`;
}

/**
 * From a map of traditional characters to simplified ones: how a word is written in traditional ones, by the first that
 * each stands for.
 */
export function traditionalOf(simplified: Readonly<Record<string, string | null>>): (word: string) => string {
  const characters = new Map<string, string>();
  for (const [code, to] of Object.entries(simplified)) {
    const from = /^\d+$/.test(code) ? String.fromCodePoint(Number(code)) : code;
    if (to !== null && to !== from && !characters.has(to)) characters.set(to, from);
  }
  return (word) => [...word].map((character) => characters.get(character) ?? character).join('');
}

const capitalised = (word: string): string => {
  const [first = '', ...others] = [...word];
  return first.toUpperCase() + others.join('');
};

/** The larger of the lists that a language has. */
async function listOf(data: string, language: string): Promise<string> {
  const [large, small] = [
    path.join(data, `large_${language}.msgpack.gz`),
    path.join(data, `small_${language}.msgpack.gz`),
  ];
  return access(large).then(
    () => large,
    () => small,
  );
}

async function unpacked(file: string): Promise<unknown> {
  return decode(await promisify(gunzip)(await readFile(file)));
}
