/** The largest time limit. Even on a busy machine, a server within the test begins to answer in this time. */
const ENOUGH_MS = 30_000;

/**
 * Runs a test whose time limit must exceed the start-up time of a server or process. If a busy machine needs longer, it
 * repeats the test with a longer limit.
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
