import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdleBudget } from '../../../../sidecar/completion/ahead/idleBudget.ts';

describe('IdleBudget', () => {
  it('begins with a minute, which may be spent at once', () => {
    const budget = new IdleBudget(() => 0);
    assert.equal(budget.allowanceMs(), 60_000);
    budget.spend(60_000);
    assert.equal(budget.allowanceMs(), 0);
  });

  it('grows by a fifth of the time, however often it is read', () => {
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

  it('saves no more than a minute, and allows nothing until an overdraft is made up for', () => {
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
