import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ThreadGovernor } from '../../../../../sidecar/models/chorus/network/threadGovernor.ts';

/** Records tokens whose duration depends on the number of threads. Returns how many ran with each number. */
function run(
  governor: ThreadGovernor,
  tokens: number,
  timeMs: (threads: number, token: number) => number,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (let token = 0; token < tokens; token++) {
    const threads = governor.threads;
    counts.set(threads, (counts.get(threads) ?? 0) + 1);
    governor.record(timeMs(threads, token));
  }
  return counts;
}

describe('ThreadGovernor', () => {
  const idle = (threads: number): number => 20 / threads;
  const busy = (threads: number): number => (threads === 4 ? 60 : 12);

  for (const [what, timeMs] of [
    ['on an idle machine', idle],
    [
      'if tokens become slower in a longer context',
      (threads: number, token: number): number => (20 + token / 100) / threads,
    ],
  ] as const) {
    it(`uses all threads ${what}, except in a few trials`, () => {
      const counts = run(new ThreadGovernor(4), 2_000, timeMs);
      assert.ok((counts.get(3) ?? 0) <= 12, String(counts.get(3)));
    });
  }

  it('finds the best number on a machine that is busy from the start', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 40, busy);
    assert.equal(governor.threads, 3);
  });

  it('finds the best number if the first token with it is slow', () => {
    const governor = new ThreadGovernor(4);
    let before = 4;
    run(governor, 60, (threads) => {
      const isFirst = threads !== before;
      before = threads;
      return isFirst ? 100 : busy(threads);
    });
    assert.equal(governor.threads, 3);
  });

  it('uses one thread less on busy cores if that is faster', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 100, idle);
    const counts = run(governor, 100, busy);
    assert.equal(governor.threads, 3);
    assert.ok((counts.get(3) ?? 0) > 60, String(counts.get(3)));
  });

  it('uses one thread less after a few very slow tokens, even if that did not help before', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 3_000, idle);
    const counts = run(governor, 15, (threads) => (threads === 4 ? 2_000 : 20));
    assert.equal(governor.threads, 3);
    assert.ok((counts.get(4) ?? 0) <= 4, String(counts.get(4)));
  });

  it('uses all threads again once the cores are free', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 100, idle);
    run(governor, 100, busy);
    run(governor, 600, idle);
    assert.equal(governor.threads, 4);
  });

  it('uses all threads if single tokens are slow', () => {
    const counts = run(
      new ThreadGovernor(4),
      2_000,
      (threads, token) => (token % 7 === 0 ? 30 : 10) + (threads === 4 ? 0 : 2),
    );
    assert.ok((counts.get(3) ?? 0) <= 24, String(counts.get(3)));
  });

  it('tries each number with one evaluation if evaluations are long', () => {
    const governor = new ThreadGovernor(4, 1);
    const counts = run(governor, 5, idle);
    assert.equal(counts.get(3), 1);
    assert.equal(governor.threads, 4);
    run(governor, 40, busy);
    assert.equal(governor.threads, 3);
  });

  it('tries less and less often if it does not help', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 50, idle);
    const counts = run(governor, 1_000, () => 50);
    assert.equal(governor.threads, 4);
    assert.ok((counts.get(3) ?? 0) <= 24, String(counts.get(3)));
  });

  it('never uses less than one thread', () => {
    assert.deepEqual([...run(new ThreadGovernor(1), 100, (_threads, token) => token)], [[1, 100]]);
  });

  it('uses half the threads while it is quiet', () => {
    const governor = new ThreadGovernor(5);
    governor.isQuiet = true;
    assert.deepEqual([...run(governor, 100, idle).keys()], [3]);
    governor.isQuiet = false;
    assert.equal(governor.threads, 5);
  });
});
