import { meanWeight, type WeightedPart, type WeightedText } from '../common/weightedText.ts';
import generalLessons from './generalLessons.json' with { type: 'json' };
import type { LineRange } from './recentLines.ts';
import type { TrainingFile } from './sourceFile.ts';

/**
 * How often recent code comes in each epoch. A tenth of the code is recent, so that more than a third of a workspace's
 * part is.
 */
const RECENT_WEIGHT = 5;
/** The share of code that belongs to no workspace, so that nothing else gets worse. */
const GENERAL_SHARE = 0.05;

/**
 * Returns the texts of a training. Recent code comes more often than the rest, and all code comes. A twentieth are
 * programs in thirteen languages that were written for this. They are not the programs of `generalNats`.
 */
export function trainingTexts(files: readonly TrainingFile[]): readonly WeightedText[] {
  const own = files.map(({ text, recent = [] }) => ({ text, parts: recentParts(text, recent) }));
  const ownUnits = own.reduce((sum, { text, parts }) => sum + text.length * meanWeight(parts, 0, text.length), 0);
  const general = generalLessons.map(({ lines }) => `${lines.join('\n')}\n`);
  const generalUnits = general.reduce((sum, text) => sum + text.length, 0);
  const weight = ((GENERAL_SHARE / (1 - GENERAL_SHARE)) * ownUnits) / generalUnits;
  return [...own, ...general.map((text) => ({ text, parts: [{ start: 0, end: text.length, weight }] }))];
}

function recentParts(text: string, recent: readonly LineRange[]): readonly WeightedPart[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const startOf = (line: number): number => starts[line] ?? text.length;
  return recent.map(({ start, end }) => ({ start: startOf(start), end: startOf(end), weight: RECENT_WEIGHT }));
}
