import { pathComment } from './contextFormat.ts';
import { isCommentLine, languageSyntax } from '../../syntax/languages.ts';
import type { PromptText } from './prompt.ts';

/** With less code than this, a small model takes a comment for prose and continues with prose. */
const LITTLE_TEXT_UNITS = 100;

/** Separates the text after the cursor from the text before it, in this order. */
export const SUFFIX_END = '\n\n';

/**
 * Returns the text before the prefix for models without fill-in-the-middle. This is the text after the cursor, then the
 * file's name if only a comment tells the language. Behind other files, the document's path comes first, as theirs do.
 * The rest of the cursor's own line is left out, since no text begins there.
 */
export function continuationHead(
  text: PromptText,
  file: { readonly path: string; readonly languageId: string; readonly isAfterOthers?: boolean },
): string {
  const suffix = suffixHead(text.suffix);
  if (file.isAfterOthers === true) return pathComment(file.path, file.languageId) + suffix;
  return suffix + (text.prefix.length + text.suffix.length < LITTLE_TEXT_UNITS ? fileComment(text, file) : '');
}

/**
 * Returns the text after the cursor as it stands before the prefix, with the separator. Training uses the same format.
 */
export function suffixHead(suffix: string): string {
  const lines = linesBehind(suffix);
  return lines === '' ? '' : lines + SUFFIX_END;
}

/** Returns the lines after the cursor's own line. */
export function linesBehind(suffix: string): string {
  const lineEnd = suffix.indexOf('\n');
  return lineEnd < 0 ? '' : suffix.slice(lineEnd + 1).trimEnd();
}

function fileComment({ prefix }: PromptText, { path, languageId }: { path: string; languageId: string }): string {
  const syntax = languageSyntax(languageId);
  const lastLine = prefix.trimEnd().split('\n').at(-1) ?? '';
  if (syntax.lineComment === undefined || !isCommentLine(lastLine, syntax)) return '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return `${syntax.lineComment} ${name.includes('.') ? name : languageId}\n\n`;
}
