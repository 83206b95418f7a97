import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { IdleBudget } from '../../../../sidecar/completion/ahead/idleBudget.ts';
import { ReadAhead, type ReadingResult } from '../../../../sidecar/completion/ahead/readAhead.ts';

/** A reading that goes on until it is ended; `signals` are those of each that began. */
function readingUntilEnded(): {
  readonly signals: AbortSignal[];
  readonly read: (signal: AbortSignal) => Promise<ReadingResult>;
} {
  const signals: AbortSignal[] = [];
  const read = (signal: AbortSignal): Promise<ReadingResult> => {
    signals.push(signal);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ elapsedMs: 0, isDone: false })));
  };
  return { signals, read };
}

describe('reading ahead', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  let nowMs = 0;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };

  it('begins when the user has done nothing for three seconds, and not before', async () => {
    const changes: boolean[] = [];
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs), (isReading) => changes.push(isReading));
    let reads = 0;
    const read = async (): Promise<ReadingResult> => ({ elapsedMs: ++reads, isDone: true });
    readAhead.schedule('a', read);
    mock.timers.tick(2_000);
    readAhead.schedule('a', read);
    mock.timers.tick(2_000);
    assert.equal(reads, 0);
    mock.timers.tick(1_000);
    await settle();
    assert.equal(reads, 1);
    assert.deepEqual(changes, [true, false]);
  });

  it('ends with the next keystroke, and when the client leaves', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    const { signals, read } = readingUntilEnded();
    readAhead.schedule('a', read);
    mock.timers.tick(3_000);
    readAhead.schedule('a', read);
    assert.equal(signals[0]?.aborted, true);
    mock.timers.tick(3_000);
    readAhead.stop('a');
    assert.equal(signals[1]?.aborted, true);
    readAhead.schedule('a', read);
    readAhead.stop('a');
    mock.timers.tick(10_000);
    assert.equal(signals.length, 2);
    await settle();
  });

  it('ends with an edit for which nothing is asked, and what is to be read waits for the next pause', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    const { signals, read } = readingUntilEnded();
    readAhead.postpone('a');
    readAhead.schedule('a', read);
    mock.timers.tick(2_000);
    readAhead.postpone('a');
    mock.timers.tick(2_000);
    assert.equal(signals.length, 0);
    mock.timers.tick(1_000);
    assert.equal(signals[0]?.aborted, false);
    readAhead.postpone('a');
    assert.equal(signals[0].aborted, true);
    mock.timers.tick(10_000);
    assert.equal(signals.length, 1);
    await settle();
  });

  it('waits also while the user of another client types: what is read ends, and goes on in the next pause', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    const { signals, read } = readingUntilEnded();
    readAhead.schedule('a', read);
    mock.timers.tick(2_000);
    readAhead.postpone('b');
    mock.timers.tick(2_000);
    assert.equal(signals.length, 0);
    mock.timers.tick(1_000);
    assert.equal(signals[0]?.aborted, false);
    for (let keystroke = 0; keystroke < 10; keystroke++) {
      readAhead.postpone('b');
      mock.timers.tick(1_000);
      await settle();
    }
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true],
    );
    mock.timers.tick(2_000);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, false],
    );
    readAhead.stop('a');
    await settle();
  });

  it('is not begun again by the typing of others once all is read', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    let reads = 0;
    readAhead.schedule('a', async () => ({ elapsedMs: 0, isDone: ++reads > 0 }));
    mock.timers.tick(3_000);
    await settle();
    readAhead.postpone('b');
    mock.timers.tick(10_000);
    assert.equal(reads, 1);
  });

  it('takes a fifth of the time at most: what is used up has to be saved again', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    const limits: number[] = [];
    const read = async (_signal: AbortSignal, limitMs: number): Promise<ReadingResult> => {
      limits.push(limitMs);
      return { elapsedMs: limitMs, isDone: true };
    };
    const pause = async (passedMs: number): Promise<void> => {
      nowMs += passedMs;
      readAhead.schedule('a', read);
      mock.timers.tick(3_000);
      await settle();
    };
    await pause(0);
    await pause(4_000);
    await pause(6_000);
    assert.deepEqual(limits, [60_000, 2_000]);
  });

  it('goes on where it was ended for somebody else or by the budget, while the user does nothing, until all is read', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    const limits: number[] = [];
    const read = async (_signal: AbortSignal, limitMs: number): Promise<ReadingResult> => {
      limits.push(limitMs);
      return { elapsedMs: limitMs, isDone: limits.length === 3 };
    };
    const pause = async (passedMs: number): Promise<void> => {
      nowMs += passedMs;
      mock.timers.tick(3_000);
      await settle();
    };
    readAhead.schedule('a', read);
    await pause(0);
    await pause(3_000);
    await pause(3_000);
    await pause(10_000);
    await pause(10_000);
    assert.deepEqual(limits, [60_000, 1_200, 2_000]);
    readAhead.schedule('a', read);
    readAhead.stop('a');
    await pause(10_000);
    assert.equal(limits.length, 3);
  });

  it('is tried with more and more time where it brings nothing, and given up in the end', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    const limits: number[] = [];
    let [heldTokens, more] = [0, 0];
    const read = async (_signal: AbortSignal, limitMs: number): Promise<ReadingResult> => {
      limits.push(limitMs);
      return { elapsedMs: limitMs, isDone: false, heldTokens: (heldTokens += more) };
    };
    const wait = async (minutes: number): Promise<void> => {
      for (let second = 0; second < 60 * minutes; second += 3) {
        nowMs += 3_000;
        mock.timers.tick(3_000);
        await settle();
      }
    };
    readAhead.schedule('a', read);
    await wait(60);
    assert.deepEqual(limits, [60_000, 60_000, 60_000, 60_000, 60_000, 60_000]);
    limits.length = 0;
    more = 64;
    readAhead.schedule('a', read);
    await wait(1);
    more = 0;
    await wait(60);
    const vain = limits.slice(-6);
    assert.ok(
      limits.length > 6 &&
        vain.slice(1).every((limitMs, index) => limitMs >= Math.min(60_000, 2 * (vain[index] as number))),
      limits.join(),
    );
  });

  it('goes on however long it waited for others only', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    let reads = 0;
    readAhead.schedule('a', async () => ({ elapsedMs: 0, isDone: ++reads === 20 }));
    for (let pause = 0; pause < 30; pause++) {
      mock.timers.tick(3_000);
      await settle();
    }
    assert.equal(reads, 20);
  });
});
