/** How long a test waits for what a machine does, however busy it is. Only a failure ever waits this long. */
export const PATIENCE_MS = 10 * 60_000;
