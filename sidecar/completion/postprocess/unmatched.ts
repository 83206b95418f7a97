import { isCommentLine } from '../languages.ts';
import { documentLines, type Filter } from './filter.ts';

const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const closers = new Set(Object.values(closerOf));

/**
 * Cuts a single line at a round or square bracket that closes nothing, neither in the completion nor before the cursor. What is open before
 * the cursor is known only back to where a line begins at the margin, which is enough: statements begin there.
 */
export const cutUnmatchedCloser: Filter = (text, { cursor }) => {
  const { syntax } = cursor;
  if (syntax.loneClosers === true || isCommentLine(documentLines(text, cursor)[0] ?? '', syntax)) return text;
  const open = openBrackets(statementBefore(cursor.before));
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (/["'`]/.test(character)) {
      const end = text.indexOf(character, index + 1);
      const lineEnd = text.indexOf('\n', index);
      if (end > 0 && (lineEnd < 0 || end < lineEnd)) index = end;
    } else if (closerOf[character] !== undefined) open.push(closerOf[character] ?? '');
    else if (closers.has(character)) {
      if (open.at(-1) === character) open.pop();
      else if (character !== '}' && !open.includes(character)) return text.slice(0, index);
    }
  }
  return text;
};

function openBrackets(text: string): string[] {
  const open: string[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (/["'`]/.test(character)) {
      const end = text.indexOf(character, index + 1);
      const lineEnd = text.indexOf('\n', index);
      if (end > 0 && (lineEnd < 0 || end < lineEnd)) index = end;
    } else if (closerOf[character] !== undefined) open.push(closerOf[character] ?? '');
    else if (open.at(-1) === character) open.pop();
  }
  return open;
}

/** The last lines before the cursor, from one that begins with a letter at the margin. */
function statementBefore(before: string): string {
  const window = before.slice(-8192);
  const starts = [...window.matchAll(/^[\p{L}_@#]/gmu)];
  return window.slice(starts.at(-1)?.index ?? 0);
}
