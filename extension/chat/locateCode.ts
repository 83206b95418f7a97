/** A stretch of whole lines, zero-based, `end` not included. */
export interface LineSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Where in a file a block of code from an answer belongs: the lines that it is a new version of. They are found by the block's first
 * line standing in the file and the last line that both share after it. `undefined` when the file has no such place, or several.
 */
export function locateCode(fileText: string, code: string): LineSpan | undefined {
  const file = fileText.split(/\r?\n/).map((line) => line.trim());
  const block = code.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
  const anchorIndex = block.findIndex(isTelling);
  const anchor = block[anchorIndex];
  if (anchor === undefined || anchorIndex > 0 && !block.slice(0, anchorIndex).every((line) => !isTelling(line))) return undefined;
  const starts = file.flatMap((line, index) => (sameDeclaration(line, anchor) ? [index] : []));
  if (starts.length !== 1) return undefined;
  const start = starts[0] ?? 0;
  const end = endOfBlock(fileText.split(/\r?\n/), start);
  // Lines such as comments that the block begins with may stand in the file as well.
  let first = start;
  for (let index = anchorIndex - 1; index >= 0 && first > 0 && file[first - 1] === block[index]; index -= 1) first -= 1;
  return { start: first, end };
}

/** A line that names something: not a brace, a comment or a decorator alone. */
function isTelling(line: string): boolean {
  return /[\p{L}_]{2}/u.test(line) && !/^(\/\/|\/\*|\*|#(?!include)|--|@\w+$|"""|''')/.test(line);
}

/** The same line, or the same declared name with other parameters. */
function sameDeclaration(line: string, anchor: string): boolean {
  if (line === anchor) return true;
  const name = declaredName(anchor);
  return name !== undefined && name === declaredName(line);
}

function declaredName(line: string): string | undefined {
  return /^(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+|final\s+|pub(?:\(\w+\))?\s+)*(?:function\*?|class|interface|type|enum|def|func|fn|struct|trait|const|let|var|module|namespace)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(line)?.[1];
}

/** The line after a block that begins at `start`: by indentation, with the closing line that stands at the block's own. */
function endOfBlock(lines: readonly string[], start: number): number {
  const indentation = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;
  const own = indentation(lines[start] ?? '');
  const isWhole = /[;}]\s*$/.test(lines[start] ?? '');
  let hasBody = isWhole || /\{\s*$/.test(lines[start] ?? '');
  let end = start + 1;
  for (let index = start + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    if (indentation(line) > own) end = index + 1;
    else if (indentation(line) === own && isClosing(line)) {
      end = index + 1;
      // `} else {` goes on, `}` ends.
      if (!/[{([]\s*$/.test(line)) return end;
    } else if (indentation(line) === own && !hasBody && /^\s*\{/.test(line)) hasBody = true;
    else if (isWhole || !BETWEEN_PARTS.test(line)) return end;
  }
  return end;
}

/** What stands at a block's own margin inside of it. */
const BETWEEN_PARTS = /^\s*(?:(?:public|private|protected)\s*:|#\s*(?:if|ifdef|ifndef|elif|else|endif)\b)/;

/** Whether a line closes a block; `end` is a name too. */
function isClosing(line: string): boolean {
  return /^\s*(?:[}\])]|end\b(?!\s*(?:[-+*/]?=|:|\()))/.test(line);
}
