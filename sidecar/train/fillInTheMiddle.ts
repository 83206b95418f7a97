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
 * Cuts a gap into a text as an editor's cursor meets it: a whole line, a few, or the rest of one. The break of the last line stays with the suffix.
 * `undefined` for a text of less than two lines.
 */
export function cutGap(text: string, random: Random, kind: GapKind = KINDS[random.below(KINDS.length)] as GapKind): Gap | undefined {
  const lines = lineStarts(text);
  if (lines.length < 2) return undefined;
  const line = random.below(lines.length);
  const lineStart = lines[line] as number;
  const endOf = (number: number): number => {
    const end = lines[number + 1] ?? text.length;
    return text[end - 1] === '\n' ? end - 1 : end;
  };
  switch (kind) {
    case 'line':
      return gap(text, lineStart, endOf(line));
    case 'block':
      return gap(text, lineStart, endOf(Math.min(lines.length - 1, line + 1 + random.below(MAX_BLOCK_LINES - 1))));
    case 'mid-line':
      return gap(text, lineStart + random.below(endOf(line) - lineStart + 1), endOf(line));
  }
}

function gap(text: string, start: number, end: number): Gap {
  // The two halves of a surrogate pair stay together.
  const from = isLowSurrogate(text, start) ? start - 1 : start;
  return { prefix: text.slice(0, from), middle: text.slice(from, end), suffix: text.slice(end) };
}

const isLowSurrogate = (text: string, index: number): boolean => /[\uDC00-\uDFFF]/.test(text[index] ?? '');

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let index = text.indexOf('\n'); index !== -1 && index + 1 < text.length; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
  return starts;
}
