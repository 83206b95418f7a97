import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gainOf, heldOutFigures, judge } from '../../../sidecar/learning/adoption.ts';
import type { FillScore } from '../../../sidecar/learning/measureFills.ts';

const GENERAL = { natsBefore: 1, natsAfter: 1.004 };

/** Scores of windows of 100 tokens and ten lines each. */
function scores(...given: readonly (readonly [nats: number, filled: number])[]): readonly FillScore[] {
  return given.map(([nats, filled], index) => ({ path: `file${index >> 1}`, nats, filled, tokens: 100, lines: 10 }));
}

const before = scores([200, 2], [180, 3], [210, 2], [190, 4], [205, 1], [195, 3]);
const better = scores([170, 4], [160, 4], [180, 3], [160, 6], [180, 2], [165, 5]);

describe('adoption of an expert', () => {
  it('needs better lines and nats than their errors', () => {
    assert.deepEqual(judge(before, better, GENERAL), { adopted: true });
  });

  it('is refused if nats improve within their error', () => {
    const uneven = better.map((score, index) => ({
      ...score,
      nats: (before[index]?.nats ?? 0) + (index % 2 ? 60 : -62),
    }));
    const { adopted, reason, refusal } = judge(before, uneven, GENERAL);
    assert.deepEqual([adopted, refusal], [false, 'held-out-code']);
    assert.match(reason ?? '', /nats per token likelier, which is within the error/);
  });

  it('is refused if no more lines are filled', () => {
    const { adopted, reason, refusal } = judge(
      before,
      better.map((score, index) => ({ ...score, filled: before[index]?.filled ?? 0 })),
      GENERAL,
    );
    assert.deepEqual([adopted, refusal], [false, 'held-out-lines']);
    assert.match(reason ?? '', /^0\.000 ± 0\.000 % more held-out lines/);
  });

  it('is refused if general code gets more than half a percent worse', () => {
    const { adopted, reason, refusal } = judge(before, better, { natsBefore: 1, natsAfter: 1.006 });
    assert.deepEqual([adopted, refusal], [false, 'general-code']);
    assert.equal(reason, 'General code takes 0.60 % more nats, and at most 0.5 % are allowed.');
  });

  it('is refused if general code can no longer be measured', () => {
    assert.equal(judge(before, better, { natsBefore: 1, natsAfter: NaN }).adopted, false);
  });

  it('is refused with too few places to tell', () => {
    const { adopted, reason, refusal } = judge(before.slice(0, 3), better.slice(0, 3), GENERAL);
    assert.deepEqual([adopted, refusal], [false, 'few-places']);
    assert.match(reason ?? '', /There are 3 places in held-out files, and 4 are needed/);
  });
});

describe('figures of held-out code', () => {
  it('are sums over all windows', () => {
    assert.deepEqual(heldOutFigures(before, better), {
      files: 3,
      natsBefore: 1180 / 600,
      natsAfter: 1015 / 600,
      lines: 60,
      linesBefore: 15,
      linesAfter: 24,
    });
  });

  it('have the error of a mean where all windows have one size', () => {
    const { mean, standardError } = gainOf(
      before,
      better,
      ({ filled }) => filled,
      () => 1,
    );
    const differences = [2, 1, 1, 2, 1, 2];
    const average = differences.reduce((sum, each) => sum + each, 0) / 6;
    const variance = differences.reduce((sum, each) => sum + (each - average) ** 2, 0) / 5;
    assert.ok(Math.abs(mean - average) < 1e-12);
    assert.ok(Math.abs(standardError - Math.sqrt(variance / 6)) < 1e-12);
  });
});
