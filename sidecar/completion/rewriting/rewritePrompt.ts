import type { LineChange } from '../../nextEdits/rewriting/lineChange.ts';
import { languageSyntax } from '../../syntax/languages.ts';

/**
 * Returns the text behind which a model writes a line anew: the edits as pairs of lines before and after, the oldest
 * first, and the line as it is. A model that continues texts copies the line, or changes it in the same way.
 */
export function rewritePrompt(edits: readonly LineChange[], line: string, languageId: string): string {
  const marks = marksOf(languageId);
  const pairs = edits.map(({ before, after }) => `${marks.before}\n${before}\n${marks.after}\n${after}\n\n`);
  return `${pairs.join('')}${marks.before}\n${line}\n${marks.after}\n`;
}

/** Returns the comments before a line as it was and as it is. */
function marksOf(languageId: string): { readonly before: string; readonly after: string } {
  const { lineComment, blocks } = languageSyntax(languageId);
  if (lineComment !== undefined) return { before: `${lineComment} Before`, after: `${lineComment} After` };
  return blocks === 'brackets'
    ? { before: '/* Before */', after: '/* After */' }
    : { before: '<!-- Before -->', after: '<!-- After -->' };
}
