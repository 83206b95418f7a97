import { snapBack } from '../../common/unicode.ts';
import type { Random } from './random.ts';

/** A text with a gap: `prefix + middle + suffix`. */
export interface Gap {
  readonly prefix: string;
  readonly middle: string;
  readonly suffix: string;
}

export type GapKind = 'line' | 'block' | 'mid-line';

const KINDS: readonly GapKind[] = ['line', 'block', 'mid-line'];
const MAX_BLOCK_LINES = 8;
/**
 * A gap starts at the last of this many random lines. So three quarters of a text precede it on average, as prompts
 * have three times as much text before the cursor as behind it.
 */
const DRAWN_LINES = 3;

/**
 * Cuts a gap into a text where an editor's cursor might be. A gap is a whole line that is not empty, several lines from
 * such a line on, or the rest of a line behind its indentation.
 *
 * The last line break stays with the suffix. Returns `undefined` for a text of less than two lines, or without a
 * suitable line.
 */
export function cutGap(
  text: string,
  random: Random,
  kind: GapKind = KINDS[random.below(KINDS.length)] as GapKind,
): Gap | undefined {
  const lines = linesOf(text);
  const written = lines.filter(({ start, end }) => text.slice(start, end).trim() !== '');
  if (lines.length < 2 || written.length === 0) return undefined;
  const drawn = Math.max(...Array.from({ length: DRAWN_LINES }, () => random.below(written.length)));
  const line = written[drawn] as Line;
  switch (kind) {
    case 'line':
      return gap(text, line.start, line.end);
    case 'block':
      return gap(
        text,
        line.start,
        (lines[Math.min(lines.length - 1, line.number + 1 + random.below(MAX_BLOCK_LINES - 1))] as Line).end,
      );
    case 'mid-line': {
      const visible = text.slice(line.start, line.end).search(/\S/);
      return gap(text, line.start + visible + random.below(line.end - line.start - visible), line.end);
    }
  }
}

function gap(text: string, start: number, end: number): Gap {
  const from = snapBack(text, start);
  return { prefix: text.slice(0, from), middle: text.slice(from, end), suffix: text.slice(end) };
}

interface Line {
  readonly number: number;
  readonly start: number;
  /** Before its line break. */
  readonly end: number;
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length;) {
    const lineBreak = text.indexOf('\n', start);
    const end = lineBreak === -1 ? text.length : lineBreak;
    lines.push({ number: lines.length, start, end });
    start = end + 1;
  }
  return lines;
}
