import type { ChatMessage } from '../protocol/client.ts';
import { withoutBlocks } from './prose.ts';

const LETTER = '\\p{Script=Latin}_$';
const IDENTIFIER = `[${LETTER}][${LETTER}\\p{N}]*`;
/** "Cart", "Cart.total". */
const pathOf = (identifier: string): string => `${identifier}(?:(?:\\.|::|#)${identifier}){0,4}`;
/** What is marked as code in prose: `Cart.total` or `total()`. */
const MARKED = new RegExp(`\`(${pathOf('[\\p{L}_$][\\p{L}\\p{N}_$]*')})(?:\\([^\`\\n]*\\))?\``, 'gu');
/** Scripts without spaces put their words right beside it. A part of a path, an address or an option is none. */
const UNMARKED = new RegExp(`(?<![${LETTER}\\p{N}./\\\\@:-])(${pathOf(IDENTIFIER)})(?![${LETTER}\\p{N}/\\\\@-]|[.:#]{1,2}[${LETTER}\\p{N}])`, 'gu');
/** Words of prose have no capital behind a small letter, no underscore and no point inside, and are not called. */
const LIKE_A_NAME = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[\p{L}\p{N}]_[\p{L}\p{N}]|[\p{L}\p{N}]{2}(?:\.|::|#)[\p{L}\p{N}]{2}/u;

/**
 * Names of code in a conversation's questions, as "What does CartItem do?" has one: the last question's first, at most `most`. Neither words of prose nor what code in blocks says, which
 * shows itself what it is about.
 */
export function namesAsked(messages: readonly ChatMessage[], most: number): readonly string[] {
  const questions = messages.filter(({ role }) => role === 'user').map(({ content }) => withoutBlocks(content)).reverse();
  return [...new Set(questions.flatMap(namesIn))].slice(0, most);
}

function namesIn(question: string): readonly string[] {
  const isName = ({ 0: word, index }: RegExpExecArray): boolean => LIKE_A_NAME.test(word) || question.startsWith('(', index + word.length);
  const found = [...question.matchAll(MARKED), ...[...question.matchAll(UNMARKED)].filter(isName)];
  return found.sort((one, other) => one.index - other.index).flatMap(([, name]) => name ?? []);
}
