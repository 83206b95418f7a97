import type { Cursor } from './cursor.ts';
import { indentationOf } from './indentation.ts';
import type { LanguageSyntax } from './languages.ts';

const indentedHead = /^\s*(async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*:$/;
const bracedHead = /(\)|\]|=>|[\w>?])\s*\{$/;
const keywordHead = /(^\s*(def|class|module|if|unless|while|until|for|case|begin|function|local function)\b|\b(do|then)(\s*\|[^|]*\|)?$|[({[]$|\bfunction\b.*\)$)/;

/**
 * Indentation that lines of the block at the cursor have at least: the cursor's own on a fresh line, else deeper than the line that opens
 * the block.
 */
export function blockIndentation(cursor: Cursor): number {
  const own = indentationOf(cursor.linePrefix);
  return cursor.linePrefix.trim() === '' ? own : own + 1;
}

/** Whether a line ends in what opens a block or a list, so that several lines may follow. */
export function opensBlock(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  switch (syntax.blocks) {
    case 'indentation':
      return indentedHead.test(code) || /[([{]$/.test(code);
    case 'brackets':
      return /([{([]|=>)$/.test(code);
    case 'keywords':
      return keywordHead.test(code);
    case 'none':
      return false;
  }
}

/** Whether the cursor is right behind the head of a block (`def f():`, `if (a) {`): its body begins on the next line. */
export function isBehindHead(cursor: Cursor): boolean {
  const code = cursor.linePrefix.trimEnd();
  if (cursor.syntax.blocks === 'indentation') return indentedHead.test(code);
  return cursor.syntax.blocks === 'brackets' && bracedHead.test(code);
}

function stripComment(line: string, marker: string | undefined): string {
  if (marker === undefined) return line;
  const at = line.indexOf(` ${marker}`);
  return at < 0 ? line : line.slice(0, at);
}
