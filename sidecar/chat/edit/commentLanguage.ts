import { isEnglish, languageOf } from '../language.ts';
import { codeSegments, MAX_CODE_UNITS } from '../translate/codeSegments.ts';
import { translatableTexts } from '../translate/translatableTexts.ts';

/** Comments and texts that decide it: more tell nothing new. */
const MAX_TEXTS = 40;

/**
 * The language that a file's comments and texts are written in, as a BCP 47 tag; `undefined` where it is English, which
 * models write anyway, or can not be told.
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
