import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LearningOutcome } from './outcomes.ts';
import { learningTable } from './table.ts';

const fills = (nats: number, filled: number): LearningOutcome['fills'][keyof LearningOutcome['fills']] =>
  ['a', 'b'].map((path) => ({ path, nats, filled, tokens: 100, lines: 10 }));

const outcome: LearningOutcome = {
  date: '2026-01-01',
  machine: 'a machine',
  node: 'v20',
  commit: 'abc',
  repository: 'shop',
  begun: '2025-01-08',
  model: 'small',
  trainedTokens: 50_000,
  trainingMinutes: 31.4,
  files: { training: 9, heldOut: 1 },
  fills: {
    base: fills(200, 2),
    'base + context': fills(180, 3),
    expert: fills(170, 3),
    'expert + context': fills(162, 4),
  },
  general: { natsBefore: 2, natsAfter: 2.008 },
};

describe('table of learnt repositories', () => {
  it('has nats per token and the share of filled lines by arm, and what learning adds', () => {
    assert.equal(
      learningTable([outcome]).split('\n').at(-1),
      '| shop, small | 2 | 2.000, 20.0 % | 1.800, 30.0 % | 1.700, 30.0 % | 1.620, 40.0 % | −10.0 % ± 0.0 | +10.0 ± 0.0 | 2025-01-08 | 50,000 | 31 | +0.4 % |',
    );
  });

  it('sums up several repositories by windows', () => {
    const worse = { ...outcome, repository: 'other', fills: { ...outcome.fills, 'expert + context': fills(180, 3) } };
    assert.match(learningTable([outcome, worse]).split('\n').at(-1) ?? '', /^\| \*\*all\*\* \| 4 \| .* −5\.0 % ± /);
  });
});
