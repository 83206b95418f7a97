import type { LanguageSyntax } from './languages.ts';
import { brackets, openerOf, stringEndIn } from './brackets.ts';

/** Brackets and strings that a line opens and does not close. */
export interface OpenAtEnd {
  /** Their places in the line. */
  readonly openBrackets: readonly number[];
  /** Whether a string that began in the line continues. */
  readonly isInString: boolean;
  /** Where that string begins. */
  readonly stringStart: number | undefined;
  /** Whether the line closes a bracket that it did not open. */
  readonly closesMore: boolean;
}

/** A single quote between letters begins no string, except behind a string prefix (`f'…'`). */
const apostrophe = /(?<=\p{L})(?<!(?<![\p{L}\p{N}_])(?:[bfru]|[bf]r|r[bf]))'(?=\p{L})/giu;

/** Replaces apostrophes between letters by spaces, so that they are not taken for quotes. The length stays the same. */
export const withoutApostrophes = (text: string): string => text.replace(apostrophe, ' ');

/** Reads a line as if nothing were open at its beginning. */
export function openAtEnd(line: string, syntax: LanguageSyntax): OpenAtEnd {
  const stringEnd = stringEndIn(syntax);
  const isApostrophe = syntax.quotedCharacters === true || syntax.sentences === true;
  let closesMore = false;
  let stringStart: number | undefined;
  const open: { readonly index: number; readonly bracket: string }[] = [];
  const end = (text: string, index: number): number | undefined => {
    // A lone single quote is an apostrophe in languages that have them in code.
    const at = stringEnd(text, index) ?? (isApostrophe ? undefined : text.length);
    if (at !== undefined && at >= text.length) stringStart = index;
    return at;
  };
  for (const found of brackets(line, end)) {
    if (openerOf[found.bracket] === undefined) open.push(found);
    else if (open.at(-1)?.bracket === openerOf[found.bracket]) open.pop();
    else closesMore = true;
  }
  return {
    openBrackets: open.map(({ index }) => index),
    isInString: stringStart !== undefined,
    stringStart,
    closesMore,
  };
}
