import type { GapLanguage } from './gapLanguages.ts';

const MIN_CHARACTERS = 8;
const MAX_CHARACTERS = 80;
/** The minimum number of lines before the gap, which give the model a context. */
const MIN_LINES_BEFORE = 4;
const SCRIPT_COMMENT_OR_IMPORT = /^\s*(\/\/|\/?\*|import\b|export \*|#)|\brequire\(/;
const COMMENT_OR_IMPORT = /^\s*(\/\/|\/?\*|#(?!\[)|import\b|from\b|package\b|(pub(\(\w+\))? )?use\b)/;
const LETTERS = /[a-z]{2}/i;

/** Returns the indices of informative lines of code: neither too short nor too long, no comment and no import. */
export function tellingLines(lines: readonly string[], languageId: GapLanguage): readonly number[] {
  const isScript = languageId === 'typescript' || languageId === 'javascript';
  const excluded = isScript ? SCRIPT_COMMENT_OR_IMPORT : COMMENT_OR_IMPORT;
  const isString = languageId === 'python' ? longStrings(lines) : [];
  return lines.flatMap((line, index) => {
    const { length } = line.trim();
    const tells =
      length >= MIN_CHARACTERS &&
      length <= MAX_CHARACTERS &&
      LETTERS.test(line) &&
      !excluded.test(line) &&
      !isString[index];
    return tells && index >= MIN_LINES_BEFORE ? [index] : [];
  });
}

/** Returns for each Python line whether a triple-quoted string touches it. Most of these are documentation. */
function longStrings(lines: readonly string[]): readonly boolean[] {
  let open: string | undefined;
  return lines.map((line) => {
    let touched = open !== undefined;
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      touched = true;
      if (open === undefined) open = mark;
      else if (open === mark) open = undefined;
    }
    return touched;
  });
}
