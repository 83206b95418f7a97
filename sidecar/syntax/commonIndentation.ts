/** Returns the leading white space that all non-blank lines share. */
export function commonIndentation(lines: readonly string[]): string {
  let common: string | undefined;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const indentation = /^[ \t]*/.exec(line)?.[0] ?? '';
    if (common === undefined) common = indentation;
    while (!indentation.startsWith(common)) common = common.slice(0, -1);
  }
  return common ?? '';
}
