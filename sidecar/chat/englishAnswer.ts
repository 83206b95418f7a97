import { isEnglish } from './answerLanguage.ts';
import { COMMON_WORDS } from './commonWords.ts';

/** So many words or letters of the wanted language alone settle that it is right. */
const SETTLING_WORDS = 2;
/** So many English words among so many words, and none of the wanted language, settle that the answer is English. */
const WHOLE = { english: 4, words: 12 };
/** Less prose stands before code. */
const BEFORE_CODE = { english: 2, words: 4 };
/** Keywords of code count for no language. */
const KEYWORDS = new Set('for if not return from with is in and or this while import new as to of a'.split(' '));
const QUOTED = /"[^"\n]*(?:"|$)|“[^”\n]*(?:”|$)|„[^“”\n]*(?:[“”]|$)|«[^»\n]*(?:»|$)/g;

/** Questions whose answer may be English text: English is named, or a text is to be written or translated. */
const MAY_BE_ENGLISH =
  /engl|engel|angl|angiel|ingl|ingg|ingil|ti[eế]ng anh|readme|docstring|commit|übersetz|uebersetz|tradu|vertaal|przetłum|przetlum|přelož|preloz|çevir|cevir|dịch|terjemah/i;

/** Whether the answer to a question may be English although the question is in another language. */
export const mayBeEnglish = (question: string): boolean => MAY_BE_ENGLISH.test(question);

/**
 * Judges whether prose that begins an answer is English in place of the wanted language, which has Latin letters (a
 * BCP 47 tag). Small models often answer in English. Quotes, keywords of code, and words that both languages have do
 * not count. `isBeforeCode`: a block of code follows.
 */
export function judgeEnglish(
  prose: string,
  language: string,
  { isBeforeCode = false }: { readonly isBeforeCode?: boolean } = {},
): 'undecided' | 'right' | 'wrong' {
  const own = wordsOf(language);
  if (isEnglish(language) || !own) return 'right';
  const english = wordsOf('en') as ReadonlySet<string>;
  const counted = prose.replace(QUOTED, ' ').toLowerCase();
  const words = (counted.match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? []).filter((word) => !KEYWORDS.has(word));
  const ownCount = words.filter((word) => /[^\p{ASCII}’]/u.test(word) || (own.has(word) && !english.has(word))).length;
  const englishCount = words.filter((word) => english.has(word) && !own.has(word)).length;
  if (ownCount >= SETTLING_WORDS && ownCount > englishCount) return 'right';
  const needed = isBeforeCode ? BEFORE_CODE : WHOLE;
  if (words.length < needed.words) return 'undecided';
  return englishCount >= needed.english && ownCount === 0 ? 'wrong' : 'right';
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
