import { isEnglish } from './answerLanguage.ts';
import { COMMON_WORDS } from './commonWords.ts';

/** So many common English words, and none of the wanted language, settle that the answer is English. */
const ENGLISH_WORDS = 5;
/** After so many words the more frequent language decides. */
const JUDGED_WORDS = 30;

/**
 * Judges whether prose that begins an answer is English in place of the wanted language, which has Latin letters (a
 * BCP 47 tag). Small models often answer in English. Words that both languages have do not count.
 */
export function judgeEnglish(prose: string, language: string): 'undecided' | 'right' | 'wrong' {
  const own = wordsOf(language);
  if (isEnglish(language) || !own) return 'right';
  const english = wordsOf('en') as ReadonlySet<string>;
  const words = prose.toLowerCase().match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? [];
  const ownCount = words.filter((word) => own.has(word) && !english.has(word)).length;
  const englishCount = words.filter((word) => english.has(word) && !own.has(word)).length;
  if (ownCount > englishCount) return 'right';
  if (ownCount === 0 && englishCount >= ENGLISH_WORDS) return 'wrong';
  if (words.length < JUDGED_WORDS) return 'undecided';
  return englishCount > ownCount ? 'wrong' : 'right';
}

const wordSets = new Map<string, ReadonlySet<string>>();

/** The common words of a language. `undefined`: it has no list. */
function wordsOf(language: string): ReadonlySet<string> | undefined {
  const [base = ''] = language.toLowerCase().split(/[-_]/);
  const list = COMMON_WORDS[base];
  if (list === undefined) return undefined;
  let words = wordSets.get(base);
  if (!words) wordSets.set(base, (words = new Set(list.split(/\s+/))));
  return words;
}
