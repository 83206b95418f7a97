import type { LanguageSyntax } from './languages.ts';

/** Openers by their closers. */
export const openerOf: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Returns where the string that begins with the quote at `index` ends; `undefined` if the quote begins no string. */
export type StringEnd = (text: string, index: number) => number | undefined;

/** Yields the brackets of a text in order, except those in strings, whose ends `stringEnd` finds. */
export function* brackets(
  text: string,
  stringEnd: StringEnd = () => undefined,
): Iterable<{ readonly index: number; readonly bracket: string }> {
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (/["'`]/.test(character)) index = stringEnd(text, index) ?? index;
    else if (/[()[\]{}]/.test(character)) yield { index, bracket: character };
  }
}

/**
 * Returns the end of a string whose contents begin at `from`: its quote, or else the end of the line or of the text.
 * Strings in backticks may have several lines.
 */
export function endOfString(text: string, from: number, quote: string): number {
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === quote || (character === '\n' && quote !== '`')) return index;
  }
  return text.length;
}

/**
 * Ends strings at a quote on the same line. A quote without a second one on its line is an apostrophe, or lies inside a
 * string.
 */
export const endOnItsLine: StringEnd = (text, index) => {
  const quote = text[index] ?? '';
  const end = endOfString(text, index + 1, quote);
  return text[end] === quote && !text.slice(index, end).includes('\n') ? end : undefined;
};

/**
 * Returns the rule for the ends of a language's strings. An apostrophe, a lifetime and a type variable begin no string.
 */
export const stringEndIn =
  (syntax: LanguageSyntax): StringEnd =>
  (text, index) =>
    opensString(text, index, syntax) ? endOfString(text, index + 1, text[index] ?? '') : undefined;

function opensString(text: string, index: number, { quotedCharacters }: LanguageSyntax): boolean {
  if (text[index] !== "'") return true;
  const rest = text.slice(index);
  return quotedCharacters === true ? /^'(?:\\[^'\n]+|[^\\'\n])'/.test(rest) : /^'[^\n]*?'/.test(rest);
}
