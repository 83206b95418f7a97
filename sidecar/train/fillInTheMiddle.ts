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

/** Cuts a gap into a text as an editor's cursor meets it: a whole line, a few, or the rest of one. `undefined` for a text of less than two lines. */
export function cutGap(text: string, random: Random, kind: GapKind = KINDS[random.below(KINDS.length)] as GapKind): Gap | undefined {
  const lines = lineStarts(text);
  if (lines.length < 2) return undefined;
  const line = random.below(lines.length);
  const lineStart = lines[line] as number;
  const lineEnd = lines[line + 1] ?? text.length;
  switch (kind) {
    case 'line':
      return gap(text, lineStart, lineEnd);
    case 'block':
      return gap(text, lineStart, lines[line + 2 + random.below(MAX_BLOCK_LINES - 1)] ?? text.length);
    case 'mid-line': {
      const contentEnd = text[lineEnd - 1] === '\n' ? lineEnd - 1 : lineEnd;
      return gap(text, lineStart + random.below(contentEnd - lineStart + 1), contentEnd);
    }
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
