import { withoutBlocks } from './prose.ts';

const LETTER = '\\p{Script=Latin}_$';
const IDENTIFIER = `[${LETTER}][${LETTER}\\p{N}]*`;
/** "Cart", "Cart.total". */
const pathOf = (identifier: string): string => `${identifier}(?:(?:\\.|::|#)${identifier}){0,4}`;
/** What is marked as code in prose: `Cart.total` or `total(1)`. */
const MARKED = new RegExp(`\`(${pathOf('[\\p{L}_$][\\p{L}\\p{N}_$]*')})(?:\\([^\`\\n]*\\))?\``, 'gu');
/**
 * Scripts without spaces put their words right beside it, some languages an ending behind a hyphen. An option is none.
 */
const UNMARKED = new RegExp(
  `(?<![${LETTER}\\p{N}.\\\\@:-])(${pathOf(IDENTIFIER)})(?![${LETTER}\\p{N}\\\\@]|[.:#]{1,2}[${LETTER}\\p{N}])`,
  'gu',
);
/** Addresses, paths from a root or with an ending, and those of mails. */
const PLACES =
  /\bhttps?:\/\/\S+|(?<!\S)[("'«„“]*[~.$]?[\w.-]*[/\\]\S*\.\w+\S*|(?<!\S)[("'«„“]*(?:[~$]|\.{1,2}[/\\])\S*[/\\]\S*|(?<!\S)\S+@\S+/g;
/**
 * Words of prose have no capital behind a small letter, no underscore and no point inside; of a word in brackets behind
 * another one, only empty ones are a call's.
 */
const LIKE_A_NAME = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[\p{L}\p{N}]_[\p{L}\p{N}]|[\p{L}\p{N}]{2}(?:\.|::|#)[\p{L}\p{N}]{2}/u;

/**
 * Names of code in a question, as "What does CartItem do?" has one, in their order, at most `most`. Neither words of
 * prose nor what code in blocks says, which shows itself what it is about.
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
