import { isEnglish, languageOf } from '../answerLanguage.ts';
import { codeSegments, MAX_CODE_UNITS } from '../translate/codeSegments.ts';
import { translatableTexts } from '../translate/translatableTexts.ts';

/** The number of comments and texts that are examined. More of them would not change the result. */
const MAX_TEXTS = 40;

/**
 * Returns the language of a file's comments and texts as a BCP 47 tag. Returns `undefined` if it is unknown, or
 * English, which models write by default.
 */
export async function commentLanguage(code: string, languageId: string): Promise<string | undefined> {
  const segments = await codeSegments(code.slice(0, MAX_CODE_UNITS), languageId);
  if (!segments) return undefined;
  const texts = translatableTexts(segments, languageId)
    .slice(0, MAX_TEXTS)
    .map(({ text }) => text);
  const language = await languageOf(texts.join('\n'));
  return language === undefined || isEnglish(language) ? undefined : language;
}
