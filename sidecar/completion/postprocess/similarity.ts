/** Share of characters that may differ in lines that say the same. */
const MAX_DIFFERENCE = 0.1;

/** Whether two lines are the same but for white space around them and few characters. */
export function nearlySame(one: string, other: string): boolean {
  const first = one.trim();
  const second = other.trim();
  const longest = Math.max(first.length, second.length);
  if (longest === 0 || longest > 400) return first === second;
  const allowed = Math.floor(longest * MAX_DIFFERENCE);
  return Math.abs(first.length - second.length) <= allowed && editDistance(first, second) <= allowed;
}

/** Levenshtein's distance in UTF-16 units. */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}
