/** In shorter lines a character makes another name. */
const MIN_UNITS = 10;

/**
 * Whether two lines are the same but for white space around them and a character too many: rows of a table, which
 * differ by a number or a name, are not, nor are the two ends of a tag, or a condition and its opposite.
 */
export function nearlySame(one: string, other: string): boolean {
  const [shorter, longer] = [one.trim(), other.trim()].sort((first, second) => first.length - second.length) as [
    string,
    string,
  ];
  if (longer.length - shorter.length > 1 || tellingOf(shorter) !== tellingOf(longer)) return false;
  if (longer.length === shorter.length) return longer === shorter;
  let index = 0;
  while (index < shorter.length && shorter[index] === longer[index]) index++;
  return longer.length >= MIN_UNITS && shorter.slice(index) === longer.slice(index + 1);
}

/** What is no slip. */
function tellingOf(line: string): string {
  return line.match(/\d+|<\/|!/g)?.join(' ') ?? '';
}
