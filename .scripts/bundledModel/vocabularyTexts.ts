/** The kinds of text that the vocabulary of the bundled model is chosen for: arguments `--texts` of `chorus trim`. */
import path from 'node:path';
import { corpusFolder } from './corpus.ts';
import { CODE_DOMAINS } from './packages.ts';

/** Of each there is a folder `prose/<language>`. */
export const PROSE_LANGUAGES = ['ar', 'cs', 'de', 'el', 'en', 'es', 'fa', 'fr', 'he', 'hi', 'id', 'it', 'ja', 'ko', 'nl', 'pl', 'pt', 'ro', 'ru', 'tr', 'uk', 'vi', 'zh'] as const;

/** A longer text costs more in code, where each token is waited for, than in prose. */
const CODE_IMPORTANCE = 2.5;
const PROSE_IMPORTANCE = 1;

/** Arguments of `chorus trim` that name the training texts of each language of code and of prose below `folder`, with their importance. */
export function vocabularyTexts(folder = path.join(corpusFolder(), 'texts', 'training')): readonly string[] {
  const kinds = [
    ...CODE_DOMAINS.map((domain) => [path.join(folder, domain), CODE_IMPORTANCE] as const),
    ...PROSE_LANGUAGES.map((language) => [path.join(folder, 'prose', language), PROSE_IMPORTANCE] as const),
  ];
  return kinds.flatMap(([texts, importance]) => ['--texts', `${texts}=${importance}`]);
}
