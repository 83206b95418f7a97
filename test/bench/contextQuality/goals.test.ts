import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choicesForContinuation, choicesForQuestions, type Divisor } from './choices.ts';
import type { ContinuationFigure, ShareFigure } from './figures.ts';
import { goalLines } from './goals.ts';
import type { QualityFigures } from './figures.ts';

const cacheOf = (choices: ReturnType<typeof choicesForContinuation>, divisor: Divisor): string =>
  choices.find((choice) => choice.selector === 'tiered' && choice.divisor === divisor)?.cache as string;
const asked = (divisor: Divisor, difference: number, differenceInterval: readonly [number, number]): ShareFigure => ({
  cache: cacheOf(choicesForQuestions(2_048), divisor),
  questions: 240,
  share: 0.9,
  interval: [0, 1],
  difference,
  differenceInterval,
});
const continued = (divisor: Divisor, shareOfGain: number): ContinuationFigure => ({
  cache: cacheOf(choicesForContinuation(), divisor),
  places: 200,
  perplexity: 4,
  shareOfGain,
  shareError: 0.094,
  moreThanFull: { mean: 0, standardError: 0, count: 200 },
});
const figures = (recall: readonly ShareFigure[], continuation: readonly ContinuationFigure[]): QualityFigures => ({
  recall: { groups: [], choices: recall },
  needle: { groups: [], choices: [] },
  continuation: { places: 200, perplexity: { none: 5, full: 4 }, choices: continuation },
});

describe('goalLines', () => {
  it('are met if questions lose nothing measurable at a sixteenth and three points at a thirty-second, and code keeps its gain', () => {
    assert.deepEqual(
      goalLines(
        figures(
          [asked(16, -0.02, [-0.06, 0.01]), asked(32, -0.03, [-0.07, -0.01])],
          [continued(16, 0.9), continued(32, 0.76)],
        ),
      ),
      [
        '| questions asked later, 1/16 | no measurable loss | −2.0 (−6.0 to +1.0) | met |',
        '| questions asked later, 1/32 | at most 3 points less | −3.0 (−7.0 to −1.0) | met |',
        '| continuing code, 1/16 | ≥ 90 % of the gain | 90 % ± 9 | met |',
        '| continuing code, 1/32 | ≥ 75 % of the gain | 76 % ± 9 | met |',
      ],
    );
  });

  it('are missed otherwise, whatever the error', () => {
    const lines = goalLines(
      figures(
        [asked(16, -0.05, [-0.08, -0.02]), asked(32, -0.031, [-0.07, 0.01])],
        [continued(16, 0.89), continued(32, 0.74)],
      ),
    );
    assert.deepEqual(
      lines.map((line) => line.endsWith('| missed |')),
      [true, true, true, true],
    );
  });

  it('are those of the measured tasks', () => assert.deepEqual(goalLines(figures([], [])), []));
});
