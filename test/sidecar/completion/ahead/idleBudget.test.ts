import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdleBudget } from '../../../../sidecar/completion/ahead/idleBudget.ts';

describe('the time that may be spent ahead of requests', () => {
  it('is a minute at first, all of it at once: the first reading of a workspace helps most', () => {
    const budget = new IdleBudget(() => 0);
    assert.equal(budget.allowanceMs(), 60_000);
    budget.spend(60_000);
    assert.equal(budget.allowanceMs(), 0);
  });

  it('is a fifth of the time after that, however often it is asked for', () => {
    let nowMs = 0;
    let spentMs = 0;
    const budget = new IdleBudget(() => nowMs);
    while (nowMs < 3_600_000) {
      const allowedMs = budget.allowanceMs();
      budget.spend(allowedMs);
      spentMs += allowedMs;
      nowMs += Math.max(500, allowedMs);
    }
    assert.ok(spentMs <= 60_000 + 0.2 * nowMs && spentMs > 59_000 + 0.19 * nowMs, `${spentMs} of ${nowMs}`);
  });

  it('is never more than a minute, however long nothing was spent, and nothing where too much was until that is made up for', () => {
    let nowMs = 0;
    const budget = new IdleBudget(() => nowMs);
    nowMs += 3_600_000;
    assert.equal(budget.allowanceMs(), 60_000);
    budget.spend(80_000);
    nowMs += 100_000;
    assert.equal(budget.allowanceMs(), 0);
    nowMs += 10_000;
    assert.equal(budget.allowanceMs(), 2_000);
  });
});
