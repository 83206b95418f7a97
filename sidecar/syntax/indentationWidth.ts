/** The columns of a tab in comparisons of indentations. Only their order matters. */
const TAB_COLUMNS = 4;

/** Returns the width of a line's leading white space in columns. */
export function indentationOf(line: string): number {
  let columns = 0;
  for (const character of line) {
    if (character === ' ') columns++;
    else if (character === '\t') columns += TAB_COLUMNS;
    else break;
  }
  return columns;
}
