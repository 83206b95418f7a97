import { gainOf, type Gain } from '../../../sidecar/learning/adoption.ts';
import type { FillScore } from '../../../sidecar/learning/measureFills.ts';
import { ARMS, type Arm, type LearningOutcome } from './outcomes.ts';

/** Returns a table with a row for each learnt repository, and one for all together. */
export function learningTable(outcomes: readonly LearningOutcome[]): string {
  const rows = outcomes.map((outcome) =>
    row(`${outcome.repository}, ${outcome.model}`, outcome.fills, [
      outcome.begun ?? '–',
      outcome.trainedTokens.toLocaleString('en'),
      outcome.trainingMinutes.toFixed(0),
      percent(outcome.general.natsAfter / outcome.general.natsBefore - 1),
    ]),
  );
  const all = Object.fromEntries(
    ARMS.map((arm) => [arm, outcomes.flatMap(({ fills }) => fills[arm])] as const),
  ) as unknown as LearningOutcome['fills'];
  return [
    `| repository, model | windows | ${ARMS.map((arm) => `${arm}: nats, lines`).join(' | ')} | learning over context: nats | lines, points | first commit | tokens | minutes | general code |`,
    `|---|---:|${'---:|'.repeat(ARMS.length + 6)}`,
    ...rows,
    ...(outcomes.length > 1 ? [row('**all**', all, ['', '', '', ''])] : []),
  ].join('\n');
}

function row(name: string, fills: LearningOutcome['fills'], rest: readonly string[]): string {
  const nats = changeOf(
    fills,
    ({ nats: sum }) => sum,
    ({ tokens }) => tokens,
  );
  const lines = changeOf(
    fills,
    ({ filled }) => filled,
    ({ lines: count }) => count,
  );
  const cells = [
    name,
    fills.base.length,
    ...ARMS.map((arm) => `${natsOf(fills, arm).toFixed(3)}, ${share(fills[arm])}`),
    `${percent(nats.mean / natsOf(fills, 'base + context'))} ± ${(100 * (nats.standardError / natsOf(fills, 'base + context'))).toFixed(1)}`,
    `${signed(100 * lines.mean)} ± ${(100 * lines.standardError).toFixed(1)}`,
    ...rest,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Returns what the expert adds where prompts have other files. */
function changeOf(
  fills: LearningOutcome['fills'],
  value: (score: FillScore) => number,
  size: (score: FillScore) => number,
): Gain {
  return gainOf(fills['base + context'], fills['expert + context'], value, size);
}

const sum = (scores: readonly FillScore[], key: 'nats' | 'tokens' | 'lines' | 'filled'): number =>
  scores.reduce((total, score) => total + score[key], 0);
const natsOf = (fills: LearningOutcome['fills'], arm: Arm): number =>
  sum(fills[arm], 'nats') / sum(fills[arm], 'tokens');
const share = (scores: readonly FillScore[]): string =>
  `${((100 * sum(scores, 'filled')) / sum(scores, 'lines')).toFixed(1)} %`;
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
const percent = (value: number): string => `${signed(100 * value)} %`;
