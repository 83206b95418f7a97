/** No machine is so busy that a server of the test's own does not begin to answer in this time. */
const ENOUGH_MS = 30_000;

/**
 * Tests with a time limit that has to leave time for the beginning of a thing: where a busy machine needs longer, again
 * with a longer one.
 */
export async function withEnoughTime(test: (timeoutMs: number) => Promise<void>): Promise<void> {
  for (let timeoutMs = 300; ; timeoutMs *= 10) {
    try {
      return await test(timeoutMs);
    } catch (error) {
      if (timeoutMs >= ENOUGH_MS) throw error;
    }
  }
}
