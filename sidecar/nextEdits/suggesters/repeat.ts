import { exampleOf, instancesOf, lexed, patternOf } from '../editPattern.ts';
import type { SuggestContext, Suggestion } from '../suggester.ts';

const CONFIDENCE = 0.9;
/** The latest edits of a document that are compared. */
const MAX_COMPARED = 6;
const MAX_TEXT_UNITS = 512 * 1024;
const MAX_PLACES = 50;

/**
 * Two edits did the same, names as variables: suggests it at the other places that look as the edited ones did. The
 * newest edit must be one of the two.
 */
export async function suggestRepeat({ edits, document }: SuggestContext): Promise<readonly Suggestion[]> {
  const [newest] = edits;
  const of = newest && document(newest.uri);
  if (newest === undefined || of === undefined || of.text.length > MAX_TEXT_UNITS) return [];
  const tokens = lexed(of.text);
  const own = edits.filter(({ uri }) => uri === newest.uri).slice(0, MAX_COMPARED);
  const [example, ...others] = own.flatMap((edit) => exampleOf(edit, of, tokens));
  if (example === undefined || example.edit !== newest) return [];
  for (const other of others) {
    const pattern = patternOf(example, other);
    if (pattern === undefined) continue;
    const found = instancesOf(pattern, tokens, of.text)
      .filter(([start, end]) => !own.some((edit) => edit.start <= end && edit.end >= start))
      .slice(0, MAX_PLACES);
    if (found.length > 0) return [{ uri: of.uri, kind: 'repeat', confidence: CONFIDENCE, edits: found }];
  }
  return [];
}
