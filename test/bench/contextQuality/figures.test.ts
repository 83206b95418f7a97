import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choicesForQuestions } from './choices.ts';
import { continuationFigure, groupFigures, shareFigure, type Outcome } from './figures.ts';
import { qualityReport } from './report.ts';

const outcomes = (group: string, rights: readonly boolean[]): readonly Outcome[] =>
  rights.map((isRight, index) => ({ id: `${group} ${index}`, group, isRight }));
const full = [...outcomes('python', [true, true, true, false]), ...outcomes('prose', [true, false, false, false])];

describe('shareFigure', () => {
  it('counts groups of which the full cache knows at least 60 %', () => {
    assert.deepEqual(groupFigures(full), [
      { group: 'python', questions: 4, share: 0.75, counts: true },
      { group: 'prose', questions: 4, share: 0.25, counts: false },
    ]);
  });

  it('compares the same questions of counting groups', () => {
    const own = [...outcomes('python', [true, false, true, false]), ...outcomes('prose', [true, true, true, true])];
    const figure = shareFigure('snapkv:64', own, full);
    assert.deepEqual(
      [figure?.cache, figure?.questions, figure?.share, figure?.difference],
      ['snapkv:64', 4, 0.5, -0.25],
    );
    const half = shareFigure('snapkv:64', own.slice(0, 2), full);
    assert.deepEqual([half?.questions, half?.share, half?.difference], [2, 0.5, -0.5]);
  });

  it('returns undefined if both share no counting question', () => {
    assert.equal(shareFigure('snapkv:64', outcomes('prose', [true]), full), undefined);
    assert.equal(shareFigure('snapkv:64', [], full), undefined);
  });
});

describe('continuationFigure', () => {
  const nats = (values: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
    new Map(Object.entries(values));

  it('returns the share of the gain, over places that were measured in all ways', () => {
    const figure = continuationFigure('snapkv:64', nats({ a: 1.5, b: 1.25, c: 9 }), {
      none: nats({ a: 2, b: 2 }),
      full: nats({ a: 1, b: 1, c: 1 }),
    });
    assert.equal(figure?.places, 2);
    assert.equal(figure.shareOfGain, (2 - 1.375) / (2 - 1));
    assert.equal(figure.perplexity, Math.exp(1.375));
    assert.equal(figure.moreThanFull.mean, 0.375);
  });
});

describe('qualityReport', () => {
  const [choice] = choicesForQuestions(2_048).filter(({ selector, divisor }) => selector === 'snapkv' && divisor === 8);
  const nothing = { groups: [], choices: [] };
  const report = (own: readonly Outcome[], cache: string): string => {
    const figure = shareFigure(cache, own, full);
    const recall = { groups: groupFigures(full), choices: figure ? [figure] : [] };
    return qualityReport([
      {
        model: 'A model',
        figures: { recall, needle: nothing, continuation: { places: 0, perplexity: undefined, choices: [] } },
      },
    ]);
  };

  it('shows a choice in the row of its selector and the column of its share, with the difference and its interval', () => {
    const line = report(outcomes('python', [true, false, true, false]), choice?.cache as string)
      .split('\n')
      .find((text) => text.startsWith('| `snapkv`')) as string;
    const cells = line.split(' | ');
    assert.match(cells[3] as string, /^50\.0 %, −25\.0 \(−\d+\.\d to \+\d+\.\d\)$/);
    assert.ok(
      cells.every((cell, index) => index === 0 || index === 3 || /^ ?\|?$/.test(cell)),
      line,
    );
  });

  it('shows other caches by their names', () =>
    assert.match(
      report(outcomes('python', [true, false]), 'tiered:64,block=0'),
      /\| `tiered:64,block=0` \| 50\.0 %, −50\.0 /,
    ));

  it('marks questions that do not count, and too few questions', () => {
    const text = report(outcomes('python', [true]), choice?.cache as string);
    assert.match(
      text,
      /python 75\.0 % of 4, prose 25\.0 % of 4 \(below 60 %: does not count\)\. These are fewer than 200 questions/,
    );
  });
});
