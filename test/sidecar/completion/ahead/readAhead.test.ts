import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { IdleBudget } from '../../../../sidecar/completion/ahead/idleBudget.ts';
import { ReadAhead, type ReadingResult } from '../../../../sidecar/completion/ahead/readAhead.ts';

/** A reading that lasts until its signal aborts. `signals` has the signal of each begun reading. */
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

describe('ReadAhead', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  let nowMs = 0;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };

  it('begins three seconds after the last request', async () => {
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

  it('ends with an edit without a request, and continues in the next pause', async () => {
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

  it('ends when the user of another client types, and continues in the next pause', async () => {
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

  it('does not begin again when others type after everything is read', async () => {
    const readAhead = new ReadAhead(new IdleBudget(() => nowMs));
    let reads = 0;
    readAhead.schedule('a', async () => ({ elapsedMs: 0, isDone: ++reads > 0 }));
    mock.timers.tick(3_000);
    await settle();
    readAhead.postpone('b');
    mock.timers.tick(10_000);
    assert.equal(reads, 1);
  });

  it('takes at most a fifth of the time', async () => {
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

  it('continues after an interruption by others or by the budget until everything is read', async () => {
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

  it('takes twice the time after each vain attempt, and gives up after six', async () => {
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

  it('continues however long it waited for others', async () => {
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
