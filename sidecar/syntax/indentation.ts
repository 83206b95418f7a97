/** Columns a tab counts for when indentations are compared; only their order matters. */
const TAB_COLUMNS = 4;

/** Width of a line's leading white space in columns. */
export function indentationOf(line: string): number {
  let columns = 0;
  for (const character of line) {
    if (character === ' ') columns++;
    else if (character === '\t') columns += TAB_COLUMNS;
    else break;
  }
  return columns;
}
