import type { Definition } from './outline.ts';

/** Lines of a file from `startLine` to `endLine`, counted from zero, both inclusive. */
export interface Chunk {
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
}

const TARGET_LINES = 30;
const MAX_LINES = 45;
const MAX_LINE_UNITS = 400;

/** Cuts a text into chunks of about thirty lines: between definitions if they are known, else at blank lines. */
export function cutIntoChunks(text: string, definitions: readonly Definition[] = []): Chunk[] {
  const lines = text.split('\n');
  const starts = new Set(definitions.map(({ startLine }) => startLine));
  const chunks: Chunk[] = [];
  let start = 0;
  for (let line = 1; line <= lines.length; line++) {
    const length = line - start;
    const isEnd = line === lines.length;
    const isGoodCut = starts.has(line) || (starts.size === 0 && (lines[line - 1] ?? '').trim() === '');
    if (
      !isEnd &&
      length < MAX_LINES &&
      !(isGoodCut && length >= TARGET_LINES / 2 && nextCut(line, lines, starts) - start > TARGET_LINES)
    )
      continue;
    const piece = lines
      .slice(start, line)
      .map((each) => each.slice(0, MAX_LINE_UNITS))
      .join('\n')
      .trimEnd();
    if (piece.trim() !== '') chunks.push({ startLine: start, endLine: line - 1, text: piece });
    start = line;
  }
  return chunks;
}

/** Returns the next good place for a cut behind `line`. */
function nextCut(line: number, lines: readonly string[], starts: ReadonlySet<number>): number {
  for (let next = line + 1; next < lines.length; next++)
    if (starts.has(next) || (starts.size === 0 && (lines[next - 1] ?? '').trim() === '')) return next;
  return lines.length;
}
