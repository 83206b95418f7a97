/** In shorter lines, one character makes a different name. */
const MIN_UNITS = 10;

/**
 * Whether two lines are the same, apart from white space around them and one extra character. Rows of a table that
 * differ in a number or name are not. The two ends of a tag are not, and a condition and its opposite are not.
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

/** The parts of a line that must be equal: numbers, ends of tags and negations. */
function tellingOf(line: string): string {
  return line.match(/\d+|<\/|!/g)?.join(' ') ?? '';
}
