import { COMMON_WORDS } from './commonWords.ts';
import { proseOf } from './prose.ts';

/** Returns the language (ISO 639-1) of the words that are not code, or `undefined` if they do not decide it. */
export async function detectLanguage(text: string): Promise<string | undefined> {
  const prose = proseOf(text).normalize('NFC');
  const byScript = languageOfScript(prose);
  if (byScript) return byScript;
  const words =
    prose
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/\p{L}[\p{L}\p{M}'\u200c-]*/gu) ?? [];
  if (words.length === 0) return undefined;
  const scores = wordScores(words);
  addLetterScores(scores, prose);
  await addModelScores(scores, prose, words.join('').length);
  const [best, second] = [...scores].sort(([, a], [, b]) => b - a);
  // An answer in another script does not help a user of such a script. So a guess is better than none.
  const shared = SHARED_SCRIPTS.find(([pattern]) => pattern.test(prose));
  if (shared)
    return best && shared[1].includes(best[0]) && best[1] > (second?.[1] ?? 0)
      ? best[0]
      : best && !isOurs(best[0]) && best[1] >= ENOUGH
        ? best[0]
        : shared[1][0];
  if (!best || best[1] < ENOUGH || best[1] - (second?.[1] ?? 0) < CLEAR_LEAD) return undefined;
  return best[0];
}

/** Scripts of several languages. The supported languages come first, the most common of them at the head. */
const SHARED_SCRIPTS: readonly [RegExp, readonly string[]][] = [
  [/\p{Script=Cyrillic}/u, ['ru', 'uk']],
  [/\p{Script=Arabic}/u, ['ar', 'fa']],
  [/\p{Script=Devanagari}/u, ['hi']],
];

function isOurs(language: string): boolean {
  return language in COMMON_WORDS;
}

/**
 * The score that a language needs, and the lead over the second. With less, the text counts as mixed or too short. A
 * common word of only one language scores 1.
 */
const ENOUGH = 0.8;
const CLEAR_LEAD = 0.15;

/** Scripts with a single modern language. */
const OWN_SCRIPTS: readonly [RegExp, string][] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Greek}/gu, 'el'],
  [/\p{Script=Hebrew}/gu, 'he'],
  [/\p{Script=Thai}/gu, 'th'],
];

/** Shapes of Han characters that only Japanese uses. */
const JAPANESE_HAN = /[関変処図対単戻検験読込払覧拡択総続経転軽広辺円実発売両帰気値駅働]/u;

function languageOfScript(prose: string): string | undefined {
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  const foreign = OWN_SCRIPTS.reduce((sum, [pattern]) => sum + (prose.match(pattern)?.length ?? 0), 0);
  if (letters === 0 || foreign / letters < 0.5) return undefined;
  const language = OWN_SCRIPTS.find(([pattern]) => (prose.match(pattern)?.length ?? 0) > 0)?.[1];
  return language === 'zh' && JAPANESE_HAN.test(prose) ? 'ja' : language;
}

/** Maps words to languages, as written and without diacritics, which many users omit. */
const LANGUAGES_OF_WORD = wordTable((word) => word);
const LANGUAGES_OF_BARE_WORD = wordTable(bare);

function wordTable(shape: (word: string) => string): ReadonlyMap<string, ReadonlySet<string>> {
  const table = new Map<string, Set<string>>();
  for (const [language, words] of Object.entries(COMMON_WORDS)) {
    for (const word of words.split(/\s+/)) {
      const key = shape(word);
      table.set(key, (table.get(key) ?? new Set()).add(language));
    }
  }
  return table;
}

function bare(word: string): string {
  return word
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ı', 'i')
    .replaceAll('ł', 'l')
    .replaceAll('đ', 'd')
    .replaceAll('ß', 'ss');
}

/** Each common word scores 1, shared by its languages. */
function wordScores(words: readonly string[]): Map<string, number> {
  const scores = new Map<string, number>();
  for (const word of words) {
    const exact = LANGUAGES_OF_WORD.get(word);
    const languages = exact ?? LANGUAGES_OF_BARE_WORD.get(word);
    for (const language of languages ?? []) add(scores, language, (exact ? 1 : 0.7) / (languages?.size ?? 1));
  }
  return scores;
}

/** Letters of few languages. */
const LETTERS: readonly [RegExp, readonly string[]][] = [
  [/[ñ¿¡]/giu, ['es']],
  [/[ãõ]/giu, ['pt']],
  [/ß/gu, ['de']],
  [/[řěů]/giu, ['cs']],
  [/[łżśćźń]/giu, ['pl']],
  [/[șțţ]/giu, ['ro']],
  [/ă/giu, ['ro', 'vi']],
  [/[ğıİ]/gu, ['tr']],
  [/ş/gu, ['tr', 'ro']],
  [/[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/giu, ['vi']],
  [/[œ]/giu, ['fr']],
  [/[ыэъё]/giu, ['ru']],
  [/[іїєґ]/giu, ['uk']],
  [/[پچژگکی]/gu, ['fa']],
  [/[ةىيكأإ]/gu, ['ar']],
];

function addLetterScores(scores: Map<string, number>, prose: string): void {
  for (const [pattern, languages] of LETTERS) {
    const count = Math.min(2, prose.match(pattern)?.length ?? 0);
    for (const language of languages) if (count > 0) add(scores, language, (0.8 * count) / languages.length);
  }
}

/** With fewer letters, the statistics of letter groups are weak. */
const SURE_LETTERS = 24;

/**
 * Adds the scores of the `eld` library, which compares letter groups with all languages that it knows. So other
 * languages are recognized too.
 */
async function addModelScores(scores: Map<string, number>, prose: string, letters: number): Promise<void> {
  const { eld } = await import('eld/small');
  const opinion = Object.entries(eld.detect(prose).getScores());
  const top = Math.max(0, ...opinion.map(([, score]) => score));
  if (top === 0) return;
  const weight = Math.min(1, letters / SURE_LETTERS);
  // The second and third language often have close scores, so the distance to the first counts. The library's training
  // set labels Indonesian as Malay.
  for (const [language, score] of opinion)
    add(scores, language === 'ms' ? 'id' : language, 1.6 * weight * (score / top) ** 3);
}

function add(scores: Map<string, number>, language: string, score: number): void {
  scores.set(language, (scores.get(language) ?? 0) + score);
}
