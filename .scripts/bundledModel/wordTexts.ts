/** Makes texts of common words, each about as often as in real use, since manuals lack the words of daily life. */
import { decode } from '@msgpack/msgpack';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** The number of words of a text in which each word occurs as often as in common use. */
const TEXT_WORDS = 250_000;
/** In a list of words, bin `n` holds the words of frequency 10^(−n/100). */
const BINS_PER_DECADE = 100;
/** Rarer words are names and misspellings. */
const MAX_BIN = 620;
const WORDS_PER_LINE = 20;
/** Every third word also appears with a capital, as at the beginning of a sentence or as a German noun. */
const CAPITALS = 3;
/** Languages whose words follow each other without blanks. */
const UNSPACED: ReadonlySet<string> = new Set(['zh', 'ja']);
/** In Korean a word follows a blank, but its particles follow without one. */
const BOTH_WAYS: ReadonlySet<string> = new Set(['ko']);

/** Words in bins by falling frequency, as wordfreq counts them (PyPI, its data under CC-BY-SA-4.0). */
export type WordBins = readonly (readonly string[])[];

/**
 * Writes a text for each language into a folder of its name below `folder`, from the lists of the unpacked package.
 * Throws if a language has no list.
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

/**
 * Returns each word as often as its frequency demands. Of the words too rare for a single occurrence it returns a
 * share.
 */
export function wordsOf(bins: WordBins, textWords = TEXT_WORDS): readonly string[] {
  return bins.slice(0, MAX_BIN).flatMap((words, bin) => {
    const times = textWords * 10 ** (-bin / BINS_PER_DECADE);
    if (times >= 1) return words.flatMap((word) => Array.from({ length: Math.round(times) }, () => word));
    const step = Math.max(1, Math.round(1 / times));
    return words.filter((_, index) => index % step === 0);
  });
}

/** Returns the words in lines. In a language with blanks each word follows a blank, and some begin with a capital. */
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
 * Returns a function that writes a word in traditional characters, given the map from traditional to simplified ones.
 * Of several traditional characters the first is used.
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

/** The larger of a language's lists. */
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
