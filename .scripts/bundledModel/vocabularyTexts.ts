/** The kinds of text that determine the vocabulary of the bundled model: the `--texts` arguments of `chorus trim`. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { corpusFolder, packagesFolder } from './corpus.ts';
import { fetchPackages, packageFolder } from './fetchPackages.ts';
import { CODE_DOMAINS, type CorpusPackage } from './packages.ts';
import { writeWordTexts } from './wordTexts.ts';

/** The languages with a folder `prose/<language>`. */
export const PROSE_LANGUAGES = [
  'ar',
  'cs',
  'de',
  'el',
  'en',
  'es',
  'fa',
  'fr',
  'he',
  'hi',
  'id',
  'it',
  'ja',
  'ko',
  'nl',
  'pl',
  'pt',
  'ro',
  'ru',
  'tr',
  'uk',
  'vi',
  'zh',
] as const;

/** More tokens cost more in code, where the user waits for each token, than in prose. */
const CODE_IMPORTANCE = 5;
/**
 * Chinese needs by far the most tokens, and comments and names are English. Each language not listed has importance 1.
 */
const PROSE_IMPORTANCE: Readonly<Record<string, number>> = { en: 10, zh: 8, ja: 2.5, ko: 2.5, fr: 2 };
const LICENCE_IMPORTANCE = 3;

const WORDS: CorpusPackage = {
  registry: 'pypi',
  name: 'wordfreq',
  version: '3.1.1',
  licence: 'Apache-2.0',
  domains: [],
  heldOut: false,
};
const LICENCES: CorpusPackage = {
  registry: 'npm',
  name: 'spdx-license-list',
  version: '6.12.0',
  licence: 'CC0-1.0',
  domains: [],
  heldOut: false,
};
/** The licences in file headers. The corpus lacks them, since licences are cut off there. */
const HEADERS = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BSD-4-Clause', '0BSD', 'Zlib', 'X11'];
const OTHERS = [
  'MPL-2.0',
  'GPL-2.0-only',
  'GPL-3.0-only',
  'LGPL-2.1-only',
  'LGPL-3.0-only',
  'AGPL-3.0-only',
  'EPL-2.0',
  'BSL-1.0',
  'Unlicense',
  'CC0-1.0',
  'PostgreSQL',
  'Artistic-2.0',
  'CC-BY-4.0',
  'CC-BY-SA-4.0',
  'Python-2.0',
  'OpenSSL',
  'WTFPL',
];
const HEADER_TIMES = 3;

/** Fetches and writes texts of common words and of licences below `folder`. Throws if a package can't be fetched. */
export async function writeVocabularyTexts(folder = corpusFolder()): Promise<void> {
  const failed = await fetchPackages([WORDS, LICENCES], packagesFolder());
  for (const [{ name, version }, reason] of failed) throw new Error(`${name} ${version} can't be fetched: ${reason}`);
  await writeWordTexts(
    packageFolder(packagesFolder(), WORDS),
    path.join(folder, 'vocabulary', 'words'),
    PROSE_LANGUAGES,
  );
  await writeLicences(packageFolder(packagesFolder(), LICENCES), path.join(folder, 'vocabulary', 'licences'));
}

/** Returns the arguments of `chorus trim`: each kind of text in the corpus below `folder`, with its importance. */
export function vocabularyTexts(folder = corpusFolder()): readonly string[] {
  const training = path.join(folder, 'texts', 'training');
  const vocabulary = path.join(folder, 'vocabulary');
  const ofLanguages = (texts: string): readonly (readonly [string, number])[] =>
    PROSE_LANGUAGES.map((language) => [path.join(texts, language), PROSE_IMPORTANCE[language] ?? 1]);
  const kinds: readonly (readonly [folder: string, importance: number])[] = [
    ...CODE_DOMAINS.map((domain) => [path.join(training, domain), CODE_IMPORTANCE] as const),
    ...ofLanguages(path.join(training, 'prose')),
    ...ofLanguages(path.join(vocabulary, 'words')),
    [path.join(vocabulary, 'licences'), LICENCE_IMPORTANCE],
  ];
  return kinds.flatMap(([texts, importance]) => ['--texts', `${texts}=${importance}`]);
}

async function writeLicences(packageFolder: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [licences] = (await readdir(packageFolder, { recursive: true })).filter(
    (file) => path.basename(file) === 'licenses',
  );
  if (licences === undefined) throw new Error(`${packageFolder} has no folder "licenses".`);
  for (const name of [...HEADERS, ...OTHERS]) {
    const { licenseText } = JSON.parse(await readFile(path.join(packageFolder, licences, `${name}.json`), 'utf8')) as {
      readonly licenseText: string;
    };
    await writeFile(
      path.join(folder, `${name}.txt`),
      `${licenseText}\n`.repeat(HEADERS.includes(name) ? HEADER_TIMES : 1),
    );
  }
}
