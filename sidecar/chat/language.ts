import { answerInstructions } from './languageInstructions.ts';
import { proseOf } from './prose.ts';

/** What decides the language of an answer. */
export interface LanguageEvidence {
  /** The user's setting: 'auto' or empty follows the question, else a BCP 47 tag. */
  readonly setting?: string;
  /** The user's messages, oldest first; the last one is the question. */
  readonly questions: readonly string[];
  /** The editor's display language, the last resort. */
  readonly displayLanguage?: string;
}

/**
 * The language to answer in, as a BCP 47 tag: the setting if it fixes one, else the question's, else that of the conversation so far
 * (newest first), else the editor's, else English. A question that is too short or too mixed to be sure of counts as undecided.
 */
export async function answerLanguage(evidence: LanguageEvidence): Promise<string> {
  if (evidence.setting && evidence.setting !== 'auto') return evidence.setting;
  for (const question of evidence.questions.toReversed()) {
    const language = await detectLanguage(question);
    if (language) return language === 'zh' ? chineseVariant(question, evidence.displayLanguage) : language;
  }
  return evidence.displayLanguage || 'en';
}

/** The language (ISO 639-1) of the words that are not code, or `undefined` when they do not decide it. */
export async function detectLanguage(text: string): Promise<string | undefined> {
  const prose = proseOf(text);
  const byScript = languageOfScript(prose);
  if (byScript) return byScript;
  const words = prose.match(/\p{L}[\p{L}\p{M}'’]*/gu) ?? [];
  const letters = words.join('').length;
  if (words.length < 2 || letters < 8) return undefined;
  const { eld } = await import('eld/small');
  const result = eld.detect(prose);
  const [best = 0, second = 0] = Object.values(result.getScores()).sort((a, b) => b - a);
  if (!result.language || !result.isReliable() || best - second < CLEAR_LEAD) return undefined;
  // The detector's training set files Indonesian under Malay.
  return result.language === 'ms' ? 'id' : result.language;
}

/** Below this lead of the best over the second language a question counts as mixed. */
const CLEAR_LEAD = 0.002;

/** Scripts that one language of today has to itself. Two letters decide. */
const OWN_SCRIPTS: readonly [RegExp, string][] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Greek}/gu, 'el'],
  [/\p{Script=Hebrew}/gu, 'he'],
  [/\p{Script=Thai}/gu, 'th'],
];

function languageOfScript(prose: string): string | undefined {
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  const foreign = OWN_SCRIPTS.reduce((sum, [pattern]) => sum + (prose.match(pattern)?.length ?? 0), 0);
  if (letters === 0 || foreign / letters < 0.5) return undefined;
  return OWN_SCRIPTS.find(([pattern]) => (prose.match(pattern)?.length ?? 0) >= 2)?.[1];
}

/** Common characters that only one of the two ways of writing Chinese has. */
const TRADITIONAL_ONLY = /[這個們麼為會說來時對樣還沒後過與實點開關問錯誤測試應該請寫給讓數檔碼]/u;
const SIMPLIFIED_ONLY = /[这个们么为会说来时对样还没后过与实点开关问错误测试应该请写给让数档码]/u;

function chineseVariant(question: string, displayLanguage: string | undefined): string {
  if (TRADITIONAL_ONLY.test(question)) return 'zh-Hant';
  if (SIMPLIFIED_ONLY.test(question)) return 'zh-Hans';
  return /^zh-(tw|hk|hant)/i.test(displayLanguage ?? '') ? 'zh-Hant' : 'zh-Hans';
}

/** English name of a BCP 47 tag, or the tag itself where none is known. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(normaliseTag(tag)) ?? tag;
  } catch {
    return tag;
  }
}

/** "Answer in …", in the language itself where it is known, which small models follow best; else in English. */
export function answerInstruction(tag: string): string {
  const normal = normaliseTag(tag);
  return answerInstructions[normal] ?? answerInstructions[normal.split('-')[0] ?? ''] ?? `Answer in ${languageName(tag)}.`;
}

export function isEnglish(tag: string): boolean {
  return /^en\b/i.test(tag);
}

function normaliseTag(tag: string): string {
  if (/^zh[-_](tw|hk|mo|hant)/i.test(tag)) return 'zh-Hant';
  if (/^zh/i.test(tag)) return 'zh-Hans';
  return tag.replace('_', '-');
}
