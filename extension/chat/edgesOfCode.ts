import { firstLineOf, type CodeUnit } from './codeUnits.ts';

/**
 * Comments and the like that stand for what stood in their place, whatever they say; two in three quotes are one
 * text's.
 */
const REPLACED = /^(?:\/\*|\/\/\/|@|#\[|[a-zA-Z]?(?:"""|'''))/;

/**
 * Where code in a file begins with what stands above it, as far as a block has the same above its own (`above`: its
 * parts up to the code), or another version: comments, decorators, lines for the preprocessor. `units` are the file's
 * parts.
 */
export function startOfHead(
  file: readonly string[],
  units: readonly CodeUnit[],
  block: readonly string[],
  above: readonly CodeUnit[],
  start: number,
): number {
  const direct = above.slice(above.findLastIndex(({ kind }) => kind !== 'head') + 1);
  const known = new Set(block.slice(0, firstLineOf(block)).map((line) => line.trim()));
  let first = start;
  for (;;) {
    const line = file.findLastIndex((each, index) => index < first && each.trim() !== '');
    const unit = units.find(({ kind, end }) => kind === 'head' && end === line + 1);
    const opening = REPLACED.exec(unit?.text ?? '')?.[0];
    const isAtIt = line + 1 === first || /["']/.test(opening ?? '');
    const isOther = opening !== undefined && isAtIt && direct.some(({ text }) => text.startsWith(opening));
    if (unit && (isOther || above.some(({ text }) => text === unit.text))) first = unit.start;
    else if (!unit && /^\s*#/.test(file[line] ?? '') && known.has(file[line]?.trim() ?? '')) first = line;
    else return first;
  }
}

/**
 * Where code in a file ends with the lines below it that the block ends with as well, and that begin no part: a
 * comment, an `#endif`.
 */
export function endOfTail(
  file: readonly string[],
  block: readonly string[],
  parts: readonly CodeUnit[],
  end: number,
): number {
  let last = end;
  for (const line of block.slice(parts.findLast(({ kind }) => kind !== 'head')?.end ?? block.length)) {
    if (line.trim() === '') continue;
    const below = file.findIndex((each, index) => index >= last && each.trim() !== '');
    if (below < 0 || file[below]?.trim() !== line.trim()) return last;
    last = below + 1;
  }
  return last;
}
