import { choicesForContinuation, choicesForQuestions, type Choice, type Divisor } from './choices.ts';
import type { QualityFigures } from './figures.ts';
import { points } from '../signed.ts';
import { LENGTH_TOKENS } from './tasks.ts';

/** The minimum share of the context's gain that should remain. */
const GAIN_GOALS: readonly { readonly divisor: Divisor; readonly share: number }[] = [
  { divisor: 16, share: 0.9 },
  { divisor: 32, share: 0.75 },
];
/** The maximum loss of questions asked later at a thirty-second. */
const MAX_LOSS = 0.03;
/** The rounding error of a difference of two shares. */
const ROUNDING = 1e-9;

/**
 * Returns table lines with the goals for choosing again at each request, the measured values, and whether they meet the
 * goals.
 */
export function goalLines({ recall, continuation }: QualityFigures): readonly string[] {
  const asked = (
    divisor: Divisor,
    goal: string,
    isMet: (figure: { readonly difference: number; readonly differenceInterval: readonly [number, number] }) => boolean,
  ): readonly string[] => {
    const figure = figureOf(choicesForQuestions(LENGTH_TOKENS), recall.choices, divisor);
    return figure
      ? [
          line(
            `questions asked later, 1/${divisor}`,
            goal,
            `${points(figure.difference)} (${figure.differenceInterval.map(points).join(' to ')})`,
            isMet(figure),
          ),
        ]
      : [];
  };
  const continued = GAIN_GOALS.flatMap(({ divisor, share }) => {
    const figure = figureOf(choicesForContinuation(), continuation.choices, divisor);
    if (!figure) return [];
    const { shareOfGain, shareError } = figure;
    return [
      line(
        `continuing code, 1/${divisor}`,
        `≥ ${percent(share)} of the gain`,
        `${percent(shareOfGain)} ± ${(100 * shareError).toFixed(0)}`,
        shareOfGain >= share,
      ),
    ];
  });
  return [
    ...asked(16, 'no measurable loss', ({ differenceInterval: [, high] }) => high >= 0),
    ...asked(32, `at most ${100 * MAX_LOSS} points less`, ({ difference }) => difference >= -MAX_LOSS - ROUNDING),
    ...continued,
  ];
}

function figureOf<Figure extends { readonly cache: string }>(
  choices: readonly Choice[],
  figures: readonly Figure[],
  divisor: Divisor,
): Figure | undefined {
  const choice = choices.find((candidate) => candidate.selector === 'tiered' && candidate.divisor === divisor);
  return figures.find(({ cache }) => cache === choice?.cache);
}

const line = (what: string, goal: string, measured: string, isMet: boolean): string =>
  `| ${what} | ${goal} | ${measured} | ${isMet ? 'met' : 'missed'} |`;
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
