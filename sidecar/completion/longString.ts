import type { LanguageSyntax } from './languages.ts';

/** Whether a string of several lines is open at the end of the text: one in triple quotes, one in backticks, or a here document. */
export function isInLongString(text: string, syntax: LanguageSyntax): boolean {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  return count(/"""|'''/g) % 2 === 1 || count(/`/g) % 2 === 1 || isInHereDocument(text, syntax);
}

function isInHereDocument(text: string, { hereDocument }: LanguageSyntax): boolean {
  const begin = hereDocument === undefined ? undefined : [...text.matchAll(hereDocument)].at(-1);
  if (begin === undefined) return false;
  const end = new RegExp(`^[ \\t]*${begin[1] ?? ''}\\b`, 'm');
  return !end.test(text.slice(begin.index + begin[0].length));
}
