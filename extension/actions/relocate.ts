/** Where a piece of text went while a model worked on it. */

/**
 * The offset (in UTF-16 units) of `target` in `text` now, given the one it had. `undefined` when it was changed, or
 * when it stands in several places and none is the old one: then nobody can say which of them was meant.
 */
export function relocate(target: string, oldOffset: number, text: string): number | undefined {
  if (text.startsWith(target, oldOffset)) return oldOffset;
  const first = text.indexOf(target);
  if (first < 0 || text.indexOf(target, first + 1) >= 0) return undefined;
  return first;
}
