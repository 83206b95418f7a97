import assert from 'node:assert/strict';
import process from 'node:process';

/** The ratio of the large input's size to the small input's. */
const FACTOR = 8;
/**
 * The maximum growth. Quadratic work would grow by `FACTOR` squared. Linear work stays far below, even if a cache or
 * the garbage collector interferes.
 */
const MOST_GROWTH = 3 * FACTOR;
/** A shorter time is indistinguishable from zero. */
const LEAST_MS = 5;

/**
 * Asserts that the cost of `work` grows about linearly from an eighth of `size` to `size`, never with the square. It
 * compares processor time, so that neither a slow machine nor other programs matter.
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
