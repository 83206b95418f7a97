import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChoiceSchedule, tierRows } from '../../../../../sidecar/models/chorus/tiers/choiceSchedule.ts';
import type { TierOptions } from '../../../../../sidecar/models/chorus/tiers/tierOptions.ts';

const options: TierOptions = {
  capacity: 32,
  pageRows: 8,
  meanRows: 1,
  window: 24,
  refreshTokens: 2,
  queries: 4,
  refreshQueries: 1,
  blockTokens: 0,
  togetherTokens: 1,
  cacheType: 'F16',
};
/** The first length at which a choice leaves rows out. */
const FIRST = 89;

describe('ChoiceSchedule', () => {
  /** Returns the heads and the number of queries that choose, for each token of an answer. */
  function choosing(schedule: ChoiceSchedule, from: number, count: number): string {
    return Array.from({ length: count }, (_, index) => {
      const due = schedule.dueAt(from + index);
      schedule.made(due.choice);
      return `${due.choosing[0]}${due.queries}`;
    }).join(' ');
  }

  it('has all heads choose every few tokens, and more queries where an answer begins', () => {
    assert.equal(choosing(new ChoiceSchedule(options, false), 150, 7), 'a4 n0 a1 n0 a1 n0 a1');
    assert.equal(choosing(new ChoiceSchedule({ ...options, refreshTokens: 1 }, false), 150, 4), 'a4 a1 a1 a1');
  });

  it('has some heads choose every few tokens, and all at the first choice after more', () => {
    const some = { ...options, refreshedHeads: { percent: 50, othersTokens: 5 } };
    assert.equal(choosing(new ChoiceSchedule(some, true), 150, 9), 'a4 n0 s1 n0 s1 n0 a1 n0 s1');
    assert.equal(choosing(new ChoiceSchedule({ ...some, refreshTokens: 1 }, true), 150, 7), 'a4 s1 s1 s1 s1 a1 s1');
    assert.equal(
      choosing(new ChoiceSchedule(some, false), 150, 5),
      'a4 n0 a1 n0 a1',
      'all choose if it is unknown which heads need it',
    );
  });

  it('begins the window on a page, and keeps it there until all choose', () => {
    const schedule = new ChoiceSchedule(
      { ...options, refreshTokens: 1, refreshedHeads: { percent: 50, othersTokens: 16 } },
      true,
    );
    const starts = Array.from({ length: 34 }, (_, index) => {
      const { choice } = schedule.dueAt(150 + index);
      schedule.made(choice);
      return choice.windowStart;
    });
    assert.deepEqual(starts, [...Array<number>(16).fill(120), ...Array<number>(16).fill(136), 152, 152]);
  });

  it('chooses once a choice leaves rows out', () => {
    const schedule = new ChoiceSchedule(options, false);
    assert.deepEqual([schedule.isWorthwhile(FIRST - 1), schedule.isWorthwhile(FIRST)], [false, true]);
    assert.deepEqual(
      [80, FIRST - 1, FIRST].map((length) => schedule.tokensBeforeChoice(length)),
      [9, 1, 0],
    );
  });

  it('chooses again after a truncation before the last choice, and after a restart', () => {
    const schedule = new ChoiceSchedule({ ...options, refreshTokens: 4 }, false);
    choosing(schedule, 150, 5);
    assert.deepEqual(
      [155, 157, 158, 160].map((length) => schedule.tokensBeforeChoice(length)),
      [3, 1, 0, 0],
    );
    schedule.truncated(154);
    assert.equal(schedule.dueAt(156).choosing, 'none');
    schedule.truncated(153);
    assert.deepEqual([schedule.dueAt(153).queries, schedule.tokensBeforeChoice(153)], [4, 0]);
    choosing(schedule, 150, 5);
    schedule.restart();
    assert.equal(schedule.dueAt(155).queries, 4);
  });
});

describe('tierRows', () => {
  for (const { refreshTokens, othersTokens, appended } of [
    { refreshTokens: 1, othersTokens: undefined, appended: 1 },
    { refreshTokens: 600, othersTokens: undefined, appended: 600 },
    { refreshTokens: 1, othersTokens: 700, appended: 700 },
    { refreshTokens: 300, othersTokens: 301, appended: 600 },
  ]) {
    it(`hold the tokens until all heads choose again: every ${refreshTokens} tokens${othersTokens ? `, others after ${othersTokens}` : ''}`, () => {
      const own = {
        ...options,
        refreshTokens,
        refreshedHeads: othersTokens === undefined ? undefined : { percent: 50, othersTokens },
      };
      const schedule = new ChoiceSchedule(own, othersTokens !== undefined);
      let most = 0;
      for (let length = 150; length < 2_000; length++) {
        const { choice } = schedule.dueAt(length);
        schedule.made(choice);
        most = Math.max(most, length + 1 - choice.windowStart);
      }
      assert.ok(
        most >= options.window + appended && options.capacity + most <= tierRows(own),
        `${most} rows besides the chosen rows, of ${tierRows(own)}`,
      );
      assert.ok(tierRows(own) < options.capacity + most + 256 + options.pageRows);
    });
  }
});
