import type { LanguageSyntax } from './languages.ts';
import { brackets, openerOf, stringEndIn } from './brackets.ts';

/** What a line has opened and not closed. */
export interface OpenAtEnd {
  /** Where they stand in the line. */
  readonly openBrackets: readonly number[];
  /** A string that began in the line goes on. */
  readonly isInString: boolean;
  /** Where that string begins. */
  readonly stringStart: number | undefined;
  /** It closes a bracket that it did not open. */
  readonly closesMore: boolean;
}

/** Between letters it begins no string, but behind the mark of one (`f'…'`). */
const apostrophe = /(?<=\p{L})(?<!(?<![\p{L}\p{N}_])(?:[bfru]|[bf]r|r[bf]))'(?=\p{L})/giu;

/** The same text, as long, in which no apostrophe between letters is taken for the beginning of a string. */
export const withoutApostrophes = (text: string): string => text.replace(apostrophe, ' ');

/** Reads one line, as though nothing were open where it begins. */
export function openAtEnd(line: string, syntax: LanguageSyntax): OpenAtEnd {
  const stringEnd = stringEndIn(syntax);
  const isApostrophe = syntax.quotedCharacters === true || syntax.sentences === true;
  let closesMore = false;
  let stringStart: number | undefined;
  const open: { readonly index: number; readonly bracket: string }[] = [];
  const end = (text: string, index: number): number | undefined => {
    // A single quote without another one is an apostrophe where there are such in code.
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
