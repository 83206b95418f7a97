/** What a timer of Node can wait: one that is told more does not wait at all. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
