import { withoutBlocks } from './prose.ts';

const LETTER = '\\p{Script=Latin}_$';
const IDENTIFIER = `[${LETTER}][${LETTER}\\p{N}]*`;
/** Matches "Cart" and "Cart.total". */
const pathOf = (identifier: string): string => `${identifier}(?:(?:\\.|::|#)${identifier}){0,4}`;
/** Names marked as code in prose: `Cart.total` or `total(1)`. */
const MARKED = new RegExp(`\`(${pathOf('[\\p{L}_$][\\p{L}\\p{N}_$]*')})(?:\\([^\`\\n]*\\))?\``, 'gu');
/**
 * Names in plain text. Scripts without spaces put words right beside a name, and some languages add an ending after a
 * hyphen. Command line options do not match.
 */
const UNMARKED = new RegExp(
  `(?<![${LETTER}\\p{N}.\\\\@:-])(${pathOf(IDENTIFIER)})(?![${LETTER}\\p{N}\\\\@]|[.:#]{1,2}[${LETTER}\\p{N}])`,
  'gu',
);
/** URLs, absolute paths or paths with an extension, and e-mail addresses. */
const PLACES =
  /\bhttps?:\/\/\S+|(?<!\S)[("'«„“]*[~.$]?[\w.-]*[/\\]\S*\.\w+\S*|(?<!\S)[("'«„“]*(?:[~$]|\.{1,2}[/\\])\S*[/\\]\S*|(?<!\S)\S+@\S+/g;
/**
 * Tells names from words of prose. Prose has no capital after a small letter, no underscore and no dot inside. Brackets
 * behind a word mark a call only if they are empty.
 */
const LIKE_A_NAME = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[\p{L}\p{N}]_[\p{L}\p{N}]|[\p{L}\p{N}]{2}(?:\.|::|#)[\p{L}\p{N}]{2}/u;

/**
 * Returns the names of code in a question, such as "CartItem" in "What does CartItem do?", in order, at most `most`.
 * Words of prose do not count. Names in code blocks do not count either, since the block itself is in the prompt.
 */
export function namesAsked(question: string, most: number): readonly string[] {
  const text = withoutBlocks(question).replaceAll('?.', '.').replace(PLACES, ' ');
  const isName = ({ 0: word, index }: RegExpExecArray): boolean =>
    LIKE_A_NAME.test(word) || text.startsWith('()', index + word.length);
  const found = [...text.matchAll(MARKED), ...[...text.matchAll(UNMARKED)].filter(isName)];
  return [...new Set(found.sort((one, other) => one.index - other.index).flatMap(([, name]) => name ?? []))].slice(
    0,
    most,
  );
}
