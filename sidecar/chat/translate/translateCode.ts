import { codeSegments, isSameCode } from './codeSegments.ts';
import { fittingTranslation, translatableTexts, type TranslatableText } from './translatableTexts.ts';

export interface CodeToTranslate {
  readonly before: string;
  readonly target: string;
  readonly after: string;
  /** VS Code's language identifier. */
  readonly languageId: string;
}

/**
 * Translates the comments and strings of the target and changes nothing else. Each translation is put in place of its
 * source, and the code is compared afterwards. A translation that loses a placeholder or would end its comment is left
 * out. Resolves to `undefined` if the language has no grammar or the code is too long for it.
 *
 * `translate` is called with one text after the other. If it returns '', the text stays unchanged.
 */
export async function translateCode(
  code: CodeToTranslate,
  translate: (text: string) => Promise<string>,
): Promise<string | undefined> {
  const { before, target, after, languageId } = code;
  // The text before the target tells whether the target begins inside a comment.
  const segments = await codeSegments(before + target + after, languageId);
  if (!segments) return undefined;
  const end = before.length + target.length;
  const texts = translatableTexts(segments, languageId)
    .filter(({ start, text }) => start >= before.length && start + text.length <= end)
    .map((text) => ({ ...text, start: text.start - before.length }));
  const replacements: Replacement[] = [];
  for (const source of texts) {
    const fitting = fittingTranslation(source, await translate(source.text));
    if (fitting !== undefined && fitting !== source.text) replacements.push({ source, text: fitting });
  }
  const isKept = async (some: readonly Replacement[]): Promise<boolean> =>
    isSameCode(segments, before + replaced(target, some) + after, languageId);
  return replaced(target, await harmless(replacements, isKept));
}

interface Replacement {
  readonly source: TranslatableText;
  readonly text: string;
}

/**
 * Returns the replacements that leave the code unchanged together with `kept`. A harmful replacement is rare and
 * checking a long text is slow, so the list is split in halves.
 */
async function harmless(
  some: readonly Replacement[],
  isKept: (replacements: readonly Replacement[]) => Promise<boolean>,
  kept: readonly Replacement[] = [],
): Promise<readonly Replacement[]> {
  if (some.length === 0 || (await isKept([...kept, ...some]))) return some;
  if (some.length === 1) return [];
  const half = Math.ceil(some.length / 2);
  const first = await harmless(some.slice(0, half), isKept, kept);
  return [...first, ...(await harmless(some.slice(half), isKept, [...kept, ...first]))];
}

function replaced(target: string, replacements: readonly Replacement[]): string {
  let [result, end] = ['', 0];
  for (const { source, text } of replacements) {
    result += target.slice(end, source.start) + text;
    end = source.start + source.text.length;
  }
  return result + target.slice(end);
}
