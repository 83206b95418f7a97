/** The time that a test waits for an event, however busy the machine is. Only a failure ever waits this long. */
export const PATIENCE_MS = 10 * 60_000;
