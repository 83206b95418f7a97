import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ThreadGovernor } from '../../../../../sidecar/models/chorus/network/threadGovernor.ts';

/** Runs tokens whose time depends on the number of threads; gives how many ran with each. */
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

describe('the number of compute threads', () => {
  const idle = (threads: number): number => 20 / threads;
  const busy = (threads: number): number => (threads === 4 ? 60 : 12);

  for (const [what, timeMs] of [
    ['on a machine that does nothing else', idle],
    [
      'where tokens become slower with the length of the context',
      (threads: number, token: number): number => (20 + token / 100) / threads,
    ],
  ] as const) {
    it(`stays at the most ${what}, but for a few trials`, () => {
      const counts = run(new ThreadGovernor(4), 2_000, timeMs);
      assert.ok((counts.get(3) ?? 0) <= 12, String(counts.get(3)));
    });
  }

  it('is found on a machine that is busy from the start', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 40, busy);
    assert.equal(governor.threads, 3);
  });

  it('is found though the first token with another number is slow', () => {
    const governor = new ThreadGovernor(4);
    let before = 4;
    run(governor, 60, (threads) => {
      const isFirst = threads !== before;
      before = threads;
      return isFirst ? 100 : busy(threads);
    });
    assert.equal(governor.threads, 3);
  });

  it('goes down by one where cores are busy and that is faster', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 100, idle);
    const counts = run(governor, 100, busy);
    assert.equal(governor.threads, 3);
    assert.ok((counts.get(3) ?? 0) > 60, String(counts.get(3)));
  });

  it('goes down after a few tokens where all threads have become hopeless, however often that did not help before', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 3_000, idle);
    const counts = run(governor, 15, (threads) => (threads === 4 ? 2_000 : 20));
    assert.equal(governor.threads, 3);
    assert.ok((counts.get(4) ?? 0) <= 4, String(counts.get(4)));
  });

  it('comes back once the cores are free', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 100, idle);
    run(governor, 100, busy);
    run(governor, 600, idle);
    assert.equal(governor.threads, 4);
  });

  it('stays at the most where a token is slow now and then', () => {
    const counts = run(
      new ThreadGovernor(4),
      2_000,
      (threads, token) => (token % 7 === 0 ? 30 : 10) + (threads === 4 ? 0 : 2),
    );
    assert.ok((counts.get(3) ?? 0) <= 24, String(counts.get(3)));
  });

  it('is tried with one evaluation each where these are long', () => {
    const governor = new ThreadGovernor(4, 1);
    const counts = run(governor, 5, idle);
    assert.equal(counts.get(3), 1);
    assert.equal(governor.threads, 4);
    run(governor, 40, busy);
    assert.equal(governor.threads, 3);
  });

  it('tries ever less often what does not help', () => {
    const governor = new ThreadGovernor(4);
    run(governor, 50, idle);
    const counts = run(governor, 1_000, () => 50);
    assert.equal(governor.threads, 4);
    assert.ok((counts.get(3) ?? 0) <= 24, String(counts.get(3)));
  });

  it('never goes below one thread', () => {
    assert.deepEqual([...run(new ThreadGovernor(1), 100, (_threads, token) => token)], [[1, 100]]);
  });

  it('is half while the machine is to be spared', () => {
    const governor = new ThreadGovernor(5);
    governor.isQuiet = true;
    assert.deepEqual([...run(governor, 100, idle).keys()], [3]);
    governor.isQuiet = false;
    assert.equal(governor.threads, 5);
  });
});
