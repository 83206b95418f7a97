import { firstLineOf, type CodeUnit } from './codeUnits.ts';

/**
 * Beginnings of heads that replace an old head of the same kind, whatever their text. Two triple-quoted strings belong
 * to one text.
 */
const REPLACED = /^(?:\/\*|\/\/\/|@|#\[|[a-zA-Z]?(?:"""|'''))/;

/**
 * Returns the start of code in a file including the comments, decorators and preprocessor lines above it. A line above
 * counts if the block has the same line above its own code, or another version of it. The block's parts before the code
 * are in `above`, the file's parts in `units`.
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
 * Returns the end of code in a file including the lines below it that also end the block. Such lines begin no part: a
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
