import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Returns the outcome of `work` without waiting: as soon as only timers remain, the next ten seconds pass at once. */
export async function bringForward<T>(work: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let isDone = false;
    const end = (): void => void (isDone = true);
    const result = work();
    result.then(end, end);
    for (await nextTurn(); !isDone; await nextTurn()) mock.timers.tick(10_000);
    return await result;
  } finally {
    mock.timers.reset();
  }
}
