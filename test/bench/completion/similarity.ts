/** Returns 1 minus Levenshtein's distance divided by the longer text's length. */
export function similarityOf(one: string, other: string): number {
  const longest = Math.max(one.length, other.length);
  if (longest === 0) return 1;
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      current.push(
        Math.min(
          (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1),
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
        ),
      );
    }
    previous = current;
  }
  return 1 - (previous[other.length] ?? 0) / longest;
}
