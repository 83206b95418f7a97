import type { SourceFile } from './sourceFile.ts';

/** A place in a file whose lines a model is asked to fill. */
export interface FillWindow {
  readonly path: string;
  readonly prefix: string;
  /** Whole lines. The last line break belongs to the suffix. */
  readonly middle: string;
  readonly suffix: string;
}

/** The lines of a middle. Each is judged with the lines before it given, as a user accepts them one after the other. */
const MIDDLE_LINES = 12;
/** The lines of a file per window, so that most of a file is context. */
const LINES_PER_WINDOW = 4 * MIDDLE_LINES;
const LEAST_LINES = 8;
/** Longer middles are data rather than code, and might not fit a context. */
const MAX_MIDDLE_UNITS = 2_000;

/**
 * Returns at most `count` windows of the files, taken from all files in turn and evenly over each. The same files give
 * the same windows.
 */
export function fillWindows(files: readonly SourceFile[], count: number): readonly FillWindow[] {
  const byFile = files.map(windowsOf).filter((windows) => windows.length > 0);
  const most = Math.max(0, ...byFile.map((windows) => windows.length));
  const rounds = Array.from({ length: most }, (_, round) => byFile.flatMap((windows) => windows[round] ?? []));
  return rounds.flat().slice(0, count);
}

function windowsOf({ path, text }: SourceFile): readonly FillWindow[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  if (lines.length < LEAST_LINES) return [];
  const count = Math.max(1, Math.floor(lines.length / LINES_PER_WINDOW));
  return Array.from({ length: count }, (_, index) => {
    const place = Math.floor(((index + 0.5) * lines.length) / count);
    const start = Math.max(1, Math.min(place, lines.length - MIDDLE_LINES));
    const end = Math.min(lines.length, start + MIDDLE_LINES);
    const middle = lines.slice(start, end).join('\n');
    return {
      path,
      prefix: `${lines.slice(0, start).join('\n')}\n`,
      middle,
      suffix: end < lines.length ? `\n${lines.slice(end).join('\n')}` : '',
    };
  }).filter(({ middle }) => middle.trim() !== '' && middle.length <= MAX_MIDDLE_UNITS);
}
