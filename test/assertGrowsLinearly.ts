import assert from 'node:assert/strict';
import process from 'node:process';

/** How many times larger the large input is. */
const FACTOR = 8;
/**
 * Growth with the square would cost `FACTOR` squared: what is linear stays far below, also where a cache or a
 * collection of garbage gets in the way.
 */
const MOST_GROWTH = 3 * FACTOR;
/** Less than this can't be told from nothing. */
const LEAST_MS = 5;

/**
 * Asserts that work on an input of `size` costs about as many times more than on an eighth of it: never with the
 * square. The processor's time of both is compared, so that neither a slow machine nor other programs decide.
 */
export async function assertGrowsLinearly(size: number, work: (size: number) => unknown): Promise<void> {
  const costMs = async (of: number): Promise<number> => {
    const before = process.cpuUsage();
    await work(of);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const small = Math.max(LEAST_MS, await costMs(size / FACTOR));
  const large = await costMs(size);
  assert.ok(
    large <= MOST_GROWTH * small,
    `an input ${FACTOR} times as large costs ${large} ms of the processor, the small one ${small}`,
  );
}
