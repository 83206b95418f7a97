import { commonPrefixLength, commonSuffixLength } from '../../common/commonPrefix.ts';
import { placesOfWord, tokensOf } from '../words.ts';
import { type LineChange, wordsOnlyIn } from './lineChange.ts';

/**
 * Returns a line with the change of another line made in it too, as a guess: the changed stretch is replaced, or else
 * each word that went by the word that came for it. Returns the line unchanged if it has neither.
 */
export function sameChange({ before, after }: Pick<LineChange, 'before' | 'after'>, line: string): string {
  const [gone, come] = changedStretch(tokensOf(before), tokensOf(after));
  const places = placesOfWord(line, gone);
  if (places.length > 0) return replaceAt(line, places, { gone, come });
  const went = [...wordsOnlyIn(before, after)];
  const came = [...wordsOnlyIn(after, before)];
  if (went.length !== came.length) return line;
  const newWords = new Map(went.map((word, index) => [word, came[index] as string]));
  return tokensOf(line)
    .map((token) => newWords.get(token) ?? token)
    .join('');
}

/** Returns what stands between the equal beginnings and ends of two lists of tokens. */
function changedStretch(before: readonly string[], after: readonly string[]): readonly [gone: string, come: string] {
  const head = commonPrefixLength(before, after);
  const tail = commonSuffixLength(before, after, head);
  const middle = (tokens: readonly string[]): string => tokens.slice(head, tokens.length - tail).join('');
  return [middle(before), middle(after)];
}

function replaceAt(
  text: string,
  places: readonly number[],
  { gone, come }: { readonly gone: string; readonly come: string },
): string {
  const ends = places.map((place) => place + gone.length);
  const kept = [0, ...ends].map((from, index) => text.slice(from, places[index] ?? text.length));
  return kept.join(come);
}
