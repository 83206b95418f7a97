import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GapResult } from './fillGaps.ts';
import type { Gap } from './gaps.ts';
import { gapTable, missingTable } from './gapTables.ts';

const gap = (id: string, group: Gap['group']): Gap => ({
  id,
  group,
  languageId: 'go',
  path: 'a.go',
  prefix: '',
  suffix: '\n',
  expected: 'x',
});
const gaps = [gap('h1', 'HumanEval'), gap('h2', 'HumanEval'), gap('g1', 'Go lines'), gap('g2', 'Go lines')];

/** Results by gap: whether it was filled, and its nats. */
function results(filled: Readonly<Record<string, readonly [boolean, number]>>): ReadonlyMap<string, GapResult> {
  return new Map(
    Object.entries(filled).map(([id, [exact, nats]]) => [id, { id, exact, exactWhenGuessed: exact, nats, prompt: '' }]),
  );
}

describe('gapTable and missingTable', () => {
  const models = new Map([
    ['published', results({ h1: [true, 2], h2: [false, 6], g1: [true, 3], g2: [true, 1] })],
    ['trimmed', results({ h1: [false, 3], h2: [false, 7], g1: [false, 4] })],
  ]);

  it('count filled gaps, with the difference over gaps that both models have', () => {
    assert.deepEqual(gapTable(models, gaps).markdown.split('\n'), [
      '| | published | trimmed |',
      '|---|---:|---:|',
      '| HumanEval | 50.0 % | 0.0 % (−50.0 ± 50.0) |',
      '| Go lines | 100.0 % | 0.0 % of 1 (−100.0 ± 0.0) |',
    ]);
  });

  it('give the nats of the missing text', () => {
    const { markdown, figures } = missingTable(models, gaps);
    assert.deepEqual(markdown.split('\n').slice(2), [
      '| HumanEval | 4.00 | 5.00 (+1.00 ± 0.00) |',
      '| Go lines | 2.00 | 4.00 of 1 (+1.00 ± 0.00) |',
    ]);
    assert.deepEqual((figures as Record<string, object>)['published'], {
      HumanEval: { mean: 4, count: 2 },
      'Go lines': { mean: 2, count: 2 },
    });
  });

  it('mark missing results', () => {
    assert.deepEqual(
      gapTable(new Map([['a', results({ h1: [true, 1] })]]), gaps)
        .markdown.split('\n')
        .slice(2),
      ['| HumanEval | 100.0 % of 1 |', '| Go lines | – |'],
    );
  });
});
