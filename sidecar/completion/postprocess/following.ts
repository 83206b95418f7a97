import { opensBlock } from '../../syntax/blocks.ts';
import { indentationOf } from '../../syntax/indentationWidth.ts';
import type { LanguageSyntax } from '../../syntax/languages.ts';
import { documentLines, type Filter, firstLines, followingLines } from './filter.ts';
import { nearlySame } from './similarity.ts';

/** Ends the completion before the line that the document continues with. */
export const cutFollowing: Filter = (text, { cursor }) => {
  const following = followingLines(cursor, 2);
  const next = following[0];
  if (next === undefined) return text;
  const lines = documentLines(text, cursor);
  // Text that the user already wrote on the line is no repetition by the model.
  const ownText = (lines[0] ?? '').slice(cursor.linePrefix.length).trim();
  if (ownText.length > 2 && saysFollowing(lines, following, cursor.syntax)) return '';
  for (let index = 1; index < lines.length; index++) {
    // The same words at another depth close or return from another block.
    if (lines[index]?.trimEnd() === next.trimEnd()) return firstLines(text, index);
  }
  return text;
};

/**
 * Whether lines begin like the lines that follow. A single equal statement is enough. For a line that may begin many
 * things, the next line must match too.
 */
function saysFollowing(
  [first = '', ...rest]: readonly string[],
  [next = '', afterNext]: readonly string[],
  syntax: LanguageSyntax,
): boolean {
  if (indentationOf(first) !== indentationOf(next) || !nearlySame(first, next)) return false;
  const second = rest.find((line) => line.trim() !== '');
  return second === undefined || afterNext === undefined || !beginsMany(first, syntax) || nearlySame(second, afterNext);
}

/**
 * Whether a line may stand before many things: attributes, annotations, tags, heads, and lines of one word (`try`,
 * `end`) or none (`/**`).
 */
function beginsMany(line: string, syntax: LanguageSyntax): boolean {
  return /^(?:@|#\[|\[|<|\w*:?$|[^\p{L}\p{N}]*$)/u.test(line.trim()) || opensBlock(line, syntax);
}
