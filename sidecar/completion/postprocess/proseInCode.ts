import { isCommentLine, type LanguageSyntax } from '../../syntax/languages.ts';
import { isInLongString } from '../../syntax/longString.ts';
import { documentLines, type Filter, firstLines } from './filter.ts';

/** A sentence, an item of a Markdown list or a heading: text that models fall into. */
const sentence = /^\s*[A-Z][a-z']*(?: [\w'",]+){4,}[^;{}()=]*$/;
const markdown = /^\s*(?:[*-] (?:`|\*\*|[A-Z][a-z]*(?: [a-z]+){2})|#{2,} |\*\*[^*\s][^*]*\*\*)/;

/**
 * Ends the completion where prose begins between lines of code. Comments, quoted texts and the user's own line may be
 * prose.
 */
export const cutProse: Filter = (text, { cursor }) => {
  if (cursor.syntax.prose || cursor.syntax.sentences === true || cursor.syntax.blocks === 'none') return text;
  const lines = documentLines(text, cursor);
  const isOwn = cursor.linePrefix.trim() !== '';
  for (let index = isOwn ? 1 : 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (isCommentLine(line, cursor.syntax) && !/^\s*\* (?:`|\*\*)/.test(line)) continue;
    if (!sentence.test(line) && !markdown.test(line)) continue;
    if (insideText(cursor.before, cursor.syntax)) return text;
    if (!insideText(lines.slice(0, index).join('\n'), cursor.syntax)) return firstLines(text, index);
  }
  return text;
};

/**
 * Whether a string of several lines or a block comment is open at the end of the text. Which quotes open or close is
 * only known from the beginning.
 */
function insideText(text: string, syntax: LanguageSyntax): boolean {
  const window = text.slice(-8192);
  const isOpen = (opener: string, closer: string): boolean => window.lastIndexOf(opener) > window.lastIndexOf(closer);
  return isOpen('/*', '*/') || isOpen('<#', '#>') || isInLongString(text, syntax);
}
