import type { LanguageSyntax } from './languages.ts';

/** Openers by their closers. */
export const openerOf: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Where the string ends that the quote at `index` begins; `undefined`: it begins none. */
export type StringEnd = (text: string, index: number) => number | undefined;

/** The brackets of a text, in order; those in strings aside, which `stringEnd` tells. */
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
 * Where a string ends whose contents begin at `from`: its quote, or else the end of its line, or of the text. Strings
 * in backticks have several lines.
 */
export function endOfString(text: string, from: number, quote: string): number {
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === quote || (character === '\n' && quote !== '`')) return index;
  }
  return text.length;
}

/** A quote without another one on its line is an apostrophe, or in the midst of a string. */
export const endOnItsLine: StringEnd = (text, index) => {
  const quote = text[index] ?? '';
  const end = endOfString(text, index + 1, quote);
  return text[end] === quote && !text.slice(index, end).includes('\n') ? end : undefined;
};

/** Where strings of a language end. An apostrophe, a lifetime and a type variable begin none. */
export const stringEndIn =
  (syntax: LanguageSyntax): StringEnd =>
  (text, index) =>
    opensString(text, index, syntax) ? endOfString(text, index + 1, text[index] ?? '') : undefined;

function opensString(text: string, index: number, { quotedCharacters }: LanguageSyntax): boolean {
  if (text[index] !== "'") return true;
  const rest = text.slice(index);
  return quotedCharacters === true ? /^'(?:\\[^'\n]+|[^\\'\n])'/.test(rest) : /^'[^\n]*?'/.test(rest);
}
