/** Finds a text again after edits that happened while a model worked on it. */

/**
 * Returns the current offset (in UTF-16 units) of `target` in `text`, given its old offset. Returns `undefined` if the
 * target was changed. Also returns `undefined` if it occurs several times and not at the old offset, since its place is
 * ambiguous then.
 */
export function relocate(target: string, oldOffset: number, text: string): number | undefined {
  if (text.startsWith(target, oldOffset)) return oldOffset;
  const first = text.indexOf(target);
  if (first < 0 || text.indexOf(target, first + 1) >= 0) return undefined;
  return first;
}
