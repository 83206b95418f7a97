import { indentationOf } from '../indentation.ts';
import { documentLines, type Filter, followingLines } from './filter.ts';
import { nearlySame } from './similarity.ts';

/** Nothing that stands after the cursor already: the completion ends before the line that the document goes on with. */
export const cutFollowing: Filter = (text, { cursor }) => {
  const following = followingLines(cursor, 3);
  const next = following[0];
  if (next === undefined) return text;
  const lines = documentLines(text, cursor);
  const first = lines[0] ?? '';
  // What the user wrote of the line already is no repetition of the model's.
  const ownText = first.slice(cursor.linePrefix.length).trim();
  if (ownText.length > 2 && following.some((line) => indentationOf(line) === indentationOf(first) && nearlySame(first, line))) return '';
  for (let index = 1; index < lines.length; index++) {
    // The same words at another depth close or return from something else.
    if (lines[index]?.trimEnd() === next.trimEnd()) return text.split('\n').slice(0, index).join('\n');
  }
  return text;
};
