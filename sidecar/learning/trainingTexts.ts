import type { WeightedPart, WeightedText } from '../common/weightedText.ts';
import type { LineRange } from './recentLines.ts';
import type { TrainingFile } from './sourceFile.ts';

/**
 * How often recent code comes in each epoch. A tenth of the code is recent, so that more than a third of
 * the pieces are.
 */
const RECENT_WEIGHT = 5;

/** Returns the texts of a training. Recent code comes more often than the rest, and all code comes. */
export function trainingTexts(files: readonly TrainingFile[]): readonly WeightedText[] {
  return files.map(({ text, recent = [] }) => ({ text, parts: recentParts(text, recent) }));
}

function recentParts(text: string, recent: readonly LineRange[]): readonly WeightedPart[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const startOf = (line: number): number => starts[line] ?? text.length;
  return recent.map(({ start, end }) => ({ start: startOf(start), end: startOf(end), weight: RECENT_WEIGHT }));
}
